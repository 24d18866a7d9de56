from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError

from dbparity.results import Outcome
from dbparity.servers.commits import commit
from tests.support.databases import application, sqlite_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.servers.database import Database

NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("of", ForeignKey("notes.id", deferrable=True, initially="DEFERRED")),
)


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with sqlite_database(tmp_path, application(NOTES.metadata), request.param) as made:
        yield made


def add(database: Database, number: int, of: int | None = None) -> Outcome:
    with database.engine.connect() as connection:
        connection.execute(insert(NOTES).values(id=number, of=of))
        return commit(connection)


def test_a_commit_that_is_answered_has_passed(database: Database) -> None:
    assert database.run(lambda database: add(database, 1)) is Outcome.PASSED


def test_a_commit_that_is_refused_is_raised_and_leaves_nothing_locked(database: Database) -> None:
    def refused(database: Database) -> list[int]:
        with pytest.raises(DBAPIError, match="FOREIGN KEY"):
            add(database, 1, of=9)
        with database.engine.connect() as beside, database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.rollback()
            connection.execute(insert(NOTES).values(id=2))
            connection.commit()
            return list(beside.scalars(select(NOTES.c.id)))

    assert database.run(refused) == [2]
