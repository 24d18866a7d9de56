"""Cells that do not fit a column: what any product that holds columns to their types would do."""

from __future__ import annotations

import json
import re
from ctypes import c_float
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from dbparity.snapshots import Family
from dbparity.wires import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.snapshots import Type
    from dbparity.wires import Array, Field

    Judge = Callable[[Any], str]
    Misfits = Iterator[tuple[int, str]]

_FRACTIONS = frozenset({Kind.TIME, Kind.DATETIME, Kind.INTERVAL})
_SINGLE = 32
_MICROSECONDS = 6
_NO_NUMBER = "is no number"
_TEMPORAL = frozenset({Family.DATE, Family.TIME, Family.DATETIME})
_HOUR_ALONE = len("2000-01-01 12")
_YEAR_ONE = pa.scalar(-62_135_596_800_000_000, pa.timestamp("us"))


def told(mask: Array, reason: str) -> Misfits:
    """The places at which ``mask`` is true."""
    for place in pc.indices_nonzero(mask).to_pylist():
        yield place, reason


def matching(cells: Array, pattern: str, reason: str) -> Misfits:
    """The places of the texts in which ``pattern`` is found."""
    yield from told(pc.match_substring_regex(cells, pattern), reason)


def judged(cells: Array, doubtful: Array, judge: Judge) -> Misfits:
    """Those of the ``doubtful`` cells that ``judge`` has a reason against."""
    for place in pc.indices_nonzero(doubtful).to_pylist():
        reason = judge(cells[place].as_py())
        if reason:
            yield place, reason


def unlike(cells: Array, pattern: str) -> Array:
    """Whether each of the texts does not match ``pattern``."""
    return pc.invert(pc.match_substring_regex(cells, pattern))


def changes(field: Field, cells: Array) -> Misfits:
    """What a column would change without a word, or a NULL that it would replace by a value."""
    kind, wire = field.column.type, field.wire.kind
    if cells.null_count and not field.column.nullable:
        yield from told(cells.is_null(), "is NULL in a column that is NOT NULL")
    if not kind.enforced:
        return
    if wire is Kind.DECIMAL:
        yield from _number_changes(kind, cells)
    if wire in _FRACTIONS and kind.fraction is not None and kind.fraction < _MICROSECONDS:
        yield from matching(cells, rf"\.\d{{{kind.fraction}}}\d*[1-9]", "has a finer fraction")
    if wire is Kind.FLOAT and kind.bits == _SINGLE:
        single = cells.cast(pa.float32(), safe=False).cast(pa.float64())
        changed = pc.and_(pc.not_equal(single, cells), pc.is_finite(cells))
        yield from told(changed, "is no float of 32 bits")
    if wire is Kind.BINARY and kind.length is not None:
        yield from _byte_changes(kind, pc.binary_length(cells))
    if kind.family in {Family.TEXT, Family.ENUM}:
        yield from _text_changes(kind, cells)


def _number_changes(kind: Type, cells: Array) -> Misfits:
    """Of numbers as texts."""
    if kind.family is Family.DECIMAL and kind.scale is not None:
        scale = kind.scale
        beyond = rf"\.\d{{{scale}}}\d*[1-9]|[eE]" if scale >= 0 else ""
        doubtful = pc.match_substring_regex(cells, beyond)
        yield from judged(cells, doubtful, lambda text: _finer(text, scale))
    elif kind.family is Family.FLOAT:
        doubtful = cells.is_valid() if kind.bits == _SINGLE else _misspelled(cells)
        yield from judged(cells, doubtful, lambda text: _inexact(text, kind.bits))
    elif kind.family is Family.BOOLEAN:
        yield from told(unlike(cells, r"^-?\d+(\.\d*)?$"), _NO_NUMBER)


def _finer(text: str, scale: int) -> str:
    number = _number(text)
    if number is None or not number.is_finite():
        return ""
    _, digits, exponent = number.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    finer = bool(number) and int(exponent) + zeros < -scale
    return "has more digits" if finer else ""


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _misspelled(cells: Array) -> Array:
    """The texts that are not how floats are spelled."""
    try:
        return pc.not_equal(cells.cast(pa.float64()).cast(pa.string()), cells)
    except pa.ArrowInvalid:
        return cells.is_valid()


def _inexact(text: str, bits: int | None) -> str:
    number = _number(text)
    if number is None:
        return _NO_NUMBER
    if not number.is_finite():
        return ""
    double = float(number)
    if abs(double) != float("inf") and Decimal(repr(double)) == number:
        single = bits != _SINGLE or c_float(double).value == double
        return "" if single else "is no float of 32 bits"
    return "has more digits than a float"


def _byte_changes(kind: Type, sizes: Array) -> Misfits:
    yield from told(pc.greater(sizes, kind.length), f"is longer than {kind.length}")
    if kind.fixed:
        yield from told(pc.less(sizes, kind.length), "would be filled up with zeros")


def _text_changes(kind: Type, cells: Array) -> Misfits:
    if kind.family is Family.ENUM:
        among = pc.is_in(cells, pa.array(kind.values, pa.string()))
        yield from told(pc.and_(cells.is_valid(), pc.invert(among)), "is none of the values")
    if kind.fixed:
        yield from matching(cells, " $", "would lose the spaces at its end")
    if kind.length is not None:
        size = pc.utf8_length if kind.unit == "characters" else pc.binary_length
        yield from told(pc.greater(size(cells), kind.length), f"is longer than {kind.length}")


