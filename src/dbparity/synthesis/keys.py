"""Read which columns of a table must differ from row to row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint
from sqlalchemy.schema import ColumnCollectionConstraint

from dbparity.synthesis.words import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Index, Table

_NULLS = "postgresql_nulls_not_distinct"


@dataclass(frozen=True)
class Key:
    """Columns of which no two rows may have the same values; two NULLs are the same or not."""

    label: str
    columns: tuple[str, ...]
    nulls_equal: bool = False

    def of(self, row: Mapping[str, object]) -> tuple[object, ...] | None:
        """Give what must not be repeated, or None where ``row`` may be repeated."""
        values = tuple(fold(row.get(column)) for column in self.columns)
        return None if None in values and not self.nulls_equal else values


def keys_of(table: Table) -> tuple[Key, ...]:
    """Give the keys of ``table``, its primary key first.

    A partial unique index counts for all rows, and so do the columns of one over expressions.
    """
    found = {key.columns: key for key in (*_of_constraints(table), *_of_indexes(table))}
    primary = tuple(column.key for column in table.primary_key.columns)
    others = sorted(found.keys() - {primary, ()})
    return tuple(found[columns] for columns in (*([primary] if primary else []), *others))


def _of_constraints(table: Table) -> Iterator[Key]:
    for constraint in table.constraints:
        if isinstance(constraint, ColumnCollectionConstraint) and not isinstance(
            constraint, CheckConstraint | ForeignKeyConstraint
        ):
            columns = tuple(column.key for column in constraint.columns)
            yield Key(
                _label(constraint.name, columns),
                columns,
                bool(constraint.dialect_kwargs.get(_NULLS)),
            )


def _of_indexes(table: Table) -> Iterator[Key]:
    for index in table.indexes:
        if index.unique:
            columns = tuple(_columns(index, table))
            yield Key(_label(index.name, columns), columns, bool(index.dialect_kwargs.get(_NULLS)))


def _columns(index: Index, table: Table) -> Iterable[str]:
    """Give the columns that the index names, in an expression or as they are."""
    named = {column.key for column in index.columns}
    for expression in index.expressions:
        if not isinstance(expression, Column):
            spelled = set(re.findall(r"\w+", str(expression)))
            named |= {column.key for column in table.columns if column.name in spelled}
    return [column.key for column in table.columns if column.key in named]


def _label(name: object, columns: tuple[str, ...]) -> str:
    return str(name) if isinstance(name, str) else f"UNIQUE ({', '.join(columns)})"


class Taken:
    """The values of keys that rows have already."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._values: dict[Key, set[object]] = {key: set() for key in keys}

    def add(self, row: Mapping[str, object]) -> None:
        """Take what ``row`` has."""
        for key, values in self._values.items():
            values.add(key.of(row))

    def repeated(
        self, row: Mapping[str, object], of: Mapping[str, object] | None = None
    ) -> Key | None:
        """Give a key in which ``row`` repeats a row other than ``of``."""
        for key, values in self._values.items():
            value = key.of(row)
            if value is not None and value in values and not (of and value == key.of(of)):
                return key
        return None

    def beside(self, row: Mapping[str, object]) -> Callable[[Mapping[str, object]], Key | None]:
        """Give `repeated` for rows that ``row`` is changed to."""
        return partial(self.repeated, of=row)
