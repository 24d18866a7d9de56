"""Trials of what refuses duplicates, and of what a duplicate is."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from dbparity.backends.base import Refusal
from dbparity.schema.proving import judges, samples, witnesses
from dbparity.schema.proving.acts import Act
from dbparity.schema.proving.trials import Acts, Trial, chosen
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.parts import Both, Parts
    from dbparity.snapshots import Column


def of_uniqueness(difference: Difference, both: Both) -> Iterator[Trial]:
    """Two rows: alike, with NULLs, and with what the predicates ask for."""
    left, right = _concerned(difference, both)
    stages = both.stages(both.left.unique(left), both.right.unique(right))
    texts = [*both.left.expressions(left), *both.right.expressions(right)]
    choices = {
        name: list(_pairs(both, name, texts))
        for name in sorted(both.left.lefts[own] for own in left)
        if _is_written(both, name)
    }
    judge = judges.by_meaning(difference.meaning, Refusal.UNIQUE)
    acts = chain.from_iterable(map(_doubly, chosen(choices)))
    yield Trial(*stages, acts, judge, tuple(name for name in both.left.names if name in left))


def _doubly(rows: dict[str, tuple[object, object]]) -> Iterator[Acts]:
    first = {name: pair[0] for name, pair in rows.items()}
    second = {name: pair[1] for name, pair in rows.items()}
    yield Act("INSERT", first), Act("INSERT", second)
    if first == second:
        # A constraint that can wait does not see what is gone by the end.
        yield Act("INSERT", first), Act("INSERT", second), Act("DELETE", where=first)


def _is_written(both: Both, name: str) -> bool:
    """Whether both sides have it, and neither generates it."""
    columns = both.columns(name)
    return columns is not None and all(column.computed is None for column in columns)


def _pairs(both: Both, name: str, texts: list[str]) -> Iterator[tuple[object, object]]:
    """The values of one column in two rows."""
    columns = both.columns(name)
    types = [column.type for column in columns or ()]
    one, other = (samples.sample(types[0], types[1], number) for number in (0, 1))
    yield from ((one, one), (None, None), (one, other), (None, one))
    for value in dict.fromkeys(samples.of_texts(texts, types[0])):
        yield from ((value, value), (value, one))
    if types[0].family is Family.TEXT:
        yield from chain(witnesses.EQUALS, _cut(both))


def _cut(both: Both) -> Iterator[tuple[str, str]]:
    """Texts that are only unlike behind the prefixes that indexes compare."""
    for index in chain(both.left.unique_indexes, both.right.unique_indexes):
        for length in [part.prefix for part in index.parts if part.prefix]:
            yield "x" * length + "a", "x" * length + "b"


def _concerned(difference: Difference, both: Both) -> tuple[frozenset[str], ...]:
    """The columns of what refuses duplicates by that name, or over those columns."""
    wanted = {name.lower() for name in difference.columns}
    found = [_compared(parts, difference.name, wanted) for parts in (both.left, both.right)]
    return both.closed(*found)


def _compared(parts: Parts, name: str, wanted: set[str]) -> frozenset[str]:
    keys = [(key.name, key.columns, parts.of_key(key)) for key in parts.keys]
    indexes = [
        (index.name, [part.column for part in index.parts], parts.of_index(index))
        for index in parts.unique_indexes
    ]
    found = [
        needed
        for known, columns, needed in (*keys, *indexes)
        if known == name or {parts.lefts.get(column, "").lower() for column in columns} == wanted
    ]
    return frozenset().union(*found)


def of_collations(difference: Difference, both: Both) -> Iterator[Trial]:
    """Texts that may be equal: under a key in two rows, else in a comparison."""
    for name in (difference.place.column,) if difference.name else difference.columns:
        left, right = both.shared(name)
        if difference.name:
            yield _keyed(replace(difference, columns=(name,)), both, left)
        else:
            stages = both.stages(both.left.bare([left.name]), both.right.bare([right.name]))
            yield Trial(*stages, _compared_to(left), judges.otherwise)


def _keyed(difference: Difference, both: Both, column: Column) -> Trial:
    left, right = _concerned(difference, both)
    stages = both.stages(both.left.unique(left), both.right.unique(right))
    others: dict[str, object] = {}
    for name in sorted(both.left.lefts[own] for own in left):
        columns = both.columns(name)
        if columns is not None and name != column.name and _is_written(both, name):
            others[name] = samples.sample(columns[0].type, columns[1].type, 0)
    acts = [
        tuple(Act("INSERT", others | {column.name: text}) for text in texts)
        for texts in witnesses.EQUALS
    ]
    return Trial(
        *stages, acts, judges.by_meaning(difference.meaning, Refusal.UNIQUE), (column.name,)
    )


def _compared_to(column: Column) -> Iterator[Acts]:
    for text, other in witnesses.EQUALS:
        yield Act("INSERT", {column.name: text}), Act("COUNT", where={column.name: other})