def refusals(field: Field, cells: Array, truths: tuple[int, int]) -> Misfits:
    """What a server refuses by itself; ``truths`` are the bounds of a boolean."""
    kind, wire = field.column.type, field.wire.kind
    if not kind.enforced:
        return
    bounds = truths if kind.family is Family.BOOLEAN else _bounds(kind)
    if bounds is not None:
        yield from _beyond(cells, *bounds)
    if kind.family is Family.DECIMAL and wire is Kind.DECIMAL:
        yield from _oversized(kind, cells)
    if kind.family is Family.JSON and pa.types.is_string(cells.type):
        yield from judged(cells, cells.is_valid(), _no_json)
    if kind.family is Family.UUID:
        doubtful = unlike(cells, r"^\{?([0-9a-fA-F]{4}-?){8}\}?$")
        yield from told(doubtful, "is no UUID")


def _bounds(kind: Type) -> tuple[int, int] | None:
    """Those of an integer."""
    if kind.family is not Family.INTEGER or kind.bits is None:
        return None
    if kind.signed:
        return -(2 ** (kind.bits - 1)), 2 ** (kind.bits - 1) - 1
    return 0, 2**kind.bits - 1


def _beyond(cells: Array, low: int, high: int) -> Misfits:
    """Integers that are out of range, and texts that are no integers."""
    if pa.types.is_string(cells.type):
        doubtful = unlike(cells, r"^-?\d{1,18}$")
        sure = pc.if_else(doubtful, None, cells).cast(pa.int64())
        yield from judged(cells, doubtful, lambda text: _no_integer(text, low, high))
        cells = sure
    if low > -(2**63) or high < 2**63 - 1:
        outside = pc.or_(pc.less(cells, low), pc.greater(cells, min(high, 2**63 - 1)))
        yield from told(outside, "is out of range")


def _no_integer(text: str, low: int, high: int) -> str:
    number = _number(text)
    if number is None or not number.is_finite():
        return _NO_NUMBER
    if number != int(number):
        return "is no integer"
    return "" if low <= number <= high else "is out of range"


def _oversized(kind: Type, cells: Array) -> Misfits:
    before = None if kind.precision is None else kind.precision - (kind.scale or 0)
    most = "" if before is None else max(before, 0)
    doubtful = unlike(cells, rf"^-?0*\d{{0,{most}}}(\.\d*)?$")
    yield from judged(cells, doubtful, lambda text: _too_large(text, before))


def _too_large(text: str, before: int | None) -> str:
    number = _number(text)
    if number is None:
        return _NO_NUMBER
    if before is None or number.is_nan():
        return ""
    large = number.is_infinite() or number.copy_abs() >= Decimal(1).scaleb(before)
    return f"has more than {before} digits before the point" if large else ""


def _no_json(text: str) -> str:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return "is no JSON"
    return ""


def rewritten(cells: Array, holds: Callable[[str], bool]) -> Misfits:
    """Documents with a key that comes twice, or with a number of which ``holds`` is false."""
    several = pc.greater(pc.count_substring(cells, ":"), 1)
    numeric = pc.match_substring_regex(cells, r"\d[\d.]{14}|\d[eE]")
    yield from judged(cells, pc.or_(several, numeric), lambda text: _document(text, holds))


def _document(text: str, holds: Callable[[str], bool]) -> str:
    found: list[str] = []

    def number(spelled: str) -> None:
        if not holds(spelled):
            found.append("has a number that would be another one")

    def pairs(given: list[tuple[str, object]]) -> None:
        if len(dict(given)) < len(given):
            found.append("has a key twice, of which one would be kept")

    try:
        json.loads(text, parse_float=number, parse_int=number, object_pairs_hook=pairs)
    except (ValueError, RecursionError):  # which is told as a refusal
        return ""
    return found[0] if found else ""


def temporal(field: Field, cells: Array, judge: Callable[[Type, str], str]) -> Misfits:
    """The dates, times and moments that ``judge`` has a reason against, of those not plain."""
    kind = field.column.type
    if kind.enforced and kind.family in _TEMPORAL and pa.types.is_string(cells.type):
        doubtful = unclear(cells, kind.family)
        yield from judged(cells, doubtful, lambda text: _fine(text) or judge(kind, text))


def _fine(text: str) -> str:
    return "has a finer fraction" if re.search(r"\.\d{6}\d*[1-9]", text) else ""


def unclear(cells: Array, family: Family) -> Array:
    """Which texts are not spelled plainly, or are none of the calendar from the year 1 to 9999."""
    wanted = pa.date32() if family is Family.DATE else pa.timestamp("us")
    day = "1970-01-01 " if family is Family.TIME else ""
    texts = pc.binary_join_element_wise(day, cells, "")
    try:
        moments = texts.cast(wanted).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return cells.is_valid()
    hours = pc.equal(pc.binary_length(texts), _HOUR_ALONE)  # which Arrow takes
    return pc.or_(hours, pc.less(moments, _YEAR_ONE))
