"""Cells that MySQL and MariaDB would change or refuse, whatever strict mode says."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dbparity.backends.wires.fitting import (
    judged,
    matching,
    rewritten,
    temporal,
    told,
    unlike,
)
from dbparity.backends.wires.moments import moment, time
from dbparity.snapshots import Family
from dbparity.wires import Kind

if TYPE_CHECKING:
    from dbparity.backends.wires.fitting import Misfits
    from dbparity.snapshots import Type
    from dbparity.wires import Array, Field

# Known as bytes alone.
BYTES = ("geom", "point", "linestring", "polygon", "multi", "vector")
_YEARS = ("0", "0000", *map(str, range(1901, 2156)))
_LAST_YEAR, _MONTHS, _DAYS = 9999, 12, 31
_LONGEST = ((838 * 60 + 59) * 60 + 59) * 10**6  # a TIME
_FIRST_STAMP, _LAST_STAMP = "1970-01-01 00:00:01", "2038-01-19 03:14:07.999999"
_INTEGERS = -(2**63), 2**64 - 1  # of a document
_ROUNDED = re.compile(r"(?:float|double)\(\d+,(\d+)\)")


def changes(field: Field, cells: Array, *, signs_zero: bool) -> Misfits:
    """What strict mode lets pass."""
    yield from temporal(field, cells, _judged)
    native, wire = field.column.type.native, field.wire.kind
    if wire is Kind.FLOAT:
        yield from _float_changes(native, cells)
        if not signs_zero:
            yield from told(pc.equal(cells.view(pa.int64()), -(2**63)), "would lose its sign")
    if native.startswith("year"):
        years = cells.cast(pa.string())
        known = pc.is_in(years, pa.array(_YEARS))
        yield from told(pc.and_(years.is_valid(), pc.invert(known)), "is no year to the server")
    if native.startswith("set(") and wire is Kind.TEXT:
        values = field.column.type.values
        yield from judged(cells, cells.is_valid(), lambda text: _unordered(text, values))
    if native.startswith("bit") and wire is Kind.TEXT:
        width = re.sub(r"\D", "", native)
        yield from told(unlike(cells, rf"^[01]{{{width}}}$"), f"has not {width} bits")
    if native.startswith(BYTES) and wire is Kind.TEXT:
        yield from told(unlike(cells, "^([0-9A-F]{2})+$"), "is not spelled in hexadecimal digits")


def refusals(field: Field, cells: Array) -> Misfits:
    """What is refused, and known before."""
    kind, wire = field.column.type, field.wire.kind
    if kind.family is Family.DECIMAL and wire is Kind.DECIMAL:
        yield from matching(cells, "(?i)nan", "is no number to the server")
    if kind.native.startswith("timestamp"):
        outside = pc.or_(pc.less(cells, _FIRST_STAMP), pc.greater(cells, _LAST_STAMP))
        unset = pc.starts_with(cells, "0000-00-00 00:00:00")
        yield from told(pc.and_not(outside, unset), "is out of range")


def documents(cells: Array) -> Misfits:
    """Those of which MySQL keeps another one."""
    yield from rewritten(cells, _is_held)


def _is_held(number: str) -> bool:
    """Whether it is an integer of 64 bits, or a float."""
    whole = re.fullmatch(r"-?\d+", number)
    if whole and _INTEGERS[0] <= int(number) <= _INTEGERS[1]:
        return True
    return Decimal(repr(float(number))) == Decimal(number)


def _float_changes(native: str, cells: Array) -> Misfits:
    yield from told(pc.invert(pc.is_finite(cells)), "is no number to the server")
    found = _ROUNDED.match(native)
    if found:
        finer = pc.not_equal(pc.round(cells, int(found[1])), cells)
        yield from told(pc.and_(finer, pc.is_finite(cells)), "has more digits")


def _unordered(text: str, values: tuple[str, ...]) -> str:
    parts = text.split(",") if text else []
    kept = ",".join(value for value in values if value in parts)
    return "" if kept == text else "is not in the order of the values, or none of them"


def _judged(kind: Type, text: str) -> str:
    """What the servers make of a date, time or moment."""
    if kind.family is Family.TIME:
        clock = time(text)
        fits = clock is not None and not clock.offset and abs(clock.microseconds) <= _LONGEST
        return "" if fits else "is no time to the server"
    found = moment(text)
    if found is None or text.endswith(" BC") or found.year > _LAST_YEAR:
        return "is no date to the server"
    if found.month > _MONTHS or found.day > _DAYS:
        return "is no date to the server"
    if kind.native.startswith("timestamp"):
        return "" if found.exists or found.zero else "is no date to the server"
    return "has a time of day" if kind.family is Family.DATE and found.late else ""
