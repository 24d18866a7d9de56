"""What a test may do to a schema, beyond tables and indexes, is seen before its next lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from dbparity.servers.database import Database

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
)
MYSQL = (
    "CREATE PROCEDURE one() SELECT 1",
    "CREATE TRIGGER early BEFORE INSERT ON item FOR EACH ROW SET @seen = 1",
    "ALTER TABLE item COMMENT 'new'",
    "ALTER TABLE item ADD CONSTRAINT positive CHECK (v > 0)",
    "ALTER TABLE item CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
)
CHANGES = {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL}
ITEM = Table("item", MetaData(), Column("id", Integer, primary_key=True), Column("v", Integer))


def look(connection: Connection, database: Database) -> str:
    seen = database.backend.fingerprint(connection)
    connection.commit()
    return seen


def unseen(database: Database) -> list[str]:
    """The changes that leave the fingerprint as it was."""
    ITEM.metadata.create_all(database.engine)
    missed = []
    with database.engine.connect() as connection:
        before = look(connection, database)
        for change in CHANGES[database.backend.name]:
            connection.exec_driver_sql(change)
            connection.commit()
            after = look(connection, database)
            missed += [change] if after == before else []
            before = after
    return missed


def fingerprints_around_numbering(database: Database) -> tuple[str, str]:
    ITEM.metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        before = look(connection, database)
        connection.execute(ITEM.insert(), [{"v": 1}, {"v": 2}])
        connection.commit()
        return before, look(connection, database)


def test_fingerprint_changes_with_whatever_a_schema_can_hold(
    lease: Callable[[], AbstractContextManager[Database]],
) -> None:
    with lease() as database:
        if not database.backend.clears:
            pytest.skip(f"{database.backend.title} does not clear")
        assert database.run(unseen) == []


def test_fingerprint_does_not_count_the_numbers_given_to_rows(
    lease: Callable[[], AbstractContextManager[Database]],
) -> None:
    with lease() as database:
        if not database.backend.clears:
            pytest.skip(f"{database.backend.title} does not clear")
        before, after = database.run(fingerprints_around_numbering)
        assert before == after
