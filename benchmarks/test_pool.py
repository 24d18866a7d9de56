"""A sudden burst of clients on one pool, and what it costs to watch the pool meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.applications import Application
from dbparity.performance.pools.base import PoolOptions, reading
from dbparity.performance.pools.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture
    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

OPTIONS = PoolOptions()
BURST = 100
NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True))
APPLICATION = Application("tests:notes", NOTES.metadata)


def plain(url: str) -> AsyncEngine:
    return create_async_engine(url, pool_size=OPTIONS.size, max_overflow=OPTIONS.overflow)


def metered(url: str) -> AsyncEngine:
    meter = Meter(OPTIONS.limit)
    engine = create_async_engine(
        url, poolclass=meter.pool, pool_size=OPTIONS.size, max_overflow=OPTIONS.overflow
    )
    meter.watch(engine.sync_engine)
    return engine


@pytest.mark.usefixtures("async_engine")
@pytest.mark.parametrize("make", [plain, metered], ids=["plain", "metered"])
def test_burst(
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    make: Callable[[str], AsyncEngine],
) -> None:
    benchmark.group = f"burst of {BURST}, {target}"
    benchmark.extra_info["arm"] = make.__name__
    read = reading(APPLICATION)
    with database_environment.lease(target, APPLICATION) as database, asyncio.Runner() as runner:
        engine = make(database.url.render_as_string(hide_password=False))

        async def burst() -> None:
            await asyncio.gather(*(read(engine) for _ in range(BURST)))

        benchmark(lambda: runner.run(burst()))
        runner.run(engine.dispose())
