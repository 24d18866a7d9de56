"""What the scenarios came to, as findings and results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dbparity.results import Finding, Measurement, Outcome, Place, Result, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.performance.pools.base import Stressed

CATEGORY = "pools"
_SHOWN = {"wait p50": 0.5, "wait p95": 0.95, "wait max": 1.0}


def result(stressed: Stressed, target: str) -> Result:
    """The result of a scenario, with all its figures."""
    findings = tuple(_findings(stressed, target))
    return Result(
        target,
        CATEGORY,
        stressed.scenario,
        Outcome.FAILED if findings else Outcome.PASSED,
        stressed.seconds,
        verified=stressed.served,
        findings=findings,
        measurements=tuple(_measurements(stressed)),
    )


def _findings(stressed: Stressed, target: str) -> Iterator[Finding]:
    place, targets = Place(stressed.scenario), (target,)
    if stressed.leaked:
        yield Finding(
            "pool.leaked",
            Severity.WRONG,
            "connections were taken and not given back",
            place,
            "every connection is given back, whatever becomes of who took it",
            f"{len(stressed.held)} still taken, {len(stressed.abandoned)} ended by the garbage "
            f"collector; taken at {_counted((*stressed.held, *stressed.abandoned))}",
            "take it in a with statement, which gives it back after an error and a cancellation, "
            "too",
            targets,
        )
    if stressed.left:
        yield Finding(
            "pool.session_left",
            Severity.WRONG,
            "the server has sessions of a pool that is closed",
            place,
            "no session",
            f"{stressed.left} sessions",
            "look for connections that are taken and not given back, or that the driver forgets "
            "when their task is cancelled; have the server end idle sessions meanwhile",
            targets,
        )
    for kind, number in stressed.errors.items():
        yield Finding(
            "pool.error",
            Severity.WRONG,
            f"clients ended in {kind}",
            place,
            "each client is served, or waits for a connection as long as the pool lets it",
            f"{number} of {stressed.attempted}: {stressed.said[kind]}",
            "see the error: what the work does must be possible for many at once",
            targets,
        )
    yield from _timed_out(stressed, place, targets)
    if not stressed.recovered:
        yield Finding(
            "pool.not_recovered",
            Severity.WRONG,
            "the pool does not give all its connections out again",
            place,
            "when all clients have ended, every connection can be had",
            "a wait for one of them timed out",
            "look for connections that are taken and not given back",
            targets,
        )


def _timed_out(stressed: Stressed, place: Place, targets: tuple[str, ...]) -> Iterator[Finding]:
    if stressed.due is not None and stressed.timed_out > stressed.due:
        yield Finding(
            "pool.timed_out",
            Severity.DEGRADED,
            "clients waited in vain for a connection",
            place,
            f"{stressed.due} time out",
            f"{stressed.timed_out} of {stressed.attempted} timed out",
            "let the pool have more connections, or wait longer; or hold each for a shorter time",
            targets,
        )
    if stressed.due is not None and stressed.timed_out < stressed.due:
        yield Finding(
            "pool.bypassed",
            Severity.WRONG,
            "clients did not wait for the pool, although all its connections were taken",
            place,
            f"{stressed.due} time out",
            f"{stressed.timed_out} of {stressed.attempted} timed out",
            "have the work take its connections from the engine that it is given",
            targets,
        )


def _counted(places: Sequence[str]) -> str:
    """Spell ``service.py:12 in find (3 times)``, the most frequent first."""
    told = Counter(place or "an unknown line" for place in places).most_common()
    return ", ".join(f"{place} ({number} times)" if number > 1 else place for place, number in told)


def _measurements(stressed: Stressed) -> Iterator[Measurement]:
    for subject, number in (
        ("attempted", stressed.attempted),
        ("served", stressed.served),
        ("waited", len(stressed.waits)),
    ):
        yield Measurement(subject, number, "clients")
    for subject, part in _SHOWN.items():
        yield Measurement(subject, stressed.wait(part), "s")
    for subject, number in (
        ("timed out", stressed.timed_out),
        ("cancelled", stressed.cancelled),
        ("errors", sum(stressed.errors.values())),
    ):
        yield Measurement(subject, number, "clients")
    yield Measurement("leaked in the pool", stressed.leaked, "connections")
    if stressed.left is not None:
        yield Measurement("left on the server", stressed.left, "sessions")
