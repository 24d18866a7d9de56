"""Tables without an order: the rows of both sides counted by their digests.

If their sums differ, the digests go to a temporary file, and rows of which a side has more are
read once more.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dbparity.results import Finding, Place, Severity
from dbparity.transfer.ahead import ahead
from dbparity.transfer.tallies import (
    CORRECT,
    COUNT,
    DIFFERS,
    DOUBLED,
    EXTRA,
    MISSING,
    SHOWN,
    SIDES,
    UNREADABLE,
    Comparison,
    Tally,
    finding,
    narrowed,
)
from dbparity.wires import raw, shortened, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.backends.wires.base import Reader
    from dbparity.wires import Array, BadCell, Batch, Wire

Readers: TypeAlias = "tuple[Reader, Reader]"
_Surplus: TypeAlias = "list[tuple[bytes, int, bool]]"
_BYTES = 16  # of a digest
_MODULUS = 1 << 8 * _BYTES


def compare_unordered(readers: Readers, tally: Tally) -> Comparison:
    """Compare all rows, those of which a side has several too.

    Raises:
        RowsUnreadable: a side could not be read to the last row.
    """
    sides = [_Side(place, reader, tally) for place, reader in enumerate(readers)]
    if sides[0].read() != sides[1].read():
        _show_unlike(sides, tally)
    whole = tally.finish()
    if sides[0].bad or sides[1].bad:
        return _with_bad(readers, tally, whole, [side.bad for side in sides])
    return whole


def _show_unlike(sides: Sequence[_Side], tally: Tally) -> None:
    wanted = _Wanted(tally)
    with closing(_Spool()) as spool:
        for side in sides:
            side.fill(spool)
        for left, right in spool.unlike():
            wanted.add(left, right)
    wanted.settle()
    if wanted.rows:
        for side in sides:
            side.show(wanted)
        wanted.compare()


def _with_bad(
    readers: Readers, tally: Tally, whole: Comparison, sides: Sequence[set[str]]
) -> Comparison:
    """Compare the rows once more, without the columns that have cells which no wire carries."""
    bad = {name for side in sides for name in side}
    route = narrowed(tally.route, lambda name: name not in bad)
    rest = Comparison(whole.rows)
    if route.leaving:
        rest = compare_unordered(readers, Tally(route, tally.aside, tally.tell))
    found = [each for each in whole.findings if each.code != COUNT]
    if rest.findings:
        found = [*rest.findings, *(each for each in found if each.code == UNREADABLE)]
    counts = {each.code: 0 for each in found}
    counts = {code: rest.counts.get(code) or whole.counts.get(code, 0) for code in counts}
    note = Finding(
        UNREADABLE,
        Severity.NOTE,
        f"in {', '.join(sorted(bad))} both sides have the same values that cannot be compared "
        "with the rest of their rows, since the table has no key",
        Place(tally.route.source.name),
    )
    if not found and all(sides):
        found = [note]
    return Comparison(rest.rows, rest.aside, tuple(found), counts)


class _Side:
    """One of the two tables."""

    def __init__(self, place: int, reader: Reader, tally: Tally) -> None:
        route = tally.route
        self._place, self._reader, self._tally = place, reader, tally
        selection = (route.read(), route.reread())[place]
        self._selection = replace(selection, key=())
        self._wires = [each.wire for each in selection.fields]
        named = [each.column.name for each in selection.fields]
        self._keys = [named.index(name) for name in selection.key]
        self._names = dict(zip(named, (each.column.name for each in route.leaving), strict=True))
        self.bad: set[str] = set()

    def read(self) -> int:
        """Read all rows; return what is equal for equal ones, in whichever order they come."""
        total = 0
        for batch, bad in self._batches():
            _, rows = self._digests(batch)
            rows += [self._digest(cell)[1:] for cell in bad]
            total += sum(int.from_bytes(row) for row in rows)
            count = batch.num_rows
            self._tally.passed(*((0, count) if self._place else (count, 0)))
            self.bad.update(self._names[cell.column] for cell in bad)
        return total % _MODULUS

    def fill(self, spool: _Spool) -> None:
        """Read all rows again, and keep their digests."""
        for batch, bad in self._batches():
            spool.add(self._place, *self._digests(batch))
            digests = [self._digest(cell) for cell in bad]
            spool.add(self._place, digests, digests)

    def show(self, wanted: _Wanted) -> None:
        """Read all rows again, and show those that are wanted."""
        for batch, bad in self._batches():
            for row, digest in enumerate(self._digests(batch)[1]):
                if digest in wanted.rows:
                    wanted.found(digest, batch.slice(row, 1))
            for cell in bad:
                if self._digest(cell) in wanted.rows:
                    wanted.found_bad(self._digest(cell), cell)

    def _batches(self) -> Iterator[tuple[Batch, list[BadCell]]]:
        """What there is, and what came before it that no wire carries."""
        came: deque[BadCell] = deque()
        with ahead(self._reader.read(self._selection, came.append)) as batches:
            for batch in batches:
                yield batch, [came.popleft() for _ in range(len(came))]
        yield pa.RecordBatch.from_pylist([], schema=self._selection.schema), [*came]

    def _digests(self, batch: Batch) -> tuple[list[bytes], list[bytes]]:
        """Of the keys and of the whole rows; a row without a key is its own."""
        cells = [
            _encoded(wire, column) for wire, column in zip(self._wires, batch.columns, strict=True)
        ]
        rows = _hashed(cells)
        return (_hashed([cells[place] for place in self._keys]) if self._keys else [*rows]), rows

    def _digest(self, bad: BadCell) -> bytes:
        text = f"{self._names[bad.column]}\0{raw(bad.raw)}"
        return blake2b(text.encode(), digest_size=_BYTES + 1).digest()  # like that of no row


def _hashed(cells: Sequence[Array]) -> list[bytes]:
    rows = pc.binary_join_element_wise(*cells, b"").to_pylist()
    return [blake2b(row, digest_size=_BYTES).digest() for row in rows]


def _encoded(wire: Wire, cells: Array) -> Array:
    """Each cell behind its length, and NULL as what no length is."""
    bare = spellings(wire, cells).cast(pa.binary())
    lengths = pc.binary_length(bare).cast(pa.string()).cast(pa.binary())
    return pc.fill_null(pc.binary_join_element_wise(lengths, bare, b":"), b"-")


class _Spool:
    """Digests of both sides, in a file that is gone when it is closed."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)  # "": a temporary file
        self._rows.execute("CREATE TABLE digests (side, key, row)")

    def add(self, side: int, keys: Iterable[bytes], rows: Iterable[bytes]) -> None:
        """Keep rows of a side."""
        values = ((side, key, row) for key, row in zip(keys, rows, strict=True))
        self._rows.execute("BEGIN")
        self._rows.executemany("INSERT INTO digests VALUES (?, ?, ?)", values)
        self._rows.execute("COMMIT")

    def unlike(self) -> Iterator[tuple[_Surplus, _Surplus]]:
        """Of each key the rows of which the left side has more, and those of the right side.

        Each with how many more there are, and whether the other side has any.
        """
        found = self._rows.execute(
            "SELECT key, row, sum(side = 0) AS l, sum(side = 1) AS r FROM digests "
            "GROUP BY key, row HAVING l <> r ORDER BY key"
        )
        for _, group in groupby(found, key=itemgetter(0)):
            more: tuple[_Surplus, _Surplus] = ([], [])
            for _, row, left, right in group:
                more[left < right].append((row, abs(left - right), bool(left and right)))
            yield more

    def close(self) -> None:
        """Remove it."""
        self._rows.close()


