"""The data to try the application with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from shared_context.models import Base, ContextSession
from shared_context.seed import factories, seed

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import Session


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    return {
        table.name: [
            tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
        ]
        for table in Base.metadata.sorted_tables
    }


def test_same_arguments_make_the_same_rows(engine: Engine) -> None:
    """Down to the ids."""
    contents = []
    for _ in range(2):
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            seed(connection, sessions=3)
            contents.append(everything(connection))
        Base.metadata.drop_all(engine)
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("sessions", "messages", "memories"),
    [(10, 8, 5), (2, 0, 0), (0, 8, 5), (1, 3, 90)],
)
def test_counts_are_those_of_the_tables(
    db: Session,
    sessions: int,
    messages: int,
    memories: int,
) -> None:
    """For few and for many rows."""
    connection = db.connection()
    counts = seed(connection, sessions, messages=messages, memories=memories)
    found = {name: len(rows) for name, rows in everything(connection).items()}
    assert found == {**counts, "schema_version": 0}


def test_factories_make_valid_rows(db: Session) -> None:
    """They say what the check constraints want and nothing about other tables."""
    session = ContextSession(owner="ada", title="Plans")
    db.add(session)
    db.flush()
    rest = {
        "agent_memory": {"agent": "planner", "value": "A"},
        "secure_tokens": {},
    }
    for name, make in factories.items():
        unique = "key" if name == "agent_memory" else "name"
        rows = [
            {"session_id": session.id, unique: f"n{index}", **rest[name], **make(index)}
            for index in range(25)
        ]
        db.execute(Base.metadata.tables[name].insert(), rows)
