"""Choose parents: the foreign keys of a table to the rows that others have already."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from dbparity.errors import RowsUnsatisfiable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, ForeignKeyConstraint

    from dbparity.synthesis.choices import Row

    Parents = Mapping[str, Sequence[Mapping[str, object]]]

# So many ways to combine parents are looked at, where foreign keys share columns.
_COMBINATIONS = 10_000


def columns_of(foreign_key: ForeignKeyConstraint) -> tuple[str, ...]:
    """Give the keys of the columns that refer to the parent."""
    return tuple(element.parent.key for element in foreign_key.elements)


def optional_columns(foreign_key: ForeignKeyConstraint) -> tuple[str, ...]:
    """Give the keys of those that may be NULL."""
    return tuple(element.parent.key for element in foreign_key.elements if element.parent.nullable)


def referable(foreign_key: ForeignKeyConstraint, parents: Parents) -> list[Row]:
    """Give what the foreign key's columns can hold: one entry for each row of the parent."""
    found = []
    for place, row in enumerate(parents.get(foreign_key.referred_table.key, ())):
        values = {
            element.parent.key: _value(element.column, row, place)
            for element in foreign_key.elements
        }
        if None not in values.values():
            found.append(values)
    return found


def _value(column: Column[object], row: Mapping[str, object], place: int) -> object:
    """Read the column, or foresee it where only the server may fill it."""
    identity = column.identity
    if column.key in row or identity is None:
        return row.get(column.key)
    first = 1 if identity.start is None else identity.start
    return first + place * (identity.increment or 1)


def connected(foreign_keys: Iterable[ForeignKeyConstraint]) -> list[list[ForeignKeyConstraint]]:
    """Put those together that share columns."""
    groups: list[list[ForeignKeyConstraint]] = []
    for foreign_key in foreign_keys:
        columns = set(columns_of(foreign_key))
        near = [group for group in groups if any(columns & set(columns_of(fk)) for fk in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(fk for group in near for fk in group), foreign_key])
    return groups


def combined(group: Sequence[ForeignKeyConstraint], parents: Parents) -> list[Row]:
    """Give what the columns of the group can hold together."""
    rows: list[Row] = [{}]
    for foreign_key in group:
        rows = list(
            islice(_extended(rows, foreign_key, referable(foreign_key, parents)), _COMBINATIONS)
        )
        if not rows:
            names = ", ".join(sorted({fk.referred_table.key for fk in group}))
            raise RowsUnsatisfiable(
                foreign_key.table.key,
                label(foreign_key),
                f"no rows of {names} agree in what it shares with others",
            )
    return rows


def _extended(
    rows: list[Row], foreign_key: ForeignKeyConstraint, values: list[Row]
) -> Iterator[Row]:
    columns = columns_of(foreign_key)
    shared = [column for column in columns if column in rows[0]]
    by_shared = defaultdict(list)
    for value in values:
        by_shared[tuple(value[column] for column in shared)].append(value)
    own = set(columns) - set(shared)
    alone = own and own <= set(optional_columns(foreign_key))
    for row in rows:
        matches = by_shared.get(tuple(row[column] for column in shared), ())
        yield from (row | match for match in matches)
        if alone and not matches:
            yield row | dict.fromkeys(own)


def label(foreign_key: ForeignKeyConstraint) -> str:
    """Give the name of the foreign key, or its columns."""
    if isinstance(foreign_key.name, str):
        return str(foreign_key.name)
    return f"FOREIGN KEY ({', '.join(columns_of(foreign_key))})"
