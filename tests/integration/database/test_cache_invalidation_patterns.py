"""Caches beside a database in every order of their steps: what is stale, and what never is."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from dbparity.applications import Application
from dbparity.consistency.caches import (
    CacheAside,
    DeleteThenWrite,
    DoubleDelete,
    Leases,
    Namespaces,
    SingleFlight,
    Space,
    Versions,
    WriteBehind,
    WriteBehindByPop,
    WriteThrough,
    forget_matching,
)
from dbparity.consistency.harness import Actor, CacheHarness, Exploration
from dbparity.consistency.interleaving import Patience
from dbparity.consistency.invariants import keys_carry, replay_is_idempotent
from dbparity.consistency.rows import DOCUMENTS, Row, SqlRows, encoded
from dbparity.consistency.shrinking import shrink
from dbparity.errors import ScheduleDiverged
from dbparity.pytest_state import STATE
from dbparity.results import Outcome
from dbparity.stores.redis import connect
from tests.support.caching import (
    OLD,
    ByPattern,
    Client,
    Deletions,
    Documents,
    Handwritten,
    Namespaced,
    Queued,
    Stampede,
    joining,
    single_flight,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

STALE = "cache.stale"
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "caches.md"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is about caches alone runs beside one PostgreSQL, the rest beside each product."""
    if "target" in metafunc.fixturenames and "everywhere" not in metafunc.fixturenames:
        chosen = [
            target
            for target in metafunc.config.stash[STATE].targets
            if (target.backend, target.driver) == ("postgresql", "asyncpg")
        ]
        metafunc.parametrize("target", chosen[-1:], ids=str, indirect=True, scope="session")


@pytest.fixture
def everywhere() -> None:
    """For tests beside each product."""


@pytest.fixture
def database(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Database]:
    application = Application("tests:documents", DOCUMENTS.metadata)
    with database_environment.lease(target, application) as leased:
        yield leased


@pytest.fixture
def rows(async_engine: AsyncEngine) -> SqlRows:
    return SqlRows(async_engine)


@pytest.fixture
async def redis(valkey: str) -> AsyncIterator[Any]:
    async with connect(valkey) as client:
        yield client


def counted(found: Exploration) -> tuple[int, int]:
    assert found.complete
    return found.failing(STALE), found.schedules


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("cache", "writers", "readers", "stale", "schedules"),
    [
        (CacheAside, 1, 1, 3, 35),
        (DeleteThenWrite, 1, 1, 18, 35),
        (DoubleDelete, 1, 1, 9, 70),
        # Two of the 35 are one: a reader who finds the writer's value has nothing more to do.
        (WriteThrough, 1, 1, 3, 33),
        (WriteThrough, 2, 0, 6, 20),
        (Leases, 1, 1, 0, 35),
        (Versions, 1, 1, 0, 33),
        (Versions, 2, 0, 0, 20),
    ],
)
async def test_a_pattern_is_stale_in_as_many_orders_as_it_has_races(  # noqa: PLR0913, PLR0917
    redis: Client,
    rows: SqlRows,
    cache: type[CacheAside],
    writers: int,
    readers: int,
    stale: int,
    schedules: int,
) -> None:
    scenario = Documents(redis, rows, cache, writers, readers)
    found = await CacheHarness(redis, rows).explore(scenario)
    assert counted(found) == (stale, schedules)
    assert bool(found.findings) == bool(stale)


@pytest.mark.untraced
@pytest.mark.any_server
@pytest.mark.usefixtures("everywhere")
async def test_statements_and_commits_are_steps_of_code_that_nobody_has_changed(
    redis: Client, rows: SqlRows, database: Database
) -> None:
    if not database.features.concurrent_writers:  # lest a reader who is at a step stops a commit
        with closing(sqlite3.connect(str(database.url.database))) as file:
            file.execute("PRAGMA journal_mode = WAL")
    scenario = Documents(redis, rows, Handwritten)
    found = await CacheHarness(redis, rows.engine).explore(scenario)
    assert counted(found) == (9, 70)
    proof = found.findings[0].proof
    steps = (
        "GET tenant",
        "SELECT cached_documents",
        "UPDATE cached",
        "COMMIT",
        "DEL",
        "SET tenant",
    )
    assert sorted(steps, key=proof.index) == list(steps)


