"""Take the constants out of check constraints: they say where valid values are."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID

from dbparity.synthesis.scales import shifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dbparity.synthesis.checks import Check

_TEXT = re.compile(r"'((?:[^']|'')*)'")
# No one means a text longer than this to be written out.
_LONGEST = 8000
_NUMBER = re.compile(r"-?(?<![\w.])\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Literals:
    """The texts and numbers that conditions are written with, as they are spelled."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """The whole numbers that may be lengths or steps, and their neighbours."""
        whole = {abs(int(Decimal(number))) for number in self.numbers}
        near = {count + step for count in whole for step in (-1, 0, 1)}
        return tuple(sorted(count for count in near if 0 < count <= _LONGEST))

    def like(self, sample: object) -> tuple[object, ...]:
        """Read those that are values of the type of ``sample``."""
        read = _READERS.get(type(sample))
        if read is None:
            return ()
        values: list[object] = []
        for spelling in (*self.texts, *self.numbers):
            with suppress(ValueError, InvalidOperation, OverflowError):
                values.append(read(spelling, sample))
        return tuple(dict.fromkeys(values))

    def near(self, sample: object) -> tuple[object, ...]:
        """Read those that are values of the type of ``sample``, and their neighbours."""
        values = self.like(sample)
        return tuple(dict.fromkeys(shifted(value, step) for value in values for step in (0, 1, -1)))


def literals(checks: Iterable[Check]) -> Literals:
    """Collect the constants of ``checks``, each once."""
    conditions = [check.sql for check in checks]
    texts = [text.replace("''", "'") for sql in conditions for text in _TEXT.findall(sql)]
    numbers = [number for sql in conditions for number in _NUMBER.findall(sql)]
    return Literals(tuple(dict.fromkeys(texts)), tuple(dict.fromkeys(numbers)))


_READERS: dict[type[object], Callable[[str, Any], object]] = {
    str: lambda spelling, _: spelling,
    int: lambda spelling, _: int(Decimal(spelling)),
    float: lambda spelling, _: float(spelling),
    Decimal: lambda spelling, sample: Decimal(spelling).quantize(sample),
    date: lambda spelling, _: date.fromisoformat(spelling[:10]),
    datetime: lambda spelling, sample: datetime.fromisoformat(spelling).replace(
        tzinfo=sample.tzinfo
    ),
    time: lambda spelling, sample: time.fromisoformat(spelling).replace(tzinfo=sample.tzinfo),
    UUID: lambda spelling, _: UUID(spelling),
}
