"""What a cache keeps, and what it needs of the database beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, update

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


class Row(NamedTuple):
    """A value with the number of its version; of a tombstone the value is None."""

    version: int
    value: str | None


class Rows(Protocol):
    """What a cache needs of a database."""

    async def load(self, number: int) -> Row | None:
        """What is committed."""

    async def save(self, number: int, value: str) -> Row:
        """Commit a value under the next version, and return both."""

    async def remove(self, number: int) -> int | None:
        """Delete the row and commit; return the version that it has had as deleted, if it was."""


DOCUMENTS = Table(
    "cached_documents",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("value", String(200), nullable=False),
)


@dataclass(frozen=True)
class SqlRows:
    """Rows of a table with the columns ``id``, ``version`` and ``value``."""

    engine: AsyncEngine
    table: Table = DOCUMENTS

    async def add(self, number: int, value: str) -> Row:
        """Commit a first version."""
        async with self.engine.begin() as connection:
            row = Row(1, value)
            await connection.execute(insert(self.table), {"id": number, **row._asdict()})
        return row

    async def load(self, number: int) -> Row | None:
        """What is committed."""
        columns = self.table.c.version, self.table.c.value
        async with self.engine.connect() as connection:
            found = await connection.execute(select(*columns).where(self.table.c.id == number))
            row = found.one_or_none()
        return Row(*row) if row else None

    async def save(self, number: int, value: str) -> Row:
        """Commit a value under the next version; raise `NoResultFound` where there is no row."""
        here, version = self.table.c.id == number, self.table.c.version
        async with self.engine.begin() as connection:
            change = update(self.table).where(here).values(value=value, version=version + 1)
            await connection.execute(change)
            found = await connection.execute(select(version).where(here))
            return Row(found.scalar_one(), value)

    async def remove(self, number: int) -> int | None:
        """Delete the row and commit; return the version that it has had as deleted, if it was."""
        here, version = self.table.c.id == number, self.table.c.version
        async with self.engine.begin() as connection:
            # Counted up first, so that nobody else writes between the look and the deletion.
            await connection.execute(update(self.table).where(here).values(version=version + 1))
            last = (await connection.execute(select(version).where(here))).scalar_one_or_none()
            await connection.execute(delete(self.table).where(here))
        return last


def encoded(row: Row) -> str:
    """A row as it is cached."""
    return msgspec.json.encode(row).decode()


def decoded(text: str | bytes) -> Row:
    """A row that was cached."""
    return msgspec.json.decode(text, type=Row)
