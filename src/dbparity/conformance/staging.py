"""A few rows at a time: enough to try one constraint, and gone afterwards.

Each attempt has a transaction of its own, with only the rows that its row needs, and is undone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy.exc import DBAPIError, StatementError

from dbparity.conformance.base import words
from dbparity.conformance.population import application_of, synthesizer
from dbparity.results import Finding, Place, Skipped, Verified
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, ForeignKeyConstraint, Table
    from sqlalchemy.sql.expression import Executable

    from dbparity.applications import Application
    from dbparity.backends.base import Refusal
    from dbparity.servers.database import Database

Row = dict[str, object]
_COUNT = 4  # a round of the synthesizer: ordinary values, an edge, a NULL


@dataclass(frozen=True, eq=False)
class Entry:
    """A row of a table."""

    table: Table
    row: Row


class Rows:
    """A few synthesized rows of every table, and which of them reference which."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Know ``entries``, which stand in an order in which they can be inserted."""
        self.entries = tuple(entries)
        self._index: dict[ForeignKeyConstraint, dict[tuple[str, ...], Entry]] = {}

    def of(self, table: Table) -> tuple[Entry, ...]:
        """The rows of one table."""
        return tuple(entry for entry in self.entries if entry.table is table)

    def parent(self, constraint: ForeignKeyConstraint, row: Row) -> Entry | None:
        """What ``row`` references by ``constraint``, or None."""
        wanted = spelled(row, (element.parent.key for element in constraint.elements))
        return self._keys(constraint).get(wanted) if wanted is not None else None

    def parents(
        self, table: Table, row: Row, but: ForeignKeyConstraint | None = None
    ) -> tuple[Entry, ...] | None:
        """What ``row`` references, except by ``but``; None where it references no row of these."""
        found = []
        for constraint in foreign_keys_of(table):
            if constraint is but or not references(constraint, row):
                continue
            parent = self.parent(constraint, row)
            if parent is None:
                return None
            found.append(parent)
        return tuple(found)

    def needed(self, entry: Entry) -> tuple[Entry, ...]:
        """Everything that ``entry`` references, however far, in an order to insert it."""
        return tuple(found for found in self.closure([entry]) if found is not entry)

    def closure(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """``entries`` and everything that they reference, in an order to insert them."""
        found: set[Entry] = set()
        ahead = list(entries)
        while ahead:
            entry = ahead.pop()
            if entry not in found:
                found.add(entry)
                ahead.extend(self.parents(entry.table, entry.row) or ())
        return tuple(entry for entry in self.entries if entry in found)

    def referencing(self, entry: Entry) -> tuple[Entry, ...]:
        """Everything that references ``entry``, however far."""
        found: list[Entry] = []
        for other in self.entries:
            parents = self.parents(other.table, other.row) or ()
            if other is not entry and any(p is entry or p in found for p in parents):
                found.append(other)
        return tuple(found)

    def _keys(self, constraint: ForeignKeyConstraint) -> dict[tuple[str, ...], Entry]:
        if constraint not in self._index:
            columns = [element.column.key for element in constraint.elements]
            keys = {spelled(e.row, columns): e for e in self.of(constraint.referred_table)}
            self._index[constraint] = {key: e for key, e in keys.items() if key is not None}
        return self._index[constraint]


_rows: WeakKeyDictionary[Application, Rows] = WeakKeyDictionary()


@dataclass(frozen=True)
class Refused:
    """A statement that was refused: why, and the words. No kind: the application's types did it."""

    kind: Refusal | None
    said: str

    def __str__(self) -> str:
        """Spell the kind and the words."""
        return f"{self.kind or 'by a type of the application'}: {self.said}"


def rows_of(database: Database) -> Rows:
    """A few synthesized rows of every table, none of them inserted."""
    application = application_of(database)
    found = _rows.get(application)
    if found is None:
        made = synthesizer(database)
        rows = made.population(_COUNT).rows
        entries = (Entry(table, dict(row)) for table in made.order for row in rows[table.key])
        found = _rows[application] = _complete(Rows(entries))
    return found


def _complete(rows: Rows) -> Rows:
    """Leave out what references a row whose key only the server knows."""
    kept = [e for e in rows.entries if rows.parents(e.table, e.row) is not None]
    return rows if len(kept) == len(rows.entries) else _complete(Rows(kept))


def rowless_tables(database: Database) -> Iterator[Skipped]:
    """Say of each table of which there is no row why it is left out."""
    rows = rows_of(database)
    for table in synthesizer(database).order:
        if not rows.of(table):
            yield Skipped("its rows reference keys that only the server gives", Place(table.key))


def foreign_keys_of(table: Table) -> list[ForeignKeyConstraint]:
    """The foreign keys of a table, in the order of their columns."""
    return sorted(table.foreign_key_constraints, key=lambda fk: list(fk.column_keys))


def references(constraint: ForeignKeyConstraint, row: Row) -> bool:
    """Whether ``row`` references anything by ``constraint``: no part of it is NULL."""
    return all(row.get(element.parent.key) is not None for element in constraint.elements)


def spelled(row: Mapping[str, object], columns: Iterable[str]) -> tuple[str, ...] | None:
    """The values of ``columns``, spelled canonically; None where one is NULL."""
    values = [row.get(column) for column in columns]
    return None if None in values else tuple(map(canonical, values))


@contextmanager
def staged(database: Database, entries: Iterable[Entry]) -> Iterator[Connection]:
    """Insert ``entries`` for the block, in a transaction that is rolled back."""
    with database.engine.connect() as connection:
        put(connection, entries)
        yield connection


def one_of_each(database: Database) -> Iterator[tuple[Entry, Connection]]:
    """A valid row of every table, not inserted, and all that it references, inserted."""
    rows = rows_of(database)
    for table in synthesizer(database).order:
        for entry in rows.of(table)[:1]:
            with staged(database, rows.needed(entry)) as connection:
                yield entry, connection


def put(connection: Connection, entries: Iterable[Entry]) -> None:
    """Insert ``entries`` one by one."""
    for entry in entries:
        connection.execute(entry.table.insert().values(entry.row))


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo at its end what the block does."""
    started = connection.begin_nested()
    try:
        yield
    finally:
        started.rollback()


def refused(database: Database, connection: Connection, *statements: Executable) -> Refused | None:
    """Why ``statements`` are refused, or None; they are undone."""
    with savepoint(connection):
        return _answer(database, connection, statements)


def attempt(
    database: Database, entries: Iterable[Entry], statement: Executable, *, deferred: bool = False
) -> Refused | None:
    """Why ``statement`` is refused after ``entries`` were inserted, or None; all is undone.

    If ``deferred``, a refusal may come as late as with the commit.
    """
    entries = tuple(entries)
    if not deferred:
        with staged(database, entries) as connection:
            return _answer(database, connection, [statement])
    with database.engine.connect() as connection:
        put(connection, entries)
        connection.execute(statement)
        try:
            connection.commit()
        except DBAPIError as error:
            # SQLite's transaction outlives the commit that it refuses, unseen by SQLAlchemy.
            connection.invalidate()
            return refusal_of(database, error)
    _clear(database)
    return None


def judged(
    answer: Refused | None, wanted: Refusal, claim: str, place: Place, otherwise: Finding
) -> Finding | Skipped | Verified:
    """``claim`` is verified by the ``wanted`` refusal, and ``otherwise`` is found if there is none.

    A refusal for another reason proves nothing.
    """
    if answer is None:
        return otherwise
    if answer.kind is wanted:
        return Verified(claim, place)
    return Skipped(f"it could not be shown that {claim}: refused as {answer}", place)


def _answer(
    database: Database, connection: Connection, statements: Iterable[Executable]
) -> Refused | None:
    try:
        for statement in statements:
            connection.execute(statement)
    except StatementError as error:
        return refusal_of(database, error)
    return None


def _clear(database: Database) -> None:
    with database.engine.begin() as connection:
        for table in reversed(synthesizer(database).order):
            connection.execute(table.delete())


def refusal_of(database: Database, error: StatementError) -> Refused:
    """Why a statement raised ``error``."""
    kind = database.backend.refusal(error) if isinstance(error, DBAPIError) else None
    return Refused(kind, words(error))
