"""The migrations lead to the tables of the models and keep the data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, select, text

from shared_context.models import AgentMemory, Base, Message, SchemaVersion
from shared_context.seed import seed
from shared_context.store import fold

if TYPE_CHECKING:
    from sqlalchemy import Engine

INI = Path(__file__).parent.parent / "alembic.ini"


def go(engine: Engine, revision: str) -> None:
    """Migrate up to the revision, or down if it is a step down."""
    config = Config(INI)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        down = revision == "base" or revision.startswith("-")
        (command.downgrade if down else command.upgrade)(config, revision)


def structure(engine: Engine) -> dict[str, object]:
    """Return what the database says of its tables."""
    found = inspect(engine)
    return {
        name: (
            [{**column, "type": repr(column["type"])} for column in found.get_columns(name)],
            sorted(found.get_foreign_keys(name), key=str),
            sorted(found.get_unique_constraints(name), key=str),
            sorted(found.get_check_constraints(name), key=str),
            sorted(
                (str(index["name"]), index["column_names"], bool(index["unique"]))
                for index in found.get_indexes(name)
            ),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_head_is_what_the_models_say(engine: Engine) -> None:
    """By autogenerate, and by comparing with create_all."""
    go(engine, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    migrated = structure(engine)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    assert structure(engine) == migrated


def test_every_step_down_and_up_restores_the_structure(engine: Engine) -> None:
    """From the head to the base and back."""
    structures = {}
    for number in range(1, 5):
        go(engine, f"000{number}")
        structures[number] = structure(engine)
    for number in range(3, 0, -1):
        go(engine, "-1")
        assert structure(engine) == structures[number]
    go(engine, "base")
    assert structure(engine) == {}
    go(engine, "head")
    assert structure(engine) == structures[4]


def test_rows_outlive_two_steps_down_and_up(engine: Engine) -> None:
    """Only forgotten memories are gone, for which there was no place."""
    go(engine, "head")
    with engine.begin() as connection:
        seed(connection, 5)
        tables = [table for table in Base.metadata.sorted_tables if table.name != "schema_version"]
        before = {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in tables
        }
    active = [row for row in before["agent_memory"] if row.forgotten_at is None]
    assert len(active) < len(before["agent_memory"])
    go(engine, "-2")
    go(engine, "head")
    with engine.connect() as connection:
        after = {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in tables
        }
    assert after == {**before, "agent_memory": active}


def test_rebuilt_table_keeps_its_references(engine: Engine) -> None:
    """SQLite rebuilds agent_memory in 0003."""
    go(engine, "head")
    with engine.begin() as connection:
        seed(connection, 2)
    go(engine, "-2")
    go(engine, "head")
    with engine.connect() as connection:
        sources = connection.scalars(select(AgentMemory.source_message_id)).all()
    assert sources
    assert None not in sources


def test_messages_from_before_can_be_searched(engine: Engine) -> None:
    """More of them than one batch."""
    go(engine, "head")
    with engine.begin() as connection:
        seed(connection, 3, messages=200)
    go(engine, "-1")
    go(engine, "head")
    with engine.connect() as connection:
        rows = connection.execute(select(Message.content, Message.search_text)).all()
    assert len(rows) == 600
    assert all(fold(content) == folded for content, folded in rows)


def test_history_names_the_revisions_applied(engine: Engine) -> None:
    """A step down takes its own away."""
    go(engine, "head")
    go(engine, "-1")
    with engine.connect() as connection:
        revisions = connection.scalars(
            select(SchemaVersion.revision).order_by(SchemaVersion.revision),
        )
        assert revisions.all() == ["0001", "0002", "0003"]


def test_stamp_leaves_the_history_alone(engine: Engine) -> None:
    """There may be no tables yet."""
    config = Config(INI)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.stamp(config, "head")
    assert inspect(engine).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_url_may_name_a_sync_or_an_async_driver(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
) -> None:
    """DB_URL goes before alembic.ini."""
    monkeypatch.setenv("DB_URL", f"sqlite+{driver}:///{tmp_path}/other.db")
    command.upgrade(Config(INI), "head")
    other = create_engine(f"sqlite:///{tmp_path}/other.db")
    with other.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0004"
    other.dispose()


def test_script_without_a_database_is_refused() -> None:
    """0004 reads rows."""
    with pytest.raises(CommandError, match="--sql"):
        command.upgrade(Config(INI, output_buffer=io.StringIO()), "head", sql=True)
