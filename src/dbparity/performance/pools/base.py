"""What a pool is put under, and what one scenario of it came to."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from dbparity.performance.quantiles import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select

    from dbparity.applications import Application

# What a client does once with the application's engine: it takes connections and gives them back.
Work = Callable[[AsyncEngine], Awaitable[object]]


@dataclass(frozen=True)
class PoolOptions:
    """The pool that is put under stress, and how much of it.

    Attributes:
        size: connections that stay open.
        overflow: connections more that may be opened.
        timeout: seconds that a client waits for a connection.
        bursts: how many clients come at once, in a scenario for each number.
        workers: how many work without a pause, in the scenario that is sustained.
        seconds: for how long they do.
        latency: seconds that each piece waits on its way, where connections are slow.
        patience: seconds that clients and servers are given to clean up, where they leave anything.
    """

    size: int = 5
    overflow: int = 10
    timeout: float = 30.0
    bursts: tuple[int, ...] = (25, 100, 400)
    workers: int = 25
    seconds: float = 2.0
    latency: float = 0.1
    patience: float = 1.0

    @property
    def limit(self) -> int:
        """How many connections there may be."""
        return self.size + self.overflow


@dataclass(frozen=True)
class Stressed:
    """What one scenario came to.

    Attributes:
        scenario: its name, such as ``burst of 25``.
        attempted: clients, of whom each did the work once.
        served: those who got to its end.
        cancelled: those who were cancelled, where that was the scenario.
        timed_out: those who waited for a connection for as long as the pool lets them.
        due: how many had to time out; None where it is a matter of chance.
        waits: the seconds of everybody who found all connections taken, whether he got one or not.
        errors: how many ended in another error, by its type.
        said: the first error of each type, in its own words.
        held: where each connection was taken that was never given back.
        abandoned: likewise, of those that the garbage collector had to end.
        left: sessions that the server still had when the pool was closed; None if nobody can tell.
        recovered: whether the pool gave all its connections out again afterwards.
        seconds: that all of it took.
    """

    scenario: str
    attempted: int = 0
    served: int = 0
    cancelled: int = 0
    timed_out: int = 0
    due: int | None = 0
    waits: tuple[float, ...] = ()
    errors: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    abandoned: tuple[str, ...] = ()
    left: int | None = 0
    recovered: bool = True
    seconds: float = 0.0

    @property
    def leaked(self) -> int:
        """How many connections were taken and not given back."""
        return len(self.held) + len(self.abandoned)

    def wait(self, part: float) -> float:
        """The quantile ``part`` of the waits, in seconds; 0 where nobody waited."""
        return at(part, sorted(self.waits)) if self.waits else 0.0


def reading(application: Application) -> Work:
    """Work for any application: each client reads a row of the next of its tables."""
    tables = application.metadata.sorted_tables
    asked = [select(table).limit(1) for table in tables] or [select(1)]
    turns: Iterator[Select[Any]] = itertools.cycle(asked)

    async def read(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            await connection.execute(next(turns))

    return read
