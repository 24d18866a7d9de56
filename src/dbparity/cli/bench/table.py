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
    counted = Counter(each.verdict for each in comparisons)
    told = [f"{counted[verdict]} {verdict}" for verdict in _WORST if counted[verdict]]
    screen.print(Text(", ".join(told) or "nothing was compared"))


def _badness(comparison: Comparison) -> tuple[int, float]:
    return _WORST.index(comparison.verdict), -(comparison.ratio or 0)


def _table(groups: dict[str, list[Row]]) -> Table:
    """All rows, without the columns that nobody fills."""
    rows = [row for group in groups.values() for row in group]
    filled = [n for n in range(len(_COLUMNS)) if any(row[n] for row in rows)]
    shown = console.table(*(_COLUMNS[n] for n in filled))
    for column in shown.columns:
        column.no_wrap = column.header not in {"benchmark", "reason"}
        column.justify = "right" if column.header in {"ratio", "limit"} else "left"
    for target, group in groups.items():
        shown.add_section()
        shown.add_row(Text(target or "all targets", "bold"))
        for row in group:
            shown.add_row(*(row[n] for n in filled))
    return shown


def _rows(judged: Sequence[Comparison]) -> Iterator[Row]:
    """One for each comparison of a target, but for passes that say nothing if there are many."""
    plain = [each for each in judged if each.verdict is Verdict.PASS and not each.reason]
    folded = plain if len(plain) > _FEW else []
    yield from (_row(each) for each in judged if each not in folded)
    for rule in dict.fromkeys(each.rule for each in folded):
        yield _fold([each for each in folded if each.rule == rule])


def _row(comparison: Comparison) -> Row:
    ratio, limit, launches = comparison.ratio, comparison.limit, comparison.launches
    style = _STYLES[comparison.verdict]
    return (
        Text(f"  {comparison.benchmark}"),
        Text(comparison.rule, "dim"),
        Text("" if ratio is None else f"{ratio:.2f}", style),
        Text("" if limit is None else f"{limit:.2f}", "dim"),
        Text(_range(launches), "dim"),
        Text(comparison.verdict, style),
        Text(line(hide(comparison.reason), _REASON)),
    )


def _fold(passed: Sequence[Comparison]) -> Row:
    style = _STYLES[Verdict.PASS]
    ratios = _range([each.ratio for each in passed if each.ratio is not None])
    said = f", ratios {ratios}" if ratios else ""
    blank = Text()
    rule = Text(passed[0].rule, "dim")
    return (
        Text(f"  {len(passed)} pass{said}", style), rule, blank, blank, blank,
        Text(Verdict.PASS, style), blank,
    )


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else ""
