"""Comparisons of benchmarks on a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from dbparity.cli import console
from dbparity.performance.verdicts import Comparison, Verdict
from dbparity.reports.redaction import hide
from dbparity.reports.summary import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from dbparity.cli.console import Screen

_STYLES = {
    Verdict.FAIL: "bold red",
    Verdict.MISSING: "bold red",
    Verdict.INCONCLUSIVE: "bold magenta",
    Verdict.INCOMPARABLE: "yellow",
    Verdict.PASS: "green",
}
_WORST = list(_STYLES)
_ADVISORY = "yellow"
_COLUMNS = ("benchmark", "rule", "ratio", "limit", "launches", "verdict", "reason")
_FEW = 3  # passes of a target that are worth a line each
_REASON = 300  # characters

Row = tuple[Text, ...]


def show(comparisons: Sequence[Comparison], screen: Screen) -> None:
    """Print what was compared, target by target, the worst first; many passes are one line."""
    targets: dict[str, list[Comparison]] = {}
    for each in sorted(comparisons, key=_badness):
        targets.setdefault(each.target, []).append(each)
    groups = {target: list(_rows(judged)) for target, judged in targets.items()}
    if groups:
        screen.print(_table(groups))
        screen.print()
    counted = Counter(_spelled(each) for each in sorted(comparisons, key=_badness))
    told = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
    screen.print(Text(told or "nothing was compared"))


def _badness(comparison: Comparison) -> tuple[int, bool, float]:
    worse = comparison.ratio or 0
    return _WORST.index(comparison.verdict), _is_mild(comparison), -worse


def _is_mild(comparison: Comparison) -> bool:
    """Whether it is bad, and fails nothing."""
    return comparison.advisory and comparison.verdict in {Verdict.FAIL, Verdict.MISSING}


def _spelled(comparison: Comparison) -> str:
    return f"{comparison.verdict}{' (advisory)' if _is_mild(comparison) else ''}"


def _table(groups: dict[str, list[Row]]) -> Table:
    """All rows, without the columns that nobody fills."""
    rows = [row for group in groups.values() for row in group]
    filled = [n for n in range(len(_COLUMNS)) if any(row[n] for row in rows)]
    shown = console.table(*(_COLUMNS[n] for n in filled))
    for column in shown.columns:
        column.no_wrap = column.header not in {"benchmark", "verdict", "reason"}
        column.justify = "right" if column.header in {"ratio", "limit"} else "left"
    for target, group in groups.items():
        shown.add_section()
        shown.add_row(Text(target or "all targets", "bold"))
        for row in group:
            shown.add_row(*(row[n] for n in filled))
    return shown


def _rows(judged: Sequence[Comparison]) -> Iterator[Row]:
    """One for each comparison, but one for all that passed by the same rule, if there are many."""
    passed: dict[str, list[Comparison]] = {}
    for each in judged:
        if each.verdict is Verdict.PASS:
            passed.setdefault(each.rule, []).append(each)
        else:
            yield _row(each)
    for alike in passed.values():
        if len(alike) > _FEW:
            yield _fold(alike)
        else:
            yield from map(_row, alike)


def _row(comparison: Comparison) -> Row:
    ratio, limit = comparison.ratio, comparison.limit
    style = _ADVISORY if _is_mild(comparison) else _STYLES[comparison.verdict]
    return (
        Text(f"  {comparison.benchmark}"),
        Text(comparison.rule, "dim"),
        Text("" if ratio is None else f"{ratio:.2f}", style),
        Text("" if limit is None else f"{limit:.2f}", "dim"),
        Text(_range(comparison.launches), "dim"),
        Text(_spelled(comparison), style),
        Text(line(hide(comparison.reason), _REASON)),
    )


def _fold(passed: Sequence[Comparison]) -> Row:
    ratios = _range([each.ratio for each in passed if each.ratio is not None])
    said = f"  {len(passed)} pass{', ratios ' if ratios else ''}{ratios}"
    style = _STYLES[Verdict.PASS]
    rule, blank = Text(passed[0].rule, "dim"), Text()
    return Text(said, style), rule, blank, blank, blank, Text(Verdict.PASS, style), blank


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else ""
