"""Benchmarks by targets: ratios, or times."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from dbparity.performance.drawing import panels
from dbparity.performance.drawing.panels import LIGHT, ratio_of
from dbparity.performance.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.performance.drawing.panels import Cell
    from dbparity.performance.verdicts import Comparison

_SIGNS = {Verdict.FAIL: " ▲", Verdict.INCONCLUSIVE: " ◆"}
_WORST = (
    Verdict.FAIL,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.INCOMPARABLE,
    Verdict.PASS,
)
_BRIGHT = 0.45  # the luminance from which on black can be read better than white


def ratios(comparisons: Sequence[Comparison], rule: str) -> Figure:
    """The ratios and their verdicts; the worst of several."""
    cells: dict[Cell, Comparison] = {}
    for each in sorted(comparisons, key=lambda each: _WORST.index(each.verdict)):
        cells.setdefault((each.benchmark, each.target), each)
    values = {cell: ratio for cell, each in cells.items() if (ratio := ratio_of(each))}
    told = {
        cell: f"{values[cell]:.2f}{_SIGNS.get(each.verdict, '')}"
        if cell in values
        else str(each.verdict)
        for cell, each in cells.items()
    }
    reach = max([1.25, *(max(ratio, 1 / ratio) for ratio in values.values())])
    order = panels.order((each.benchmark, each.target) for each in comparisons)
    figure = _map(order, values, told, LogNorm(1 / reach, reach), "PuOr_r")
    figure.suptitle(f"{panels.title_of(rule)}\n▲ fail, ◆ inconclusive")
    return figure


def times(samples: Mapping[Cell, Sequence[float]]) -> Figure:
    """The medians of the samples."""
    values = {cell: 1000 * median(taken) for cell, taken in samples.items()}
    told = {cell: f"{value:.3g}" for cell, value in values.items()}
    norm = LogNorm(min(values.values()) / 1.4, max(values.values()) * 1.4)
    figure = _map(panels.order(samples), values, told, norm, "cividis_r")
    figure.suptitle("medians of the times, in ms")
    return figure


def _map(
    order: tuple[list[str], list[str]],
    values: Mapping[Cell, float],
    told: Mapping[Cell, str],
    norm: LogNorm,
    colours: str,
) -> Figure:
    benchmarks, targets = order
    width = 1.15 * len(targets) + 1 + panels.width_of(benchmarks)
    figure = Figure(figsize=(width, 0.3 * len(benchmarks) + 1.4))
    panel = figure.add_subplot()
    rows = [[values.get((name, target), math.nan) for target in targets] for name in benchmarks]
    image = panel.imshow(rows, norm=norm, cmap=colours, aspect="auto")
    shades = image.to_rgba(np.array(rows)).tolist()
    panel.set_xticks(range(len(targets)), [panels.short(target) for target in targets])
    panel.set_yticks(range(len(benchmarks)), benchmarks)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    panel.patch.set(hatch="///", edgecolor=LIGHT)
    for (name, target), text in told.items():
        row, column = benchmarks.index(name), targets.index(target)
        ink = _ink(*shades[row][column])
        panel.text(column, row, text, color=ink, ha="center", va="center")
    bar = figure.colorbar(image, pad=0.01, aspect=30)
    panels.ticks(bar.ax.yaxis, *image.get_clim())
    return figure


def _ink(red: float, green: float, blue: float, alpha: float) -> str:
    """What can be read on that colour, of which there is none where there is no value."""
    bright = 0.3 * red + 0.59 * green + 0.11 * blue > _BRIGHT
    return "black" if bright or not alpha else "white"
