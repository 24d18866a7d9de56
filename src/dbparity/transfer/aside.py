"""Rows that the target did not take: set aside in a table of its own, with the exact reason."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, MetaData, String, Table, Text, insert, inspect, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.mysql import LONGTEXT

from dbparity.transfer.survey import ASIDE
from dbparity.wires import canonical, raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from dbparity.transfer.routes import Route
    from dbparity.wires import BadCell, Cell

_LONG = Text().with_variant(LONGTEXT, "mysql", "mariadb")
_TABLE = Table(
    ASIDE,
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("table_name", String(255), nullable=False),
    Column("row_key", _LONG, nullable=False),
    Column("column_name", String(255), nullable=False),
    Column("value", _LONG, nullable=False),
    Column("reason", _LONG, nullable=False),
    Column("cell", Integer, nullable=False),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
)


@dataclass(frozen=True)
class SetAside:
    """A row that stayed where it was.

    Attributes:
        table: of the source.
        key: its key, each cell spelled canonically; all cells where the table has none, and ()
            where they could not be read either.
        column: whose value is the reason; "" where the server named none.
        value: that value, as it is.
        reason: why it is not in the target.
        cell: 1 for the first reason of a row, 2 for the next.
    """

    table: str
    key: tuple[str, ...]
    column: str
    value: str
    reason: str
    cell: int = 1

    @property
    def row_key(self) -> str:
        """The key as the table keeps it."""
        return json.dumps(self.key)


def of_cell(route: Route, cell: BadCell) -> SetAside:
    """A row of the source, by its bad cell."""
    key = _spelled(dict(zip(route.key, cell.key, strict=bool(cell.key))), route)
    return SetAside(route.source.name, key, cell.column, raw(cell.raw), cell.reason)


def of_row(route: Route, cells: Mapping[str, Cell], column: str, reason: str) -> SetAside:
    """A row of the source, by its cells; without a key these are all that tells it from others.

    ``column`` is the target's, as its server names it.
    """
    names = {other.column.name: one.column.name for one, other in route.pairs}
    own = names.get(column, "")
    key = _spelled({name: cells[name] for name in route.key or cells}, route)
    return SetAside(route.source.name, key, own, raw(cells.get(own)) if own else "", reason)


def _spelled(cells: Mapping[str, Any], route: Route) -> tuple[str, ...]:
    wires = {field.column.name: field.wire for field in route.leaving}
    return tuple(canonical(wires[name], cell) for name, cell in cells.items())


def create(connection: Connection) -> None:
    """Make the table, if it is not there."""
    _TABLE.create(connection, checkfirst=True)


def add(connection: Connection, rows: Sequence[SetAside]) -> None:
    """Keep rows, each cell of a row for itself."""
    if rows:
        connection.execute(insert(_TABLE), [_values(row) for row in rows])


def forget(connection: Connection, table: str) -> None:
    """Delete what is kept of a table: it begins anew."""
    connection.execute(delete_from(_TABLE).where(_TABLE.c.table_name == table))


def kept(connection: Connection) -> tuple[SetAside, ...]:
    """All that are kept, in the order in which they came."""
    if not inspect(connection).has_table(ASIDE):
        return ()
    rows = connection.execute(select(_TABLE).order_by(_TABLE.c.number))
    return tuple(
        SetAside(table, tuple(json.loads(key)), column, value, reason, cell)
        for _, table, key, column, value, reason, cell in rows
    )


def drop(connection: Connection) -> None:
    """Remove the table."""
    _TABLE.drop(connection, checkfirst=True)


def as_lines(rows: Iterable[SetAside]) -> str:
    """JSON, a line for each."""
    return "".join(json.dumps(asdict(row)) + "\n" for row in rows)


def numbered(cells: Iterable[SetAside]) -> list[SetAside]:
    """Several reasons of one row, one after another."""
    return [replace(each, cell=place) for place, each in enumerate(cells, 1)]


def _values(row: SetAside) -> dict[str, str | int]:
    return {
        "table_name": row.table,
        "row_key": row.row_key,
        "column_name": row.column,
        "value": row.value,
        "reason": row.reason,
        "cell": row.cell,
    }
