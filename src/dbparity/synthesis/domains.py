"""Domains: the values a column can hold, by number.

Ordinary values survive every backend: numbers that a 32-bit float holds, ASCII words, years 1970
to 2037. What is known to be treated differently somewhere is among a domain's edges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from dbparity.synthesis.words import WORDS, digits, letters, noise, phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# From this size on a domain gives every row of a table a value of its own.
WIDE = 1 << 20

FIRST_DAY = date(1970, 1, 2)
DAYS = 24_800
_MINUTES = DAYS * 24 * 60
_LONGEST = 1000
_FEW = 64
_INDIA = timezone(timedelta(hours=5, minutes=30))


@dataclass(frozen=True)
class Domain:
    """The values of a column: ``at(n)`` differs for every ``n`` from 0 to below ``size``.

    ``edges`` are further values, at the limits of the type. Other values of the same Python type
    are the column's too, if they are within the ``limits``, and unless it is ``closed``. One that
    is ``endless`` has values for numbers from ``size`` on, too, as ordinary as the others.
    """

    at: Callable[[int], object]
    size: int
    edges: tuple[object, ...] = ()
    limits: tuple[Any, Any] | None = None
    closed: bool = False
    endless: bool = False

    @classmethod
    def of(cls, values: Iterable[object]) -> Domain:
        """Make the domain of exactly these ``values``."""
        pool = tuple(values)
        return cls(pool.__getitem__, len(pool), closed=True)

    def apart(self, salt: int) -> Domain:
        """Give other values for another ``salt``, where there is no end of them."""
        return replace(self, at=lambda n: self.at(n + (salt << 32))) if self.endless else self

    def first(self, count: int) -> tuple[object, ...]:
        """Give the first ``count`` values, or all where there are fewer."""
        return tuple(map(self.at, range(min(count, self.size))))

    def holds(self, value: Any) -> bool:  # noqa: ANN401  # compared with values of its type
        """Whether ``value`` may be the column's."""
        if not alike(value, self.at(0)):
            return False
        if self.closed:
            return value in self.first(_FEW)
        return self.limits is None or self.limits[0] <= value <= self.limits[1]


def alike(one: object, other: object) -> bool:
    """Whether two values are of the same type, and have a time zone, if any, both or none."""
    zones = [getattr(value, "tzinfo", None) is None for value in (one, other)]
    return type(one) is type(other) and zones[0] == zones[1]


def whole(bits: int, *, unsigned: bool = False) -> Domain:
    """Give the integers of so many ``bits``, from 1 up."""
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    edges = tuple(dict.fromkeys((high, low, 0)))
    return Domain(lambda n: n + 1, high, edges, limits=(low, high))


