"""Asynchronous connections to all databases of a fleet, and not more at once than servers have."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dbparity.errors import FleetInvalid
from dbparity.fleet.members import GATEWAY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from dbparity.servers.database import Database

GATEWAY_LIMIT = 8  # PostgreSQL has 100 for all, and several processes may test at once
AGENTS_LIMIT = 12


@dataclass
class _Opened:
    """An engine, and how many hold it: one that is held is not closed."""

    database: Database
    engine: AsyncEngine
    holders: int = 0

    @property
    def connections(self) -> int:
        pool = self.engine.pool
        return pool.checkedin() + pool.checkedout()  # type: ignore[attr-defined,no-any-return]


class Connections:
    """Transactions on the databases of a fleet, for the event loop that they are used in.

    The gateway has connections of its own. The agents share theirs: where all are open, those of
    the agent that was not used for longest are closed. Whoever holds a transaction on the gateway
    can therefore wait for one on an agent; never the other way round.
    """

    def __init__(self, database: Callable[[str], Database]) -> None:
        """Ask ``database`` for the member of a name, each time: it may have been made anew."""
        self._database = database
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._ended: list[_Opened] = []
        self._agents = asyncio.Semaphore(AGENTS_LIMIT)

    @asynccontextmanager
    async def begin(self, name: str) -> AsyncIterator[AsyncConnection]:
        """A transaction on the gateway or an agent, committed at the end of the block.

        Raises:
            FleetInvalid: its driver is synchronous, or it was dropped.
            AgentUnknown: there is no such agent.
        """
        async with AsyncExitStack() as stack:
            if name != GATEWAY:
                await stack.enter_async_context(self._agents)
            opened = stack.enter_context(self._held(name))
            while self._ended:
                await self._ended.pop().engine.dispose()
            if name != GATEWAY:
                await self._make_room()
            yield await stack.enter_async_context(opened.engine.begin())

    async def close(self) -> None:
        """Close all connections."""
        while self._opened:
            await self._opened.popitem()[1].engine.dispose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self.close()

    @contextmanager
    def _held(self, name: str) -> Iterator[_Opened]:
        """The engine of a database, which nobody closes meanwhile."""
        database = self._database(name)
        opened = self._opened.pop(name, None)
        if opened is not None and opened.database is not database:
            self._ended.append(opened)  # with its database
            opened = None
        if opened is None:
            opened = _Opened(database, _engine(name, database))
        self._opened[name] = opened
        opened.holders += 1
        try:
            yield opened
        finally:
            opened.holders -= 1

    async def _make_room(self) -> None:
        """Close what no agent uses, the oldest first, until one more may be opened."""
        agents = [(name, each) for name, each in self._opened.items() if name != GATEWAY]
        surplus = sum(each.connections for _, each in agents) + 1 - AGENTS_LIMIT
        for name, each in agents:
            if surplus > 0 and not each.holders and self._opened.get(name) is each:
                del self._opened[name]
                surplus -= each.connections
                await each.engine.dispose()


def _engine(name: str, database: Database) -> AsyncEngine:
    if not database.bridge.driver.is_async:
        cure = "choose an asynchronous one, such as aiosqlite, asyncpg or aiomysql"
        raise FleetInvalid(name, f"the driver of {database.target} is synchronous", cure)
    most = GATEWAY_LIMIT if name == GATEWAY else AGENTS_LIMIT
    if not database.features.concurrent_writers:
        # To wait here for one's turn is faster than to ask a file for it again and again.
        return database.async_engine(pool_size=1, max_overflow=0)
    # With REPEATABLE READ, InnoDB locks the place of a row that is not there, and two deadlock.
    isolated = {"isolation_level": "READ COMMITTED"} if database.features.row_locks else {}
    return database.async_engine(pool_size=most, max_overflow=0, **isolated)
