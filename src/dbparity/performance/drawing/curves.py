"""How many calls took how long, beside what is required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from dbparity.performance.drawing import panels
from dbparity.performance.drawing.panels import BLUE, LIMIT, ORANGE, RED
from dbparity.performance.options import quantile as share_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dbparity.performance.drawing.panels import Cell

    Samples = Mapping[Cell, Sequence[float]]
    Limits = Mapping[str, Mapping[str, float]]

_COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", "#000000", RED, "#999999")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1)))
_REQUIRED: dict[str, Any] = {
    "color": LIMIT,
    "linestyle": "--",
    "linewidth": 1.2,
    "marker": "x",
    "markevery": [1],
}
_MARGIN = 1.3


def curves(samples: Samples, limits: Limits) -> Figure:
    """A panel for each benchmark: which share of its calls took at most how long."""
    benchmarks, targets = panels.order(samples)
    figure, all_ = panels.panels(len(benchmarks), 1.9, 1.8)
    for number, (panel, benchmark) in enumerate(zip(all_, benchmarks, strict=True)):
        taken = {
            place: [1000 * each for each in sorted(samples[benchmark, target])]
            for place, target in enumerate(targets)
            if (benchmark, target) in samples
        }
        panel.set(title=panels.fitting(benchmark), ylim=(0, 1.05))
        panel.set_yticks((0, 0.5, 0.95), [] if number % panels.ACROSS else ["0", "50 %", "95 %"])
        _fill(panel, taken, limits.get(benchmark, {}), number)
    shown = [Line2D([], [], label=target, **_look(n)) for n, target in enumerate(targets)]
    if any(limits.get(benchmark) for benchmark in benchmarks):
        shown.append(Line2D([0, 0], [0, 0], label="limit, up to its quantile", **_REQUIRED))
    figure.suptitle("share of the calls that took at most so many ms")
    panels.explain(figure, shown, 2.2)
    return figure


def _fill(
    panel: Axes,
    taken: Mapping[int, Sequence[float]],
    required: Mapping[str, float],
    number: int,
) -> None:
    reached = [*required.values(), *(each for times in taken.values() for each in times)]
    panels.scale(panel, min(reached) / _MARGIN, max(reached) * _MARGIN)
    panel.grid()
    for place, times in taken.items():
        shares = [(n + 1) / len(times) for n in range(len(times))]
        panel.plot(times, shares, **_look(place), gid=f"curve-{number}-{place}")
    for quantile, limit in required.items():
        name = f"limit-{number}-{quantile}"
        panel.plot([limit, limit], [0, share_of(quantile)], **_REQUIRED, gid=name)


def _look(place: int) -> dict[str, Any]:
    colour, dashes = _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]
    return {"color": colour, "linestyle": dashes, "linewidth": 1.4}
