"""Pools of SQLite's connections; tests/integration/database has those of servers."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.applications import Application
from dbparity.backends.sqlite import SQLite
from dbparity.errors import SchemaRefused
from dbparity.performance.pools.base import PoolOptions, Stressed, reading
from dbparity.performance.pools.judged import result
from dbparity.performance.pools.meter import _frames, origin
from dbparity.performance.pools.scenarios import Clients, Scenario, scenarios, slow
from dbparity.performance.pools.stress import PoolStress, stress_targets
from dbparity.progress import Progress
from dbparity.results import Outcome, Report, Result
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.faults import CALM, FaultProxy
from tests.support.databases import sqlite_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from dbparity.performance.pools.meter import Meter
    from dbparity.servers.database import Database

THINGS = Table("things", MetaData(), Column("id", Integer, primary_key=True))
APPLICATION = Application("tests:things", THINGS.metadata)
OPTIONS = PoolOptions(
    size=2, overflow=1, timeout=0.3, bursts=(7,), workers=4, seconds=0.1, patience=0.1
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with sqlite_database(tmp_path, APPLICATION, "aiosqlite") as made:
        yield made


def scenario(name: str, options: PoolOptions = OPTIONS) -> Scenario:
    return next(each for each in scenarios(options) if each.name.startswith(name))


def codes(stressed: Stressed) -> list[str]:
    return [finding.code for finding in result(stressed, "any").findings]


class Told(Progress):
    def __init__(self) -> None:
        self.checks: list[tuple[str, int, int]] = []
        self.results: list[Result] = []

    def checking(self, target: str, check: str, number: int, total: int) -> None:
        assert target == "sqlite+aiosqlite"
        self.checks.append((check, number, total))

    def checked(self, result: Result) -> None:
        self.results.append(result)


async def test_all_scenarios_are_played_and_told(database: Database) -> None:
    told = Told()
    # Nobody waits in vain, though the machine may do something else for a while.
    patient = replace(OPTIONS, timeout=2, patience=10)
    results = await PoolStress(database, patient).results(told)
    assert told.results == list(results)
    assert told.checks == [
        ("burst of 7", 1, 5),
        ("4 workers for 0.1 s", 2, 5),
        ("exhaustion", 3, 5),
        ("cancellation", 4, 5),
        ("slow connections", 5, 5),
    ]
    assert [each.outcome for each in results] == [Outcome.PASSED] * 4 + [Outcome.SKIPPED]
    assert results[-1].reason == "there is no network to a file"


async def test_figures_of_a_scenario_are_its_measurements(database: Database) -> None:
    stressed = await PoolStress(database, OPTIONS).play(scenario("exhaustion"))
    figures = {each.subject: each.value for each in result(stressed, "any").measurements}
    assert figures.pop("wait max") >= figures.pop("wait p95") >= figures.pop("wait p50") > 0.29
    assert figures == {
        "attempted": 6,
        "served": 3,
        "waited": 3,
        "timed out": 3,
        "cancelled": 0,
        "errors": 0,
        "leaked in the pool": 0,
        "left on the server": 0,
    }


async def test_a_client_reads_the_next_table_each_time(database: Database) -> None:
    engine = database.async_engine()
    async with engine.begin() as connection:
        await connection.execute(insert(THINGS).values(id=1))
    for application in (APPLICATION, Application("no tables", MetaData())):
        await reading(application)(engine)
    await engine.dispose()


async def test_a_leak_is_found_with_the_line_that_took_the_connection(database: Database) -> None:
    taken: list[AsyncConnection] = []

    async def forget(engine: AsyncEngine) -> None:
        taken.append(await engine.connect())

    stressed = await PoolStress(database, OPTIONS, forget).play(scenario("burst"))
    leaked, left, timed_out, stuck = result(stressed, "any").findings
    assert leaked.code == "pool.leaked"
    assert (
        "3 still taken, 0 ended by the garbage collector; taken at test_pool.py:" in leaked.actual
    )
    assert leaked.actual.endswith("in forget (3 times)")
    assert (left.code, left.actual) == ("pool.session_left", "3 sessions")
    assert (timed_out.code, timed_out.actual) == ("pool.timed_out", "4 of 7 timed out")
    assert stuck.code == "pool.not_recovered"


@pytest.mark.filterwarnings("ignore:The garbage collector:sqlalchemy.exc.SAWarning")
async def test_a_connection_for_the_garbage_collector_is_a_leak(database: Database) -> None:
    async def drop(engine: AsyncEngine) -> None:
        connection = await engine.connect()
        await connection.execute(select(1))

    options = replace(OPTIONS, bursts=(1,))
    stressed = await PoolStress(database, options, drop).play(scenario("burst", options))
    assert codes(stressed) == ["pool.leaked"]
    assert stressed.abandoned[0].endswith("in drop")


async def test_a_connection_that_is_detached_and_closed_is_no_leak(database: Database) -> None:
    async def detach(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            await connection.run_sync(lambda _: raw.detach())

    stressed = await PoolStress(database, OPTIONS, detach).play(scenario("burst"))
    assert codes(stressed) == []


async def test_errors_of_clients_are_found_by_their_type(database: Database) -> None:
    turns = iter(range(100))

    async def fail(engine: AsyncEngine) -> None:
        await reading(APPLICATION)(engine)
        if number := next(turns) % 3:
            raise (KeyError if number == 1 else ValueError)(f"number {number}")

    stressed = await PoolStress(database, OPTIONS, fail).play(scenario("burst"))
    found = result(stressed, "any").findings
    assert [(each.code, each.message, each.actual) for each in found] == [
        ("pool.error", "clients ended in KeyError", "2 of 7: 'number 1'"),
        ("pool.error", "clients ended in ValueError", "2 of 7: number 2"),
    ]


async def test_work_that_goes_around_the_pool_is_found(database: Database) -> None:
    aside = create_async_engine(database.url)

    async def go_around(_: AsyncEngine) -> None:
        await reading(APPLICATION)(aside)

    stressed = await PoolStress(database, OPTIONS, go_around).play(scenario("exhaustion"))
    await aside.dispose()
    assert "pool.bypassed" in codes(stressed)


async def test_a_pool_that_has_lost_count_is_found(database: Database) -> None:
    async def miscount(engine: AsyncEngine) -> None:
        await reading(APPLICATION)(engine)
        engine.sync_engine.pool._overflow += 1  # type: ignore[attr-defined]

    options = replace(OPTIONS, bursts=(1,))
    stressed = await PoolStress(database, options, miscount).play(scenario("burst", options))
    assert codes(stressed) == ["pool.not_recovered"]


async def test_nothing_is_said_of_sessions_where_nobody_can_tell(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLite, "sessions", lambda *_: None)
    stressed = await PoolStress(database, OPTIONS).play(scenario("burst"))
    assert stressed.left is None
    subjects = [each.subject for each in result(stressed, "any").measurements]
    assert "left on the server" not in subjects


async def test_a_pool_is_closed_where_a_scenario_fails(database: Database) -> None:
    async def fail(clients: Clients) -> None:
        await clients.one()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await PoolStress(database, OPTIONS).play(Scenario("failing", fail, 1))


async def test_a_network_is_as_it_was_after_it_was_slow(database: Database) -> None:
    """What it does to connections is shown on servers."""
    seen = []
    with FaultProxy("127.0.0.1", 1) as proxy:

        async def look(_: AsyncEngine) -> None:
            seen.append(proxy.trouble.latency)

        stressed = await PoolStress(database, OPTIONS, look).play(slow(OPTIONS, proxy))
        assert proxy.trouble == CALM
    assert seen == [OPTIONS.latency] * 2 * OPTIONS.limit
    assert stressed.due is None


async def test_a_line_of_a_library_alone_is_nobodys() -> None:
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    of_library = {"__name__": "sqlalchemy.somewhere", "origin": origin, "found": found}
    note = eval("lambda: found.set_result(origin())", of_library)  # noqa: S307
    asyncio.get_running_loop().call_soon(note)
    assert await found == ""
    assert origin().startswith("test_pool.py:")


async def test_what_is_still_held_is_waited_for(database: Database) -> None:
    class Slow:
        """Two are given back behind the first look."""

        looks = 0

        @property
        def held(self) -> bool:
            self.looks += 1
            return self.looks < 3

    slow = Slow()
    stress = PoolStress(database, replace(OPTIONS, patience=10))
    await stress._settled(cast("Meter", slow))
    assert slow.looks == 3


async def test_sessions_that_still_end_are_waited_for(database: Database) -> None:
    looks = iter([{"a", "b"}, {"b"}])

    async def sessions() -> frozenset[str]:
        return frozenset(next(looks))

    stress = PoolStress(database, replace(OPTIONS, patience=10))
    assert await stress._left(sessions, frozenset({"b"}), held=0) == 0


def test_lines_are_followed_to_where_the_program_begins() -> None:
    assert [*_frames()][-1].f_back is None


async def test_connections_are_slow_by_a_proxy_before_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does to them is shown on servers."""
    played: list[tuple[str, URL | None]] = []

    async def play(_: PoolStress, scenario: Scenario, url: URL | None = None) -> Stressed:
        played.append((scenario.name, url))
        return Stressed(scenario.name)

    monkeypatch.setattr(PoolStress, "play", play)
    elsewhere = replace(database, url=database.url.set(host="127.0.0.2", port=1))
    await PoolStress(elsewhere, OPTIONS).results()
    *others, (name, url) = played
    assert {url for _, url in others} == {None}
    assert name == "slow connections"
    assert url is not None
    assert url.host == "127.0.0.1"
    assert url.port != 1


