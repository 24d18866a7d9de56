"""Ordinary values of a type, and those at which an expression may change its mind."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from dbparity.snapshots import Family, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

from dbparity.schema.proving.witnesses import MOMENT, OUTSIDER

_TEXTS = re.compile(r"'((?:[^']|'')*)'")
_NUMBERS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_LONGEST_CHECKED = 300  # characters that a number in a check may count


def sample(left: Type, right: Type, number: int) -> object:
    """An ordinary value for both types, another one for each of a few numbers; None for none."""
    kind = next((each for each in (left, right) if each.family in _CHOOSY), left)
    if kind.family is Family.ENUM:
        shared = [value for value in kind.values if value in (right.values or kind.values)]
        return [*shared, None, None][number]
    return _SAMPLES.get(kind.family, (None, None))[number]


_CHOOSY = {Family.ENUM, Family.UUID, Family.JSON, Family.BOOLEAN}
_SAMPLES: dict[Family, tuple[object, ...]] = {
    Family.BOOLEAN: (True, False),
    Family.INTEGER: (1, 2),
    Family.DECIMAL: (Decimal(1), Decimal(2)),
    Family.FLOAT: (1.5, 2.5),
    Family.TEXT: ("a", "b"),
    Family.BINARY: (b"a", b"b"),
    Family.DATE: (date(2024, 1, 1), date(2024, 1, 2)),
    Family.TIME: (time(1), time(2)),
    Family.DATETIME: (MOMENT, MOMENT.replace(year=2025)),
    Family.INTERVAL: (timedelta(days=1), timedelta(days=2)),
    Family.JSON: ('{"a": 1}', '{"a": 2}'),
    Family.UUID: (str(UUID(int=1)), str(UUID(int=2))),
}


def of_texts(expressions: Iterable[str], kind: Type) -> Iterator[object]:
    """Values for a column at which expressions over it may change: their literals, and about."""
    for expression in expressions:
        texts = [text.replace("''", "'") for text in _TEXTS.findall(expression)]
        numbers = [Decimal(text) for text in _NUMBERS.findall(_TEXTS.sub("", expression))]
        yield from _LITERALS.get(kind.family, _as_texts)(texts, numbers)


def _as_texts(texts: list[str], numbers: list[Decimal]) -> Iterator[object]:
    yield from texts
    yield from (text.upper() for text in texts)
    lengths = chain.from_iterable((int(n) + 1, int(n), int(n) - 1) for n in numbers)
    for length in lengths:
        if 0 <= length <= _LONGEST_CHECKED:
            yield from ("x" * length, "é" * length)
    yield from (OUTSIDER, "")


def _as_integers(_texts: list[str], numbers: list[Decimal]) -> Iterator[object]:
    for number in numbers:
        yield from (sign * int(number) + step for sign in (1, -1) for step in (0, 1, -1))
    yield from (0, -1, 1)


def _as_decimals(texts: list[str], numbers: list[Decimal]) -> Iterator[object]:
    yield from map(Decimal, map(str, _as_integers(texts, numbers)))
    yield from numbers


def _as_days(texts: list[str], _numbers: list[Decimal]) -> Iterator[object]:
    for moment in _parsed(texts):
        yield from (moment.date() + timedelta(days=step) for step in (0, 1, -1))
    yield MOMENT.date()


def _as_moments(texts: list[str], _numbers: list[Decimal]) -> Iterator[object]:
    for moment in _parsed(texts):
        yield from (moment + timedelta(seconds=step) for step in (0, 1, -1))
    yield MOMENT


def _parsed(texts: list[str]) -> Iterator[datetime]:
    for text in texts:
        try:
            yield datetime.fromisoformat(text)
        except ValueError:
            continue


def _as_booleans(_texts: list[str], _numbers: list[Decimal]) -> Iterator[object]:
    yield from (True, False)


_LITERALS = {
    Family.INTEGER: _as_integers,
    Family.DECIMAL: _as_decimals,
    Family.FLOAT: _as_decimals,
    Family.DATE: _as_days,
    Family.DATETIME: _as_moments,
    Family.BOOLEAN: _as_booleans,
}
