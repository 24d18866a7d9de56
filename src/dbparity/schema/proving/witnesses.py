"""Values at which two definitions may part."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from operator import eq
from typing import TYPE_CHECKING
from uuid import UUID

from dbparity.schema.differences import Difference, Meaning
from dbparity.snapshots import Family, Type, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Texts that some collation takes for equal.
EQUALS = (("a", "A"), ("e", "é"), ("a", "a "), ("ss", "ß"), ("o", "ö"))
OUTSIDER = "outsider"
_LONGEST = 1 << 20  # characters: what a server takes in one statement, and a report can wait for
MOMENT = datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001  # the column says which zone
_EAST = timezone(timedelta(hours=5))
_FIRST_UNEVEN = 2**53 + 1  # what a float of 64 bits cannot hold
_SINGLE, _FIRST_LOST = 2.0**128, 2.0**24 + 1  # what a float of 32 bits cannot hold


def of_types(left: Type, right: Type) -> Iterator[object]:
    """Values that one of the two types may hold, and the other not; the telling ones first."""
    if left.values or right.values:
        yield from (value for value in left.values if value not in right.values)
        yield from (value for value in right.values if value not in left.values)
        yield OUTSIDER
    for kind in sorted((left, right), key=_size):
        yield from _VALUES.get(kind.family, _nothing)(kind)
    yield OUTSIDER


def _size(kind: Type) -> int:
    """The smaller type's limits are those at which the two part."""
    return next((size for size in (kind.length, kind.bits, kind.precision) if size), _LONGEST)


def of_claim(difference: Difference, left: Type, right: Type) -> Iterator[object]:
    """Those of `of_types` that are about what a difference of the types says."""
    for said, about in (*_CLAIMS, *_known(left), *_known(right)):
        if said in difference.message:
            yield from filter(about, of_types(left, right))
            return
    if difference.meaning is not Meaning.BEHAVES or not difference.mild:
        yield from of_types(left, right)


def _known(kind: Type) -> Iterator[tuple[str, Callable[[object], bool]]]:
    for value in kind.values:
        yield f"does not know '{value}'", partial(eq, value)


def _has_offset(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _has_fraction(value: object) -> bool:
    number = isinstance(value, Decimal | float) and value % 1 != 0
    return number or bool(getattr(value, "microsecond", getattr(value, "microseconds", 0)))


def _is_whole(value: object) -> bool:
    return not isinstance(value, Decimal | float) or value % 1 == 0


def _is_negative(value: object) -> bool:
    return isinstance(value, Decimal | float | int) and value < 0


def _is_padded(value: object) -> bool:
    return isinstance(value, str) and value.endswith(" ")


# What a difference of types says, and the values that can show it.
_CLAIMS: tuple[tuple[str, Callable[[object], bool]], ...] = (
    ("drops the offset", _has_offset),
    ("behind the point", _has_fraction),
    ("second", _has_fraction),
    ("nothing below", _is_negative),
    ("filled up", _is_padded),
    ("ends at", _is_whole),
)


def _nothing(_kind: Type) -> Iterator[object]:
    yield from ()


def _texts(kind: Type) -> Iterator[object]:
    if kind.length is not None and kind.length < _LONGEST:
        yield "x" * kind.length
        yield "x" * (kind.length + 1)
        yield '"' + "x" * kind.length + '"'  # it is JSON too
        if kind.unit is Unit.BYTES:
            yield "é" * (kind.length // 2 + 1)
    yield from ("🍣", "a ", "", "a\x00b")


def _binaries(kind: Type) -> Iterator[object]:
    if kind.length is not None and kind.length < _LONGEST:
        yield b"x" * kind.length
        yield b"x" * (kind.length + 1)
    yield b"\x00\xff"


def _integers(kind: Type) -> Iterator[object]:
    yield -1
    if kind.bits is not None:
        half = 1 << (kind.bits - 1)
        yield from (half, -half - 1, half - 1, 2 * half - 1, -half, 2 * half)
    yield _FIRST_UNEVEN


def _decimals(kind: Type) -> Iterator[object]:
    precision, scale = kind.precision, kind.scale or 0
    if precision is not None:
        yield Decimal(1).scaleb(precision - scale)
        yield Decimal("9" * precision).scaleb(-scale)
    yield Decimal(1).scaleb(-scale - 1)
    yield from (Decimal(-1), Decimal("123456789012345.678901"), Decimal(12345678901234567890))


def _floats(_kind: Type) -> Iterator[object]:
    yield from (_FIRST_LOST, _SINGLE, 0.1, 1e300, -1.5)


def _moments(_kind: Type) -> Iterator[object]:
    yield MOMENT.replace(microsecond=123456)
    yield MOMENT.replace(tzinfo=_EAST)
    yield MOMENT
    yield from (MOMENT.replace(year=year) for year in (9999, 2039, 1969, 1))


def _times(_kind: Type) -> Iterator[object]:
    yield from (time(1, 2, 3, 123456), time(23, 59, 59))


def _days(_kind: Type) -> Iterator[object]:
    yield from (date(2024, 1, 2), date(9999, 12, 31), date(1, 1, 1))


def _intervals(_kind: Type) -> Iterator[object]:
    yield timedelta(days=3, microseconds=123456)


def _booleans(_kind: Type) -> Iterator[object]:
    yield 2


def _documents(_kind: Type) -> Iterator[object]:
    yield from ("no document", '{"b": 1, "a": [1.5, null]}', '"a\\u0000b"')


def _arrays(kind: Type) -> Iterator[object]:
    if kind.element is not None:
        yield from ([value] for value in of_types(kind.element, kind.element))


def _uuids(_kind: Type) -> Iterator[object]:
    yield from ("no uuid", str(UUID(int=1)))


_VALUES = {
    Family.TEXT: _texts,
    Family.BINARY: _binaries,
    Family.INTEGER: _integers,
    Family.DECIMAL: _decimals,
    Family.FLOAT: _floats,
    Family.DATETIME: _moments,
    Family.TIME: _times,
    Family.DATE: _days,
    Family.INTERVAL: _intervals,
    Family.BOOLEAN: _booleans,
    Family.JSON: _documents,
    Family.UUID: _uuids,
    Family.ARRAY: _arrays,
}
