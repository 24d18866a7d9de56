"""A fresh 20-table database: leased, against dropping and creating the tables again.

The test before it wrote to one table, as a test usually does, or to all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, insert

from dbparity.applications import Application

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

TABLES = 20
METADATA = MetaData()
for number in range(TABLES):
    Table(
        f"t{number}",
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("name", String(50), unique=True),
        Column("size", Integer, index=True),
        *([Column("parent", ForeignKey("t0.id", ondelete="CASCADE"))] if number else []),
    )
APPLICATION = Application("twenty tables", METADATA)


@pytest.mark.parametrize("dirty", [1, TABLES], ids=["one", "all"])
def test_lease(
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    dirty: int,
) -> None:
    benchmark.group = str(target)
    benchmark.extra_info["arm"] = "one table dirty," if dirty == 1 else "all tables dirty,"

    def use(database: Database) -> None:
        with database.engine.begin() as connection:
            # Of one table, it is the one that all others refer to, which is the dearest to clear.
            for table in METADATA.sorted_tables[:dirty]:
                connection.execute(insert(table), {"name": "a", "size": 1})

    def setup() -> None:
        with database_environment.lease(target, APPLICATION) as database:
            database.run(use)

    def lease() -> None:
        with database_environment.lease(target, APPLICATION):
            pass

    for _ in range(4):  # the calibration
        setup()
    # Every lease meets the rows of a test that was there before it.
    pedantic = cast("Any", benchmark.pedantic)  # untyped
    pedantic(lease, setup=setup, rounds=30)


def test_drop_and_create(
    benchmark: BenchmarkFixture, database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    benchmark.group = str(target)
    benchmark.extra_info["arm"] = "create"

    def create(database: Database) -> None:
        METADATA.drop_all(database.engine)
        METADATA.create_all(database.engine)

    with database_environment.lease(target, APPLICATION) as database:
        pedantic = cast("Any", benchmark.pedantic)  # untyped
        pedantic(database.run, args=(create,), rounds=10)
