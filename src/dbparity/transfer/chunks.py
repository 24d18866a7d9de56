"""The rows of a table, as many at a time as are written in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dbparity.backends.wires.base import refuse

if TYPE_CHECKING:
    from collections.abc import Generator

    from dbparity.backends.wires.base import Reader
    from dbparity.wires import BadCell, Batch, Cell, Selection

_MOST_BYTES = 64_000_000


@dataclass
class Chunk:
    """Rows of a table that follow each other.

    Attributes:
        batches: the rows.
        bad: the cells that could not be carried; their rows are not in the batches.
        final: whether no row of the table is left.
    """

    batches: list[Batch] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)
    final: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are in the batches."""
        return sum(batch.num_rows for batch in self.batches)

    @property
    def bytes(self) -> int:
        """How much memory they take."""
        return sum(batch.nbytes for batch in self.batches)

    def row(self, number: int) -> dict[str, Cell]:
        """The cells of the row of that number, from 0, by their columns."""
        for batch in self.batches:
            if number < batch.num_rows:
                cells: dict[str, Cell] = batch.slice(number, 1).to_pylist()[0]
                return cells
            number -= batch.num_rows
        raise IndexError(number)

    def last(self, key: tuple[str, ...]) -> tuple[Cell, ...]:
        """The key of the last row; () without a key or a row."""
        cells = self.row(self.rows - 1) if self.batches else {}
        return tuple(cells[name] for name in key if name in cells)

    def digest(self) -> str:
        """SHA-256 of the rows as they were read."""
        digest = hashlib.sha256()
        for batch in self.batches:
            digest.update(batch.serialize())
        return digest.hexdigest()


def chunks(
    reader: Reader, selection: Selection, most: int, *, aside: bool = False
) -> Generator[Chunk, None, None]:
    """The rows, about ``most`` at a time; the last chunk may be empty.

    Raises:
        CellsRefused: a cell cannot be carried, and is not to be set ``aside``.
    """
    chunk = Chunk()

    def tell(cell: BadCell) -> None:
        chunk.bad.append(cell)

    for batch in reader.read(selection, tell if aside else refuse):
        if batch.num_rows:
            chunk.batches.append(batch)
        if chunk.rows >= most or chunk.bytes >= _MOST_BYTES:
            yield chunk
            chunk = Chunk()
    chunk.final = True
    yield chunk
