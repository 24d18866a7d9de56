"""Every ratio of a comparison, beside its limit and what noise does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dbparity.performance.drawing import panels
from dbparity.performance.drawing.panels import BLUE, DARK, LIGHT, LIMIT, ORANGE, RED, ratio_of
from dbparity.performance.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dbparity.performance.verdicts import Comparison

_MARKS = {
    Verdict.PASS: ("o", BLUE, 44),
    Verdict.FAIL: ("^", RED, 90),
    Verdict.INCONCLUSIVE: ("D", ORANGE, 44),
    Verdict.INCOMPARABLE: ("s", DARK, 44),
    Verdict.MISSING: ("X", RED, 60),
}


def forest(comparisons: Sequence[Comparison], rule: str) -> Figure:
    """A panel for each target: its ratios with the launches, the limits and the noise."""
    benchmarks, targets = panels.order((each.benchmark, each.target) for each in comparisons)
    height, margin = 0.24 * len(benchmarks) + 0.6, panels.width_of(benchmarks)
    figure, all_ = panels.panels(len(targets), height, margin)
    low, high = _span(comparisons)
    for number, (panel, target) in enumerate(zip(all_, targets, strict=True)):
        panel.set(title=panels.short(target), ylim=(len(benchmarks) - 0.5, -0.5))
        panel.set_yticks(range(len(benchmarks)), [] if number % panels.ACROSS else benchmarks)
        panel.tick_params(axis="y", length=0)
        panels.scale(panel, low, high)
        panel.grid(axis="x")
        for each in comparisons:
            if each.target == target:
                _row(panel, each, benchmarks.index(each.benchmark), number)
    figure.suptitle(panels.title_of(rule))
    panels.explain(figure, _legend(comparisons), 1.4)
    return figure


def _span(comparisons: Sequence[Comparison]) -> tuple[float, float]:
    found = [0.9, 1.2]
    for each in comparisons:
        found += [*each.launches, *(each.noise or ())]
        found += filter(None, (each.limit, ratio_of(each)))
    margin = (max(found) / min(found)) ** 0.06
    return min(found) / margin, max(found) * margin


def _row(panel: Axes, comparison: Comparison, row: int, number: int) -> None:
    name = f"{number}-{row}"
    if comparison.noise:
        least, most = comparison.noise
        (band,) = panel.barh(row, most - least, 1, least, color=LIGHT, zorder=0.5)
        band.set_gid(f"noise-{name}")
    if comparison.limit:
        ends = row - 0.5, row + 0.5
        panel.vlines(comparison.limit, *ends, LIMIT, "--", linewidth=1.2, gid=f"limit-{name}")
    if comparison.launches:
        below = [row + 0.27] * len(comparison.launches)
        dots = panel.scatter(comparison.launches, below, s=7, c=DARK, linewidths=0)
        dots.set_gid(f"launches-{name}")
    shape, colour, size = _MARKS[comparison.verdict]
    ratio = ratio_of(comparison)
    if ratio:
        mark = panel.scatter([ratio], [row - 0.08], s=size, c=colour, marker=shape, zorder=3)
        mark.set(edgecolors="white", gid=f"{comparison.verdict}-{name}")
    else:
        where = panel.get_yaxis_transform()
        said = panel.text(0.5, row, comparison.verdict, color=colour, transform=where)
        said.set(ha="center", va="center")


def _legend(comparisons: Sequence[Comparison]) -> list[Line2D | Patch]:
    drawn = {each.verdict for each in comparisons if ratio_of(each)}
    shown: list[Line2D | Patch] = [
        Line2D([], [], linestyle="", marker=shape, color=colour, label=verdict)
        for verdict, (shape, colour, _) in _MARKS.items()
        if verdict in drawn
    ]
    if any(each.launches for each in comparisons):
        shown.append(Line2D([], [], linestyle="", marker=".", color=DARK, label="a launch"))
    limits = {each.limit for each in comparisons if each.limit}
    if limits:
        told = f"limit {limits.pop():.4g}" if len(limits) == 1 else "limit"
        shown.append(Line2D([], [], linestyle="--", color=LIMIT, label=told))
    if any(each.noise for each in comparisons):
        shown.append(Patch(color=LIGHT, label="what is alike (A/A)"))
    return shown
