"""Dates, times and moments as texts: what they say, whatever a product's calendar holds."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

_MOMENT = re.compile(
    r"(\d{4,})-(\d\d)-(\d\d)(?:[ T]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?)?"
    r"(Z|[+-]\d\d(?::?\d\d){0,2})?( BC)?",
    re.ASCII,
)
_TIME = re.compile(
    r"(-)?(\d{2,}):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?([+-]\d\d(?::\d\d){0,2})?", re.ASCII
)
_UTC = re.compile(r"Z|[+-][0:]*|")
_CYCLE = 400  # years, after which leap years come again
_MONTHS = 12


@dataclass(frozen=True)
class Moment:
    """A date, or a moment.

    Attributes:
        year: below 1 before Christ: 0 is 1 BC.
        zero: whether it is spelled as the year 0, which no calendar has.
        late: whether it has a time other than midnight.
        offset: from UTC, as it is spelled; "" where that is none.
    """

    year: int
    month: int
    day: int
    zero: bool
    late: bool
    offset: str

    @property
    def exists(self) -> bool:
        """Whether a calendar has the day."""
        if self.zero or not 1 <= self.month <= _MONTHS:
            return False
        return 1 <= self.day <= monthrange(2000 + self.year % _CYCLE, self.month)[1]


def moment(text: str) -> Moment | None:
    """What a text says; None where it is spelled otherwise."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, *clock, offset, era = found.groups(default="")
    return Moment(
        1 - int(year) if era else int(year),
        int(month),
        int(day),
        int(year) == 0,
        any(part.strip("0") for part in clock),
        "" if _UTC.fullmatch(offset) else offset,
    )


@dataclass(frozen=True)
class Time:
    """A time of day, or a duration: in microseconds, and the offset from UTC that it has."""

    microseconds: int
    offset: str


def time(text: str) -> Time | None:
    """What a text says; None where it is spelled otherwise."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    sign, hour, minute, second, fraction, offset = found.groups(default="")
    seconds = (int(hour) * 60 + int(minute)) * 60 + int(second or 0)
    size = seconds * 10**6 + int(fraction[:6].ljust(6, "0"))
    return Time(-size if sign else size, offset)
