"""What the comparison of two tables comes to: every difference counted, the first ones shown."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dbparity.results import Finding, Place, Severity
from dbparity.wires import Kind, canonical, differing, raw, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from dbparity.transfer.routes import Route
    from dbparity.wires import Batch, Cell, Field, Wire

SHOWN = 100  # of a table and a code; all are counted
MISSING, EXTRA, DOUBLED = "DATA-ROW-MISSING", "DATA-ROW-EXTRA", "DATA-ROW-DOUBLED"
DIFFERS, UNREADABLE, COUNT = "DATA-CELL-DIFFERS", "DATA-CELL-UNREADABLE", "DATA-COUNT"
SIDES = ("left", "right")
CURE = "Find what wrote the right side, and write the row again: dbparity verify --repair."
CORRECT = "Correct the value where it is, or have its row set aside."
_MESSAGES = {
    MISSING: "a row of the left side is not on the right",
    EXTRA: "a row of the right side is not on the left",
}
_NOTHING = "no such row"
_ROW = 600  # characters of a row that are shown
_VALUE = 200  # of a value
_BEFORE = 60  # of two long values, before the place where they part


@dataclass(frozen=True)
class Comparison:
    """What two tables came to.

    Attributes:
        rows: how many each side has.
        aside: how many are missing on the right because they were set aside.
        findings: the differences, at most so many of each code.
        counts: how many there are in all, by code.
    """

    rows: tuple[int, int]
    aside: int = 0
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Aside:
    """Rows of the left side that the right one is known not to have.

    Attributes:
        keys: how many there are of each key, spelled canonically; where a table has none, of the
            cells that are written.
        nameless: how many others there are, of tables without a key.
    """

    keys: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    nameless: int = 0

    @property
    def count(self) -> int:
        """How many rows there are in all."""
        return sum(self.keys.values()) + self.nameless


def untold(_rows: int) -> None:
    """Tell nobody."""


@dataclass
class Tally:
    """Differences as they are found; ``tell`` is told how many rows have been compared."""

    route: Route
    aside: Aside = field(default_factory=Aside)
    tell: Callable[[int], None] = untold
    rows: list[int] = field(default_factory=lambda: [0, 0])
    missed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def passed(self, left: int, right: int) -> None:
        """So many rows of each side have been compared."""
        self.rows[0] += left
        self.rows[1] += right
        self.tell(self.rows[0])

    def cells(self, left: Batch, right: Batch, skip: Collection[str] = ()) -> None:
        """Compare rows that belong to each other, but for some columns of the left side."""
        for place, (one, _) in enumerate(self.route.pairs):
            if one.column.name in skip:
                continue
            unlike = differing(one.wire, left.column(place), right.column(place))
            for row in self.shown(DIFFERS, unlike):
                cells = (left.column(place)[row].as_py(), right.column(place)[row].as_py())
                self.findings.append(_unlike(self.place(left, row, one), one.wire, *cells))

    def alone(self, side: int, rows: Batch, places: Sequence[int], again: Collection[int]) -> None:
        """Rows of one side that the other has not; those of ``again`` repeat the key before."""
        if side == 0 and self.aside.keys:
            away = {each for each in places if self.key(rows, each) in self.aside.keys}
            self.missed += len(away)
            places = [each for each in places if each not in away]
        again = {*again}.intersection(places)
        single = [each for each in places if each not in again]
        for code, found in (((MISSING, EXTRA)[side], single), (DOUBLED, sorted(again))):
            for row in self.shown(code, found):
                self.row(code, side, rows, row)

    def shown(self, code: str, found: Sequence[int]) -> Sequence[int]:
        """Count what was found, and return as many as are still to be shown."""
        room = max(SHOWN - self.counts[code], 0)
        self.counts[code] += len(found)
        return found[:room]

    def row(self, code: str, side: int, rows: Batch, row: int, times: int = 1) -> None:
        """Show a row that is on one side alone, or ``times`` more often."""
        whole = ", ".join(
            f"{one.column.name}={_value(canonical(one.wire, cells[row].as_py()))}"
            for (one, _), cells in zip(self.route.pairs, rows.columns, strict=True)
        )
        told = (whole if len(whole) <= _ROW else f"{whole[:_ROW]}...", _NOTHING)
        more = "once" if times == 1 else f"{times:,} times"
        message = _MESSAGES.get(code, f"the {SIDES[side]} side has the row {more} more")
        where = self.place(rows, row)
        self.findings.append(finding(code, message, where, told[::-1] if side else told, CURE))

    def identity(self, rows: Batch, row: int) -> tuple[str, ...]:
        """The key of a row, or all its cells that are written where there is none."""
        return self.key(rows, row) or tuple(
            canonical(one.wire, cells[row].as_py())
            for (one, other), cells in zip(self.route.pairs, rows.columns, strict=True)
            if other.column.computed is None
        )

    def key(self, rows: Batch, row: int) -> tuple[str, ...]:
        """The key of a row, spelled canonically."""
        named = {one.column.name: place for place, (one, _) in enumerate(self.route.pairs)}
        return tuple(
            canonical(field.wire, rows.column(named[field.column.name])[row].as_py())
            for field in self.route.read().keys
        )

    def place(self, rows: Batch, row: int, column: Field | None = None) -> Place:
        """Where a row, or a cell of it, is."""
        return place(self.route, self.key(rows, row), column)

    def finish(self) -> Comparison:
        """All of it, once both sides have been read."""
        table = Place(self.route.source.name)
        left, right = self.rows
        if left - self.missed != right:
            away = f", {self.missed:,} of them set aside" if self.missed else ""
            message = "the sides have not as many rows"
            told = (f"{left:,} rows{away}", f"{right:,} rows")
            self.findings.append(finding(COUNT, message, table, told, CURE))
        for code, number in self.counts.items():
            if number > SHOWN:
                message = f"{number:,} in all; {SHOWN} of them are shown"
                self.findings.append(finding(code, message, table))
        return Comparison((left, right), self.missed, tuple(self.findings), dict(+self.counts))


def finding(
    code: str, message: str, where: Place, told: tuple[str, str] = ("", ""), cure: str = ""
) -> Finding:
    """One that says data is lost: ``told`` is what the left side has, and the right one."""
    return Finding(code, Severity.LOST, message, where, *told, cure)


def narrowed(route: Route, wanted: Callable[[str], bool]) -> Route:
    """A route without those columns of the left side that are not wanted."""
    pairs = [pair for pair in route.pairs if wanted(pair[0].column.name)]
    leaving, arriving = (tuple(side) for side in zip(*pairs, strict=True)) if pairs else ((), ())
    key = tuple(name for name in route.key if wanted(name))
    return replace(route, leaving=leaving, arriving=arriving, key=key)


def place(route: Route, key: Sequence[str], column: Field | None = None) -> Place:
    """Where a row, or a cell of it, is."""
    cells = zip(route.key, key, strict=True)
    spelled = ", ".join(f"{name}={shortened(cell)}" for name, cell in cells)
    return Place(route.source.name, column.column.name if column else "", spelled)


def _unlike(where: Place, wire: Wire, one: Cell, other: Cell) -> Finding:
    spelled = [canonical(wire, cell) for cell in (one, other)]
    raws = [raw(cell) for cell in (one, other)]
    start = _parting(*spelled)
    proof = f"raw: {_value(raws[0], start)} and {_value(raws[1], start)}"
    message = f"the value differs{_how(wire, one, other)}"
    told = (_value(spelled[0], start), _value(spelled[1], start))
    made = finding(DIFFERS, message, where, told, CURE)
    return replace(made, proof=proof if raws != spelled else "")


def _parting(one: str, other: str) -> int:
    """From where on two texts are shown: a little before the first place where they differ."""
    if max(len(one), len(other)) <= _VALUE:
        return 0
    shared = range(min(len(one), len(other)))
    first = bisect_left(shared, x=True, key=lambda at: one[: at + 1] != other[: at + 1])
    return max(first - _BEFORE, 0)


def _value(text: str, start: int = 0) -> str:
    return f"...{shortened(text[start:])}" if start else shortened(text)


def _how(wire: Wire, one: Cell, other: Cell) -> str:
    """In what alone two texts differ, for those differences that cannot be seen."""
    if wire.kind is not Kind.TEXT or not (isinstance(one, str) and isinstance(other, str)):
        return ""
    ways: dict[str, Callable[[str], str]] = {
        "in the spaces at its end": str.rstrip,
        "in case": str.casefold,
        "in Unicode normalization": lambda text: unicodedata.normalize("NFC", text),
    }
    for way, made in ways.items():
        if made(one) == made(other):
            return f" {way} alone"
    if one.startswith(other):
        return f": it ends after {len(other):,} of {len(one):,} characters"
    return ""
