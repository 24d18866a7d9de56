"""Pools under stress in a report: who waited, who timed out, who leaked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbparity.results import Outcome, Report, Result

_CATEGORY = "pools"
COLUMNS = (
    "attempted",
    "served",
    "waited",
    "wait p50",
    "wait p95",
    "wait max",
    "timed out",
    "cancelled",
    "errors",
    "leaked in the pool",
    "left on the server",
)
_NOTHING = "–"  # noqa: RUF001  # a dash, as tables have it


@dataclass(frozen=True)
class Row:
    """One scenario on one target, and what is in each of the `COLUMNS`."""

    scenario: str
    target: str
    outcome: Outcome
    cells: tuple[str, ...]


def rows(report: Report) -> tuple[Row, ...]:
    """Of each scenario that was played, all targets one after the other."""
    played = [r for r in report.results if r.category == _CATEGORY and r.measurements]
    scenarios = list(dict.fromkeys(result.check for result in played))
    return tuple(map(_row, sorted(played, key=lambda result: scenarios.index(result.check))))


def _row(result: Result) -> Row:
    figures = {each.subject: each for each in result.measurements}
    cells = (figures.get(column) for column in COLUMNS)
    return Row(
        result.check,
        result.target,
        result.outcome,
        tuple(_spelled(cell.value, cell.unit) if cell else _NOTHING for cell in cells),
    )


def _spelled(value: float, unit: str) -> str:
    return f"{value:.3f} s" if unit == "s" else f"{value:,.0f}"
