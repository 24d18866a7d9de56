"""Trials of single columns: what they hold, and what they fill in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.backends.base import Refusal
from dbparity.schema.differences import Meaning
from dbparity.schema.proving import judges, samples, witnesses
from dbparity.schema.proving.acts import Act, Stage
from dbparity.schema.proving.trials import Acts, Trial
from dbparity.snapshots import Column, Family, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.parts import Both, Parts


def of_types(difference: Difference, both: Both) -> Iterator[Trial]:
    """Values about the limits of both types; of enums with the checks, which may list values."""
    left, right = both.shared(difference.place.column)
    tables = [_typed(both.left, left, right), _typed(both.right, right, left)]
    values = witnesses.of_claim(difference, left.type, right.type)
    judge = judges.by_meaning(difference.meaning)
    yield Trial(*both.stages(*tables), _singly(left, values), judge, (left.name,))
    if left.type.values and difference.meaning is Meaning.BEHAVES:
        listed = [Act("INSERT", {left.name: value}) for value in left.type.values]
        acts = [(*listed, Act("SORT", {left.name: None}))]
        yield Trial(*both.stages(*tables), acts, judges.otherwise)


def _typed(parts: Parts, column: Column, other: Column) -> Table:
    table = parts.bare([column.name])
    if Family.ENUM not in {column.type.family, other.type.family}:
        return table
    return replace(table, checks=parts.checks(frozenset({column.name})))


def of_typing(difference: Difference, both: Both) -> Iterator[Trial]:
    """In each column something that it is not declared for."""
    for name in difference.columns:
        left, right = both.shared(name)
        tables = both.left.bare([left.name]), both.right.bare([right.name])
        values = witnesses.of_types(left.type, right.type)
        judge = judges.by_meaning(difference.meaning)
        yield Trial(*both.stages(*tables), _singly(left, values), judge, (left.name,))


def _singly(column: Column, values: Iterable[object]) -> Iterator[Acts]:
    for value in values:
        yield (Act("INSERT", {column.name: value}),)


def of_nullability(difference: Difference, both: Both) -> Iterator[Trial]:
    """NULL."""
    left, right = both.shared(difference.place.column)
    stages = both.stages(both.left.bare([left.name]), both.right.bare([right.name]))
    judge = judges.by_meaning(difference.meaning, Refusal.NOT_NULL)
    yield Trial(*stages, _singly(left, [None]), judge, (left.name,))


def of_defaults(difference: Difference, both: Both) -> Iterator[Trial]:
    """Rows without the column, or a row of which something else is changed."""
    left, right = both.shared(difference.place.column)
    stages = both.stages(both.left.declared([left.name]), both.right.declared([left.name]))
    if "ON UPDATE" in difference.left + difference.right:
        row = {left.name: samples.sample(left.type, right.type, 0)}
        changed = (Act("INSERT", row), Act("UPDATE", where=row))
        yield Trial(*stages, [changed], judges.otherwise, (left.name,))
    else:
        acts = [(Act("INSERT"), Act("INSERT"))]
        yield Trial(*stages, acts, judges.of_defaults, (left.name,))


def of_names(difference: Difference, both: Both) -> Iterator[Trial]:
    """A row that names the column."""
    name = difference.place.column
    found = (parts.table.column(name) for parts in (both.left, both.right))
    kind = next(column.type for column in found if column is not None)
    acts = [(Act("INSERT", {name: samples.sample(kind, kind, 0)}),)]
    # Under the same name on both sides, whatever one of them calls it.
    left, right = (Stage((parts.bare([name]),), ({},)) for parts in (both.left, both.right))
    yield Trial(left, right, acts, judges.by_meaning(difference.meaning))
