"""A snapshot of 200 tables, against SQLAlchemy's Inspector reading the same in bulk."""

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
    func,
    inspect,
)

from dbparity.applications import Application

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
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
