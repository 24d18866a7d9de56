"""The rows of a database, and what was lost of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.backends.base import quoted
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from dbparity.snapshots import Snapshot

_SHOWN = 3

Row = tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """All rows of a table, spelled canonically; by their primary key where it has one."""

    columns: tuple[str, ...]
    by_key: Mapping[Row, Row]


@dataclass(frozen=True)
class Loss:
    """What is not as it was.

    Attributes:
        column: "" where whole rows are gone, or there are new ones.
        message: what happened to how many.
        before, after: of the first of them.
    """

    table: str
    column: str
    key: str
    message: str
    before: str
    after: str


def read(connection: Connection, schema: Snapshot) -> dict[str, Rows]:
    """All rows of every table of ``schema``, by table."""
    found = {}
    for table in schema.tables:
        result = connection.exec_driver_sql(f"SELECT * FROM {quoted(connection, table.name)}")
        columns = tuple(result.keys())
        spelled = [tuple(map(canonical, row)) for row in result]
        key = table.primary_key.columns if table.primary_key is not None else ()
        places = [columns.index(name) for name in key]
        found[table.name] = Rows(columns, dict(_keyed(spelled, places)))
    return found


def among(found: Mapping[str, Rows], known: Mapping[str, Rows]) -> dict[str, Rows]:
    """Those rows of ``found`` whose keys are ``known``."""
    return {
        name: Rows(rows.columns, {k: v for k, v in rows.by_key.items() if k in known[name].by_key})
        for name, rows in found.items()
        if name in known
    }


def losses(
    before: Mapping[str, Rows], after: Mapping[str, Rows], *, whole: bool = True
) -> Iterator[Loss]:
    """What is not the same any more, by table and column.

    Rows that were not there before are a loss too where ``before`` is the ``whole`` of them.
    """
    for name, rows in before.items():
        if name in after:
            yield from _in_table(name, rows, after[name], whole=whole)
        elif rows.by_key:
            yield Loss(name, "", "", "the table is gone", f"{len(rows.by_key)} rows", "no table")


def _keyed(rows: list[Row], places: list[int]) -> Iterator[tuple[Row, Row]]:
    """Each row by its key; without one by all that it is, and how often it was there before."""
    seen: Counter[Row] = Counter()
    for row in rows:
        if places:
            yield tuple(row[place] for place in places), row
        else:
            seen[row] += 1
            yield (*row, str(seen[row])), row


def _in_table(name: str, before: Rows, after: Rows, *, whole: bool) -> Iterator[Loss]:
    gone = [key for key in before.by_key if key not in after.by_key]
    if gone:
        message = f"{len(gone)} of {len(before.by_key)} rows are gone"
        yield Loss(name, "", _keys(gone), message, _one(before, gone[0]), "nothing")
    new = [key for key in after.by_key if key not in before.by_key]
    if new and whole:
        message = f"{len(new)} rows have appeared"
        yield Loss(name, "", _keys(new), message, "nothing", _one(after, new[0]))
    kept = [key for key in before.by_key if key in after.by_key]
    for column in before.columns:
        yield from _in_column(name, column, kept, before, after)


def _in_column(
    name: str, column: str, kept: list[Row], before: Rows, after: Rows
) -> Iterator[Loss]:
    if column not in after.columns:
        if kept:
            yield Loss(name, column, "", "the column is gone", f"{len(kept)} values", "no column")
        return
    old, new = before.columns.index(column), after.columns.index(column)
    changed = [key for key in kept if before.by_key[key][old] != after.by_key[key][new]]
    if changed:
        first = changed[0]
        message = f"{len(changed)} of {len(kept)} values have changed"
        values = before.by_key[first][old], after.by_key[first][new]
        yield Loss(name, column, _keys(changed), message, *values)


def _keys(keys: list[Row]) -> str:
    shown = ["/".join(key) for key in keys[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(keys) > _SHOWN else "")


def _one(rows: Rows, key: Row) -> str:
    return ", ".join(f"{n}={v}" for n, v in zip(rows.columns, rows.by_key[key], strict=True))
