"""What pictures share: panels, their scales and legends, and how targets and ratios are told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from dbparity.performance.verdicts import Comparison

    Cell = tuple[str, str]  # a benchmark and a target

BLUE, RED, ORANGE = "#0072B2", "#D55E00", "#E69F00"
DARK, LIGHT, LIMIT = "#444444", "#d9d9d9", "#b2182b"
ACROSS = 4  # panels beside each other
_TITLE = 34  # characters
_TICKS = range(2, 8)  # how many an axis has
_POWERS = range(-6, 10)
_LADDERS: tuple[Sequence[float], ...] = (
    [n / 10 for n in range(1, 21)],
    [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2, 3],
    [digit * 10.0**power for power in _POWERS for digit in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)],
    [digit * 10.0**power for power in _POWERS for digit in (1, 2, 5)],
    [10.0**power for power in _POWERS],
    [10.0**power for power in _POWERS[::3]],
)


def panels(count: int, height: float, margin: float) -> tuple[Figure, list[Axes]]:
    """Panels beside and below each other, and the figure that holds them and a left margin."""
    across = min(count, ACROSS)
    down = math.ceil(count / across)
    figure = Figure(figsize=(2.6 * across + margin, height * down + 0.9))
    return figure, [figure.add_subplot(down, across, number + 1) for number in range(count)]


def width_of(names: Iterable[str]) -> float:
    """How many inches the longest of them takes."""
    return max(1.2, 0.5 + 0.075 * max(map(len, names)))


def explain(figure: Figure, shown: Sequence[Line2D | Patch], inches: float) -> None:
    """Put a legend below, in columns so wide."""
    columns = int(figure.get_figwidth() // inches)
    figure.legend(handles=shown, loc="outside lower center", ncols=columns)


def scale(panel: Axes, low: float, high: float) -> None:
    """Let times or ratios grow to the right by factors."""
    panel.set(xscale="log", xlim=(low, high))
    ticks(panel.xaxis, low, high)


def ticks(axis: Axis, low: float, high: float) -> None:
    """Give a logarithmic axis round numbers that have room."""
    axis.set_major_locator(FixedLocator(steps(low, high)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def steps(low: float, high: float) -> list[float]:
    """Two to seven round numbers; ``high`` is at least 1.7 times ``low``, or 1 is between."""
    reaching = [ladder for ladder in _LADDERS if ladder[0] <= low and high <= ladder[-1]]
    inside = ([step for step in ladder if low <= step <= high] for ladder in reaching)
    return next(found for found in inside if len(found) in _TICKS)


def order(cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
    """The benchmarks and the targets, in the order in which they come."""
    found = list(cells)
    return list(dict.fromkeys(name for name, _ in found)), list(dict.fromkeys(t for _, t in found))


def short(target: str) -> str:
    """``postgresql@17`` above its driver."""
    backend, _, rest = target.partition("+")
    driver, at, server = rest.partition("@")
    return f"{backend}{at}{server}\n{driver}".strip() or "all targets"


def fitting(name: str) -> str:
    """What of a name a panel's title has room for: its end."""
    return name if len(name) <= _TITLE else f"…{name[1 - _TITLE :]}"


def ratio_of(comparison: Comparison) -> float | None:
    """What can be drawn by factors."""
    ratio = comparison.ratio
    return ratio if ratio and ratio < math.inf else None


def title_of(rule: str) -> str:
    """What ratios are of."""
    return f"{rule}: ratios, above 1 is worse"
