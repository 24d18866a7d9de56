"""One canonical spelling per value, whichever driver returned it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from uuid import UUID


@singledispatch
def canonical(value: object) -> str:
    """Spell ``value`` so that two spellings are equal exactly when the values are.

    Numbers that are equal are spelled alike whatever their type (``1``, ``Decimal("1.00")``),
    except floats, which keep every bit; aware datetimes are spelled in UTC; binary in hexadecimal;
    JSON with its keys sorted.
    """
    return repr(value)


@canonical.register
def _null(value: None) -> str:  # noqa: ARG001  # dispatched on
    return "NULL"


@canonical.register
def _int(value: int) -> str:
    return str(int(value))


@canonical.register
def _bool(value: bool) -> str:  # noqa: FBT001  # dispatched on
    return "true" if value else "false"


@canonical.register
def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    # Not normalize(): it rounds to the context's 28 digits.
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@canonical.register
def _datetime(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat(" ")
    return value.astimezone(UTC).isoformat(" ")


@canonical.register
def _date(value: date) -> str:
    return value.isoformat()


@canonical.register
def _time(value: time) -> str:
    return value.isoformat()


@canonical.register
def _interval(value: timedelta) -> str:
    return f"{value // timedelta(microseconds=1)} µs"


@canonical.register(bytes)
@canonical.register(bytearray)
@canonical.register(memoryview)
def _binary(value: bytes | bytearray | memoryview) -> str:
    return "0x" + bytes(value).hex()


@canonical.register
def _uuid(value: UUID) -> str:
    return str(value)


@canonical.register
def _enum(value: Enum) -> str:
    return f"{type(value).__name__}.{value.name}"


@canonical.register(Mapping)
@canonical.register(list)
@canonical.register(tuple)
def _document(value: object) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, default=canonical)


def _plain(value: object) -> object:
    """``value`` with its keys as text, as they are in JSON, so that they can be sorted."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


@canonical.register(set)
@canonical.register(frozenset)
def _set(value: set[object] | frozenset[object]) -> str:
    return "{" + ", ".join(sorted(map(canonical, value))) + "}"


def row(values: Mapping[str, object]) -> dict[str, str]:
    """Spell every value of a row."""
    return {name: canonical(value) for name, value in values.items()}
