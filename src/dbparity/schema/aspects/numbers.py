"""What a number type holds that another does not, and how a limit is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf, log10
from typing import TYPE_CHECKING

from dbparity.schema.aspects.bounds import FREE, Bounds
from dbparity.schema.differences import Meaning
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.snapshots import Type

NUMBERS = frozenset({Family.BOOLEAN, Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_SINGLE_BITS = 32
_SINGLE_DIGITS, _DOUBLE_DIGITS = 6, 15  # decimal digits that survive in any float of the size


@dataclass(frozen=True)
class Limit:
    """A reason why one type is not as good as another.

    Attributes:
        says: of this type, such as "ends at 65,535 bytes".
        other: of the other one, such as "has no limit".
        cure: what to do on the side of this type.
        meaning: of this type against the other.
        declared: whether it only holds where declared types are enforced.
    """

    says: str
    other: str
    cure: str
    meaning: Meaning = Meaning.NARROWER
    declared: bool = True


@dataclass(frozen=True)
class _Numbers:
    """Range, digits behind the point, and digits in all."""

    low: float | Decimal
    high: float | Decimal
    scale: float
    digits: float


def number_limits(ours: Type, theirs: Type, within: Bounds = FREE) -> Iterator[Limit]:
    """Why ``theirs`` cannot hold each number of ``ours`` that is within the bounds."""
    one, other = _numbers(ours, unknown=0), _numbers(theirs, unknown=inf)
    one = replace(one, low=max(one.low, within.low), high=min(one.high, within.high))
    if one.low < 0 <= other.low:
        yield Limit(f"holds nothing below {other.low}", "does", "make it signed")
    if one.high > other.high or one.low < other.low < 0:
        yield Limit(f"ends at {_count(other.high)}", _reach(one.high), "make it as wide")
    if one.scale > other.scale:
        yield Limit(
            f"keeps {_digits(other.scale)} behind the point",
            f"keeps {_digits(one.scale)}",
            "give it as many digits behind the point",
        )
    elif one.digits > other.digits and not _exact(ours, theirs):
        yield Limit(
            f"keeps {_digits(other.digits)} in all",
            f"keeps {_digits(one.digits)}",
            "use a type of that precision, or text where there is none",
            declared=False,
        )


def _exact(ours: Type, theirs: Type) -> bool:
    """Whether only the range counts: decimals take integers as they are."""
    return ours.family in {Family.INTEGER, Family.BOOLEAN} and theirs.family is not Family.FLOAT


def _numbers(numbers: Type, unknown: float) -> _Numbers:
    match numbers.family:
        case Family.BOOLEAN:
            return _Numbers(0, 1, 0, 1)
        case Family.INTEGER:
            return _integers(numbers, unknown)
        case Family.FLOAT:
            digits = _SINGLE_DIGITS if numbers.bits == _SINGLE_BITS else _DOUBLE_DIGITS
            return _Numbers(-inf, inf, inf, digits)
    return _decimals(numbers)


def _integers(numbers: Type, unknown: float) -> _Numbers:
    if numbers.bits is None:
        return _Numbers(-unknown, unknown, 0, 0)
    high = 2 ** (numbers.bits - 1) - 1 if numbers.signed else 2**numbers.bits - 1
    return _Numbers(-high - 1 if numbers.signed else 0, high, 0, int(log10(high)))


def _decimals(numbers: Type) -> _Numbers:
    digits = inf if numbers.precision is None else numbers.precision
    if not numbers.enforced:
        digits = min(digits, _DOUBLE_DIGITS)  # it is kept as a float
    if numbers.precision is None:
        return _Numbers(-inf, inf, inf, digits)
    scale = numbers.scale or 0
    high = (10**numbers.precision - 1) / Decimal(10**scale)
    return _Numbers(-high if numbers.signed else 0, high, scale, digits)


def _count(number: float | Decimal) -> str:
    return f"{number:,}"


def _reach(high: float | Decimal) -> str:
    return "has no limit" if high == inf else f"goes up to {_count(high)}"


def _digits(number: float) -> str:
    if number == inf:
        return "any number of digits"
    return f"{number} digit{'' if number == 1 else 's'}"
