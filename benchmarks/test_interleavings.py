"""Cache code in every order of its commands, beside as many races of the same code.

Aim: 35 and 70 orders in less than 2 s each. How often each has found a stale value is in
``extra_info``: the orders as often in every round, the races as chance will have it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from dbparity.applications import Application
from dbparity.consistency.caches import CacheAside, DoubleDelete
from dbparity.consistency.harness import CacheHarness
from dbparity.consistency.rows import DOCUMENTS, SqlRows
from dbparity.servers.ledger import Run
from dbparity.servers.valkey import valkey
from dbparity.stores.redis import connect
from tests.support.caching import Documents
from tests.support.serving import options_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pytest_benchmark.fixture import BenchmarkFixture
    from sqlalchemy import URL

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

ROUNDS = 5
_RACES = iter(range(1_000_000, 2_000_000))  # documents that no trial of a harness has


@pytest.fixture(scope="session")
def cache(pytestconfig: pytest.Config) -> Iterator[URL]:
    run = Run.begin()
    try:
        with valkey(run, options_of(pytestconfig, "container", "native")) as url:
            yield url
    finally:
        run.end()


@pytest.fixture
def database(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Database]:
    application = Application("benchmarks:documents", DOCUMENTS.metadata)
    with database_environment.lease(target, application) as leased:
        yield leased


async def orders(scenario: Documents) -> tuple[int, int]:
    """How many orders there are, and in how many of them a stale value stays."""
    found = await CacheHarness(scenario.redis, scenario.rows).explore(scenario)
    return found.schedules, found.failing("cache.stale")


async def races(scenario: Documents, many: int) -> tuple[int, int]:
    """As many times both at once, and how often a stale value stayed."""
    stale = 0
    for _ in range(many):
        number = next(_RACES)
        await scenario.prepare(number)
        await asyncio.gather(*(actor.call() for actor in scenario.actors(number).values()))
        cached, committed = await scenario.cached(number), await scenario.committed(number)
        stale += any(entry.value != committed[key] for key, entry in cached.items())
    return many, stale


def measured(
    benchmark: BenchmarkFixture,
    database: Database,
    url: URL,
    make: Callable[..., CacheAside],
    work: Callable[[Documents], Awaitable[tuple[int, int]]],
) -> None:
    found: list[tuple[int, int]] = []

    async def opened() -> Documents:
        redis = connect(url.render_as_string(hide_password=False))
        return Documents(redis, SqlRows(database.async_engine()), make)

    async def closed(scenario: Documents) -> None:
        await scenario.redis.aclose()
        await scenario.rows.engine.dispose()

    with asyncio.Runner() as runner:
        scenario = runner.run(opened())
        pedantic = cast("Any", benchmark.pedantic)  # untyped
        pedantic(lambda: found.append(runner.run(cast("Any", work(scenario)))), rounds=ROUNDS)
        runner.run(closed(scenario))
    runs, stale = zip(*found, strict=True)
    benchmark.extra_info |= {"runs": runs[0], "stale": stale}


@pytest.mark.usefixtures("async_engine")  # on the drivers that are asynchronous
@pytest.mark.parametrize(
    ("make", "many"), [(CacheAside, 35), (DoubleDelete, 70)], ids=["35 orders", "70 orders"]
)
@pytest.mark.parametrize("arm", ["dbparity, every order", "as many races"])
def test_orders(  # noqa: PLR0913, PLR0917  # what is measured, and where
    benchmark: BenchmarkFixture,
    database: Database,
    cache: URL,
    make: type[CacheAside],
    many: int,
    arm: str,
) -> None:
    benchmark.group = f"{many} orders, {database.target}"
    benchmark.extra_info["arm"] = arm
    work = orders if arm.startswith("dbparity") else lambda scenario: races(scenario, many)
    measured(benchmark, database, cache, make, work)
