"""Measure an operation: its time, the CPU's, and what it asks of the database."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, CursorResult, Engine

_PRESSURE = Path("/proc/pressure/cpu")


@dataclass(frozen=True)
class Timing:
    """What a series of calls took, in seconds.

    Attributes:
        calls: how many there were.
        best: the shortest call.
        wall: a call on average.
        cpu: of all threads of the process, a call on average.
    """

    calls: int
    best: float
    wall: float
    cpu: float


@dataclass(frozen=True)
class Counts:
    """What one call asks of the database; equal on all backends, whatever it takes."""

    statements: int = 0
    commits: int = 0
    rows: int = 0
    checkouts: int = 0

    def items(self) -> dict[str, int]:
        """By name."""
        return asdict(self)

    def __str__(self) -> str:
        """Spell ``1 statements, 0 commits, 50 rows, 1 checkouts``."""
        return ", ".join(f"{number} {name}" for name, number in self.items().items())

    def changes_to(self, found: Counts) -> list[str]:
        """What is otherwise in ``found``, such as ``statements 1 → 51``."""
        before, after = self.items(), found.items()
        return [f"{n} {before[n]} → {after[n]}" for n in before if before[n] != after[n]]


def make_ready(operation: Callable[[], object], calls: int) -> None:
    """Let an operation prepare so many calls, if it wants to: by a method ``ready(calls)``."""
    ready = getattr(operation, "ready", None)
    if ready is not None:
        ready(calls)


def sample(operation: Callable[[], object], calls: int) -> list[float]:
    """The seconds of each of so many calls."""
    make_ready(operation, calls)
    clock, taken = time.perf_counter_ns, [0] * calls
    for number in range(calls):
        began = clock()
        operation()
        taken[number] = clock() - began
    return [each / 1e9 for each in taken]


def timed(operation: Callable[[], object], calls: int) -> Timing:
    """Time a series of calls."""
    make_ready(operation, calls)
    clock, best = time.perf_counter_ns, 1 << 62
    cpu, start = time.process_time_ns(), clock()
    for _ in range(calls):
        began = clock()
        operation()
        best = min(best, clock() - began)
    wall, cpu = clock() - start, time.process_time_ns() - cpu
    return Timing(calls, best / 1e9, wall / calls / 1e9, cpu / calls / 1e9)


@contextmanager
def pressure() -> Iterator[Callable[[], float]]:
    """What gives the share of the block's time in which something waited for a CPU.

    It is Linux's, of the whole machine; 0 where it does not tell.
    """
    found, began, waited = [0.0], time.perf_counter(), _waited()
    try:
        yield lambda: found[0]
    finally:
        found[0] = (_waited() - waited) / (time.perf_counter() - began)


def _waited() -> float:
    try:
        line = _PRESSURE.read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return 0.0
    return int(line.rpartition("=")[2]) / 1e6


def counted(engine: Engine, operation: Callable[[], object], calls: int = 3) -> tuple[Counts, ...]:
    """What each of so many calls asks of the database through ``engine``."""
    make_ready(operation, calls)
    found = []
    for _ in range(calls):
        with _counting(engine) as counts:
            operation()
        found.append(Counts(**counts))
    return tuple(found)


@contextmanager
def _counting(engine: Engine) -> Iterator[dict[str, int]]:
    counts = Counts().items()

    def add(what: str, number: int = 1) -> None:
        counts[what] += number

    def statement(_connection: object, _cursor: object, text: str, *_: object) -> None:
        # Where the driver does not begin transactions as others do, an event does.
        if not text.startswith("BEGIN"):
            add("statements")

    def commit(_: Connection) -> None:
        add("commits")

    def checkout(*_: object) -> None:
        add("checkouts")

    def executed(_c: object, _e: object, _m: object, _p: object, _o: object, result: Any) -> None:  # noqa: ANN401
        result.cursor_strategy = _Fetches(result.cursor_strategy, add)

    listeners = (
        (engine, "before_cursor_execute", statement),
        (engine, "commit", commit),
        (engine.pool, "checkout", checkout),
        (engine, "after_execute", executed),
    )
    for listener in listeners:
        event.listen(*listener)
    try:
        yield counts
    finally:
        for listener in listeners:
            event.remove(*listener)


class _Fetches:
    """A result's way of fetching, that counts the rows on their way."""

    def __init__(self, inner: Any, add: Callable[[str, int], None]) -> None:  # noqa: ANN401
        self._inner, self._add = inner, add

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._inner, name)

    def fetchone(self, result: CursorResult[Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        row = self._inner.fetchone(result, *arguments, **options)
        self._add("rows", int(row is not None))
        return row

    def fetchmany(self, result: CursorResult[Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        rows = self._inner.fetchmany(result, *arguments, **options)
        self._add("rows", len(rows))
        return rows

    def fetchall(self, result: CursorResult[Any], *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        rows = self._inner.fetchall(result, *arguments, **options)
        self._add("rows", len(rows))
        return rows
