"""Pools of connections under stress, on real servers: who is served, who waits, who leaks."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, NullPool, Table, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.applications import Application
from dbparity.performance.pools.base import PoolOptions
from dbparity.performance.pools.judged import result
from dbparity.performance.pools.scenarios import Clients, Scenario, scenarios, slow
from dbparity.performance.pools.stress import PoolStress
from dbparity.servers.faults import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from dbparity.performance.pools.base import Stressed, Work
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

# Of the drivers, those that are asynchronous.
pytestmark = [pytest.mark.usefixtures("async_engine"), pytest.mark.untraced]

NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True, autoincrement=False))
# Patience is how long is waited where something is left, which on a busy machine goes late.
OPTIONS = PoolOptions(
    size=3, overflow=2, timeout=20, seconds=0.3, workers=8, latency=0.03, patience=15
)
HASTY = replace(OPTIONS, timeout=0.2, patience=0.2)
# A statement that takes its time on the server, by the product's dialect of SQL.
SLEEP = {
    "postgres": "SELECT pg_sleep(1)",
    "mysql": "SELECT SLEEP(1)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
    "SELECT count(*) FROM n",
}


# A driver of two products is tried on one of them.
ELSEWHERE = {("mysql", "asyncmy"), ("mariadb", "aiomysql")}


@pytest.fixture
def database(
    request: pytest.FixtureRequest, database_environment: DatabaseTestEnvironment, target: Target
) -> Iterator[Database]:
    of_drivers = request.node.get_closest_marker("any_version") is not None
    if of_drivers and (target.backend, target.driver) in ELSEWHERE:
        pytest.skip("the driver is tried on another product")
    application = Application("tests:notes", NOTES.metadata)
    with database_environment.lease(target, application) as leased:
        yield leased


def scenario(name: str, options: PoolOptions = OPTIONS) -> Scenario:
    return next(each for each in scenarios(options) if each.name.startswith(name))


def codes(stressed: Stressed) -> list[str]:
    return [finding.code for finding in result(stressed, "any").findings]


@pytest.mark.any_version
async def test_everybody_in_a_sudden_burst_is_served(database: Database) -> None:
    for number in (25, 100, 400):
        stressed = await PoolStress(database, OPTIONS).play(scenario(f"burst of {number}"))
        assert codes(stressed) == []
        assert stressed.attempted == stressed.served == number
        assert len(stressed.waits) >= number - 2 * OPTIONS.limit
        assert stressed.wait(1.0) < OPTIONS.timeout


@pytest.mark.any_version
async def test_workers_who_never_pause_are_served_for_as_long_as_they_work(
    database: Database,
) -> None:
    stressed = await PoolStress(database, OPTIONS).play(scenario("8 workers"))
    assert codes(stressed) == []
    assert stressed.served == stressed.attempted > 8
    assert stressed.seconds >= OPTIONS.seconds


@pytest.mark.any_version
async def test_exhaustion_ends_in_a_timeout_in_time_and_then_in_full_recovery(
    database: Database,
) -> None:
    options = replace(OPTIONS, timeout=0.3)
    stressed = await PoolStress(database, options).play(scenario("exhaustion", options))
    assert codes(stressed) == []
    assert stressed.timed_out == stressed.served == OPTIONS.limit
    assert stressed.recovered
    assert all(0.29 < wait < 10 for wait in stressed.waits)


@pytest.mark.any_version
async def test_clients_of_slow_connections_time_out_and_are_served_when_it_is_over(
    database: Database,
) -> None:
    if database.url.port is None:
        pytest.skip("there is no network to a file")
    with FaultProxy(str(database.url.host), database.url.port) as proxy:
        through = proxy.through(database.url)
        stressed = await PoolStress(database, OPTIONS).play(slow(OPTIONS, proxy), through)
    assert codes(stressed) == []
    assert stressed.timed_out > 0
    assert stressed.served + stressed.timed_out == stressed.attempted == 2 * OPTIONS.limit
    assert stressed.recovered


@pytest.mark.any_version
async def test_cancellation_at_any_point_leaks_nothing(database: Database) -> None:
    stressed = await PoolStress(database, OPTIONS).play(scenario("cancellation"))
    assert codes(stressed) == []
    assert stressed.cancelled > 10
    assert stressed.served + stressed.cancelled == stressed.attempted


@pytest.mark.any_version
async def test_a_query_that_is_cancelled_while_the_server_works_leaks_nothing(
    database: Database,
) -> None:
    async def sleep(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(text(SLEEP[database.backend.sql_dialect]))

    async def cancel(clients: Clients) -> None:
        tasks = [asyncio.create_task(clients.one()) for _ in range(2 * OPTIONS.limit)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        done, _ = await asyncio.wait(tasks)
        clients.cancelled += sum(task.cancelled() for task in done)

    stress = PoolStress(database, OPTIONS, sleep)
    stressed = await stress.play(Scenario("cancellation", cancel, OPTIONS.timeout))
    assert codes(stressed) == []
    assert stressed.cancelled == stressed.attempted == 2 * OPTIONS.limit


@pytest.mark.any_server
async def test_a_connection_that_is_not_given_back_is_found_in_the_pool_and_on_the_server(
    database: Database,
) -> None:
    taken: list[AsyncConnection] = []

    async def forget(engine: AsyncEngine) -> None:
        taken.append(await engine.connect())

    stressed = await burst(database, forget, 2)
    assert codes(stressed) == ["pool.leaked", "pool.session_left", "pool.not_recovered"]
    assert stressed.left == len(stressed.held) == 2
    assert all(place.endswith("in forget") for place in stressed.held)


@pytest.mark.filterwarnings("ignore:The garbage collector:sqlalchemy.exc.SAWarning")
# psycopg has SQLAlchemy end nothing outside of its event loop, so it tells, too.
@pytest.mark.filterwarnings("ignore:.*deleted while still open:ResourceWarning")
@pytest.mark.any_version
async def test_a_connection_that_the_garbage_collector_finds_is_a_leak(database: Database) -> None:
    async def drop(engine: AsyncEngine) -> None:
        connection = await engine.connect()
        await connection.execute(select(1))

    stressed = await burst(database, drop, 2)
    assert codes(stressed) == ["pool.leaked"]
    assert (stressed.held, stressed.left) == ((), 0)
    assert all(place.endswith("in drop") for place in stressed.abandoned)
    assert len(stressed.abandoned) == 2


@pytest.mark.any_server
async def test_a_task_that_leaks_only_when_it_is_cancelled_is_found(database: Database) -> None:
    taken: list[AsyncConnection] = []

    async def trust(engine: AsyncEngine) -> None:
        connection = await engine.connect()
        taken.append(connection)
        await asyncio.sleep(0)  # whatever else an application waits for
        await connection.close()

    assert codes(await burst(database, trust, 2)) == []
    wide = replace(HASTY, overflow=60)
    stressed = await PoolStress(database, wide, trust).play(scenario("cancellation", wide))
    assert {"pool.leaked", "pool.session_left"} <= set(codes(stressed))
    assert all(place.endswith("in trust") for place in stressed.held)


@pytest.mark.any_server
async def test_a_session_that_no_pool_knows_of_is_found_on_the_server(database: Database) -> None:
    aside = create_async_engine(database.url, poolclass=NullPool)
    async with contextlib.AsyncExitStack() as stack:

        async def go_around(_: Any) -> None:  # noqa: ANN401
            await stack.enter_async_context(aside.connect())

        stressed = await burst(database, go_around, 2)
        assert codes(stressed) == ["pool.session_left"]
        assert (stressed.leaked, stressed.left) == (0, 2)


async def burst(database: Database, work: Work, number: int) -> Stressed:
    options = replace(HASTY, bursts=(number,))
    return await PoolStress(database, options, work).play(scenario("burst", options))
