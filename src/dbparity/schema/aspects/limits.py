"""What a type holds, or refuses, that another does not."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from dbparity.schema.aspects.bounds import FREE, Bounds
from dbparity.schema.aspects.numbers import NUMBERS, Limit, number_limits
from dbparity.schema.differences import Meaning
from dbparity.snapshots import Family, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.snapshots import Type

_UNBOUNDED = 10**9  # bytes; where SQLite and PostgreSQL end too
_UTF8_BYTES = 4  # of the longest character
_LENGTHY = frozenset({Family.TEXT, Family.BINARY})
_SECONDS = {0: "whole seconds", 3: "milliseconds", 6: "microseconds"}
_TIMES = frozenset({Family.TIME, Family.DATETIME, Family.INTERVAL})
# Those of one sort, and an interval that is kept as a moment after 1970, as SQLAlchemy does.
_MOMENTS = frozenset(
    {
        *((family, family) for family in _TIMES),
        (Family.INTERVAL, Family.DATETIME),
        (Family.DATETIME, Family.INTERVAL),
    }
)
# They can be written as text, which then takes any other text too.
_SPELLED = frozenset(
    {*NUMBERS, *_TIMES, Family.DATE, Family.JSON, Family.UUID, Family.ARRAY},
)


def limits(ours: Type, theirs: Type, within: Bounds = FREE) -> Iterator[Limit]:
    """Why ``theirs`` does not hold what ``ours`` does, or takes what ``ours`` refuses.

    ``within`` is what checks leave of ``ours``.
    """
    families = ours.family, theirs.family
    if NUMBERS.issuperset(families):
        yield from number_limits(ours, theirs, within)
    elif families in _MOMENTS:
        yield from _time_limits(ours, theirs)
    elif ours.family is theirs.family and ours.family in _LENGTHY:
        yield from _capacity(ours, theirs, within)
    else:
        yield from _LIMITS.get(families, _none)(ours, theirs)


def told(ours: Type, theirs: Type) -> bool:
    """Whether the two are of families that `limits` knows how to compare."""
    families = ours.family, theirs.family
    return (
        ours.family is theirs.family
        or NUMBERS.issuperset(families)
        or families in _MOMENTS
        or families in _LIMITS
        or families[::-1] in _LIMITS
    )


def _none(ours: Type, theirs: Type) -> Iterator[Limit]:  # noqa: ARG001
    yield from ()


def _capacity(ours: Type, theirs: Type, within: Bounds = FREE) -> Iterator[Limit]:
    end = theirs.length
    if end is None or end >= _UNBOUNDED:
        return
    reach = inf if ours.length is None or ours.length >= _UNBOUNDED else ours.length
    if _longest(reach, ours.unit, theirs.unit, within) > end:
        other = "has no limit" if reach == inf else f"goes up to {_length(reach, ours.unit)}"
        yield Limit(
            f"ends at {_length(end, theirs.unit)}",
            other,
            "make it as long, by a longer type where there is one, such as LONGTEXT or LONGBLOB",
        )


def _longest(reach: float, ours: Unit, theirs: Unit, within: Bounds) -> float:
    """How long a value of a type that reaches so far can be in the other type's unit."""
    if ours is Unit.CHARACTERS:
        characters, octets = min(reach, within.characters), within.octets
    else:
        characters, octets = within.characters, min(reach, within.octets)
    if theirs is Unit.CHARACTERS:
        return min(characters, octets)
    return min(characters * _UTF8_BYTES, octets)


def _length(number: float, unit: Unit) -> str:
    return f"{number:,} {unit if number != 1 else unit[:-1]}"


def _time_limits(ours: Type, theirs: Type) -> Iterator[Limit]:
    if theirs.fraction is not None and (ours.fraction is None or ours.fraction > theirs.fraction):
        yield Limit(
            f"keeps {_second(theirs.fraction)}",
            f"keeps {_second(ours.fraction)}",
            "give it as many fractional digits, such as (6)",
        )
    if ours.zone and not theirs.zone:
        yield Limit(
            "drops the offset of 12:00+05:00",
            "keeps the moment",
            "store moments in UTC on both sides, without a time zone",
            declared=False,
        )


def _second(digits: int | None) -> str:
    if digits is None:
        return "any fraction of a second"
    return _SECONDS.get(digits, f"{digits} digits of a second")


def _day_only(ours: Type, theirs: Type) -> Iterator[Limit]:  # noqa: ARG001
    yield Limit("drops the time of day", "keeps it", "make it a timestamp")


def _any_text(ours: Type, theirs: Type) -> Iterator[Limit]:
    yield Limit(
        "takes any text",
        f"refuses what is no {ours.family}",
        "add a CHECK, or use the type itself",
        meaning=Meaning.LAXER,
    )
    if ours.family is Family.JSON:
        yield from _capacity(ours, theirs)


def _any_document(ours: Type, theirs: Type) -> Iterator[Limit]:  # noqa: ARG001
    yield Limit(
        "takes any JSON",
        "refuses what is no array of its type",
        "add a CHECK on what is in the array",
        meaning=Meaning.LAXER,
    )


def _elements(ours: Type, theirs: Type) -> Iterator[Limit]:
    if ours.element is not None and theirs.element is not None:
        yield from limits(ours.element, theirs.element)


_LIMITS: dict[tuple[Family, Family], Callable[[Type, Type], Iterator[Limit]]] = {
    (Family.DATETIME, Family.DATE): _day_only,
    (Family.ARRAY, Family.JSON): _any_document,
    (Family.ARRAY, Family.ARRAY): _elements,
    **{(family, Family.TEXT): _any_text for family in _SPELLED},
}
