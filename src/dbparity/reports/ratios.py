"""Comparisons of benchmarks in a report: benchmarks by targets, and what was left undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.results import Outcome

if TYPE_CHECKING:
    from dbparity.results import Report, Result

_SUBJECT = "ratio"


@dataclass(frozen=True)
class Ratios:
    """What one rule came to: a row for each benchmark, with a result or None for each target."""

    rule: str
    targets: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Result | None, ...]], ...]


def ratios(report: Report) -> tuple[Ratios, ...]:
    """Of each category whose results have ratios."""
    rules = dict.fromkeys(r.category for r in report.results if ratio_of(r) is not None)
    return tuple(_ratios(rule, [r for r in report.results if r.category == rule]) for rule in rules)


def undecided(report: Report) -> tuple[Result, ...]:
    """The results that nobody can say more of than why."""
    return tuple(r for r in report.results if r.outcome is Outcome.UNKNOWN and r.evidence)


def ratio_of(result: Result) -> float | None:
    """The ratio that was judged, if there is one."""
    found = (each.value for each in result.measurements if each.subject == _SUBJECT)
    return next(found, None)


def spelled(result: Result | None) -> str:
    """Spell ``1.04``, ``1.34 failed``, ``failed``, ``skipped``, or a dash where there is none."""
    if result is None:
        return "–"  # noqa: RUF001  # a dash, as tables have it
    ratio = ratio_of(result)
    plain = result.outcome is Outcome.PASSED and not result.findings
    told = "noted" if result.outcome is Outcome.PASSED else str(result.outcome)
    if ratio is None:
        return told
    return f"{ratio:.2f}" if plain else f"{ratio:.2f} {told}"


def _ratios(rule: str, results: list[Result]) -> Ratios:
    targets = tuple(dict.fromkeys(result.target for result in results))
    found = {(result.check, result.target): result for result in results}
    rows = tuple(
        (check, tuple(found.get((check, target)) for target in targets))
        for check in dict.fromkeys(result.check for result in results)
    )
    return Ratios(rule, targets, rows)
