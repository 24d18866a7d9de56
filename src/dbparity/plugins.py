"""Entry points: how backends, providers, checks and reports are found.

The built-in ones are declared in the same groups, so that the way of a third party is always
the way that is tested. Nothing registers itself on import.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from dbparity.errors import PluginBroken, TargetUnknown


def names(group: str) -> tuple[str, ...]:
    """The names declared in ``group`` (``backends``, ``providers``, ``checks``, ...), sorted."""
    return tuple(sorted({point.name for point in entry_points(group=f"dbparity.{group}")}))


def load(group: str, name: str) -> Any:  # noqa: ANN401  # an entry point is whatever it points at
    """What ``name`` of ``group`` points at.

    Raises:
        TargetUnknown: nobody declares it.
        PluginBroken: it cannot be imported.
    """
    points = entry_points(group=f"dbparity.{group}", name=name)
    if not points:
        raise TargetUnknown(group.removesuffix("s"), name, names(group))
    try:
        return next(iter(points)).load()
    except Exception as cause:
        raise PluginBroken(f"dbparity.{group}", name, cause) from cause