@pytest.mark.any_server
@pytest.mark.usefixtures("everywhere")
async def test_who_waits_for_a_row_lets_the_others_go_on(
    redis: Client, rows: SqlRows, database: Database
) -> None:
    if not database.features.row_locks:
        pytest.skip("it locks no rows")
    scenario = Documents(redis, rows, Handwritten, writers=2, readers=0)
    one, other = "writer of new", "writer of newer"
    run = await CacheHarness(redis, rows.engine).replay(scenario, (one, other, one, one, one))
    assert not run.findings
    # Nobody but the one whose row it is can go on, until that has committed.
    assert [set(options) for options in run.played.options[:4]] == [
        {one, other},
        {one, other},
        {one},
        {one, other},
    ]
    assert [act.actor for act in run.played.moves[2]] == [one, other]


async def test_locks_that_are_taken_in_two_orders_end_in_an_error_that_is_shown(
    redis: Client, rows: SqlRows
) -> None:
    class Transfers(Documents):
        def actors(self, trial: int) -> Mapping[str, Actor]:
            async def change(*numbers: int) -> None:
                async with rows.engine.begin() as connection:
                    for number in numbers:
                        here = DOCUMENTS.c.id == number
                        await connection.execute(update(DOCUMENTS).where(here).values(value="new"))

            return {
                "one": Actor(lambda: change(trial, -trial)),
                "two": Actor(lambda: change(-trial, trial)),
            }

        async def prepare(self, trial: int) -> None:
            await super().prepare(trial)
            await self.rows.add(-trial, OLD)

    harness, scenario = CacheHarness(rows.engine), Transfers(redis, rows, CacheAside)
    run = await harness.replay(scenario, ("one", "two", "one", "two"))
    assert [finding.code for finding in run.findings] == ["cache.raised"]
    assert "deadlock" in run.findings[0].actual
    assert "waits" in run.findings[0].proof


async def test_a_transaction_of_who_dies_is_rolled_back_and_its_locks_are_gone(
    redis: Client, rows: SqlRows
) -> None:
    class Mortals(Documents):
        def actors(self, trial: int) -> Mapping[str, Actor]:
            first, second = super().actors(trial).items()
            return dict([(first[0], replace(first[1], may_die=True)), second])

    scenario = Mortals(redis, rows, Handwritten, writers=2, readers=0)
    harness, dying = CacheHarness(redis, rows.engine), ("writer of new", "writer of new dies")
    for schedule in (dying, ("writer of new", "writer of newer", "writer of new dies")):
        run = await harness.replay(scenario, schedule)
        assert not run.findings
        assert list(run.history.samples[-1].committed.values()) == ["newer"]
    assert rows.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # the queue's


@pytest.mark.parametrize(
    ("cache", "codes"), [(WriteBehind, set()), (WriteBehindByPop, {"cache.lost", STALE})]
)
async def test_a_flush_that_dies_loses_nothing_that_stays_on_a_list_meanwhile(
    redis: Client, rows: SqlRows, cache: type[CacheAside], codes: set[str]
) -> None:
    found = await CacheHarness(redis, rows).explore(Queued(redis, rows, cache, readers=0))
    assert {finding.code for finding in found.findings} == codes
    dying = [run for run in found.failures if "flush dies" in run.schedule]
    assert bool(dying) == bool(codes)
    # In the middle of a flush the value is nowhere else; it is lost for good if that dies there.
    assert found.failing(STALE) == sum(len(run.findings) > 1 for run in dying)


