"""Rows that refer to nothing, found by the database itself: no reader and no rule has a say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.results import Finding, Place, Severity
from dbparity.snapshots import Family
from dbparity.transfer.admission import column_named, named
from dbparity.values import canonical
from dbparity.wires import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.snapshots import Column, ForeignKey, Snapshot, Table
    from dbparity.transfer.routes import Route

ORPHAN = "DATA-ORPHAN"
_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
SHOWN = 20  # of a foreign key; all are counted
_CURE = "Bring back the row that is referred to, or delete the one that refers to nothing."


@dataclass(frozen=True)
class Believed:
    """A side, and the schema that says what refers to what."""

    connection: Connection
    backend: Backend
    schema: Snapshot


@dataclass(frozen=True)
class _Orphans:
    """How many rows a foreign key would refuse, and where the first ones are."""

    count: int
    places: tuple[Place, ...] = ()


def stray(way: Route, left: Believed, right: Believed) -> Iterator[Finding]:
    """Rows of the right side that refer to nothing; a note where the left has as many.

    Foreign keys that the left side alone has are held against the right side too.
    """
    for ours, theirs in _keys(way, right.schema):
        here = _orphans(left, way.source, ours) if ours else _Orphans(0)
        there = _orphans(right, way.target, theirs) if theirs else _Orphans(0)
        key = theirs or ours
        if key and there.count > here.count:
            yield from _findings(way.source, key, there, "right side")
        elif key and here.count:
            yield Finding(
                ORPHAN,
                Severity.NOTE,
                f"{_refers(key)}: {here.count:,} rows of the left side refer to nothing, and "
                f"{there.count:,} of the right side",
                Place(way.source.name, ", ".join(key.columns)),
                recommendation=_CURE,
            )


def dangling(way: Route, source: Believed) -> Iterator[Finding]:
    """Rows of a source that refer to nothing, by the foreign keys that the target has."""
    for key in way.target.foreign_keys:
        ours = _moved(key, way.source, source.schema) if key.enforced else None
        if ours is not None:
            found = _orphans(source, way.source, ours)
            yield from _findings(way.source, ours, found, "source")


def _findings(table: Table, key: ForeignKey, found: _Orphans, whose: str) -> Iterator[Finding]:
    more = "" if found.count <= SHOWN else f"; {SHOWN} of {found.count:,} are shown"
    for place in found.places:
        yield Finding(
            ORPHAN,
            Severity.LOST,
            f"{_refers(key)}: a row of the {whose} refers to nothing{more}",
            replace(place, table=table.name),
            recommendation=_CURE,
        )


def _refers(key: ForeignKey) -> str:
    return f"({', '.join(key.columns)}) to {key.table} ({', '.join(key.referred)})"


def _keys(way: Route, right: Snapshot) -> Iterator[tuple[ForeignKey | None, ForeignKey | None]]:
    """The enforced foreign keys of both sides that are of the same columns."""
    theirs = {_folded(key): key for key in way.target.foreign_keys if key.enforced}
    for key in way.source.foreign_keys:
        if key.enforced:
            moved = _moved(key, way.target, right, alike=True)
            yield key, theirs.pop(_folded(key), None) or moved
    for key in theirs.values():
        yield None, key


def _folded(key: ForeignKey) -> tuple[str, ...]:
    return tuple(name.lower() for name in (*key.columns, key.table))


def _moved(
    key: ForeignKey, child: Table, schema: Snapshot, *, alike: bool = False
) -> ForeignKey | None:
    """A foreign key of the left side in the names of the right one, if all of them are there.

    What no key there ties may be of other types, and is then not ``alike``.
    """
    parent = named(key.table, schema)
    if parent is None:
        return None
    columns = [column_named(name, child) for name in key.columns]
    referred = [column_named(name, parent) for name in key.referred]
    found = [each for each in (*columns, *referred) if each is not None]
    if len(found) < len(columns) + len(referred):
        return None
    ours, theirs = found[: len(columns)], found[len(columns) :]
    if alike and [*map(_sort, ours)] != [*map(_sort, theirs)]:
        return None
    names = [tuple(each.name for each in side) for side in (ours, theirs)]
    return replace(key, columns=names[0], table=parent.name, referred=names[1])


def _sort(column: Column) -> Family:
    """Of one sort are what a database that is strict about types compares."""
    family = column.type.family
    return Family.DECIMAL if family in _NUMBERS else family


def _orphans(side: Believed, table: Table, key: ForeignKey) -> _Orphans:
    """Counted by the server; NULL refers to nothing, but MATCH FULL wants all or none of it."""
    plain = side.connection.execution_options(no_parameters=True)
    name = side.backend.quote
    rows = f"{name(table.name)} AS child WHERE {_lost(key, side.schema, name)}"
    count = int(plain.exec_driver_sql(f"SELECT count(*) FROM {rows}").scalar_one())
    if not count:
        return _Orphans(0)
    columns = table.primary_key.columns if table.primary_key else key.columns
    listed = ", ".join(f"child.{name(column)}" for column in columns)
    asked = f"SELECT {listed} FROM {rows} ORDER BY {listed} LIMIT {SHOWN}"
    found = plain.exec_driver_sql(asked).all()
    return _Orphans(count, tuple(_place(key, columns, row) for row in found))


def _place(key: ForeignKey, columns: Sequence[str], row: Sequence[object]) -> Place:
    pairs = zip(columns, row, strict=True)
    spelled = ", ".join(f"{column}={shortened(canonical(cell))}" for column, cell in pairs)
    return Place(key.table, ", ".join(key.columns), spelled)


def _lost(key: ForeignKey, schema: Snapshot, name: Callable[[str], str]) -> str:
    """The condition on a child that its parent is not there."""
    ours = [f"child.{name(column)}" for column in key.columns]
    told = " AND ".join(f"{column} IS NOT NULL" for column in ours)
    lost = told
    if schema.table(key.table) is not None:
        theirs = [f"parent.{name(column)}" for column in key.referred]
        same = " AND ".join(map(" = ".join, zip(theirs, ours, strict=True)))
        parent = f"{name(key.table)} AS parent"
        lost = f"{told} AND NOT EXISTS (SELECT 1 FROM {parent} WHERE {same})"
    if not key.full:
        return lost
    some = " OR ".join(f"{column} IS NOT NULL" for column in ours)
    return f"({lost}) OR (({some}) AND NOT ({told}))"
