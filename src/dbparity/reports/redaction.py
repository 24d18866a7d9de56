"""Passwords in URLs, hidden: whatever an application or a driver says may end in a report."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+(?=@)")


def hide(text: str) -> str:
    """``text`` with ``***`` for the password of every URL in it."""
    return _PASSWORD.sub(r"\1***", text)


def redacted(value: T) -> T:
    """A frozen dataclass, such as a `Report`, with every text in it hidden, however deep."""
    return replace(
        value, **{field.name: _redacted(getattr(value, field.name)) for field in fields(value)}
    )


def _redacted(value: Any) -> Any:  # noqa: ANN401  # whatever a dataclass holds
    if isinstance(value, str) and not isinstance(value, Enum):
        return hide(value)
    if isinstance(value, tuple):
        return tuple(map(_redacted, value))
    if is_dataclass(value) and not isinstance(value, type):
        return redacted(value)
    return value
