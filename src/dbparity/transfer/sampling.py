"""A part of a table's rows, chosen without chance: the same ones each time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from heapq import nsmallest
from typing import TYPE_CHECKING

from dbparity.transfer.comparing import WHOLE, Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.backends.wires.base import Reader
    from dbparity.transfer.routes import Route
    from dbparity.wires import Cell, Selection

_BLOCK = 100  # rows that follow each other, and are read at once


@dataclass(frozen=True)
class Sample:
    """How many rows of each table are compared, and which: another seed chooses other ones."""

    rows: int
    seed: int = 0

    def ranges(self, route: Route, reader: Reader, total: int) -> tuple[Range, ...]:
        """Ranges of keys with about as many rows, of a left table that has ``total``."""
        keys = route.read().keys
        if self.rows >= total or not keys or not all(map(reader.orders, keys)):
            return (WHOLE,)
        size = min(self.rows, _BLOCK)
        chosen = self._chosen(route.source.name, -(-total // size), -(-self.rows // size))
        ends = _ends(route.read(), reader, size)
        before: tuple[Cell, ...] = ()
        found = []
        for block, key in enumerate(ends):
            if block in chosen:
                found.append((before, key))
            before = key
        return tuple(found)

    def _chosen(self, table: str, blocks: int, count: int) -> frozenset[int]:
        def lot(block: int) -> bytes:
            return blake2b(f"{self.seed} {block} {table}".encode()).digest()

        return frozenset(nsmallest(count, range(blocks), lot))


def _ends(selection: Selection, reader: Reader, size: int) -> Iterator[tuple[Cell, ...]]:
    """The key of the last row of each block; () of the last block, which has no end."""
    keys = replace(selection, fields=selection.keys)
    passed = 0
    with closing(reader.read(keys, lambda _bad: None)) as batches:
        for batch in batches:
            for row in range(-(passed + 1) % size, batch.num_rows, size):
                yield tuple(cells[row].as_py() for cells in batch.columns)
            passed += batch.num_rows
    yield ()
