"""What the aspects share: both sides under one set of names, and differences from both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from dbparity.results import Place
from dbparity.schema.differences import Difference, Meaning, Pair
from dbparity.schema.expressions import Scope, Term, read
from dbparity.snapshots import Column, Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dbparity.backends.base import Features
    from dbparity.snapshots import Table

Aspect: TypeAlias = "Callable[[Pair], Iterator[Difference]]"


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a pair; its columns go by the left side's names, in lower case.

    ``shared`` are those that the other side has too.
    """

    table: Table
    features: Features
    word: str
    scope: Scope
    shared: frozenset[str]

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """The columns by those names."""
        return {self.name(column.name): column for column in self.table.columns}

    def name(self, column: str) -> str:
        """What the left side calls a column of this side, in lower case."""
        return self.scope.renamed.get(column.lower(), column.lower())

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Likewise of several."""
        return tuple(map(self.name, columns))

    def spelled(self, names: Iterable[str]) -> tuple[str, ...]:
        """Columns by those names as this side spells them."""
        return tuple(self.columns[name].name for name in names)

    def read(self, text: str) -> Term:
        """The meaning of an expression of this side."""
        return read(text, self.scope)


@lru_cache(maxsize=4)
def sides(pair: Pair) -> tuple[Side, Side]:
    """Both sides of a pair."""
    renamed = {right.lower(): left.lower() for left, right in pair.columns.items()}
    shared = frozenset(renamed.values())
    families = _families(pair.left, {}), _families(pair.right, renamed)
    binary = frozenset.union(*(found[Family.BINARY] for found in families))
    boolean = frozenset.union(*(found[Family.BOOLEAN] for found in families))
    return (
        Side(
            pair.left,
            pair.left_features,
            pair.here,
            Scope(pair.left_dialect, binary=binary, boolean=boolean),
            shared,
        ),
        Side(
            pair.right,
            pair.right_features,
            pair.there,
            Scope(pair.right_dialect, renamed, binary, boolean),
            shared,
        ),
    )


def _families(table: Table, renamed: Mapping[str, str]) -> dict[Family, frozenset[str]]:
    names = [(renamed.get(c.name.lower(), c.name.lower()), c.type.family) for c in table.columns]
    return {
        wanted: frozenset(name for name, family in names if family is wanted)
        for wanted in (Family.BINARY, Family.BOOLEAN)
    }


def shared_columns(pair: Pair) -> Iterator[tuple[Column, Column]]:
    """The columns that both sides have, in the left side's order."""
    others = {column.name: column for column in pair.right.columns}
    for column in pair.left.columns:
        if column.name in pair.columns:
            yield column, others[pair.columns[column.name]]


def both_ways(pair: Pair, aspect: Aspect) -> Iterator[Difference]:
    """What ``aspect`` finds in the right side against the left, and the other way round."""
    yield from aspect(pair)
    turned = pair.turned
    for difference in aspect(turned):
        yield turned.turn(difference)


def differing(  # noqa: PLR0913  # a difference has as many attributes
    pair: Pair,
    meaning: Meaning,
    aspect: str,
    message: str,
    *,
    column: str = "",
    columns: tuple[str, ...] = (),
    left: str = "",
    right: str = "",
    name: str = "",
    recommendation: str = "",
    mild: bool = False,
) -> Difference:
    """A difference of the pair's table, or of one of its columns."""
    return Difference(
        meaning,
        aspect,
        Place(pair.left.name, column),
        message,
        left,
        right,
        name,
        columns or ((column,) if column else ()),
        recommendation,
        mild,
    )
