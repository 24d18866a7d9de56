"""A schema as it is written, and what is to be read of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dbparity.snapshots import Collation, Column, Family, Table, Type, Unit, View

# Given the database's own collation, and the server's version.
Expected: TypeAlias = Callable[[Collation, tuple[int, ...]], tuple[Table | View, ...]]


@dataclass(frozen=True)
class Case:
    """DDL in the words of one product, and the tables and views that are expected.

    ``since`` is the first version that takes the DDL.
    """

    statements: tuple[str, ...]
    expected: Expected
    since: tuple[int, ...] = ()


def bytes_of(native: str, length: int | None = None, *, fixed: bool = False) -> Type:
    return Type(native, Family.BINARY, length=length, unit=Unit.BYTES, fixed=fixed)


def columns_of(*types: Type) -> tuple[Column, ...]:
    """Columns a, b, c and so on, of these types."""
    return tuple(Column(chr(ord("a") + place), type_) for place, type_ in enumerate(types))
