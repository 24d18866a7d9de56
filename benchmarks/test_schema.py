"""A snapshot of 200 tables, against SQLAlchemy's Inspector reading the same in bulk; and a diff."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    column,
    create_engine,
    func,
    inspect,
)

from dbparity.applications import Application
from dbparity.backends.base import load_backend
from dbparity.schema.diff import diff
from dbparity.schema.expressions import parse

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.snapshots import Snapshot
    from dbparity.targets import Target

TABLES = 200
METADATA = MetaData()
for number in range(TABLES):
    Table(
        f"t{number}",
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("name", String(50), unique=True),
        Column("size", Integer, index=True),
        Column("price", Numeric(10, 2), nullable=False, server_default="0"),
        Column("made", DateTime, server_default=func.now(), comment="when"),
        Column("note", Text),
        Column("valid", Boolean),
        Column("data", JSON),
        *([Column("parent", ForeignKey("t0.id", ondelete="CASCADE"))] if number else []),
        CheckConstraint(column("size") > 0, name=f"positive{number}"),
        comment="one of many",
    )
APPLICATION = Application("two hundred tables", METADATA)
ASPECTS = (
    "columns",
    "pk_constraint",
    "foreign_keys",
    "indexes",
    "unique_constraints",
    "check_constraints",
    "table_comment",
)


def _snapshot(database: Database) -> None:
    with database.engine.connect() as connection:
        assert len(database.backend.snapshot(connection).tables) == TABLES


def _taken(database: Database) -> Snapshot:
    with database.engine.connect() as connection:
        return database.backend.snapshot(connection)


def _in_sqlite() -> Snapshot:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        return load_backend("sqlite").snapshot(connection)


def _inspect(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = inspect(connection)
        for aspect in ASPECTS:
            with suppress(NotImplementedError):  # comments, on SQLite
                getattr(inspector, f"get_multi_{aspect}")()


def test_snapshot(
    benchmark: BenchmarkFixture, database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    benchmark.group = f"{target} schema"
    benchmark.extra_info["arm"] = "snapshot"
    with database_environment.lease(target, APPLICATION) as database:
        pedantic = cast("Any", benchmark.pedantic)  # untyped
        pedantic(database.run, args=(_snapshot,), rounds=10, warmup_rounds=2)


def test_inspector(
    benchmark: BenchmarkFixture, database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    benchmark.group = f"{target} schema"
    benchmark.extra_info["arm"] = "inspector"
    with database_environment.lease(target, APPLICATION) as database:
        pedantic = cast("Any", benchmark.pedantic)  # untyped
        pedantic(database.run, args=(_inspect,), rounds=10, warmup_rounds=2)


def test_diff_against_sqlite(
    benchmark: BenchmarkFixture, database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    """Aim: below half a second, no text having been read before."""
    benchmark.group = f"{target} diff"
    with database_environment.lease(target, APPLICATION) as database:
        left = database.run(_taken)
    right = _in_sqlite()
    pedantic = cast("Any", benchmark.pedantic)  # untyped
    pedantic(diff, args=(left, right), setup=parse.cache_clear, rounds=10)
