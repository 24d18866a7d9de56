"""Whether two streams of a table's rows are the same, bit by bit."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from dbparity.backends.wires.loose import ODD, unpacked
from dbparity.results import Finding, Place, Severity
from dbparity.wires import Kind, Wire, differing, raw, shortened

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from dbparity.wires import Array, Batch, Selection

CODE = "ARCHIVE-DIFFERS"
_CURE = "keep the archive, and find what wrote to the database meanwhile"
_PLAIN = Wire(Kind.BINARY)  # equal if their bytes are
_MODULUS = 1 << 128


def unlike(
    selection: Selection, kept: Generator[Batch, None, None], found: Generator[Batch, None, None]
) -> Finding | None:
    """The first difference between rows that were kept and those that are there, if there is one.

    Both come as `Reader.preserved` tells them: in the order of a key, or in any.
    """
    with closing(kept), closing(found):
        if not selection.key:
            return _as_multisets(selection, kept, found)
        for one, other in _aligned(kept, found):
            if one is None or other is None:
                return _alone(selection, one, other)
            places = [differing(_PLAIN, *pair) for pair in _columns(one, other)]
            if any(places):
                return _difference(selection, one, other, min(each[0] for each in places if each))
    return None


def _columns(one: Batch, other: Batch) -> Iterator[tuple[Array, Array]]:
    for left, right in zip(one.columns, other.columns, strict=True):
        is_float = pa.types.is_floating(left.type)
        yield (left.view(pa.int64()), right.view(pa.int64())) if is_float else (left, right)


def _aligned(
    left: Iterator[Batch], right: Iterator[Batch]
) -> Iterator[tuple[Batch | None, Batch | None]]:
    """Slices of both that are of one length; None for the side that ends first."""
    one, other = _next(left), _next(right)
    while one is not None and other is not None:
        size = min(one.num_rows, other.num_rows)
        yield one.slice(0, size), other.slice(0, size)
        one = one.slice(size) if size < one.num_rows else _next(left)
        other = other.slice(size) if size < other.num_rows else _next(right)
    if one is not None or other is not None:
        yield one, other


def _next(batches: Iterator[Batch]) -> Batch | None:
    return next((batch for batch in batches if batch.num_rows), None)


def _alone(selection: Selection, one: Batch | None, other: Batch | None) -> Finding:
    batch = other if one is None else one
    said = "a row is there that was not kept" if one is None else "a row that was kept is not there"
    return _finding(_place(selection, batch, 0), said)


def _difference(selection: Selection, one: Batch, other: Batch, row: int) -> Finding:
    left, right = _cells(one, row), _cells(other, row)
    key = [left[name] for name in selection.key] == [right[name] for name in selection.key]
    place = _place(selection, one, row)
    if not key:
        return _finding(place, "rows are missing, or there are more")
    name = next(name for name in left if repr(left[name]) != repr(right[name]))
    cells = (shortened(raw(cells[name])) for cells in (left, right))
    return _finding(Place(place.table, name, place.key), "a cell is not as it was kept", *cells)


def _cells(batch: Batch, row: int) -> dict[str, Any]:
    """A row by its columns, the odd cells in their places."""
    (cells,) = batch.slice(row, 1).to_pylist()
    odd = cells.pop(ODD, None)
    return {**cells, **(unpacked(odd) if odd is not None else {})}


def _place(selection: Selection, batch: Batch, row: int) -> Place:
    cells = _cells(batch, row)
    return Place(selection.table, key=", ".join(raw(cells[name]) for name in selection.key))


def _finding(place: Place, said: str, expected: str = "", actual: str = "") -> Finding:
    return Finding(CODE, Severity.LOST, said, place, expected, actual, _CURE)


@dataclass
class _Multiset:
    """Rows by their count and the sum of their digests, in whichever order they come."""

    rows: int = 0
    digest: int = field(default=0, repr=False)

    def add(self, batch: Batch) -> None:
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            told = hashlib.blake2b(msgspec.msgpack.encode(row), digest_size=16).digest()
            self.digest = (self.digest + int.from_bytes(told)) % _MODULUS
        self.rows += batch.num_rows


def _as_multisets(
    selection: Selection, kept: Iterator[Batch], found: Iterator[Batch]
) -> Finding | None:
    sides = (_Multiset(), _Multiset())
    for side, batches in zip(sides, (kept, found), strict=True):
        for batch in batches:
            side.add(batch)
    if sides[0] == sides[1]:
        return None
    said = "the rows of a table without a key are not those that were kept"
    expected, actual = (f"{side.rows} rows" for side in sides)
    return _finding(Place(selection.table), said, expected, actual)
