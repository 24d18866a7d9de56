"""Which indexes there are to find rows by: they change plans, and no answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, sides
from dbparity.schema.differences import Meaning
from dbparity.schema.terms import Term, conjuncts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Index, Part

_TREE = "btree"


@dataclass(frozen=True)
class _Path:
    """A way to find rows: what is compared, in which order, among which rows."""

    name: str
    terms: tuple[Term, ...]
    descending: tuple[bool, ...]
    conditions: frozenset[Term]
    method: str
    words: str
    index: Index | None = None

    @property
    def columns(self) -> frozenset[str]:
        """All columns in its parts."""
        return frozenset[str]().union(*(term.columns for term in self.terms))

    def covers(self, other: _Path) -> bool:
        """Whether what ``other`` finds is found by this as well."""
        return (
            self.terms[: len(other.terms)] == other.terms
            and self.conditions <= other.conditions
            and (self.method == other.method)
            and (self.method == _TREE or self.terms == other.terms)
        )


def indexes(pair: Pair) -> Iterator[Difference]:
    """Compare indexes that are not unique; those that are count as ways to find rows too."""
    yield from both_ways(pair, _missing)
    yield from both_ways(pair, _unsorted)


def helpers(ours: Side, theirs: Side) -> frozenset[str]:
    """Generated columns of the right side alone by which it indexes what the left does without."""
    known = {path.terms for path in _paths(ours)}
    found = {
        theirs.name(part.column)
        for index in theirs.table.indexes
        for part in index.parts
        if part.column and theirs.name(part.column) not in theirs.shared
        if tuple(_term(each, theirs) for each in index.parts) in known
    }
    return frozenset(found)


def _missing(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    others = _paths(theirs)
    for path in _paths(ours):
        if path.index is None or path.index.unique or _goes_without_saying(path.index, ours):
            continue
        if path.columns <= ours.shared and not any(other.covers(path) for other in others):
            near = next((other for other in others if other.terms == path.terms), None)
            yield _slower(pair, ours, path, near)


def _slower(pair: Pair, ours: Side, path: _Path, near: _Path | None) -> Difference:
    how = "" if path.method == _TREE else f" by {path.method}"
    return differing(
        pair,
        Meaning.SLOWER,
        "index",
        f"the {pair.there} side has no index that finds rows as {path.words} does on the "
        f"{pair.here} side{how}",
        columns=ours.spelled(sorted(path.columns)),
        left=path.words,
        right=near.words if near else "",
        name=path.name,
        recommendation=f"On the {pair.there} side, create the index if queries need it there.",
    )


def _unsorted(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for path in _paths(ours):
        same = [other for other in _paths(theirs) if other.terms == path.terms]
        if same and all(_directions(other) != _directions(path) for other in same):
            yield differing(
                pair,
                Meaning.SLOWER,
                "index",
                f"the {pair.there} side has to sort what {path.words} gives in order on the "
                f"{pair.here} side",
                columns=ours.spelled(sorted(path.columns)),
                left=path.words,
                right=same[0].words,
                name=path.name,
                recommendation="Create it with the same ASC and DESC on both sides.",
                mild=True,
            )


def _directions(path: _Path) -> tuple[bool, ...]:
    """Read backwards, an index serves the opposite order as well."""
    return tuple(one != path.descending[0] for one in path.descending)


def _goes_without_saying(index: Index, side: Side) -> bool:
    """Whether MySQL would have made it for a foreign key, if nobody had."""
    columns = tuple(part.column for part in index.parts)
    return index.serves_key and any(columns == key.columns for key in side.table.foreign_keys)


@lru_cache(maxsize=4)
def _paths(side: Side) -> list[_Path]:
    table = side.table
    found = [table.primary_key, *table.uniques]
    constraints = [
        _Path(
            key.name,
            tuple(Term("column", value=side.name(column)) for column in key.columns),
            (False,) * len(key.columns),
            frozenset(),
            _TREE,
            f"({', '.join(key.columns)})",
        )
        for key in found
        if key is not None
    ]
    return [*constraints, *(_path(index, side) for index in table.indexes)]


def _path(index: Index, side: Side) -> _Path:
    predicate = f" WHERE {index.predicate}" if index.predicate else ""
    return _Path(
        index.name,
        tuple(_term(part, side) for part in index.parts),
        tuple(part.descending for part in index.parts),
        conjuncts(side.read(index.predicate)) if index.predicate else frozenset(),
        index.method.lower(),
        f"({', '.join(map(_spelled, index.parts))}){predicate}",
        index,
    )


def _spelled(part: Part) -> str:
    return (part.column or part.expression) + (" DESC" if part.descending else "")


def _term(part: Part, side: Side) -> Term:
    """A column, or what a column of this side alone is made of."""
    if not part.column:
        return side.read(part.expression)
    name = side.name(part.column)
    made = side.columns[name].computed
    if made is not None and name not in side.shared:
        return side.read(made.expression)
    return Term("column", value=name)
