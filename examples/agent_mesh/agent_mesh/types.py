"""Column types that hold the same values on every backend."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
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


# SQLite numbers rows by INTEGER alone; TEXT on MySQL would end at 64 KiB.
Serial = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond."""

    impl = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Keep it without its zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give it back its zone."""
        return value.replace(tzinfo=UTC) if value else None
