"""A backend without a reader of its own is read through SQLAlchemy's Inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dbparity.backends.base import Backend
from dbparity.snapshots import (
    Check,
    Column,
    Computed,
    Family,
    ForeignKey,
    Index,
    Key,
    Part,
    Table,
    Type,
    Unit,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dbparity.backends.catalogues.assembly import Schema
    from dbparity.servers.database import Database
    from dbparity.targets import Target

    Lease = Callable[..., AbstractContextManager[Database]]

INTEGER = Type("INTEGER", Family.INTEGER, bits=32)
SQLITE = (
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20) NOT NULL DEFAULT 'x', b CHAR(3), "
        "c NUMERIC(10, 2), d BLOB, e BIGINT, "
        "f DATE, UNIQUE (a), UNIQUE (b), "
        "CHECK (c > 0), CONSTRAINT up FOREIGN KEY (e) REFERENCES t (id) ON UPDATE CASCADE)"
    ),
    "CREATE INDEX i ON t (b, a)",
    "CREATE VIEW v AS SELECT id FROM t",
)
POSTGRESQL = (
    "CREATE SCHEMA aside",
    "CREATE TABLE aside.far (id integer PRIMARY KEY)",
    "CREATE TYPE mood AS ENUM ('sad', 'fine')",
    (
        "CREATE TABLE t (a serial, b smallint GENERATED ALWAYS AS IDENTITY, c mood, "
        "d double precision, e timestamptz, f smallint[], g jsonb, h uuid, i interval, "
        "j boolean, k time, l inet, n point, "
        "m integer GENERATED ALWAYS AS (a * 2) STORED, CONSTRAINT t_key PRIMARY KEY (b, a), "
        "CONSTRAINT one UNIQUE (d), CONSTRAINT away FOREIGN KEY (a) REFERENCES aside.far "
        "ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED)"
    ),
    "CREATE UNIQUE INDEX x ON t (abs(b), a DESC)",
    "COMMENT ON COLUMN t.c IS 'how it is'",
    "COMMENT ON TABLE t IS 'all'",
)


def inspected(database: Database, *statements: str) -> Schema:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    with database.engine.connect() as connection:
        return Backend.catalogue(database.backend, connection)


def test_inspector_tells_a_schema_of_sqlite(target: Target, lease: Lease) -> None:
    if target.backend != "sqlite":
        pytest.skip("in the words of SQLite")
    with lease() as database:
        assert database.run(lambda database: inspected(database, *SQLITE)) == (
            (
                Table(
                    "t",
                    (
                        Column("id", INTEGER),
                        Column(
                            "a",
                            Type("VARCHAR(20)", Family.TEXT, length=20),
                            nullable=False,
                            default="'x'",
                        ),
                        Column("b", Type("CHAR(3)", Family.TEXT, length=3, fixed=True)),
                        Column("c", Type("NUMERIC(10, 2)", Family.DECIMAL, precision=10, scale=2)),
                        Column("d", Type("BLOB", Family.BINARY, unit=Unit.BYTES)),
                        Column("e", Type("BIGINT", Family.INTEGER, bits=64)),
                        Column("f", Type("DATE", Family.DATE)),
                    ),
                    Key("", ("id",)),
                    uniques=(Key("", ("a",)), Key("", ("b",))),
                    indexes=(Index("i", (Part("b"), Part("a"))),),
                    foreign_keys=(ForeignKey("up", ("e",), "t", ("id",), on_update="CASCADE"),),
                    checks=(Check("", "c > 0"),),
                ),
            ),
            (View("v", "CREATE VIEW v AS SELECT id FROM t"),),
        )


@pytest.mark.filterwarnings("ignore:Did not recognize type:sqlalchemy.exc.SAWarning")
def test_inspector_tells_a_schema_of_postgresql(target: Target, lease: Lease) -> None:
    if target.backend != "postgresql":
        pytest.skip("in the words of PostgreSQL")
    small = Type("SMALLINT", Family.INTEGER, bits=16)
    with lease() as database:
        assert database.run(lambda database: inspected(database, *POSTGRESQL)) == (
            (
                Table(
                    "t",
                    (
                        Column("a", INTEGER, nullable=False, automatic=True),
                        Column("b", small, nullable=False, automatic=True, always=True),
                        Column(
                            "c",
                            Type("mood", Family.ENUM, values=("sad", "fine")),
                            comment="how it is",
                        ),
                        Column("d", Type("DOUBLE PRECISION", Family.FLOAT, bits=64)),
                        Column("e", Type("TIMESTAMP WITH TIME ZONE", Family.DATETIME, zone=True)),
                        Column("f", Type("SMALLINT[]", Family.ARRAY, element=small)),
                        Column("g", Type("JSONB", Family.JSON)),
                        Column("h", Type("UUID", Family.UUID)),
                        Column("i", Type("INTERVAL", Family.INTERVAL)),
                        Column("j", Type("BOOLEAN", Family.BOOLEAN)),
                        Column("k", Type("TIME WITHOUT TIME ZONE", Family.TIME)),
                        Column("l", Type("INET", Family.OTHER)),
                        Column("n", Type("", Family.OTHER)),
                        Column("m", INTEGER, computed=Computed("(a * 2)", stored=True)),
                    ),
                    Key("t_key", ("b", "a")),
                    uniques=(Key("one", ("d",)),),
                    indexes=(
                        Index(
                            "x",
                            (Part(expression="abs(b)"), Part("a", descending=True)),
                            unique=True,
                        ),
                    ),
                    foreign_keys=(
                        ForeignKey(
                            "away",
                            ("a",),
                            "aside.far",
                            ("id",),
                            on_delete="SET NULL",
                            deferrable=True,
                            deferred=True,
                        ),
                    ),
                    comment="all",
                ),
            ),
            (),
        )
