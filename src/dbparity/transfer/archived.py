"""An archive as the source of a migration, or as a side of a comparison."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from dbparity.backends.wires.base import Reader, conformed, refuse
from dbparity.backends.wires.loose import ODD, carry, restored
from dbparity.errors import RowsUnreadable
from dbparity.snapshots import Family
from dbparity.wires import Kind, differing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from dbparity.backends.wires.base import Tell
    from dbparity.transfer.archive import Archive
    from dbparity.wires import Batch, Cell, Field, Selection

# Told as texts that only the product itself can make another sort of value of.
_OWN = frozenset({Family.ARRAY, Family.OTHER})


class ArchiveReader(Reader):
    """The rows of an archive, read as a database's."""

    def __init__(self, archive: Archive) -> None:
        """Read from ``archive``, which stays as it is."""
        self._archive = archive
        snapshot = archive.manifest.snapshot
        self._ordered = frozenset(
            column
            for part in archive.manifest.parts
            for table in snapshot.tables
            for column in table.columns
            if table.name == part.table and column.name in part.ordered
        )

    def read(self, selection: Selection, bad: Tell = refuse) -> Generator[Batch, None, None]:
        """Rows behind a key are found by reading those before it.

        Raises:
            ArchiveInvalid: the table is not there, or not what was written.
            RowsUnreadable: the rows are in another order, or there is no such row.
        """
        if selection.key not in {(), self._archive.part(selection.table).key}:
            reason = ValueError(f"an archive does not have them in the order of {selection.key}")
            raise RowsUnreadable(selection.table, reason)
        if foreign := _foreign(selection):
            reason = ValueError(f"{', '.join(foreign)}: kept as texts of the product's own")
            raise RowsUnreadable(selection.table, reason)
        start = 0
        for batch in self._between(selection):
            yield _carried(selection, batch, start, bad)
            start += batch.num_rows

    def preserved(self, selection: Selection) -> Generator[Batch, None, None]:
        """As they were kept."""
        names = [field.column.name for field in selection.fields]
        for batch in self._archive.batches(selection.table):
            yield batch.select([*names, *({ODD} & set(batch.schema.names))])

    def orders(self, field: Field) -> bool:
        """Columns by which rows were ordered, where other products order them alike."""
        return field.column in self._ordered

    def close(self) -> None:
        """Nothing is open between two streams."""

    def _between(self, selection: Selection) -> Iterator[Batch]:
        """The rows behind one and up to another."""
        behind = not selection.after
        with closing(self._archive.batches(selection.table)) as batches:
            for batch in batches:
                rows = batch
                if not behind:
                    place = _located(selection, rows, selection.after)
                    if place is None:
                        continue
                    rows, behind = rows.slice(place + 1), True
                last = _located(selection, rows, selection.until) if selection.until else None
                if last is not None:
                    yield rows.slice(0, last + 1)
                    return
                yield rows
        if selection.until or not behind:
            reason = ValueError(f"no row has the key {selection.after} or {selection.until}")
            raise RowsUnreadable(selection.table, reason)


def _carried(selection: Selection, rows: Batch, start: int, bad: Tell) -> Batch:
    """Rows as the wires of a selection have them."""
    names = [field.column.name for field in selection.fields]
    if ODD in rows.schema.names and rows.column(ODD).null_count < rows.num_rows:
        return carry(selection, list(enumerate(restored(rows, names), start)), bad)
    return conformed(selection, [rows.column(name) for name in names], start, bad)


def _located(selection: Selection, rows: Batch, key: tuple[Cell, ...]) -> int | None:
    """The place of the row with a key."""
    keys = replace(selection, fields=selection.keys)
    cells = conformed(keys, [rows.column(name) for name in selection.key], 0, refuse)
    others: set[int] = set()
    for field, column, cell in zip(keys.fields, cells.columns, key, strict=True):
        same = pa.array([cell] * rows.num_rows, field.wire.arrow)
        others.update(differing(field.wire, column, same))
    return next((row for row in range(rows.num_rows) if row not in others), None)


def _foreign(selection: Selection) -> list[str]:
    """Columns that are kept as texts which only the product itself makes something else of."""
    return [
        field.column.name
        for field in selection.fields
        if field.column.type.enforced
        and field.column.type.family in _OWN
        and field.wire.kind is not Kind.TEXT
    ]
