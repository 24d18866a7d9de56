"""Rows that a target does not take, found among those that it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from dbparity.errors import RowsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.wires.base import Loader
    from dbparity.wires import BadCell, Batch, Field


@dataclass(frozen=True)
class Refused:
    """A row that was not written, or one of its cells.

    Attributes:
        row: its place among the rows that were given, from 0.
        column: the cell's; "" where the server did not name it.
        raw: the cell; None without a column.
        reason: why, in the loader's words or the server's.
    """

    row: int
    column: str
    raw: object
    reason: str


def load_or_bisect(
    connection: Connection,
    loader: Loader,
    table: str,
    fields: Sequence[Field],
    batches: Sequence[Batch],
) -> tuple[int, list[Refused]]:
    """Write all rows that the target takes, in their order; return how many, and the others.

    Each attempt is made in a savepoint of the transaction of ``connection``, which goes on.
    Rows are tried by fewer and fewer: where foreign keys do not rest, one may be refused for
    referring to a later one. There is at least one batch.

    Raises:
        RowsUnwritable: the server could not go on, whatever the rows are.
        sqlalchemy.exc.DBAPIError: it lost the transaction with that.
    """
    rows = pa.Table.from_batches(batches)
    known = [
        Refused(cell.row, cell.column, cell.raw, cell.reason)
        for cell in _unfit(loader, fields, batches)
    ]
    bad = {each.row for each in known}
    places = [place for place in range(rows.num_rows) if place not in bad]
    search = _Search(
        connection, loader, table, fields, rows.take(pa.array(places, pa.int64())) if bad else rows
    )
    search.run()
    found = [_told(fields, rows, places[row], error) for row, error in search.refused]
    return search.written, sorted([*known, *found], key=lambda each: each.row)


def _unfit(loader: Loader, fields: Sequence[Field], batches: Sequence[Batch]) -> Iterator[BadCell]:
    start = 0
    for batch in batches:
        yield from loader.unfit(fields, batch, start)
        start += batch.num_rows


def _told(fields: Sequence[Field], rows: pa.Table, row: int, error: RowsRefused) -> Refused:
    names = [each.column.name for each in fields]
    column = error.column or ""
    cell = rows.column(names.index(column))[row].as_py() if column in names else None
    return Refused(row, column, cell, " ".join(str(error.cause).split()))


@dataclass
class _Search:
    """Loads ``rows``, by fewer at a time where some are refused."""

    connection: Connection
    loader: Loader
    table: str
    fields: Sequence[Field]
    rows: pa.Table
    written: int = 0
    refused: list[tuple[int, RowsRefused]] = field(default_factory=list)

    def run(self) -> None:
        left = [(0, self.rows.num_rows)]
        while left:
            start, stop = left.pop()
            try:
                self.written += self._load(start, stop)
            except RowsRefused as error:
                if stop - start == 1:
                    self.refused.append((start, error))
                else:
                    left += reversed([*_split(start, stop, error.row)])

    def _load(self, start: int, stop: int) -> int:
        part = self.rows.slice(start, stop - start)
        with self.connection.begin_nested():
            return self.loader.load(self.table, self.fields, part.to_batches())


def _split(start: int, stop: int, hint: int | None) -> Iterator[tuple[int, int]]:
    """The row that was named, what is before it, and what follows in halves."""
    begin = start
    if hint is not None:
        named = min(start + hint, stop - 1)
        yield from (part for part in ((start, named), (named, named + 1)) if part[0] < part[1])
        begin = named + 1
    middle = (begin + stop) // 2
    yield from (part for part in ((begin, middle), (middle, stop)) if part[0] < part[1])
