"""Count with values: numbers, dates and times as places on a scale of whole steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Scale:
    """The steps of one type: ``back(place(value))`` is at most one step below ``value``."""

    place: Callable[[Any], int]
    back: Callable[[int], object]


def scale_of(sample: object) -> Scale | None:
    """Give the scale of values like ``sample``, or None where they cannot be counted."""
    make = _SCALES.get(type(sample))
    return make(sample) if make else None


def shifted(value: object, steps: int) -> object:
    """Give the value so many steps away, or ``value`` itself where it cannot be counted."""
    scale = scale_of(value)
    if scale is None:
        return value
    try:
        return scale.back(scale.place(value) + steps)
    except (OverflowError, ValueError):
        return value


def _decimal(sample: Decimal) -> Scale:
    exponent = int(sample.as_tuple().exponent)
    return Scale(
        lambda value: int(Decimal(value).scaleb(-exponent)),
        lambda place: Decimal(f"{place}E{exponent}"),
    )


def _datetime(sample: datetime) -> Scale:
    start = datetime(1970, 1, 1, tzinfo=sample.tzinfo)
    return Scale(lambda value: (value - start) // _HOUR, lambda place: start + place * _HOUR)


def _time(sample: time) -> Scale:
    return Scale(
        lambda value: value.hour * 60 + value.minute,
        lambda place: time(place // 60 % 24, place % 60, tzinfo=sample.tzinfo),
    )


_SCALES: dict[type[object], Callable[[Any], Scale]] = {
    int: lambda _: Scale(int, int),
    # Sixteenths: a 32-bit float that is read in six digits holds them.
    float: lambda _: Scale(lambda value: int(value // 0.0625), lambda place: place / 16),
    Decimal: _decimal,
    date: lambda _: Scale(date.toordinal, date.fromordinal),
    datetime: _datetime,
    time: _time,
    timedelta: lambda _: Scale(lambda value: value // _MINUTE, lambda place: place * _MINUTE),
}
