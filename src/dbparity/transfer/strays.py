"""Rows that refer to rows which are not in the target: they follow those that were set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, column, delete, exists, select, table

from dbparity.transfer import aside
from dbparity.transfer.routes import routes
from dbparity.wires import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, TableClause

    from dbparity.snapshots import ForeignKey
    from dbparity.transfer.aside import SetAside
    from dbparity.transfer.plan import Plan
    from dbparity.transfer.routes import Route
    from dbparity.wires import Cell

_CELLS: Mapping[Kind, Callable[[Any], Cell]] = {
    Kind.BOOLEAN: int,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
}


def set_strays_aside(connection: Connection, plan: Plan) -> list[SetAside]:
    """Delete, and keep among the rows set aside, whatever a foreign key would refuse.

    Rows that referred to these follow them, until nobody refers to a row that is not there.
    """
    found: list[SetAside] = []
    ways = routes(plan)
    while more := [row for way in ways for row in _strays(connection, way)]:
        aside.add(connection, more)
        found += more
    return found


def _strays(connection: Connection, way: Route) -> list[SetAside]:
    return [
        row
        for key in way.target.foreign_keys
        if key.enforced
        for row in _taken_out(connection, way, key)
    ]


def _taken_out(connection: Connection, way: Route, key: ForeignKey) -> list[SetAside]:
    """The rows that ``key`` would refuse, no longer in the target."""
    child = table(way.target.name, *(column(field.column.name) for field in way.arriving))
    rows = connection.execute(select(child).where(_refers_to_nothing(child, key))).all()
    found = [_set_aside(way, key, row._mapping) for row in rows]  # noqa: SLF001  # its public name
    if rows:
        marks: dict[str, Any] = {
            name: bindparam(f"k{place}") for place, name in enumerate(key.columns)
        }
        those = delete(child).where(*(child.c[name] == mark for name, mark in marks.items()))
        values = {tuple(row._mapping[name] for name in key.columns) for row in rows}  # noqa: SLF001
        connection.execute(those, [_numbered(each) for each in values])
    return found


def _refers_to_nothing(child: TableClause, key: ForeignKey) -> Any:  # noqa: ANN401  # a condition
    parent = table(key.table, *map(column, key.referred)).alias("parent")
    pairs = zip(key.referred, key.columns, strict=True)
    same = and_(*(parent.c[there] == child.c[here] for there, here in pairs))
    told = (child.c[name].is_not(None) for name in key.columns)
    return and_(*told, ~exists().where(same))


def _numbered(values: Sequence[object]) -> dict[str, object]:
    return {f"k{place}": value for place, value in enumerate(values)}


def _set_aside(way: Route, key: ForeignKey, row: Mapping[Any, Any]) -> SetAside:
    cells: dict[str, Cell] = {}
    for one, other in way.pairs:
        value = row[other.column.name]
        cell = _CELLS.get(one.wire.kind, str)
        cells[one.column.name] = None if value is None else cell(value)
    reason = f"refers to a row of {key.table} that is not in the target"
    return aside.of_row(way, cells, key.columns[0], reason)
