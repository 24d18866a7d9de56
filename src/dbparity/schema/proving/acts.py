"""What is tried in scratch tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from dbparity.values import canonical

if TYPE_CHECKING:
    from dbparity.snapshots import Column, Table

Row = Mapping[str, object]  # by the left side's names of the columns
NOTHING: Row = MappingProxyType({})
_SHOWN = 40  # characters of a value


@dataclass(frozen=True)
class Act:
    """One statement, on the table of that number: ``row`` is written ``where`` that matches.

    Attributes:
        verb: INSERT, UPDATE, DELETE, COUNT, or SORT by the columns of ``row``.
    """

    verb: str
    row: Row = field(default_factory=lambda: NOTHING)
    where: Row = field(default_factory=lambda: NOTHING)
    table: int = -1


@dataclass(frozen=True)
class Stage:
    """One side's scratch tables, the referred one first, and what it calls the left's columns."""

    tables: tuple[Table, ...]
    # A name that is not in them is everybody's; one that is "" is not among the columns.
    names: tuple[Mapping[str, str], ...]

    def own(self, number: int, name: str) -> str:
        """What this side calls the left's ``name`` in the table of that number."""
        return self.names[number].get(name, name)

    def column(self, number: int, name: str) -> Column | None:
        """What the left side calls ``name`` in the table of that number."""
        return self.tables[number].column(self.own(number, name))


def spelled(act: Act, table: str) -> str:
    """The act in words that resemble SQL."""
    where = " AND ".join(f"{name} = {_value(value)}" for name, value in act.where.items())
    if act.verb == "INSERT":
        values = ", ".join(map(_value, act.row.values()))
        if not act.row:
            return f"INSERT INTO {table} DEFAULT VALUES"
        return f"INSERT INTO {table} ({', '.join(act.row)}) VALUES ({values})"
    if act.verb == "UPDATE":
        values = ", ".join(f"{name} = {_value(value)}" for name, value in act.row.items())
        return f"UPDATE {table} SET {values or '…'} WHERE {where}"
    if act.verb == "SORT":
        names = ", ".join(act.row)
        return f"SELECT {names} FROM {table} ORDER BY {names}"
    what = "DELETE" if act.verb == "DELETE" else "SELECT count(*)"
    return f"{what} FROM {table} WHERE {where}"


def _value(value: object) -> str:
    """A value as it stands in SQL, and a long one by its beginning and length."""
    if isinstance(value, str) and len(value) <= _SHOWN:
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | Decimal | None):
        return canonical(value)
    return shortened(canonical(value))


def shortened(text: str) -> str:
    """A canonical value, and a long one by its beginning and length."""
    if len(text) <= _SHOWN:
        return text
    is_binary = text.startswith("0x")
    length = f"{len(text) // 2 - 1:,} bytes" if is_binary else f"{len(text) - 2:,} characters"
    return f"{text[:_SHOWN]}… ({length})"
