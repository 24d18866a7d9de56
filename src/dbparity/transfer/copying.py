"""The rows of one table written into another, chunk by chunk, each in one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.errors import CellsRefused, RowsMiscounted, RowsRefused, RowsSetAside
from dbparity.transfer import aside
from dbparity.transfer.ahead import ahead
from dbparity.transfer.bisect import load_or_bisect
from dbparity.transfer.chunks import chunks
from dbparity.transfer.journal import Copied, Emptied, spelled, unspelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from dbparity.backends.base import Backend
    from dbparity.backends.wires.base import Reader
    from dbparity.progress import Progress
    from dbparity.transfer.aside import SetAside
    from dbparity.transfer.chunks import Chunk
    from dbparity.transfer.journal import Done, Journal
    from dbparity.transfer.plan import Load
    from dbparity.transfer.routes import Route
    from dbparity.wires import Selection

WORK = "copy"


@dataclass
class Copier:
    """Writes the rows of tables into a target.

    Attributes:
        backend: the target's.
        writer: its engine, of `Backend.writer`.
        journal: where each chunk is entered, in its transaction.
        sets_aside: whether rows that are refused are set aside; else they stop the copy.
        tell: is told of each chunk, after its commit.
        progress: is told likewise.
        judged: whether every cell is known to fit, since a preflight has seen the same rows.
    """

    backend: Backend
    writer: Engine
    journal: Journal
    sets_aside: bool
    tell: Callable[[Copied], None]
    progress: Progress
    judged: bool = False

    def copy(self, load: Load, route: Route, reader: Reader, done: Done) -> None:
        """Write what is left of a table's rows.

        Raises:
            RowsSetAside: a row cannot be read, or does not fit; its chunk is not written.
            RowsUnreadable: the source could not be read to the last.
            RowsMiscounted: other rows arrived than were sent.
        """
        clock = time.perf_counter()
        selection = _left(route.written, reader, done)
        known: frozenset[str] = frozenset()
        if not selection.key and (done.rows or done.aside):
            self._empty(load, done)
        elif done.aside:
            known = self._known(load)
        rows = done.rows + done.aside
        self.progress.table_begins(WORK, load.table, load.rows)
        walk = chunks(reader, selection, load.chunk, aside=self.sets_aside)
        try:
            with ahead(walk) as coming:
                for chunk in coming:
                    copied = self._write(route, selection, chunk, known)
                    rows += copied.rows + copied.aside
                    self.tell(copied)
                    self.progress.rows_done(WORK, load.table, rows)
        except CellsRefused as error:
            unread = [aside.of_cell(route, cell) for cell in error.cells]
            raise RowsSetAside(load.table, unread) from error
        self.progress.table_done(WORK, load.table, rows, time.perf_counter() - clock)

    def _write(
        self, route: Route, selection: Selection, chunk: Chunk, known: frozenset[str]
    ) -> Copied:
        into = route.written
        unread = _unread(route, chunk, known)
        with self.writer.begin() as connection:
            refused = self._load(connection, into, chunk)
            copied = Copied(
                route.source.name,
                chunk.rows - len(refused),
                len(unread) + len(refused),
                chunk.digest(),
                spelled(chunk.last(selection.key)),
                chunk.final,
            )
            rows = [*unread.values(), *refused.values()]
            aside.add(connection, [cell for cells in rows for cell in aside.numbered(cells)])
            self.journal.add(connection, copied)
        return copied

    def _load(self, connection: Connection, into: Route, chunk: Chunk) -> dict[int, list[SetAside]]:
        """Write the rows; return those that are refused, by their number in the chunk."""
        table, fields = into.target.name, into.arriving
        loader = self.backend.loader(connection)
        attempt = connection.begin_nested()
        try:
            write = loader.pour if self.judged else loader.load
            written = write(table, fields, chunk.batches)
        except (CellsRefused, RowsRefused) as error:
            attempt.rollback()
            written, found = load_or_bisect(connection, loader, table, fields, chunk.batches)
            refused: dict[int, list[SetAside]] = {}
            for each in found:
                row = aside.of_row(into, chunk.row(each.row), each.column, each.reason)
                refused.setdefault(each.row, []).append(row)
            if not self.sets_aside:
                raise RowsSetAside(
                    table, [cell for cells in refused.values() for cell in cells]
                ) from error
        else:
            attempt.commit()
            refused = {}
        if written + len(refused) != chunk.rows:
            raise RowsMiscounted(table, chunk.rows, written)
        return refused

    def _known(self, load: Load) -> frozenset[str]:
        """The keys of rows that were set aside before."""
        with self.writer.connect() as connection:
            return frozenset(
                row.row_key for row in aside.kept(connection) if row.table == load.table
            )

    def _empty(self, load: Load, done: Done) -> None:
        """Begin anew with a table without a key: nobody can tell which of its rows arrived."""
        with self.writer.begin() as connection:
            plain = connection.execution_options(no_parameters=True)
            plain.exec_driver_sql(f"DELETE FROM {self.backend.quote(load.target_table)}")
            if self.sets_aside:
                aside.forget(connection, load.table)
            self.journal.add(connection, Emptied(load.table))
        done.rows = done.aside = 0


def _left(into: Route, reader: Reader, done: Done) -> Selection:
    """What is left to be read; all of it where rows have no key, or none to go on behind."""
    selection = into.read()
    if not selection.key or not all(map(reader.orders, selection.keys)):
        return replace(selection, key=())
    return replace(selection, after=unspelled(done.last, selection.keys) if done.last else ())


def _unread(route: Route, chunk: Chunk, known: frozenset[str]) -> dict[int, list[SetAside]]:
    """The rows of a chunk that could not be read, and were not known to be, by their number."""
    found: dict[int, list[SetAside]] = {}
    for cell in chunk.bad:
        row = aside.of_cell(route, cell)
        if row.row_key not in known:
            found.setdefault(cell.row, []).append(row)
    return found