def text(length: int | None = None) -> Domain:
    """Give words of at most ``length`` characters."""
    cut = min(length or _LONGEST, 8000)
    edges = ("", "żółć café Straße", "寿司 🍣", "long-" * (cut // 5 + 1))
    fitting = tuple(dict.fromkeys(edge[:cut].rstrip() for edge in edges))
    if length is None or length >= 4 * len("willow-"):
        return Domain(phrase, len(WORDS) ** 4, fitting)
    if length >= len("willow-") + 5:
        return Domain(lambda n: f"{WORDS[n % len(WORDS)]}-{letters(n)}", 26**5, fitting)
    return Domain(letters, sum(26**k for k in range(1, length + 1)), fitting)


def padded_text(length: int) -> Domain:
    """Give words of exactly ``length`` characters, so that none is padded with spaces."""
    varied = min(length, 5)
    same = "-".join(WORDS)[: length - varied].ljust(length - varied, "-")
    return Domain(lambda n: same + digits(n, varied), 26**varied)


def binary(length: int | None = None, *, exactly: bool = False) -> Domain:
    """Give bytes, none of which end in zeros: exactly ``length``, or at most."""
    size = length if exactly and length else min(length or 16, 16)
    edges: tuple[bytes, ...] = (
        () if exactly else tuple(dict.fromkeys((b"", bytes(range(256))[: length or 256])))
    )
    if size < 5:  # noqa: PLR2004  # three bytes for the number, one of noise, one that is not zero
        nonzero = bytes(range(1, 256)).decode("latin-1")
        return Domain(lambda n: digits(n, size, nonzero).encode("latin-1"), 255**size, edges)
    return Domain(lambda n: n.to_bytes(3, "big") + noise(n, size - 4) + b"\x01", 1 << 24, edges)


def decimals(precision: int | None, scale: int) -> Domain:
    """Give decimals of at most 15 digits; the edges have all that ``precision`` allows."""
    if precision is None:
        edges = (Decimal("1.25"), Decimal(-3), Decimal(0))
        return Domain(lambda n: Decimal(n + 1), 10**9, edges, (Decimal(-(10**9)), Decimal(10**9)))
    top = 10**precision - 1
    step = 101 if precision > 6 else 1  # noqa: PLR2004  # then some have a whole and a fraction
    limits = Decimal(f"{-top}E{-scale}"), Decimal(f"{top}E{-scale}")
    return Domain(
        lambda n: Decimal(f"{(n + 1) * step}E{-scale}"),
        min(top, 10**15 - 1) // step,
        edges=(*limits, Decimal(f"0E{-scale}")),
        limits=limits,
    )


def as_floats(domain: Domain) -> Domain:
    """Give the same numbers as floats."""

    def convert(values: Iterable[object]) -> tuple[float, ...]:
        return tuple(float(str(value)) for value in values)

    low, high = convert(domain.limits or ())
    return Domain(
        lambda n: float(str(domain.at(n))), domain.size, convert(domain.edges), (low, high)
    )


def floats(*, double: bool) -> Domain:
    """Give quarters, which every float holds; the edges need all bits of theirs."""
    edges = (0.1, -1e300, 1e-300, 0.0) if double else (0.1, -1.5, 16777217.0, 0.0)
    return Domain(lambda n: (n + 1) / 4, 1 << 22, edges)


def dates() -> Domain:
    """Give days from 1970 to 2037."""
    edges = (date(1970, 1, 2), date(2024, 2, 29), date(2037, 12, 30))
    return Domain(
        lambda n: FIRST_DAY + timedelta(days=(n * 7919 + 11_000) % DAYS),
        DAYS,
        edges,
        limits=(edges[0], edges[-1]),
    )


def datetimes(*, zone: bool) -> Domain:
    """Give moments with microseconds, never two in a minute; with a time zone if ``zone``."""
    tzinfo = UTC if zone else None
    start = datetime.combine(FIRST_DAY, time(), tzinfo)

    def at(number: int) -> datetime:
        minutes = (number * 15_485_863 + 15_840_000) % _MINUTES
        micros = (number * 104_729 + 123_457) % 1_000_000
        return start + timedelta(minutes=minutes, seconds=number % 58, microseconds=micros)

    last = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo)
    late = datetime(2037, 12, 30, 23, 0, 0, 1, tzinfo)
    elsewhere = (last.replace(tzinfo=_INDIA),) if zone else ()
    return Domain(at, _MINUTES, (last, start, late, *elsewhere), limits=(start, late))


def times(*, zone: bool) -> Domain:
    """Give times of day with microseconds, never two in the same two seconds."""
    tzinfo = UTC if zone else None

    def at(number: int) -> time:
        minutes, half = divmod((number * 7919 + 18_000) % 43_200, 30)
        micros = (number * 104_729 + 123_457) % 1_000_000
        return time(minutes // 60, minutes % 60, half * 2, micros, tzinfo)

    return Domain(at, 43_200, (time(0, 0, tzinfo=tzinfo), time(22, 59, 59, 999_999, tzinfo)))


def intervals() -> Domain:
    """Give durations with microseconds, never two in a minute."""

    def at(number: int) -> timedelta:
        return timedelta(minutes=number + 1, microseconds=number * 104_729 % 1_000_000)

    return Domain(at, 1_440_000, (timedelta(days=3, microseconds=1), timedelta(0)))


def uuids() -> Domain:
    """Give UUIDs of version 4."""
    return Domain(lambda n: UUID(bytes=noise(n, 16), version=4), 1 << 31, endless=True)


def documents() -> Domain:
    """Give JSON objects; the edges are other shapes."""

    def at(number: int) -> object:
        tags = [phrase(number), phrase(number + 1)]
        return {"id": number, "tags": tags, "ratio": number / 4, "on": number % 2 == 0, "no": None}

    nested: object = "deep"
    for level in range(12):
        nested = {"level": level, "inner": [nested]}
    edges: tuple[object, ...] = (
        {},
        [],
        {"żółć": "寿司 🍣", "": ""},
        {"big": 2**53 - 1, "small": -0.5},
        nested,
        "text",
    )
    return Domain(at, 1 << 31, edges)


def lists(inner: Domain, *, tuples: bool = False, pairs: bool = False) -> Domain:
    """Give lists, or tuples, of one or two values of ``inner``; only of two as ``pairs``."""
    kind = tuple if tuples else list
    return Domain(
        lambda n: kind(inner.at(k % inner.size) for k in range(n, n + (2 if pairs else 1 + n % 2))),
        inner.size,
        (kind(),),
    )
