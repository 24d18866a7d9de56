"""What all readers of catalogues share: grouping rows, and a table in its one order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import text

from dbparity.snapshots import Check, ForeignKey, Index, Key, Part, Table, Trigger, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

Schema: TypeAlias = tuple[tuple[Table, ...], tuple[View, ...]]
Rows: TypeAlias = "Sequence[Row[Any]]"
Groups: TypeAlias = "dict[Any, list[Row[Any]]]"
_Named = TypeVar("_Named", Check, ForeignKey, Index, Key, Table, Trigger, View)


def ask(connection: Connection, query: str) -> Rows:
    """All rows of ``query``."""
    return connection.execute(text(query)).all()


def by(rows: Iterable[Row[Any]], *columns: str) -> Groups:
    """Rows under the value of one column, or under those of several; others than these are ()."""
    groups: Groups = defaultdict(list)
    for row in rows:
        values = tuple(getattr(row, column) for column in columns)
        groups[values[0] if len(values) == 1 else values].append(row)
    return groups


def arranged(table: Table) -> Table:
    """``table``, all but its columns in one order, and its indexes marked that serve keys."""
    indexes = (replace(index, serves_key=_serves(index, table)) for index in table.indexes)
    return replace(
        table,
        uniques=in_order(table.uniques),
        indexes=in_order(indexes),
        foreign_keys=in_order(table.foreign_keys),
        checks=in_order(table.checks),
        triggers=in_order(table.triggers),
    )


def is_key(index: Index) -> bool:
    """Whether it is what UNIQUE over columns makes."""
    return index.unique and all(part == Part(part.column) for part in index.parts)


def index_key(index: Index) -> Key:
    """The key that such an index is made for."""
    return Key(index.name, tuple(part.column for part in index.parts))


def in_order(things: Iterable[_Named]) -> tuple[_Named, ...]:
    """Sort by name; those without one, as SQLite has them, stay in the order of their DDL."""
    return tuple(sorted(things, key=lambda thing: thing.name))


def _serves(index: Index, table: Table) -> bool:
    columns = tuple(part.column for part in index.parts)
    keys = (key.columns for key in table.foreign_keys)
    return not index.unique and any(columns[: len(key)] == key for key in keys)
