"""What the aspects share: both sides under one set of names, and differences from both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from dbparity.results import Place
from dbparity.schema.differences import Difference, Meaning, Pair
from dbparity.schema.expressions import Scope, read
from dbparity.schema.terms import Term, conjuncts
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dbparity.backends.base import Features
    from dbparity.snapshots import Check, Column, Table

Aspect: TypeAlias = "Callable[[Pair], Iterator[Difference]]"


@dataclass(frozen=True)
class Rule:
    """A check that is enforced, and all that has to hold for it to hold."""

    check: Check
    terms: frozenset[Term]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it is about."""
        return frozenset[str]().union(*(term.columns for term in self.terms))


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a pair; its columns go by the left side's names.

    They are in lower case, but for those that only capitals tell apart.

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
        """What the left side calls a column of this side."""
        return self.scope.name(column)

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Likewise of several."""
        return tuple(map(self.name, columns))

    def spelled(self, names: Iterable[str]) -> tuple[str, ...]:
        """Columns by those names as this side spells them."""
        return tuple(self.columns[name].name for name in names)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The checks that are enforced."""
        return tuple(
            Rule(check, conjuncts(self.read(check.expression)))
            for check in self.table.checks
            if check.enforced and self.features.enforces_checks
        )

    @cached_property
    def _terms(self) -> dict[str, Term]:
        return {}

    def read(self, text: str) -> Term:
        """The meaning of an expression of this side."""
        if text not in self._terms:
            self._terms[text] = read(text, self.scope)
        return self._terms[text]


@lru_cache(maxsize=4)
def sides(pair: Pair) -> tuple[Side, Side]:
    """Both sides of a pair."""
    if pair.is_turned and all(new.lower() == old.lower() for new, old in pair.columns.items()):
        left, right = sides(pair.turned)  # under the same names
        return right, left
    ours, theirs = _names(pair)
    binary = _names_of(Family.BINARY, pair, ours, theirs)
    boolean = _names_of(Family.BOOLEAN, pair, ours, theirs)
    shared = frozenset(ours[name] for name in pair.columns)
    return (
        Side(
            pair.left,
            pair.left_features,
            pair.here,
            Scope(pair.left_dialect, ours, binary, boolean),
            shared,
        ),
        Side(
            pair.right,
            pair.right_features,
            pair.there,
            Scope(pair.right_dialect, theirs, binary, boolean),
            shared,
        ),
    )


def _names(pair: Pair) -> tuple[dict[str, str], dict[str, str]]:
    """What the left side calls the columns of both sides, in lower case where that is one."""
    counted = Counter(column.name.lower() for column in pair.left.columns)
    counted |= Counter(column.name.lower() for column in pair.right.columns)

    def key(name: str) -> str:
        return name.lower() if counted[name.lower()] < 2 else name  # noqa: PLR2004

    known = {right: left for left, right in pair.columns.items()}
    ours = {column.name: key(column.name) for column in pair.left.columns}
    theirs = {
        column.name: key(known.get(column.name, column.name)) for column in pair.right.columns
    }
    return _in_any_case(ours), _in_any_case(theirs)


def _in_any_case(names: dict[str, str]) -> dict[str, str]:
    return {**{name.lower(): key for name, key in names.items()}, **names}


def _names_of(
    family: Family, pair: Pair, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> frozenset[str]:
    """The columns that either side has in a family."""
    return frozenset(
        names[column.name]
        for table, names in ((pair.left, ours), (pair.right, theirs))
        for column in table.columns
        if column.type.family is family
    )


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