async def test_what_a_queue_has_is_written_again_without_a_change(
    rows: SqlRows, redis: Client
) -> None:
    cache = WriteBehind(redis, rows, Space("a"))
    await rows.add(1, OLD)
    await cache.write(1, "new")
    (order,) = await redis.lrange(cache.queue, 0, -1)
    assert await cache.flush() == 1
    once = await rows.load(1)
    await redis.rpush(cache.working, order)
    assert await cache.recover() == 1
    twice = await rows.load(1)
    assert once is not None
    assert twice is not None
    assert not list(replay_is_idempotent({"a": once.value}, {"a": twice.value}))
    assert await cache.waiting() == []


@pytest.mark.untraced
async def test_of_readers_who_miss_at_once_one_loads(redis: Client, rows: SqlRows) -> None:
    harness = CacheHarness(redis, rows, patience=Patience(idle=0.01))
    guarded = await harness.explore(Stampede(redis, rows, single_flight, writers=0, readers=2))
    assert guarded.complete
    assert not guarded.findings
    few = CacheHarness(redis, rows, limit=20)
    free = await few.explore(Stampede(redis, rows, CacheAside, writers=0, readers=2))
    assert 0 < free.failing("cache.stampede") < free.schedules


@pytest.mark.parametrize(("make", "codes"), [(single_flight, []), (joining, ["cache.read-old"])])
async def test_who_begins_behind_a_write_does_not_join_a_flight_before_it(
    redis: Client, rows: SqlRows, make: Callable[..., SingleFlight], codes: list[str]
) -> None:
    harness = CacheHarness(redis, rows, patience=Patience(idle=0.01))
    schedule = (*["reader 1"] * 2, *["writer of new"] * 3, "reader 2")
    run = await harness.replay(Documents(redis, rows, make, readers=2), schedule)
    assert [finding.code for finding in run.findings] == codes


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("cache", "scenario", "stale", "schedules"),
    # Of the 35 orders some are more: a key that is found is one more command.
    [(ByPattern, Documents, 3, 39), (Namespaces, Namespaced, 0, 56)],
)
async def test_a_pattern_misses_who_fills_behind_it_and_a_namespace_does_not(  # noqa: PLR0913, PLR0917
    redis: Client,
    rows: SqlRows,
    cache: type[CacheAside],
    scenario: type[Documents],
    stale: int,
    schedules: int,
) -> None:
    found = await CacheHarness(redis, rows).explore(scenario(redis, rows, cache))
    assert counted(found) == (stale, schedules)
    assert bool(found.findings) == bool(stale)


async def test_all_keys_of_a_pattern_go_and_no_other(redis: Client) -> None:
    await redis.mset({f"tenant:{tenant}:{n}": "x" for tenant in "ab" for n in range(2500)})
    assert await forget_matching(redis, "tenant:a:*") == 2500
    assert await redis.dbsize() == 2500
    assert await forget_matching(redis, "tenant:a:*") == 0


@pytest.mark.parametrize(("cache", "ghosts"), [(CacheAside, 3), (Versions, 0)])
async def test_a_row_that_was_deleted_is_gone(
    redis: Client, rows: SqlRows, cache: type[CacheAside], ghosts: int
) -> None:
    found = await CacheHarness(redis, rows).explore(Deletions(redis, rows, cache))
    assert found.failing("cache.deleted") == ghosts
    assert bool(found.findings) == bool(ghosts)


async def test_a_value_that_is_rolled_back_is_seen_in_the_cache(
    redis: Client, rows: SqlRows
) -> None:
    class Hasty(Handwritten):
        async def write(self, number: int, new: str) -> None:
            async with self.engine.connect() as connection:
                here = DOCUMENTS.c.id == number
                await connection.execute(update(DOCUMENTS).where(here).values(value=new))
                await self.redis.set(self.space.key(number), encoded(Row(2, new)), px=1000)
                await connection.rollback()

    found = await CacheHarness(redis, rows.engine).explore(
        Documents(redis, rows, Hasty, readers=0, warm=True)
    )
    assert [finding.code for finding in found.findings if "stale" not in finding.code] == [
        "cache.uncommitted",
        "cache.lost",
    ]
    assert "ROLLBACK" in found.findings[0].proof


