"""Faults of a network, made on purpose: a TCP proxy on the loopback that harms what it passes on.

    client → FaultProxy → server

What a product's driver makes of a fault is measured by tests/integration/servers/test_faults.py.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

_LOOPBACK = "127.0.0.1"
_PIECE = 1 << 16  # bytes
_TO_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time


class Way(StrEnum):
    """Which way bytes go."""

    REQUEST = "request"
    REPLY = "reply"


BOTH = frozenset(Way)


@dataclass(frozen=True)
class Trouble:
    """What becomes of bytes; by default they pass.

    Attributes:
        latency: seconds that each piece waits.
        jitter: seconds more that it waits at most, by chance.
        bandwidth: bytes a second, of each connection and way; 0 sets no limit.
        hold: the ways on which bytes wait until the trouble is another one.
        lose: the ways on which bytes vanish, as on a connection that is half open.
        cut_after: the bytes of replies behind which a connection is reset; None for never.
    """

    latency: float = 0
    jitter: float = 0
    bandwidth: float = 0
    hold: frozenset[Way] = frozenset()
    lose: frozenset[Way] = frozenset()
    cut_after: int | None = None


CALM = Trouble()


@dataclass(eq=False)
class _Link:
    """One connection: the client's and the server's end, and what has passed each way."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    passed: Counter[Way] = field(default_factory=Counter)
    pumps: list[asyncio.Task[None]] = field(default_factory=list)

    def close(self) -> None:
        """End both by FIN; what was not passed on yet is lost."""
        for pump in self.pumps:
            pump.cancel()
        self.client.close()
        self.server.close()

    def reset(self) -> None:
        """End both by RST, likewise."""
        for writer in (self.client, self.server):
            end: socket.socket = writer.get_extra_info("socket")
            with suppress(OSError):  # it has gone by itself
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TO_RESET)
            writer.transport.abort()
        self.close()


class FaultProxy:
    """A proxy for one server. Close it, or use it as a context manager.

    It works in a thread of its own, so that clients that hang do not keep it from being changed.
    """

    def __init__(self, host: str, port: int, chance: random.Random | None = None) -> None:
        """Listen on a free port, in front of ``host`` and ``port``; ``chance`` makes jitter."""
        self._upstream, self._chance = (host, port), chance or random.Random()  # noqa: S311  # no secret
        self._links: set[_Link] = set()
        self._trouble = CALM
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            self._changed = self._portal.call(asyncio.Event)
            self._listener = self._portal.call(self._listen, 0)
            self.port: int = self._listener.sockets[0].getsockname()[1]
            self._stack = stack.pop_all()

    def through(self, url: URL) -> URL:
        """``url``, by way of the proxy."""
        return url.set(host=_LOOPBACK, port=self.port)

    @property
    def trouble(self) -> Trouble:
        """What becomes of bytes, from now on and on all connections; set it to change it."""
        return self._trouble

    @trouble.setter
    def trouble(self, wanted: Trouble) -> None:
        self._portal.call(self._change, wanted)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._links)

    def passed(self, way: Way) -> int:
        """How many bytes of open connections have been passed on that way."""
        return sum(link.passed[way] for link in tuple(self._links))

    def reset(self) -> None:
        """End all connections by RST, and lose what they hold."""
        self._portal.call(self._each, _Link.reset)

    def hang_up(self) -> None:
        """End all connections by FIN."""
        self._portal.call(self._each, _Link.close)

    def refuse(self) -> None:
        """Let nobody in any more; connections that are open stay so."""
        self._portal.call(self._listener.close)

    def accept(self) -> None:
        """Let clients in again, on the same port."""
        self._listener = self._portal.call(self._listen, self.port)

    def close(self) -> None:
        """End everything."""
        self.refuse()
        self.reset()
        self._stack.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    async def _listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, _LOOPBACK, port)

    async def _change(self, wanted: Trouble) -> None:
        self._trouble = wanted
        self._changed.set()
        self._changed = asyncio.Event()

    async def _each(self, end: Callable[[_Link], None]) -> None:
        for link in tuple(self._links):
            end(link)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            answers, server = await asyncio.open_connection(*self._upstream)
        except OSError:
            client.transport.abort()
            return
        link = _Link(client, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                for end in ((reader, server, Way.REQUEST), (answers, client, Way.REPLY)):
                    link.pumps.append(group.create_task(self._pump(link, *end)))
        finally:
            self._links.discard(link)
            link.close()

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way
    ) -> None:
        """Pass on what comes, until one end has gone: then the other one goes, too."""
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                await self._delay(len(piece))
                await self._released(way)
                if way not in self._trouble.lose:
                    limit = self._trouble.cut_after if way is Way.REPLY else None
                    left = len(piece) if limit is None else max(limit - link.passed[way], 0)
                    link.passed[way] += min(left, len(piece))
                    writer.write(piece[:left])
                    await writer.drain()
                    if left < len(piece):
                        link.reset()
        link.close()

    async def _delay(self, size: int) -> None:
        trouble = self._trouble
        seconds = trouble.latency + trouble.jitter * self._chance.random()
        if trouble.bandwidth:
            seconds += size / trouble.bandwidth
        if seconds:
            await asyncio.sleep(seconds)

    async def _released(self, way: Way) -> None:
        while way in self._trouble.hold:
            await self._changed.wait()
