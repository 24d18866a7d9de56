"""Plots of benchmarks as files: of what a comparison came to, and of samples of times."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dbparity.errors import DriverMissing
from dbparity.performance.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dbparity.performance.verdicts import Comparison


def draw(
    comparisons: Sequence[Comparison],
    folder: Path,
    *,
    samples: Mapping[tuple[str, str], Sequence[float]] | None = None,
    limits: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Path]:
    """Draw what there is into ``folder``, as SVG and as PNG; of the same, the bytes are the same.

    For each rule that has ratios there are ``<rule>-ratios``, every ratio with its launches, limit
    and noise, and ``<rule>-heatmap``; for samples ``samples``, how many calls took how long, and
    ``times``.

    Args:
        comparisons: what was compared.
        folder: where to; it is made if need be.
        samples: the seconds of each call, by benchmark and target.
        limits: milliseconds by quantile (``p95``), by benchmark.

    Raises:
        DriverMissing: matplotlib is not installed.
        SettingsInvalid: the folder cannot be written.
    """
    paths = []
    for name, content in _drawing().pictures(comparisons, samples or {}, limits or {}):
        paths.append(folder / name)
        write(paths[-1], content)
    return paths


def _drawing() -> Any:  # noqa: ANN401  # a module
    try:
        # Few commands draw, and matplotlib is slow to import.
        return importlib.import_module("dbparity.performance.drawing.pictures")
    except ModuleNotFoundError as error:
        raise DriverMissing("plots", str(error.name), "bench") from error
