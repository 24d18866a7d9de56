"""What makes a store degraded: what it said of itself, held to what was configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.results import Finding, Measurement, Place, Severity, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.stores.base import Greeting
    from dbparity.stores.options import HealthOptions
    from dbparity.stores.pools import Pool


def greeted(
    name: str, greeting: Greeting, seconds: float, options: HealthOptions
) -> Iterator[Item]:
    """How the store ``name`` answered, and after how many ``seconds``."""
    yield Verified("it answers")
    yield from _fast(seconds, options.slow)
    if name not in options.read_only and greeting.role != "replica":
        yield from _writable(greeting)
    if greeting.lag is not None:
        yield from _current(greeting.lag, options.lag)


def pooled(pool: Pool) -> Iterator[Item]:
    """How far the application's pool is used."""
    yield Measurement("in use", pool.checked_out, "connections")
    if pool.exhausted:
        yield _degraded(
            "health.pool-exhausted",
            "every connection of the application's pool is in use",
            f"fewer than {pool.limit} connections in use",
            f"{pool.checked_out} in use",
            "find what keeps them so long, or let the pool be larger",
        )
    else:
        yield Verified("the pool has room")


def down(error: str, limit: float, *, required: bool) -> Finding:
    """That a store does not answer: ``error``, or nothing at all within the limit."""
    cure = "see whether it is stopped, overloaded, or behind something that drops what is sent"
    return Finding(
        code="health.down",
        severity=Severity.WRONG if required else Severity.DEGRADED,
        message="it is down" if required else "it is down, and the application goes on without it",
        expected=f"a login and an answer within {limit:g} s",
        actual=error or f"no answer within {limit:g} s",
        recommendation="" if error else cure,
    )


def _fast(seconds: float, limit: float) -> Iterator[Item]:
    if seconds > limit:
        yield _degraded(
            "health.slow",
            "it is slow",
            f"a login and an answer within {limit:g} s",
            f"{seconds:.3f} s",
            "see what loads it, or the way to it",
        )
    else:
        yield Verified("it answers in time")


def _writable(greeting: Greeting) -> Iterator[Item]:
    if greeting.read_only:
        yield _degraded(
            "health.read-only",
            "it takes no writes",
            "a primary that can be written to",
            f"read-only{f', {greeting.role}' if greeting.role else ''}",
            "see whether a failover has changed what its address leads to, or its disk is full; if "
            "it is meant to be so, say it: [tool.dbparity.health] read_only",
        )
    else:
        yield Verified("it takes writes")


def _current(lag: float, limit: float) -> Iterator[Item]:
    yield Measurement("lag", lag, "s")
    if lag > limit:
        yield _degraded(
            "health.lag",
            "it is far behind its primary",
            f"at most {limit:g} s",
            f"{lag:.1f} s",
            "see what its replication waits for: the network, a long query, a lock",
        )
    else:
        yield Verified("it is not far behind its primary")


def _degraded(code: str, message: str, expected: str, actual: str, cure: str) -> Finding:
    return Finding(code, Severity.DEGRADED, message, Place(), expected, actual, cure)
