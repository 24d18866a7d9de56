"""What of a migration is done: kept in the target, where it commits together with the rows."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  # msgspec asks for it
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, func, insert, inspect, select
from sqlalchemy.dialects.mysql import LONGTEXT

from dbparity.backends.base import Silence
from dbparity.snapshots import Snapshot  # noqa: TC001  # likewise
from dbparity.transfer.plan import Plan  # noqa: TC001  # likewise
from dbparity.transfer.survey import JOURNAL
from dbparity.wires import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from dbparity.wires import Cell, Field

# MySQL's TEXT ends at 64 KiB, and plans of large schemas are longer.
_LONG = Text().with_variant(LONGTEXT, "mysql", "mariadb")
_TABLE = Table(
    JOURNAL,
    MetaData(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", _LONG, nullable=False),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
)

Spelled: TypeAlias = int | float | str


class Begun(msgspec.Struct, frozen=True, tag=True):
    """A migration began: what it is to do, and what the target was before.

    ``archive`` is the file with the rows that the target had; "" where it had none. ``aside``
    says that bad rows are set aside, ``silence`` how the target's triggers are kept from firing.
    """

    migration: str
    at: datetime
    plan: Plan
    original: Snapshot
    archive: str = ""
    aside: bool = False
    silence: Silence = Silence()


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """The tables are there, and empty."""


class Copied(msgspec.Struct, frozen=True, tag=True):
    """A chunk of a table has arrived, or was set aside.

    ``last`` is the key of its last row, spelled; () where the table has none. ``final`` says that
    no row of the table is left.
    """

    table: str
    rows: int
    aside: int
    digest: str
    last: tuple[Spelled, ...] = ()
    final: bool = False


class Emptied(msgspec.Struct, frozen=True, tag=True):
    """What had arrived of a table without a key is deleted: it begins anew."""

    table: str


class Completed(msgspec.Struct, frozen=True, tag=True):
    """So many of the statements that follow the load have been run."""

    statements: int


class Undone(msgspec.Struct, frozen=True, tag=True):
    """The way back has begun: nothing can be resumed any more."""


Entry: TypeAlias = Begun | Prepared | Copied | Emptied | Completed | Undone
_DECODER = msgspec.json.Decoder(Entry)


@dataclass
class Done:
    """Of a table: how many rows have arrived or were set aside, the last key, whether it is all."""

    rows: int = 0
    aside: int = 0
    last: tuple[Spelled, ...] = ()
    complete: bool = False


@dataclass
class Standing:
    """How far a migration has come."""

    begun: Begun
    prepared: bool = False
    tables: dict[str, Done] = field(default_factory=dict)
    statements: int = 0
    undone: bool = False

    def of(self, table: str) -> Done:
        """How far a table has come."""
        return self.tables.setdefault(table, Done())

    def add(self, entry: Entry) -> None:
        """Go on by an entry."""
        match entry:
            case Prepared():
                self.prepared = True
            case Copied():
                done = self.of(entry.table)
                done.rows += entry.rows
                done.aside += entry.aside
                done.last = entry.last or done.last
                done.complete = entry.final
            case Emptied():
                self.tables[entry.table] = Done()
            case Completed():
                self.statements = entry.statements
            case Undone():
                self.undone = True
            case _:
                self.begun = entry


class Journal:
    """The journal of one target; each entry is a row."""

    def __init__(self, connection: Connection) -> None:
        """Go on behind the last entry."""
        self._next = connection.scalars(select(func.max(_TABLE.c.number))).one() + 1

    @classmethod
    def create(cls, connection: Connection, begun: Begun) -> Journal:
        """Make it, in the transaction of ``connection`` where the product can.

        Raises:
            IntegrityError: it is the journal of another migration.
        """
        _TABLE.create(connection, checkfirst=True)
        _insert(connection, 0, begun)
        return cls(connection)

    def add(self, connection: Connection, entry: Entry) -> None:
        """Add an entry, to be committed with what it tells."""
        _insert(connection, self._next, entry)
        self._next += 1


def _insert(connection: Connection, number: int, entry: Entry) -> None:
    spelled = msgspec.json.encode(entry).decode()
    connection.execute(insert(_TABLE).values(number=number, entry=spelled))


def standing(connection: Connection) -> Standing | None:
    """How far the migration has come; None where none has begun."""
    if not inspect(connection).has_table(JOURNAL):
        return None
    rows = connection.scalars(select(_TABLE.c.entry).order_by(_TABLE.c.number))
    entries: list[Entry] = [_DECODER.decode(row) for row in rows]
    if not entries or not isinstance(entries[0], Begun):
        return None
    found = Standing(entries[0])
    for entry in entries:
        found.add(entry)
    return found


def drop(connection: Connection) -> None:
    """Remove the journal."""
    _TABLE.drop(connection, checkfirst=True)


def spelled(cells: Sequence[Cell]) -> tuple[Spelled, ...]:
    """A key as a journal keeps it."""
    return tuple(b64encode(cell).decode() if isinstance(cell, bytes) else cell for cell in cells)  # type: ignore[misc]


def unspelled(cells: Sequence[Spelled], keys: Sequence[Field]) -> tuple[Cell, ...]:
    """A key as it was, by its columns."""
    return tuple(
        b64decode(str(cell)) if key.wire.kind is Kind.BINARY else cell
        for cell, key in zip(cells, keys, strict=True)
    )
