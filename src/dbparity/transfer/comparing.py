"""Every cell of two tables compared: both sides stream in the order of their key, side by side."""

from __future__ import annotations

import math
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from operator import le
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from dbparity.backends.wires.base import refuse
from dbparity.transfer.ahead import ahead
from dbparity.transfer.multisets import compare_unordered
from dbparity.transfer.tallies import (
    CORRECT,
    SIDES,
    UNREADABLE,
    Aside,
    Comparison,
    Tally,
    finding,
    narrowed,
    place,
    untold,
)
from dbparity.wires import BadCell, Kind, Wire, canonical, differing, raw, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from dbparity.backends.wires.base import Reader, Tell
    from dbparity.transfer.routes import Route
    from dbparity.wires import Batch, Cell

Range: TypeAlias = "tuple[tuple[Cell, ...], tuple[Cell, ...]]"
Readers: TypeAlias = "tuple[Reader, Reader]"
WHOLE: Range = ((), ())
_STRIDE = 1024  # rows compared at once, behind a difference
_MOST = 1 << 20
_AHEAD = 6  # batches of each side: the two do not begin at the same speed
_WINDOW = 4096  # rows merged at once


class _Unordered(Exception):
    """Rows do not come in the order of their keys."""


def compare(  # noqa: PLR0913  # a comparison is all of these
    route: Route,
    left: Reader,
    right: Reader,
    *,
    aside: Aside = Aside(),  # noqa: B008  # frozen
    tell: Callable[[int], None] = untold,
    ranges: Sequence[Range] = (WHOLE,),
) -> Comparison:
    """Compare all rows of two tables, or those of some ranges of keys, in bounded memory.

    Args:
        route: the tables.
        left: reads the source of ``route``.
        right: reads its target.
        aside: rows that the right side is known not to have.
        tell: is told how many rows have been compared.
        ranges: the key behind which a range begins, and that with which it ends. Tables that
            cannot be read in the order of a key are compared whole.

    Raises:
        RowsUnreadable: a side could not be read to the last row.
    """
    readers = (left, right)
    if _is_ordered(route, readers):
        try:
            return _compare_ordered(route, readers, Tally(route, aside, tell), ranges)
        except _Unordered:
            pass
    return compare_unordered(readers, Tally(route, aside, tell))


def gather(route: Route, left: Reader, right: Reader, into: Tally) -> bool:
    """Tell ``into`` of every difference; False where rows cannot be told apart by a key.

    Raises:
        CellsRefused: a cell cannot be carried.
        RowsUnreadable: a side could not be read to the last row.
    """
    if not _is_ordered(route, (left, right)):
        return False
    try:
        _walk((left, right), into, (WHOLE,))
    except _Unordered:
        return False
    return True


def _is_ordered(route: Route, readers: Readers) -> bool:
    keys = (route.read().keys, route.reread().keys)
    sides = zip(readers, keys, strict=True)
    return bool(route.key) and all(reader.orders(each) for reader, key in sides for each in key)


def _compare_ordered(
    route: Route, readers: Readers, tally: Tally, ranges: Sequence[Range]
) -> Comparison:
    """Where a side has cells that no wire carries, their columns are compared one by one."""
    bad: set[str] = set()
    right_names = {other.column.name: one.column.name for one, other in route.pairs}
    tells: tuple[Tell, Tell] = (
        lambda cell: bad.add(cell.column),
        lambda cell: bad.add(right_names[cell.column]),
    )
    _walk(readers, tally, ranges, tells)
    if not bad:
        return tally.finish()
    if bad.intersection(route.key):
        raise _Unordered
    tally = Tally(narrowed(route, lambda name: name not in bad), tally.aside, tally.tell)
    _walk(readers, tally, ranges)
    for column in sorted(bad):
        alone = narrowed(route, {column, *route.key}.__contains__)
        cells = _Cells(alone, counts=tally.counts, findings=tally.findings)
        _walk(readers, cells, ranges, (cells.came[0].append, cells.came[1].append))
        cells.settle()
    return tally.finish()


def _walk(
    readers: Readers,
    tally: Tally,
    ranges: Sequence[Range],
    tells: tuple[Tell, Tell] = (refuse, refuse),
) -> None:
    for after, until in ranges:
        selections = (tally.route.read(after), tally.route.reread(after))
        with ExitStack() as stack:
            streams = [
                _Stream(
                    stack.enter_context(
                        ahead(reader.read(replace(each, until=until), tell), _AHEAD)
                    ),
                    each.schema,
                )
                for reader, each, tell in zip(readers, selections, tells, strict=True)
            ]
            _Walk(tally, (streams[0], streams[1])).run()


