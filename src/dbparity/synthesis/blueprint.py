"""What the constraints of a table ask of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis.fields import field_of
from dbparity.synthesis.graph import sorted_foreign_keys
from dbparity.synthesis.keys import keys_of
from dbparity.synthesis.references import columns_of

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, Table

    from dbparity.synthesis.checks import Check, Checks
    from dbparity.synthesis.choices import Row
    from dbparity.synthesis.fields import Field
    from dbparity.synthesis.keys import Key

# Beyond the numbers of the rows that anyone makes, so that a key does not meet theirs.
_FAR = 1 << 19

RowFactory = Callable[[int], Mapping[str, object]]


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A table, its checks as far as they are known, and the factory that helps, if any.

    ``vicious`` tells, for a foreign key, the cycle of tables that it closes.
    """

    table: Table
    checks: Checks
    opaque: tuple[Check, ...]
    vicious: Mapping[ForeignKeyConstraint, str]
    factory: RowFactory | None
    seed: int
    _fields: dict[str, Field] = field(default_factory=dict)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """What must differ from row to row."""
        return keys_of(self.table)

    @cached_property
    def foreign_keys(self) -> tuple[ForeignKeyConstraint, ...]:
        """Its foreign keys, the widest first, without those that the factory gives."""
        found = sorted_foreign_keys(self.table)
        return tuple(fk for fk in found if not self.promised >= set(columns_of(fk)))

    @cached_property
    def columns(self) -> dict[str, Column[object]]:
        """The columns that an INSERT may name, by key."""
        return {column.key: column for column in self.table.columns if _insertable(column)}

    @cached_property
    def promised(self) -> set[str]:
        """The columns that the factory gives."""
        return set(self.given(0))

    def given(self, index: int) -> Row:
        """Ask the factory for row ``index``; raise `RowsUnsatisfiable` if it names no column."""
        row = dict(self.factory(index)) if self.factory else {}
        unknown = sorted(row.keys() - self.columns.keys())
        if unknown:
            reason = f"the factory gives it, but the columns are {', '.join(self.columns)}"
            raise RowsUnsatisfiable(self.table.key, f"column {unknown[0]!r}", reason)
        return row

    def field(self, key: str) -> Field:
        """Give the values of a column; raise `RowsUnsatisfiable` where none are known."""
        if key not in self._fields:
            self._fields[key] = field_of(self.columns[key], self.checks, self.seed)
        return self._fields[key]

    def tied(self, key: str) -> list[str]:
        """Give the column and those that checks mention together with it."""
        together = [check.columns for check in self.checks.checks if key in check.columns]
        return list(dict.fromkeys([key, *(each for columns in together for each in columns)]))

    def alternatives(self, key: str, row: Mapping[str, object], index: int) -> list[Row]:
        """Give other values for a column of row ``index``, NULL last if it may be that."""
        start = _FAR + index * 7 if self.keyed(key) else index + 1
        return self.field(key).alternatives(row, self.tied(key)[1:], start)

    def keyed(self, key: str) -> bool:
        """Whether the column is part of a key."""
        return any(key in each.columns for each in self.keys)


def _insertable(column: Column[object]) -> bool:
    """Whether the server lets others fill the column."""
    always = column.identity is not None and column.identity.always
    return column.computed is None and not always and not column.system
