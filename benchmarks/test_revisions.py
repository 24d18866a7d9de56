"""The round trip of every revision, against a plain upgrade and downgrade of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, text

from dbparity.applications import Application
from dbparity.conformance.base import perform
from dbparity.conformance.round_trip import round_trip
from dbparity.schema import contents
from dbparity.schema.walk import Walk
from tests.support.scripts import Script, write_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

REVISIONS = 50
MANY, ROWS, BATCH = 200, 100_000, 10_000
ENV = """
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    {configure}
    given = context.config.attributes.get("connection")
    if given is None:
        given = create_engine(context.config.get_main_option("sqlalchemy.url")).connect()
    with given as connection:
        migrate(connection)
"""


def history(count: int) -> list[Script]:
    """Tables, columns and indexes in turn, over a table that is there from the first one on."""
    scripts = [_table(0, None)]
    for number in range(1, count):
        make = (_table, _column, _index)[number % 3]
        scripts.append(make(number, f"r{number - 1}"))
    return scripts


def _table(number: int, down: str | None) -> Script:
    columns = (
        'sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(40)), '
        'sa.Column("size", sa.Integer())'
    )
    make = f'op.create_table("t{number}", {columns})'
    return Script(f"r{number}", down, make, f'op.drop_table("t{number}")')


def _column(number: int, down: str | None) -> Script:
    make = f'op.add_column("t0", sa.Column("c{number}", sa.Integer()))'
    return Script(f"r{number}", down, make, f'op.drop_column("t0", "c{number}")')


def _index(number: int, down: str | None) -> Script:
    make = f'op.create_index("ix{number}", "t0", ["c{number - 1}"])'
    return Script(f"r{number}", down, make, f'op.drop_index("ix{number}", "t0")')


@pytest.fixture
def engine() -> None:
    """Let only sync drivers take part."""


def test_round_trip(
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    tmp_path: Path,
    engine: None,  # noqa: ARG001
) -> None:
    """Every revision up, down and up again, the schema read and compared each time."""
    app = Application("fifty", MetaData(), write_scripts(tmp_path, history(REVISIONS), ENV))

    def trip() -> None:
        with database_environment.lease(target, app, empty=True) as database:
            assert perform(round_trip, database).findings == ()

    _measure(benchmark, target, "round trip", trip)


def test_plain_alembic(
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    tmp_path: Path,
    engine: None,  # noqa: ARG001
) -> None:
    """One upgrade to the head, and one downgrade to the base."""
    ini = write_scripts(tmp_path, history(REVISIONS), ENV)

    def go() -> None:
        with database_environment.lease(target, empty=True) as database:
            for way, end in ((command.upgrade, "head"), (command.downgrade, "base")):
                with database.engine.connect() as connection:
                    config = Config(ini)
                    config.attributes["connection"] = connection
                    way(config, end)

    _measure(benchmark, target, "alembic", go)


def test_many_revisions_of_many_rows(
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    tmp_path: Path,
    engine: None,  # noqa: ARG001
) -> None:
    """200 revisions up and down over 100,000 rows, all of which are there afterwards."""
    app = Application("many", MetaData(), write_scripts(tmp_path, history(MANY), ENV))

    def go() -> None:
        with database_environment.lease(target, app, empty=True) as database:
            walk = Walk.begin(database)
            first, *others = walk.history.revisions
            walk.up(first)
            _fill(database)
            before = walk.rows()
            walk.up(*others)
            walk.down(*others)
            assert list(contents.losses(before, walk.rows())) == []

    cast("Any", benchmark.pedantic)(go, rounds=1)
    benchmark.group = f"{MANY} revisions, {ROWS} rows: {target}"


def _measure(benchmark: BenchmarkFixture, target: Target, arm: str, go: Any) -> None:  # noqa: ANN401
    cast("Any", benchmark.pedantic)(go, rounds=3)
    benchmark.group = f"{REVISIONS} revisions: {target}"
    benchmark.extra_info["arm"] = arm
    median = cast("Any", benchmark.stats).stats.median
    benchmark.extra_info["seconds_per_revision"] = median / REVISIONS


def _fill(database: Database) -> None:
    insert = "INSERT INTO t0 (id, name, size) VALUES (:id, :name, :size)"
    table = [{"id": n, "name": f"row {n}", "size": n % 97} for n in range(1, ROWS + 1)]
    with database.engine.begin() as connection:
        for start in range(0, ROWS, BATCH):
            connection.execute(text(insert), table[start : start + BATCH])
