"""The scenarios: what the clients of a pool do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING

from sqlalchemy.exc import TimeoutError as PoolTimeout

from dbparity.conformance.base import words
from dbparity.performance.pools.cutting import Cut
from dbparity.servers.faults import Trouble

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.performance.pools.base import PoolOptions, Work
    from dbparity.servers.faults import FaultProxy

SLOW = "slow connections"
_AT_MOST = 1.0  # seconds that somebody waits who is to wait in vain
_CUTS = 100
_ROUND_TRIPS = 5  # fewer than those of any login and a query


@dataclass(eq=False)
class Clients:
    """Clients of one pool, and what has become of them so far: see `Stressed`."""

    engine: AsyncEngine
    work: Work
    attempted: int = 0
    served: int = 0
    cancelled: int = 0
    timed_out: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    said: dict[str, str] = field(default_factory=dict)

    async def one(self) -> None:
        """Have a client do the work once."""
        self.attempted += 1
        try:
            await self.work(self.engine)
        except PoolTimeout:
            self.timed_out += 1
        except Exception as error:  # noqa: BLE001  # the others go on
            self.errors[type(error).__name__] += 1
            self.said.setdefault(type(error).__name__, words(error))
        else:
            self.served += 1

    async def forget(self) -> None:
        """Have the pool open a connection anew for who comes next, if it can."""
        with suppress(PoolTimeout):
            async with self.engine.connect() as connection:
                await connection.invalidate()

    async def many(self, number: int) -> None:
        """Have so many come at once."""
        await asyncio.gather(*(self.one() for _ in range(number)))

    async def cut(self, at: int = 0) -> int:
        """Have one come who is cancelled while he waits for the ``at``-th time.

        Returns how often he has waited.
        """
        cutting = Cut(self.one(), at)
        task = asyncio.ensure_future(cutting)
        # Unlike an await, it is not taken for the task's own end if this is cancelled.
        await asyncio.wait([task])
        self.cancelled += task.cancelled()
        return cutting.waits


@dataclass(frozen=True)
class Scenario:
    """What clients do with a pool of ``timeout`` seconds.

    ``due`` is how many of them have to time out; None where it is a matter of chance.
    """

    name: str
    play: Callable[[Clients], Awaitable[None]]
    timeout: float
    due: int | None = 0


def scenarios(options: PoolOptions) -> Iterator[Scenario]:
    """All that need nothing but a database."""
    for number in options.bursts:
        yield Scenario(f"burst of {number}", partial(_burst, number), options.timeout)
    name = f"{options.workers} workers for {options.seconds:g} s"
    yield Scenario(name, partial(_sustained, options), options.timeout)
    short = min(options.timeout, _AT_MOST)
    yield Scenario("exhaustion", partial(_exhausted, options.limit), short, options.limit)
    yield Scenario("cancellation", partial(_cancelled, options.limit), options.timeout)


def slow(options: PoolOptions, proxy: FaultProxy) -> Scenario:
    """Twice as many clients as there are connections, through a network that is slow."""
    timeout = min(options.timeout, _ROUND_TRIPS * options.latency)
    return Scenario(SLOW, partial(_slowed, options, proxy), timeout, None)


async def _burst(number: int, clients: Clients) -> None:
    await clients.many(number)


async def _sustained(options: PoolOptions, clients: Clients) -> None:
    ends = time.perf_counter() + options.seconds

    async def work() -> None:
        while time.perf_counter() < ends:
            await clients.one()

    await asyncio.gather(*(work() for _ in range(options.workers)))


async def _exhausted(limit: int, clients: Clients) -> None:
    """As many come in vain as there are connections, and again when these are given back."""
    async with AsyncExitStack() as stack:
        for _ in range(limit):
            await stack.enter_async_context(clients.engine.connect())
        await clients.many(limit)
    await clients.many(limit)


async def _cancelled(limit: int, clients: Clients) -> None:
    """Each wait is cut of a client who finds a connection, and of one who has to log in.

    At first one after the other, then at once, of more than there are connections. It ends when
    leaks have used the pool up.
    """
    cuts = range(0)
    for prepare in (clients.one, clients.forget):
        await prepare()
        waits = await clients.cut()
        cuts = range(1, waits + 1, -(-waits // _CUTS))
        for at in cuts:
            if clients.timed_out:
                return
            await prepare()
            await clients.cut(at)
    at_once = islice(cycle(cuts), max(2 * limit, len(cuts)))
    await asyncio.gather(*map(clients.cut, at_once))


async def _slowed(options: PoolOptions, proxy: FaultProxy, clients: Clients) -> None:
    calm = proxy.trouble
    proxy.trouble = Trouble(latency=options.latency)
    try:
        await clients.many(2 * options.limit)
    finally:
        proxy.trouble = calm