class _Stream:
    """The rows of one side that are still to be compared."""

    def __init__(self, batches: Iterator[Batch], schema: Any) -> None:  # noqa: ANN401
        self._batches = batches
        self._batch = pa.RecordBatch.from_pylist([], schema=schema)
        self._at = 0

    @property
    def at_hand(self) -> int:
        """How many rows can be had at once; 0 at the end."""
        while self._at == self._batch.num_rows:
            batch = next(self._batches, None)
            if batch is None:
                return 0
            self._batch, self._at = batch, 0
        return int(self._batch.num_rows - self._at)

    def rows(self, count: int) -> Batch:
        """The next ones."""
        return self._batch.slice(self._at, count)

    def pass_over(self, count: int) -> None:
        """These have been compared."""
        self._at += count


class _Walk:
    """Two streams in step, by the keys of their rows."""

    def __init__(self, tally: Tally, streams: Sequence[_Stream]) -> None:
        self._tally, self._streams = tally, streams
        names = [each.column.name for each in tally.route.leaving]
        self._places = [names.index(name) for name in tally.route.key]
        self._wires = [field.wire for field in tally.route.read().keys]
        self._stride = _MOST
        self._merging = False
        self._last: list[Batch | None] = [None, None]  # rows that were passed

    def run(self) -> None:
        """Go to the end of both."""
        while any(sizes := [stream.at_hand for stream in self._streams]):
            if not all(sizes) or not self._in_step(min(*sizes, self._stride)):
                self._merge()

    def _in_step(self, count: int) -> bool:
        """Compare the next rows up to where the keys part; whether they do not."""
        left, right = (stream.rows(count) for stream in self._streams)
        same = self._same_keys(left, right)
        if same:
            left, right = left.slice(0, same), right.slice(0, same)
            self._tally.cells(left, right, self._tally.route.key)
            if self._merging and not _SURE.issuperset(wire.kind for wire in self._wires):
                self._keys(0, left)
            self._pass(left, right)
        self._stride = min(self._stride * 2, _MOST) if same == count else _STRIDE
        return same == count

    def _same_keys(self, left: Batch, right: Batch) -> int:
        """How many rows have the same keys, before the first that have not."""
        firsts: list[int] = [left.num_rows]
        for wire, at in zip(self._wires, self._places, strict=True):
            firsts += differing(wire, left.column(at), right.column(at))[:1]
        return min(firsts)

    def _merge(self) -> None:
        """Find for the next rows of each side those of the other side with the same keys."""
        self._merging = True
        windows = [stream.rows(min(stream.at_hand, _WINDOW)) for stream in self._streams]
        keys = [self._keys(side, window) for side, window in enumerate(windows)]
        found = _matched(keys[0], keys[1])
        left, right = (
            window.take(pa.array(places, pa.int64()))
            for window, places in zip(windows, found.pairs, strict=True)
        )
        self._tally.cells(left, right)
        for side, places in enumerate(found.alone):
            before = [self._last_key(side), *keys[side]]
            again = {at for at in places if before[at] == keys[side][at]}
            self._tally.alone(side, windows[side], places, again)
        ends = zip(windows, found.ends, strict=True)
        self._pass(*(window.slice(0, end) for window, end in ends))

    def _pass(self, left: Batch, right: Batch) -> None:
        for side, passed in enumerate((left, right)):
            self._streams[side].pass_over(passed.num_rows)
            if passed.num_rows:
                self._last[side] = passed.slice(passed.num_rows - 1)
        self._tally.passed(left.num_rows, right.num_rows)

    def _keys(self, side: int, rows: Batch) -> list[Any]:
        """What the rows are ordered by; raise `_Unordered` if they are not."""
        keys = self._sortable(rows)
        last = self._last_key(side)
        held = keys if last is None else [last, *keys]
        if not all(map(le, held, held[1:])):
            raise _Unordered
        return keys

    def _last_key(self, side: int) -> Any:  # noqa: ANN401
        last = self._last[side]
        return None if last is None else self._sortable(last)[0]

    def _sortable(self, rows: Batch) -> list[Any]:
        columns = [
            [*map(_sort(wire.kind), rows.column(at).to_pylist())]
            for wire, at in zip(self._wires, self._places, strict=True)
        ]
        return [*zip(*columns, strict=True)]


@dataclass
class _Matched:
    """Places of the rows with the same keys, of the others, and how far each side was passed."""

    pairs: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    alone: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    ends: tuple[int, int] = (0, 0)


def _matched(left: Sequence[Any], right: Sequence[Any]) -> _Matched:
    """Merge keys up to where a side ends; one without any has ended before."""
    found = _Matched()
    one = other = 0
    while one < len(left) and other < len(right):
        if left[one] == right[other]:
            found.pairs[0].append(one)
            found.pairs[1].append(other)
            one, other = one + 1, other + 1
        elif left[one] < right[other]:
            found.alone[0].append(one)
            one += 1
        else:
            found.alone[1].append(other)
            other += 1
    if not (left and right):
        found.alone[0].extend(range(len(left)))
        found.alone[1].extend(range(len(right)))
        one, other = len(left), len(right)
    found.ends = (one, other)
    return found


