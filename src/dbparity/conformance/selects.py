"""Queries that every application makes: by key, by a list of keys, in an order, in pages."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dbparity.conformance.base import check
from dbparity.conformance.population import (
    keyed_tables,
    keyless_tables,
    place,
    populate,
    settled,
    where_key,
)
from dbparity.conformance.reading import miscounted, read
from dbparity.results import Finding, Observation, Place, Severity, Skipped, Verified
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Select, Table

    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database

_MANY = 8
_PAGE = 3
# Python and every database sort these alike.
_SORTED = (int, date, datetime, Decimal)


@check("operations")
def select_rows(database: Database) -> Iterator[Item]:
    """Counts, filters by key, lists of keys, orders and pages give the same rows."""
    rows = settled(populate(database, _MANY))
    yield from keyless_tables(database)
    with database.engine.connect() as connection:
        for table in keyed_tables(database):
            yield _counted(connection, table, len(rows[table.key]))
            yield _filtered(connection, table, rows[table.key])
            yield _listed(connection, table, rows[table.key])
            yield from _ordered(connection, table, rows[table.key])


def _counted(connection: Connection, table: Table, count: int) -> Item:
    found = int(connection.scalar(select(func.count()).select_from(table)) or 0)
    if found != count:
        return miscounted("counted", table, count, found)
    return Verified("count(*) counts every row", Place(table.key))


def _filtered(connection: Connection, table: Table, rows: Sequence[Row]) -> Item:
    for row in rows:
        found = len(read(connection, table, where_key(table, row)))
        if found != 1:
            return _differs("FILTER-DIFFERS", table, row, "1 row by its key", f"{found} rows")
    return Verified("a filter by key finds one row", Place(table.key))


def _listed(connection: Connection, table: Table, rows: Sequence[Row]) -> Item:
    """Compare ``IN`` on the first column of the key."""
    column, *_ = table.primary_key.columns
    wanted = {canonical(row[column.key]): row[column.key] for row in rows[::2]}
    expected = sum(canonical(row[column.key]) in wanted for row in rows)
    found = len(read(connection, table, column.in_(wanted.values())))
    if found != expected:
        return _differs("IN-DIFFERS", table, {}, f"{expected} rows by IN", f"{found} rows")
    return Verified("IN finds the rows of a list", Place(table.key))


def _ordered(connection: Connection, table: Table, rows: Sequence[Row]) -> Iterator[Item]:
    columns = list(table.primary_key.columns)
    keys: list[tuple[Any, ...]] = [tuple(row[column.key] for column in columns) for row in rows]
    query = select(*columns).order_by(*columns)
    found = [_spell(row) for row in connection.execute(query)]
    if sorted(found) != sorted(map(_spell, keys)):
        yield Skipped("its keys do not read back as written", Place(table.key))
        return
    yield _paged(connection, table, query, found)
    if not all(isinstance(value, _SORTED) for key in keys for value in key):
        yield _order_observed(table, found)
        return
    expected = [_spell(key) for key in sorted(keys)]
    if found == expected:
        yield Verified("ORDER BY the key sorts as Python does", Place(table.key))
    else:
        yield _differs("ORDER-DIFFERS", table, {}, "; ".join(expected), "; ".join(found))


def _paged(connection: Connection, table: Table, query: Select[Any], found: Sequence[str]) -> Item:
    pages = [
        _spell(row)
        for offset in range(0, len(found), _PAGE)
        for row in connection.execute(query.limit(_PAGE).offset(offset))
    ]
    if pages != found:
        return _differs("PAGES-DIFFER", table, {}, "; ".join(found), "; ".join(pages))
    return Verified("LIMIT and OFFSET cut the same order into pages", Place(table.key))


def _spell(key: Iterable[object]) -> str:
    return ", ".join(map(canonical, key))


def _differs(code: str, table: Table, row: Row, expected: str, actual: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WRONG,
        message="a query does not find the rows that were written",
        place=place(table, row=row),
        expected=expected,
        actual=actual,
        recommendation="use a key whose type reads back as written and compares by code point",
    )


def _order_observed(table: Table, found: Sequence[str]) -> Observation:
    return Observation(
        subject="the order by this key",
        value="; ".join(found),
        place=Place(table.key, ", ".join(column.key for column in table.primary_key.columns)),
        recommendation="give the key a collation by code point, and a UUID the type "
        "Uuid(native_uuid=False); or sort in the application",
    )
