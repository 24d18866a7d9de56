"""What a column gets that is given nothing, or NULL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, null, select
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from dbparity.conformance.base import check
from dbparity.conformance.population import insertable
from dbparity.conformance.reading import read, returned
from dbparity.conformance.staging import one_of_each, refused, rowless_tables, savepoint
from dbparity.results import Finding, Observation, Place, Severity, Skipped, Verified
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Insert

    from dbparity.conformance.staging import Entry
    from dbparity.results import Item
    from dbparity.servers.database import Database

_CONSTANT = re.compile(r"\(?\s*('[^']*'|-?\d+(\.\d+)?|true|false)\s*\)?", re.IGNORECASE)


@check("operations", needs=("savepoints",))
def defaults(database: Database) -> Iterator[Item]:
    """A row that gives its required columns only gets the defaults that the model states."""
    yield from rowless_tables(database)
    for entry, connection in one_of_each(database):

        def insert(columns: Sequence[Column[Any]], entry: Entry = entry) -> Insert:
            left_out = {column.key for column in columns}
            given = {key: value for key, value in entry.row.items() if key not in left_out}
            return entry.table.insert().values(given)

        columns = [column for column in entry.table.columns if _optional(column)]
        for group in _accepted(database, connection, columns, insert):
            if isinstance(group, Skipped):
                yield group
                continue
            with savepoint(connection):
                before = read(connection, entry.table)
                connection.execute(insert(group))
                made = [row for row in read(connection, entry.table) if row not in before]
            dialect = connection.dialect
            yield from (
                _judged(c, row[c.key], returned(c, dialect, None)) for row in made for c in group
            )


@check("operations", needs=("savepoints",))
def nulls(database: Database) -> Iterator[Item]:
    """NULL is stored as NULL in every column that may be NULL."""
    yield from rowless_tables(database)
    for entry, connection in one_of_each(database):

        def insert(columns: Sequence[Column[Any]], entry: Entry = entry) -> Insert:
            nothing = {column.key: null() for column in columns}
            return entry.table.insert().values({**entry.row, **nothing})

        columns = [c for c in entry.table.columns if c.nullable and insertable(c)]
        for group in _accepted(database, connection, columns, insert):
            if isinstance(group, Skipped):
                yield group
                continue
            with savepoint(connection):
                before = _filled(connection, group)
                connection.execute(insert(group))
                after = _filled(connection, group)
            for column, more in zip(group, map(int.__sub__, after, before), strict=True):
                yield _null_changed(column) if more else _verified(column, "NULL stays NULL")


def _accepted(
    database: Database,
    connection: Connection,
    columns: list[Column[Any]],
    insert: Callable[[Sequence[Column[Any]]], Insert],
) -> Iterator[list[Column[Any]] | Skipped]:
    """All ``columns`` if that can be inserted, else those with which it can one by one."""
    if columns and refused(database, connection, insert(columns)) is None:
        yield columns
        return
    for column in columns:
        answer = refused(database, connection, insert([column]))
        where = Place(column.table.key, column.key)
        yield [column] if answer is None else Skipped(f"refused as {answer}", where)


def _optional(column: Column[Any]) -> bool:
    """Whether a row may leave the column out."""
    filled = column.identity is not None or column.table.autoincrement_column is column
    given = column.default is not None or column.server_default is not None
    return column.computed is None and (column.nullable or given or filled)


def _judged(column: Column[Any], value: object, nothing: object) -> Item:
    """Judge the ``value`` that a column got; ``nothing`` is what its type makes of NULL."""
    stated, empty = _stated(column), canonical(value) in {"NULL", canonical(nothing)}
    if stated is None and column.nullable and not empty:
        return _default_differs(column, "NULL", canonical(value))
    if stated is not None and value is None:
        return _default_differs(column, stated, "NULL")
    if stated is None and empty:
        return _verified(column, "without a default it is NULL")
    return Observation(
        subject="the default",
        value=canonical(value) if _constant(column) else type(value).__name__,
        place=Place(column.table.key, column.key),
        recommendation="state the default in Python (default=...), where it is the same everywhere",
    )


def _stated(column: Column[Any]) -> str | None:
    """The default in the model's words; None for none, or NULL."""
    if column.default is not None:
        return str(getattr(column.default, "arg", column.default))
    spelling = _spelling(column)
    return None if spelling.upper() in {"", "NULL"} else spelling


def _spelling(column: Column[Any]) -> str:
    default = column.server_default
    arg = getattr(default, "arg", default)
    return "" if arg is None else str(arg)


def _constant(column: Column[Any]) -> bool:
    """Whether the default is the same for every row."""
    if column.default is not None:
        return isinstance(column.default, ScalarElementColumnDefault)
    plain = isinstance(getattr(column.server_default, "arg", None), str)
    return plain or _CONSTANT.fullmatch(_spelling(column)) is not None


def _filled(connection: Connection, columns: Sequence[Column[Any]]) -> list[int]:
    """In how many rows each column is not NULL."""
    return list(connection.execute(select(*map(func.count, columns))).one())


def _verified(column: Column[Any], claim: str) -> Verified:
    return Verified(claim, Place(column.table.key, column.key))


def _default_differs(column: Column[Any], expected: str, actual: str) -> Finding:
    return Finding(
        code="DEFAULT-DIFFERS",
        severity=Severity.WRONG,
        message="a column that is given nothing does not get what the model states",
        place=Place(column.table.key, column.key),
        expected=expected,
        actual=actual,
        recommendation="recreate the column's default in a migration, or state it in the model",
    )


def _null_changed(column: Column[Any]) -> Finding:
    return Finding(
        code="NULL-CHANGED",
        severity=Severity.LOST,
        message="NULL was written, and something else is stored",
        place=Place(column.table.key, column.key),
        expected="NULL",
        actual="not NULL",
        recommendation="look for a trigger, or a type of the backend that replaces NULL",
    )
