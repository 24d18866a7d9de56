"""Trials of single columns: what they hold, and what they fill in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.backends.base import Refusal
from dbparity.schema.proving import judges, samples, witnesses
from dbparity.schema.proving.acts import Act, Row, Stage
from dbparity.schema.proving.trials import Acts, Trial
from dbparity.snapshots import Column, Family, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.parts import Both, Parts


def of_types(difference: Difference, both: Both) -> Iterator[Trial]:
    """Values about the limits of both types; of enums with the checks, which may list values."""
    columns = both.columns(difference.place.column)
    if columns is None:
        return
    left, right = columns
    tables = [_typed(both.left, left, right), _typed(both.right, right, left)]
    values = witnesses.of_claim(difference, left.type, right.type)
    judge = judges.by_meaning(difference.meaning)
    yield Trial(*both.stages(*tables), _singly(left, values), judge, (left.name,))


def _typed(parts: Parts, column: Column, other: Column) -> Table:
    table = parts.bare([column.name])
    if Family.ENUM not in {column.type.family, other.type.family}:
        return table
    return replace(table, checks=parts.checks(frozenset({column.name})))


def of_typing(difference: Difference, both: Both) -> Iterator[Trial]:
    """In each column something that it is not declared for."""
    for name in difference.columns:
        columns = both.columns(name)
        if columns is not None:
            left, right = columns
            tables = both.left.bare([left.name]), both.right.bare([right.name])
            values = witnesses.of_types(left.type, right.type)
            judge = judges.by_meaning(difference.meaning)
            yield Trial(*both.stages(*tables), _singly(left, values), judge, (left.name,))


def _singly(column: Column, values: Iterable[object]) -> Iterator[Acts]:
    for value in values:
        yield (Act("INSERT", {column.name: value}),)


def of_nullability(difference: Difference, both: Both) -> Iterator[Trial]:
    """NULL."""
    columns = both.columns(difference.place.column)
    if columns is not None:
        left, right = columns
        stages = both.stages(both.left.bare([left.name]), both.right.bare([right.name]))
        judge = judges.by_meaning(difference.meaning, Refusal.NOT_NULL)
        yield Trial(*stages, _singly(left, [None]), judge, (left.name,))


def of_defaults(difference: Difference, both: Both) -> Iterator[Trial]:
    """A row without the column."""
    columns = both.columns(difference.place.column)
    if columns is not None:
        left, _right = columns
        tables = both.left.declared([left.name]), both.right.declared([left.name])
        acts = [(Act("INSERT"), Act("INSERT"))]
        yield Trial(*both.stages(*tables), acts, judges.of_defaults, (left.name,))


def of_names(difference: Difference, both: Both) -> Iterator[Trial]:
    """A row that names the column."""
    name = difference.place.column
    left, right = both.left.table.column(name), both.right.table.column(name)
    column = left or right
    if column is not None:
        tables = both.left.bare([name]), both.right.bare([name])
        row: Row = {name: samples.sample(column.type, column.type, 0)}
        stages = [Stage((table,), ({},)) for table in tables]
        yield Trial(
            stages[0], stages[1], [(Act("INSERT", row),)], judges.by_meaning(difference.meaning)
        )
