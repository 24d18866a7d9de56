"""Pools of any application's database under stress, and who is left behind in them."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import NullPool
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import greenlet_spawn

from dbparity.conformance.losses import lost, refused
from dbparity.conformance.population import application_of
from dbparity.errors import SchemaRefused
from dbparity.performance.pools.base import PoolOptions, Stressed, reading
from dbparity.performance.pools.judged import CATEGORY, result
from dbparity.performance.pools.meter import Meter
from dbparity.performance.pools.scenarios import SLOW, Clients, scenarios, slow
from dbparity.progress import Progress
from dbparity.results import Outcome, Report, Result, Skipped
from dbparity.servers.database import configure
from dbparity.servers.faults import FaultProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.applications import Application
    from dbparity.performance.pools.base import Work
    from dbparity.performance.pools.scenarios import Scenario
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

    Sessions = Callable[[], Awaitable[frozenset[str] | None]]

CLAIM = "Every pool served its clients, and has lost no connection"
_POLL = 0.01  # seconds


@dataclass(frozen=True, eq=False)
class PoolStress:
    """Puts pools of one database's connections under stress, on the event loop of the caller.

    Attributes:
        database: through an asynchronous driver.
        work: what each client does; by default it reads a row.
    """

    database: Database
    options: PoolOptions = field(default_factory=PoolOptions)
    work: Work | None = None

    async def results(self, progress: Progress | None = None) -> tuple[Result, ...]:
        """Play all scenarios, each with a pool of its own."""
        told, target = progress or Progress(), str(self.database.target)
        host, port = self.database.url.host, self.database.url.port
        found, played = [], list(scenarios(self.options))
        for number, scenario in enumerate(played, start=1):
            told.checking(target, scenario.name, number, len(played) + 1)
            found.append(result(await self.play(scenario), target))
            told.checked(found[-1])
        told.checking(target, SLOW, len(played) + 1, len(played) + 1)
        if host is None or port is None:
            found.append(_skipped(target, SLOW, "there is no network to a file"))
        else:
            with FaultProxy(host, port) as proxy:
                through = proxy.through(self.database.url)
                found.append(result(await self.play(slow(self.options, proxy), through), target))
        told.checked(found[-1])
        return tuple(found)

    async def play(self, scenario: Scenario, url: URL | None = None) -> Stressed:
        """What comes of one scenario, with connections to ``url`` in place of the database's."""
        began, limit = time.perf_counter(), self.options.limit
        meter = Meter(limit)
        engine = self._engine(meter, scenario.timeout, url or self.database.url)
        clients = Clients(engine, self.work or reading(application_of(self.database)))
        async with self._watching() as sessions:
            before = await sessions()
            try:
                await scenario.play(clients)
                await self._settled(meter)
                held, waits = meter.held, tuple(meter.waits)
                recovered = not held and await _gives_out(engine, limit)
            finally:
                await engine.dispose()
            left = None if before is None else await self._left(sessions, before, len(held))
        for record in held:
            await greenlet_spawn(record.invalidate)
        return Stressed(
            scenario.name,
            clients.attempted,
            clients.served,
            clients.cancelled,
            clients.timed_out,
            scenario.due,
            waits,
            dict(clients.errors),
            clients.said,
            tuple(held.values()),
            tuple(meter.abandoned),
            left,
            recovered,
            time.perf_counter() - began,
        )

    def _engine(self, meter: Meter, timeout: float, url: URL) -> AsyncEngine:
        database = self.database
        engine = create_async_engine(
            url,
            connect_args=database.backend.connect_arguments(database.bridge.driver),
            poolclass=meter.pool,
            pool_size=self.options.size,
            max_overflow=self.options.overflow,
            pool_timeout=timeout,
        )
        configure(engine.sync_engine, database.backend, database.application)
        meter.watch(engine.sync_engine)
        return engine

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[Sessions]:
        """What the server says, through a connection that is none of the pool's."""
        database = self.database
        engine = create_async_engine(
            database.url,
            connect_args=database.backend.connect_arguments(database.bridge.driver),
            poolclass=NullPool,
            # A transaction would be told the same again and again.
            isolation_level="AUTOCOMMIT",
        )
        async with engine.connect() as connection:
            yield partial(connection.run_sync, database.backend.sessions)

    async def _settled(self, meter: Meter) -> None:
        """Give those who were cancelled time to clean up, and the rest to the garbage collector."""
        ends = time.perf_counter() + self.options.patience
        gc.collect()
        while meter.held and time.perf_counter() < ends:  # noqa: ASYNC110  # no pool tells
            await asyncio.sleep(_POLL)

    async def _left(self, sessions: Sessions, before: frozenset[str], held: int) -> int:
        """How many there are more than before; those that are ``held`` are not waited for."""
        ends = time.perf_counter() + self.options.patience
        gc.collect()  # some drivers end what is abandoned no sooner
        while (left := len((await sessions() or frozenset()) - before)) > held:
            if time.perf_counter() > ends:
                break
            await asyncio.sleep(_POLL)
        return left


def stress_targets(  # noqa: PLR0913, PLR0917  # who is put under what, and who is told
    environment: DatabaseTestEnvironment,
    targets: Sequence[Target],
    application: Application,
    options: PoolOptions | None = None,
    work: Work | None = None,
    progress: Progress | None = None,
) -> Report:
    """Put pools of the application's database under stress, on one target after the other.

    A target that is lost is a finding; the other targets go on. On a driver that is not
    asynchronous nothing is tried.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    told, results = progress or Progress(), list[Result]()

    def stressed(database: Database) -> tuple[Result, ...]:
        stress = PoolStress(database, options or PoolOptions(), work)
        return asyncio.run(stress.results(told))

    for target in targets:
        results += _stressed(environment, target, application, stressed)
    seconds = time.perf_counter() - clock
    return Report(
        application.name, started, seconds, environment.states, tuple(results), claim=CLAIM
    )


def _stressed(
    environment: DatabaseTestEnvironment,
    target: Target,
    application: Application,
    stress: Callable[[Database], tuple[Result, ...]],
) -> tuple[Result, ...]:
    try:
        with environment.lease(target, application) as database:
            if not database.bridge.driver.is_async:
                reason = f"{target.driver} is not asynchronous"
                return (_skipped(str(target), CATEGORY, reason),)
            return stress(database)
    except SchemaRefused as error:
        return (refused(target, error),)
    except Exception as error:  # noqa: BLE001  # the other targets go on
        return (lost(target, CATEGORY, CATEGORY, error),)


async def _gives_out(engine: AsyncEngine, number: int) -> bool:
    """Whether so many connections can be had at once."""
    async with AsyncExitStack() as stack:
        try:
            for _ in range(number):
                await stack.enter_async_context(engine.connect())
        except PoolTimeout:
            return False
    return True


def _skipped(target: str, check: str, reason: str) -> Result:
    return Result(target, CATEGORY, check, Outcome.SKIPPED, skipped=(Skipped(reason),))
