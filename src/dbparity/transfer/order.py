"""The order of tables by their foreign keys: those that are referred to come first."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.snapshots import Table


@dataclass(frozen=True)
class Order:
    """Tables, the referred ones first.

    Attributes:
        tables: all names, in that order; those of a circle one after another.
        circles: tables that refer to each other, whichever comes first.
        own: tables that refer to themselves.
    """

    tables: tuple[str, ...]
    circles: tuple[tuple[str, ...], ...]
    own: tuple[str, ...]


def ordered(tables: Sequence[Table]) -> Order:
    """The order of ``tables``; a foreign key that leads out of them does not count."""
    names = {table.name for table in tables}
    referred = {
        table.name: [key.table for key in table.foreign_keys if key.table in names]
        for table in tables
    }
    reached = {name: _reached(name, referred) for name in referred}
    circles = {
        name: tuple(each for each in referred if name in reached[each] and each in reached[name])
        or (name,)
        for name in referred
    }
    graph = {
        circles[name]: [circles[other] for other in others if other not in circles[name]]
        for name, others in _merged(referred, circles).items()
    }
    groups = [*TopologicalSorter(graph).static_order()]
    return Order(
        tuple(name for group in groups for name in group),
        tuple(group for group in groups if len(group) > 1),
        tuple(name for name, others in referred.items() if name in others),
    )


def _reached(name: str, referred: Mapping[str, Sequence[str]]) -> set[str]:
    """The tables that one leads to, over any number of steps."""
    found: set[str] = set()
    ahead = [*referred[name]]
    while ahead:
        other = ahead.pop()
        if other not in found:
            found.add(other)
            ahead += referred[other]
    return found


def _merged(
    referred: Mapping[str, Sequence[str]], circles: Mapping[str, tuple[str, ...]]
) -> dict[str, list[str]]:
    """What all tables of a circle refer to, under each of them."""
    return {
        name: [other for member in circles[name] for other in referred[member]] for name in referred
    }
