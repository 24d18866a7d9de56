"""What makes the right one of two databases equal to the left one: told first, then written."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from dbparity.errors import CellsRefused, RowsMiscounted
from dbparity.transfer.comparing import gather
from dbparity.transfer.order import ordered
from dbparity.transfer.tallies import Tally
from dbparity.wires import differing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.backends.wires.base import Reader
    from dbparity.transfer.ends import End
    from dbparity.transfer.routes import Route
    from dbparity.wires import Batch, Cell, Field

    Cells = Sequence[tuple[Field, Cell]]

_MOST = 10_000  # changes of a table, beyond which all its rows are written anew


@dataclass(frozen=True)
class Change:
    """A statement on one row: words, and the cell that follows each of them."""

    table: str
    words: tuple[str, ...]
    cells: tuple[tuple[Field, Cell], ...]

    def __str__(self) -> str:
        """With the cells as literals."""
        pairs = zip(self.words, self.cells, strict=True)
        return "".join(f"{word}{_literal(cell)}" for word, (_, cell) in pairs)

    def run(self, connection: Connection, backend: Backend) -> None:
        """Execute it with the cells bound; raise `RowsMiscounted` unless it is about one row."""
        mark, percent = ("?", "%") if connection.dialect.paramstyle == "qmark" else ("%s", "%%")
        words = "".join(word.replace("%", percent) + mark for word in self.words)
        values = tuple(backend.bound(field, cell) for field, cell in self.cells)
        count = connection.exec_driver_sql(words, values).rowcount
        if count != 1:
            raise RowsMiscounted(self.table, 1, count)


def _literal(cell: Cell) -> str:
    if isinstance(cell, bytes):
        return f"x'{cell.hex()}'"
    if isinstance(cell, str):
        return "'" + cell.replace("'", "''") + "'"
    return "NULL" if cell is None else repr(cell)


@dataclass
class _Changes(Tally):
    """The changes that make one table equal; ``whole`` says that all its rows are written anew."""

    backend: Backend = field(kw_only=True)
    whole: bool = False
    deletes: list[Change] = field(default_factory=list)
    updates: list[Change] = field(default_factory=list)
    inserts: list[Batch] = field(default_factory=list)

    def cells(self, left: Batch, right: Batch, skip: Collection[str] = ()) -> None:
        """Have the rows of the right side updated."""
        changed: dict[int, list[int]] = {}
        for place, (one, _) in enumerate(self.route.pairs):
            if one.column.name not in skip:
                for row in differing(one.wire, left.column(place), right.column(place)):
                    changed.setdefault(row, []).append(place)
        for row, places in changed.items() if self._has_room(len(changed)) else ():
            cells = [(self.route.arriving[at], left.column(at)[row].as_py()) for at in places]
            self.updates.append(self._change("UPDATE", cells, right, row))

    def alone(self, side: int, rows: Batch, places: Sequence[int], again: Collection[int]) -> None:
        """Have them inserted or deleted; of rows with one key nobody can delete one alone."""
        self.whole = self.whole or bool(again)
        if places and self._has_room(len(places)):
            if side:
                self.deletes += [self._change("DELETE", (), rows, row) for row in places]
            else:
                self.inserts.append(rows.take(pa.array(places, pa.int64())))

    def statements(self) -> Iterator[str]:
        """What is going to be executed, in the words of the right side."""
        table = self.backend.quote(self.route.target.name)
        if self.whole:
            yield f"DELETE FROM {table}"
            yield f"INSERT INTO {table} all rows of the left side"
            return
        yield from map(str, (*self.deletes, *self.updates))
        names = ", ".join(self.backend.quote(each.column.name) for each in self.route.arriving)
        for batch in self.inserts:
            for row in batch.to_pylist():
                values = ", ".join(map(_literal, row.values()))
                yield f"INSERT INTO {table} ({names}) VALUES ({values})"

    def delete(self, connection: Connection) -> None:
        """Remove what is to go."""
        if self.whole:
            table = self.backend.quote(self.route.target.name)
            plain = connection.execution_options(no_parameters=True)
            plain.exec_driver_sql(f"DELETE FROM {table}")
            return
        for change in self.deletes:
            change.run(connection, self.backend)

    def write(self, connection: Connection, left: Reader) -> None:
        """Change what stays, and insert what is missing."""
        batches: Iterable[Batch] = self.inserts
        if self.whole:
            batches = left.read(replace(self.route.read(), key=()))
        else:
            for change in self.updates:
                change.run(connection, self.backend)
        loader = self.backend.loader(connection)
        loader.load(self.route.target.name, self.route.arriving, batches)

    def _has_room(self, more: int) -> bool:
        """Whether these changes are kept too; else all rows are written anew."""
        kept = len(self.deletes) + len(self.updates) + sum(each.num_rows for each in self.inserts)
        self.whole = self.whole or kept + more > _MOST
        return not self.whole

    def _change(self, verb: str, cells: Cells, rows: Batch, row: int) -> Change:
        names = [each.column.name for each in self.route.arriving]
        keys = [
            (each, rows.column(names.index(each.column.name))[row].as_py())
            for each in self.route.reread().keys
        ]
        table = self.backend.quote(self.route.target.name)
        words = f"{verb} {table}" if cells else f"{verb} FROM {table}"
        pieces = []
        for lead, between, pairs in ((" SET ", ", ", cells), (" WHERE ", " AND ", keys)):
            for place, (each, _) in enumerate(pairs):
                words += f"{between if place else lead}{self.backend.quote(each.column.name)} = "
                pieces.append(words)
                words = ""
        return Change(self.route.target.name, tuple(pieces), (*cells, *keys))


class Repair:
    """All that is to be changed on the right side."""

    def __init__(self, left: End, right: End, routes: Iterable[Route]) -> None:
        """Find the changes for some tables; those with values that cannot be carried stay."""
        self._left, self._right = left, right
        with closing(left.reader()) as one, closing(right.reader()) as other:
            found = [_changes(way, one, other, right.backend) for way in routes]
        self._changes = [changes for changes in found if changes is not None]

    def statements(self) -> Iterator[str]:
        """What `run` executes: rows are deleted first, then changed, then inserted."""
        for changes in self._changes:
            yield from changes.statements()

    def run(self) -> None:
        """Execute all of it in one transaction.

        Raises:
            RowsMiscounted: a statement was not about one row.
            CellsRefused, RowsRefused: the right side does not take a row.
        """
        tables = {each.route.target.name: each for each in self._changes}
        order = [
            tables[name] for name in ordered([each.route.target for each in tables.values()]).tables
        ]
        with (
            closing(self._left.reader()) as reader,
            self._right.writing() as engine,
            engine.begin() as connection,
        ):
            for changes in reversed(order):
                changes.delete(connection)
            for changes in order:
                changes.write(connection, reader)


def _changes(way: Route, left: Reader, right: Reader, backend: Backend) -> _Changes | None:
    changes = _Changes(way.written, backend=backend)
    try:
        if not gather(changes.route, left, right, changes):
            changes.whole = True
    except CellsRefused:
        return None
    return changes
