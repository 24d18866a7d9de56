"""All pictures of a comparison or of samples, as the content of files."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from matplotlib import style

from dbparity.performance.drawing.curves import curves
from dbparity.performance.drawing.forest import forest
from dbparity.performance.drawing.heatmaps import ratios, times
from dbparity.performance.drawing.panels import ratio_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

    from dbparity.performance.drawing.curves import Limits, Samples
    from dbparity.performance.verdicts import Comparison

_STYLE = {
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "figure.titlesize": 11,
    "font.size": 8.5,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "savefig.dpi": 130,
    "svg.fonttype": "none",
    # Random otherwise.
    "svg.hashsalt": "dbparity",
}


def pictures(
    comparisons: Sequence[Comparison], samples: Samples, limits: Limits
) -> Iterator[tuple[str, bytes]]:
    """The name and the content of each file."""
    with style.context(["default", _STYLE]):
        for name, figure in _figures(comparisons, samples, limits):
            # Neither dates nor versions: pictures of the same are the same.
            yield f"{name}.svg", _saved(figure, "svg", {"Date": None, "Creator": None})
            yield f"{name}.png", _saved(figure, "png", {"Software": None})


def _figures(
    comparisons: Sequence[Comparison], samples: Samples, limits: Limits
) -> Iterator[tuple[str, Figure]]:
    for rule in dict.fromkeys(each.rule for each in comparisons if ratio_of(each)):
        judged = [each for each in comparisons if each.rule == rule]
        yield f"{rule}-ratios", forest(judged, rule)
        yield f"{rule}-heatmap", ratios(judged, rule)
    if samples:
        yield "samples", curves(samples, limits)
        yield "times", times(samples)


def _saved(figure: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    content = BytesIO()
    figure.savefig(content, format=kind, metadata=metadata)
    return content.getvalue()