@contextmanager
def environment(*targets: str) -> Iterator[DatabaseTestEnvironment]:
    with DatabaseTestEnvironment(targets, ServerOptions(providers=("file",))) as started:
        yield started


def stressed_on(*targets: str) -> Report:
    with environment(*targets) as started:
        return stress_targets(started, started.targets, APPLICATION, OPTIONS)


def test_report_has_all_targets_and_skips_drivers_that_are_not_asynchronous() -> None:
    report = stressed_on("sqlite")
    assert report.claim == "Every pool served its clients, and has lost no connection"
    skipped, *played = report.results
    assert (skipped.target, skipped.reason) == ("sqlite+pysqlite", "pysqlite is not asynchronous")
    assert {each.target for each in played} == {"sqlite+aiosqlite"}


def test_a_schema_that_is_refused_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SchemaRefused("sqlite", "tests:things", ValueError("no"), "none")

    monkeypatch.setattr(DatabaseTestEnvironment, "lease", refuse)
    (found,) = stressed_on("sqlite+aiosqlite").findings
    assert found.code == "SCHEMA-REFUSED"


def test_a_target_that_is_lost_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(PoolStress, "play", lose)
    (found,) = stressed_on("sqlite+aiosqlite").findings
    assert found.code == "TARGET-LOST"


def test_sessions_of_a_file_are_the_times_that_it_is_open(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, APPLICATION) as database, database.engine.connect() as one:
        before = SQLite().sessions(one)
        with database.engine.connect():
            assert len(SQLite().sessions(one) - before) == 1
