"""Who waits for the connections of a pool, and who does not give them back."""

from __future__ import annotations

import sys
import time
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import greenlet  # type: ignore[import-untyped]
from sqlalchemy import event
from sqlalchemy.pool import AsyncAdaptedQueuePool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

# Whose lines are not where a connection is taken, but how.
_BETWEEN = {"sqlalchemy", "dbparity", "contextlib"}


class Meter:
    """Notes what becomes of the connections of one pool.

    Attributes:
        waits: seconds of everybody who found all of them taken.
        abandoned: where those were taken that the garbage collector had to end.
    """

    def __init__(self, limit: int) -> None:
        """Watch a pool that gives out ``limit`` connections."""
        self.limit = limit
        self.waits: list[float] = []
        self.abandoned: list[str] = []
        self._taken: dict[ConnectionPoolEntry, str] = {}

    @property
    def pool(self) -> type[AsyncAdaptedQueuePool]:
        """The class of the pool."""
        meter = self

        class Metered(AsyncAdaptedQueuePool):
            def connect(self) -> PoolProxiedConnection:
                if self.checkedout() < meter.limit:
                    return super().connect()
                began = time.perf_counter()
                try:
                    return super().connect()
                finally:
                    meter.waits.append(time.perf_counter() - began)

        return Metered

    def watch(self, engine: Engine) -> None:
        """Follow the connections of an engine with such a pool."""
        event.listen(engine, "checkout", self._take)
        event.listen(engine, "checkin", self._give_back)
        event.listen(engine, "detach", self._give_back)
        event.listen(engine, "reset", self._reset)

    @property
    def held(self) -> dict[ConnectionPoolEntry, str]:
        """What is taken now, and where it was."""
        return dict(self._taken)

    def _take(self, _: object, record: ConnectionPoolEntry, __: object) -> None:
        self._taken[record] = origin()

    def _give_back(self, _: object, record: ConnectionPoolEntry) -> None:
        self._taken.pop(record, None)

    def _reset(self, _: Any, record: ConnectionPoolEntry, state: PoolResetState) -> None:  # noqa: ANN401  # DBAPI's
        if not state.asyncio_safe:
            self.abandoned.append(self._taken.pop(record))


def origin() -> str:
    """The line that is taking a connection, such as ``service.py:12 in find``.

    It is the innermost one of the task that is neither SQLAlchemy's nor dbparity's; "" if there is
    none.
    """
    of_task = takewhile(lambda frame: _package(frame) != "asyncio", _frames())
    for frame in of_task:
        if _package(frame) not in _BETWEEN:
            name = frame.f_code.co_filename.rpartition("/")[2]
            return f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"
    return ""


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _frames() -> Iterator[FrameType]:
    """From here outwards: SQLAlchemy's greenlet, then the one that waits for it, and so on."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  # the door to it
    current = greenlet.getcurrent()
    while frame is not None:
        yield frame
        frame = frame.f_back
        if frame is None and current.parent is not None:
            current = current.parent
            frame = current.gr_frame
