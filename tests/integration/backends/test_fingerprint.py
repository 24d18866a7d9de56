"""What a test may do to a schema, beyond tables and indexes, is seen before its next lease."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from dbparity.servers.database import Database

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

POSTGRESQL = (
    "CREATE TYPE mood AS ENUM ('glad')",
    "ALTER TYPE mood ADD VALUE 'sad'",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "ALTER DOMAIN positive SET NOT NULL",
    "CREATE SEQUENCE tickets",
    "ALTER SEQUENCE tickets INCREMENT 2",
    "CREATE SCHEMA aside",
    "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "COMMENT ON TABLE item IS 'new'",
    "ALTER TABLE item ADD CHECK (id > 0)",
    "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER note BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION noted()",
    "ALTER TABLE item DISABLE TRIGGER ALL",
    "CREATE VIEW seen AS SELECT 1 AS one",
    "CREATE OR REPLACE VIEW seen AS SELECT 2 AS one",
    "ALTER TABLE item ALTER COLUMN v SET DEFAULT 1",
    "CREATE INDEX ON item (v)",
    "DROP VIEW seen",
)
MYSQL = (
    "CREATE PROCEDURE one() SELECT 1",
    "CREATE TRIGGER early BEFORE INSERT ON item FOR EACH ROW SET @seen = 1",
    "ALTER TABLE item COMMENT 'new'",
    "ALTER TABLE item ADD CONSTRAINT positive CHECK (v > 0)",
    "ALTER TABLE item CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "CREATE VIEW seen AS SELECT 1 AS one",
    "ALTER VIEW seen AS SELECT 2 AS one",
    "DROP VIEW seen",
    "RENAME TABLE item TO items",
    "CREATE PROCEDURE widen() ALTER TABLE items ADD COLUMN w INTEGER",
    "CALL widen()",
    (
        "CREATE PROCEDURE narrow() BEGIN "
        "PREPARE words FROM 'ALTER TABLE items DROP COLUMN w'; EXECUTE words; END"
    ),
    "CALL narrow()",
)
CHANGES = {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL}
ITEM = Table("item", MetaData(), Column("id", Integer, primary_key=True), Column("v", Integer))


def look(connection: Connection, database: Database, what: str) -> object:
    seen = getattr(database.backend, what)(connection)
    connection.commit()
    return seen


def unseen(database: Database, what: str) -> list[str]:
    """The changes that leave the fingerprint, or a stamp that is told, as it was."""
    ITEM.metadata.create_all(database.engine)
    missed = []
    with database.engine.connect() as connection:
        before = look(connection, database, what)
        for change in CHANGES[database.backend.name]:
            connection.exec_driver_sql(change)
            connection.commit()
            after = look(connection, database, what)
            missed += [change] if after == before and after is not None else []
            before = after
    return missed


def seen_around_rows(database: Database, what: str) -> tuple[object, object]:
    with database.engine.connect() as connection:
        before = look(connection, database, what)
        connection.execute(ITEM.insert(), [{"v": 1}, {"v": 2}])
        database.backend.clear(connection, [ITEM])
        connection.execute(ITEM.insert(), [{"v": 1}, {"v": 2}])
        connection.commit()
        return before, look(connection, database, what)


def steady_stamp(database: Database) -> bool:
    """Whether a stamp outlasts rows: the servers of a run may see somebody else's DDL between."""
    ITEM.metadata.create_all(database.engine)
    seen = (seen_around_rows(database, "stamp") for _ in range(100))
    return any(before == after is not None for before, after in seen)


def steady_fingerprint(database: Database) -> bool:
    ITEM.metadata.create_all(database.engine)
    before, after = seen_around_rows(database, "fingerprint")
    return before == after


def stamps_around_a_commit(database: Database) -> tuple[object, object]:
    """The stamps before and after DDL is committed that came before both."""
    with database.engine.connect() as watching, database.engine.connect() as changing:
        ITEM.metadata.create_all(changing)
        before = look(watching, database, "stamp")
        changing.commit()
        return before, look(watching, database, "stamp")


def stamp_while_ddl_waits(database: Database) -> list[object]:
    """What is told while DDL, already counted, waits for a reader of its table."""
    ITEM.metadata.create_all(database.engine)
    reader = database.engine.connect()
    reader.execute(ITEM.select())

    def widen() -> None:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE item ADD COLUMN w INTEGER")

    def watch() -> object:
        deadline = time.monotonic() + 30
        with database.engine.connect() as connection:
            told = look(connection, database, "stamp")
            while told is not None and time.monotonic() < deadline:
                told = look(connection, database, "stamp")
        reader.close()
        return told

    return list(database.run_concurrently([widen, watch]))


@pytest.fixture
def database(lease: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    with lease() as database:
        if not database.backend.clears:
            pytest.skip(f"{database.backend.title} does not clear")
        yield database


@pytest.mark.parametrize("what", ["fingerprint", "stamp"])
def test_whatever_a_schema_can_hold_is_seen(database: Database, what: str) -> None:
    assert database.run(partial(unseen, what=what)) == []


@pytest.mark.parametrize("steady", [steady_fingerprint, steady_stamp])
def test_rows_and_the_numbers_given_to_them_are_no_change(
    database: Database, steady: Callable[[Database], bool]
) -> None:
    assert database.run(steady)


def test_ddl_that_is_committed_later_changes_the_stamp_then(database: Database) -> None:
    if not database.features.transactional_ddl:
        pytest.skip(f"{database.backend.title} commits DDL at once")
    before, after = database.run(stamps_around_a_commit)
    assert before != after


def test_no_stamp_is_told_while_ddl_goes_on(database: Database) -> None:
    if database.features.transactional_ddl:
        pytest.skip(f"{database.backend.title} shows DDL when it is committed")
    assert database.run(stamp_while_ddl_waits) == [None, None]