_SURE = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.TEXT, Kind.BINARY})


def _sort(kind: Kind) -> Callable[[Any], Any]:
    """What orders the cells of a key as databases do; raise `_Unordered` where that is open."""
    if kind in _SURE:
        return _itself
    if kind not in _SORTS:
        raise _Unordered
    return _SORTS[kind]


def _itself(cell: object) -> object:
    return cell


def _float(cell: float) -> tuple[bool, float]:
    """NaN behind all numbers."""
    return (True, 0.0) if math.isnan(cell) else (False, cell)


def _decimal(cell: str) -> tuple[bool, Decimal]:
    try:
        number = Decimal(cell)
    except InvalidOperation as error:
        raise _Unordered from error
    return (True, Decimal()) if number.is_nan() else (False, number)


def _moment(cell: str) -> tuple[int, str]:
    spelled = canonical(Wire(Kind.DATETIME), cell)
    year, _, _ = spelled.partition("-")
    if not year.isdecimal() or spelled.endswith("BC"):
        raise _Unordered
    return len(year), spelled


def _uuid(cell: str) -> str:
    return canonical(Wire(Kind.UUID), cell)


_SORTS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _moment,
    Kind.DATETIME: _moment,
    Kind.UUID: _uuid,
}


_Held: TypeAlias = "dict[tuple[str, ...], BadCell]"


@dataclass
class _Cells(Tally):
    """The cells of one column, some of which no wire carries; its rows are told elsewhere.

    Attributes:
        came: the bad cells of each side, as they come.
        held: those whose other side is still to come, by the keys of their rows.
    """

    came: tuple[deque[BadCell], deque[BadCell]] = field(default_factory=lambda: (deque(), deque()))
    held: tuple[_Held, _Held] = field(default_factory=lambda: ({}, {}))

    def passed(self, left: int, right: int) -> None:
        """Compare what both sides cannot carry."""
        super().passed(left, right)
        self.settle()

    def settle(self) -> None:
        """The same values at the same key are equal."""
        self._gather()
        ours, theirs = self.held
        for key in ours.keys() & theirs.keys():
            one, other = ours.pop(key), theirs.pop(key)
            if raw(one.raw) != raw(other.raw):
                self._unreadable(key, one, other)

    def cells(self, left: Batch, right: Batch, skip: Collection[str] = ()) -> None:  # noqa: ARG002
        """Compare the cells, but not the keys'."""
        super().cells(left, right, self.route.key)

    def alone(
        self,
        side: int,
        rows: Batch,
        places: Sequence[int],
        again: Collection[int],  # noqa: ARG002
    ) -> None:
        """Look whether the other side has a value there that it cannot carry."""
        self._gather()
        for row in places:
            key = self.key(rows, row)
            bad = self.held[1 - side].pop(key, None)
            if bad is not None:
                cell = rows.column(self._column)[row].as_py()
                self._unreadable(key, *((bad, cell) if side else (cell, bad)))

    def _gather(self) -> None:
        wires = [field.wire for field in self.route.read().keys]
        for came, held in zip(self.came, self.held, strict=True):
            while came:
                bad = came.popleft()
                held[tuple(map(_spelled, wires, bad.key))] = bad

    @property
    def _column(self) -> int:
        names = [field.column.name for field in self.route.leaving]
        return next(place for place, name in enumerate(names) if name not in self.route.key)

    def _unreadable(self, key: tuple[str, ...], *cells: BadCell | Cell) -> None:
        field = self.route.leaving[self._column]
        one, other = (
            shortened(raw(cell.raw) if isinstance(cell, BadCell) else canonical(field.wire, cell))
            for cell in cells
        )
        reasons = [
            f"on the {side} the value {cell.reason}"
            for side, cell in zip(SIDES, cells, strict=True)
            if isinstance(cell, BadCell)
        ]
        where = place(self.route, key, field)
        for _ in self.shown(UNREADABLE, [0]):
            self.findings.append(
                finding(UNREADABLE, ", ".join(reasons), where, (one, other), CORRECT)
            )


def _spelled(wire: Wire, cell: Any) -> str:  # noqa: ANN401
    """A cell of a key as it was found, as its wire would have it."""
    if wire.kind is Kind.FLOAT:
        return canonical(wire, float(cell))
    if wire.kind is Kind.DECIMAL and not isinstance(cell, str):
        return canonical(wire, repr(cell))
    return canonical(wire, cell)
