"""Column types that hold, refuse, compare and sort the same values on every backend."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String, Text, Uuid
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

# By code point, and trailing spaces count; SQLite's default is such a collation.
_COLLATIONS = {
    "postgresql": "C",
    "mysql": "utf8mb4_0900_bin",
    "mariadb": "utf8mb4_nopad_bin",
}


def _product(dialect: Dialect) -> str:
    """Name the product; a ``mysql://`` URL may lead to MariaDB."""
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def _without_nul(value: str) -> str:
    """Return the text; PostgreSQL cannot store NUL, so nobody may."""
    if "\x00" in value:
        message = "text must not contain NUL"
        raise ValueError(message)
    return value


class Chars(TypeDecorator[str]):
    """Text of at most ``length`` characters; a longer one raises ``ValueError``."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        """Limit the text to ``length`` characters."""
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Return VARCHAR in the collation by code point."""
        return String(self.length, collation=_COLLATIONS.get(_product(dialect)))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Refuse NUL and text that is too long, which SQLite would keep whole."""
        if value is None:
            return None
        if len(value) > self.length:
            message = f"text has {len(value)} characters, at most {self.length} are allowed"
            raise ValueError(message)
        return _without_nul(value)


class LongText(TypeDecorator[str]):
    """Text of any length; TEXT on MySQL would end at 64 KiB."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """Return the backend's largest text type in the collation by code point."""
        collation = _COLLATIONS.get(_product(dialect))
        if _product(dialect) in {"mysql", "mariadb"}:
            return mysql.LONGTEXT(collation=collation)
        return Text(collation=collation)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Refuse NUL."""
        return None if value is None else _without_nul(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A naive datetime in UTC, with microseconds; an aware one is converted."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Return DATETIME(6) where DATETIME alone has whole seconds only."""
        if _product(dialect) in {"mysql", "mariadb"}:
            return mysql.DATETIME(fsp=6)
        return DateTime()

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Convert to UTC and drop the zone."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)


def _portable(value: object) -> object:
    """Return the JSON value, or raise ``ValueError`` if some backend would change or refuse it."""
    match value:
        case dict():
            return {_without_nul(key): _portable(item) for key, item in value.items()}
        case list() | tuple():
            return [_portable(item) for item in value]
        case str():
            return _without_nul(value)
        case float() if not math.isfinite(value):
            message = f"{value} is not JSON"
            raise ValueError(message)
        case int() if not -(2**63) <= value < 2**63:
            message = f"{value} does not fit 64 bits"
            raise ValueError(message)
    return value


class Document(TypeDecorator[Any]):
    """JSON; ``None`` is SQL NULL, not the JSON value null."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> object:  # noqa: ARG002
        """Refuse NaN, infinities, NUL and integers beyond 64 bits."""
        return _portable(value)


# MariaDB sorts its own UUID type by another order than that of the digits.
Id = Uuid().with_variant(Uuid(native_uuid=False), "mariadb")