async def test_keys_without_a_time_to_live_or_a_tenant_are_told(
    redis: Client, rows: SqlRows
) -> None:
    class ForEver(CacheAside):
        async def _put(self, key: str, row: Row) -> None:
            await self.redis.execute_command("SET", key, encoded(row))

    class Tenants(Documents):
        invariants = (*Documents.invariants, partial(keys_carry, tenant="tenant:blue:"))

    found = await CacheHarness(redis, rows).explore(Tenants(redis, rows, ForEver, writers=0))
    assert [finding.code for finding in found.findings] == ["cache.no-ttl", "cache.tenant"]


async def test_times_to_live_vary_as_declared_and_end(redis: Client, rows: SqlRows) -> None:
    cache = CacheAside(redis, rows, Space("a", ttl=100, jitter=0.2))
    for number in range(50):
        await rows.add(number, OLD)
        await cache.read(number)
    left = {await redis.pttl(cache.space.key(number)) for number in range(50)}
    assert all(79_000 < milliseconds <= 120_000 for milliseconds in left)
    assert max(left) - min(left) > 10_000
    key = cache.space.key(7)
    await rows.save(7, "new")
    assert await cache.read(7) == OLD
    await redis.pexpireat(key, 1)
    assert await cache.read(7) == "new"


async def test_a_failure_is_played_again_by_its_schedule(redis: Client, rows: SqlRows) -> None:
    harness, scenario = CacheHarness(redis, rows), Documents(redis, rows, CacheAside)
    failure = await harness.replay(scenario, ("reader 1",) * 2 + ("writer of new",) * 3)
    again = await harness.replay(scenario, failure.schedule)
    for run in (failure, again):
        assert [finding.code for finding in run.findings] == [STALE]
    assert again.schedule == failure.schedule
    with pytest.raises(ScheduleDiverged, match="the turn of 'nobody'"):
        await harness.replay(scenario, ("nobody",))


async def test_a_failure_of_many_actors_is_shrunk_to_those_who_are_in_it(
    redis: Client, rows: SqlRows
) -> None:
    harness = CacheHarness(redis, rows)
    run = await shrink(harness, Documents(redis, rows, DeleteThenWrite, writers=1, readers=2))
    assert run is not None
    assert len(set(run.schedule)) == 2
    assert await shrink(harness, Documents(redis, rows, Leases), examples=3, code=STALE) is None


@pytest.mark.parametrize(
    "cache", [CacheAside, DoubleDelete, WriteThrough, Leases, Versions, Namespaces]
)
async def test_what_is_cached_is_read_until_it_is_written(
    redis: Client, rows: SqlRows, cache: type[CacheAside]
) -> None:
    made = cache(redis, rows, Space("a"))
    assert await made.read(1) is None
    await rows.add(1, OLD)
    assert await made.read(1) == OLD
    await rows.save(1, "unheard")
    assert await made.read(1) == OLD
    await made.write(1, "new")
    assert [await made.read(1) for _ in range(2)] == ["new", "new"]
    for _ in range(2):
        await made.remove(1)
        assert await made.read(1) is None


async def test_who_gets_no_lease_fills_nothing(redis: Client, rows: SqlRows) -> None:
    cache = Leases(redis, rows, Space("a"))
    await rows.add(1, OLD)
    key = cache.space.key(1)
    await redis.set(f"{key}:lease", "another's", px=60_000)
    assert await cache.read(1) == OLD
    assert await redis.get(key) is None


async def test_an_exploration_that_is_not_complete_says_so(redis: Client, rows: SqlRows) -> None:
    harness = CacheHarness(redis, rows, limit=10)
    result = (await harness.explore(Documents(redis, rows, DeleteThenWrite))).result("sqlite", 1.5)
    assert (result.category, result.check) == ("caches", "Documents")
    assert result.outcome is Outcome.FAILED
    assert result.evidence == "10 schedules, and there are more"
    assert result.findings[0].proof