@dataclass(frozen=True)
class _More:
    """What one side has more of: rows, or cells that no wire carries."""

    code: str
    side: int
    times: int


@dataclass
class _Wanted:
    """Rows that are to be shown.

    Attributes:
        tally: takes them.
        rows: what is to be said of them, by their digests; nothing of those in pairs.
        pairs: the digests of rows with the same key.
        held: those of them that were found.
    """

    tally: Tally
    rows: dict[bytes, _More | None] = field(default_factory=dict)
    pairs: list[tuple[bytes, bytes]] = field(default_factory=list)
    held: dict[bytes, Batch] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, left: _Surplus, right: _Surplus) -> None:
        """Rows of one key, of which one side has more."""
        while left and right:
            self._pair(left.pop()[0], right.pop()[0])
        for side, surplus in enumerate((left, right)):
            for row, times, both in surplus:
                code = DOUBLED if both else (MISSING, EXTRA)[side]
                self._want(row, _More(UNREADABLE if len(row) > _BYTES else code, side, times))

    def settle(self) -> None:
        """Leave out what a table without a key is known to lack."""
        aside = self.tally.aside
        lost = {row: more for row, more in self.rows.items() if more and more.side == 0}
        if not aside.nameless or sum(more.times for more in lost.values()) > aside.count:
            return
        for row, more in lost.items():
            self.tally.counts[more.code] -= more.times
            self.tally.missed += more.times if more.code != UNREADABLE else 0
            del self.rows[row]

    def found(self, digest: bytes, row: Batch) -> None:
        """One of the rows."""
        more = self.rows[digest]
        if more is None:
            self.held[digest] = row
            return
        del self.rows[digest]  # once is enough
        known = 0
        if more.side == 0:
            known = min(self.tally.aside.keys.get(self.tally.identity(row, 0), 0), more.times)
        self.tally.missed += known
        self.tally.counts[more.code] -= known
        if more.times > known:
            self.tally.row(more.code, more.side, row, 0, more.times - known)

    def found_bad(self, digest: bytes, bad: BadCell) -> None:
        """One of the cells."""
        more = self.rows.pop(digest)
        assert more is not None  # noqa: S101  # it is in no pair
        told = (shortened(raw(bad.raw)), "no such value")
        times = "" if more.times == 1 else f" {more.times:,} times"
        message = f"the {SIDES[more.side]} side has a value{times} that {bad.reason}"
        where = Place(self.tally.route.source.name, bad.column)
        told = told[::-1] if more.side else told
        self.tally.findings.append(finding(UNREADABLE, message, where, told, CORRECT))

    def compare(self) -> None:
        """Show in which cells the rows of a pair differ."""
        for one, other in self.pairs:
            self.tally.cells(self.held[one], self.held[other])

    def _pair(self, one: bytes, other: bytes) -> None:
        if len(self.pairs) < SHOWN:
            self.pairs.append((one, other))
            self.rows.update({one: None, other: None})
        else:
            self.tally.counts[DIFFERS] += 1

    def _want(self, row: bytes, more: _More) -> None:
        known = 0 if more.side else self.tally.aside.count
        if self.seen[more.code] < SHOWN + known:
            self.rows[row] = more
        self.seen[more.code] += 1
        self.tally.counts[more.code] += more.times
