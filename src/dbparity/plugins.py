"""Entry points: how backends, providers, checks and reports are found.

The built-in ones are declared in the same groups, so that the way of a third party is always
the way that is tested. Nothing registers itself on import.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from dbparity.errors import PluginBroken, TargetUnknown


def names(group: str) -> tuple[str, ...]:
    """The names declared in ``group`` (``backends``, ``providers``, ``checks``, ...), sorted."""
    return tuple(sorted({point.name for point in _declared(group)}))


def load(group: str, name: str) -> Any:  # noqa: ANN401  # an entry point is whatever it points at
    """What ``name`` of ``group`` points at.

    Raises:
        TargetUnknown: nobody declares it.
        PluginBroken: it cannot be imported.
    """
    points = _declared(group).select(name=name)
    if not points:
        raise TargetUnknown(group.removesuffix("s"), name, names(group))
    try:
        return next(iter(points)).load()
    except Exception as cause:
        raise PluginBroken(f"dbparity.{group}", name, cause) from cause


def _declared(group: str) -> EntryPoints:
    return _found(f"dbparity.{group}", tuple(sys.path))


@lru_cache(maxsize=32)
def _found(group: str, _path: tuple[str, ...]) -> EntryPoints:
    """What is installed is read in milliseconds, and asked for again and again."""
    return entry_points(group=group)