async def test_a_pipeline_is_one_step_and_what_it_watches_another(
    redis: Client, rows: SqlRows
) -> None:
    async def both() -> object:
        async with redis.pipeline() as pipeline:
            await pipeline.watch("a")
            await pipeline.get("b")
            pipeline.multi()
            pipeline.set("a", 1, px=1000).get("a")
            return await pipeline.execute()

    assert await done_by(both, redis, rows) == [
        "WATCH a",
        "GET b",
        "SET a, GET a",
        "returns [True, '1']",
    ]
    assert "execute_command" not in vars(redis)


async def test_a_script_is_named_by_its_key_and_bytes_are_read(
    redis: Client, rows: SqlRows
) -> None:
    async def script() -> object:
        await redis.execute_command(b"SET", b"a", 1, "PX", 1000)
        return await redis.eval("return redis.call('GET', KEYS[1])", 1, "a")

    assert await done_by(script, redis, rows) == ["SET a", "EVAL a", "returns '1'"]


async def test_of_sessions_each_statement_and_the_end_of_what_they_wrote_is_a_step(
    redis: Client, rows: SqlRows
) -> None:
    new = [{"id": -number, "version": 1, "value": OLD} for number in (1, 2)]

    async def writes() -> None:
        async with AsyncSession(rows.engine) as session:
            await session.execute(insert(DOCUMENTS), new)
            await session.rollback()
            await session.execute(select(DOCUMENTS.c.id))
            await session.commit()
            await session.execute(select(DOCUMENTS.c.id).with_for_update())

    done = await done_by(writes, redis, rows)
    assert [" ".join(step.split()[:2]) for step in done] == [
        "INSERT INTO",
        "ROLLBACK",
        "SELECT cached_documents.id",
        "SELECT cached_documents.id",
        "ROLLBACK",
        "returns None",
    ]


async def test_a_pool_may_keep_fewer_connections_than_there_are_actors(
    redis: Client, rows: SqlRows
) -> None:
    engine = create_async_engine(rows.engine.url, pool_size=1, max_overflow=3)
    scenario = Documents(redis, SqlRows(engine), Versions, readers=2)
    run = await CacheHarness(redis, engine).replay(scenario, ())
    assert not run.findings
    await engine.dispose()


async def test_who_commits_each_statement_by_itself_makes_one_step_of_it(
    redis: Client, rows: SqlRows
) -> None:
    engine = rows.engine.execution_options(isolation_level="AUTOCOMMIT")

    async def writes() -> None:
        async with engine.begin() as connection:
            await connection.execute(update(DOCUMENTS).values(value="new"))

    done = await done_by(writes, redis, rows)
    assert [step.split()[0] for step in done] == ["UPDATE", "returns"]


@pytest.mark.untraced
async def test_the_example_of_the_documentation_finds_what_it_shows(
    redis: Client, rows: SqlRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCUMENTATION.read_text()
    example, shown = (
        re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)```", page, re.DOTALL)
        for marker in ("example", "output")
    )
    assert example is not None
    assert shown is not None
    async with rows.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE prices (item INTEGER, price INTEGER)"))
    made = ModuleType("prices")
    monkeypatch.setitem(sys.modules, made.__name__, made)  # dataclasses ask for it
    exec(example[1], vars(made))  # noqa: S102  # our own page
    found = str(await made.explore(redis, rows.engine))
    # The number of a trial is that of those before it.
    plain, expected = (re.sub(r"price:\d+", "price:N", t) for t in (found, shown[1]))
    assert plain.split() == expected.split()


async def done_by(call: Callable[[], Awaitable[object]], redis: Client, rows: SqlRows) -> list[str]:
    """The steps of one actor."""

    class Alone(Documents):
        def actors(self, trial: int) -> Mapping[str, Actor]:
            return {f"{trial}": Actor(call)}

    run = await CacheHarness(redis, rows.engine).replay(Alone(redis, rows, CacheAside), ())
    assert not [finding for finding in run.findings if finding.code == "cache.raised"]
    return [act.did for acts in run.played.moves for act in acts]
