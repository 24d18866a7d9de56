"""Transactions: what is committed is there, and what is not leaves nothing."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dbparity.conformance.base import Check, check
from dbparity.conformance.clients import all_at_once
from dbparity.conformance.population import place, where_key
from dbparity.conformance.spares import is_there, on_every_table
from dbparity.results import Finding, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Executable

    from dbparity.conformance.spares import Spares
    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database

# How long a reader gives a writer to commit beside it; in vain where one waits for the other.
_PATIENCE, _VAIN_PATIENCE = 5.0, 0.1
_ENGINE = "see that the table's storage engine has transactions, and that nothing commits by itself"


@dataclass(frozen=True)
class _Promise:
    """What is claimed, and what it means if it is not kept."""

    claim: str
    code: str
    severity: Severity
    recommendation: str


_VISIBLE = _Promise(
    "what one connection has committed, another sees",
    "COMMIT-LOST",
    Severity.LOST,
    "see that the application's engine really commits, and that the table is not a temporary one",
)
_DISCARDED = _Promise(
    "a rollback undoes inserts and deletes", "ROLLBACK-KEPT", Severity.WRONG, _ENGINE
)
_INTERRUPTED = _Promise(
    "an exception in the middle of a transaction leaves nothing",
    "EXCEPTION-KEPT",
    Severity.WRONG,
    _ENGINE,
)
_INNER_UNDONE = _Promise(
    "a savepoint that is rolled back takes nothing else with it",
    "SAVEPOINT-WRONG",
    Severity.WRONG,
    _ENGINE,
)
_OUTER_UNDONE = _Promise(
    "what a released savepoint did is undone with the transaction around it",
    "SAVEPOINT-LEAKED",
    Severity.WRONG,
    "have BEGIN sent at once: Python's sqlite3 sends it late, and a RELEASE before it commits",
)
_RECOVERED = _Promise(
    "after an error a transaction goes on from its savepoint",
    "ERROR-NOT-UNDONE",
    Severity.WRONG,
    _ENGINE,
)
_CLEAN = _Promise(
    "what is not committed is not seen by others",
    "DIRTY-READ",
    Severity.WRONG,
    "use at least READ COMMITTED; see isolation_level and the table's storage engine",
)


@dataclass(frozen=True)
class _Documented:
    """Something that backends do in one of two ways."""

    when: str
    code: str
    yes: str
    no: str


_ABORTED = _Documented(
    "after an error without a savepoint",
    "ERROR-STATE-DIFFERS",
    yes="the next statement is refused",
    no="the next statement is accepted",
)
_REPEATABLE = _Documented(
    "while another transaction deletes a row",
    "ISOLATION-DIFFERS",
    yes="it is read as before",
    no="it is gone from one read to the next",
)


class _InterruptionError(Exception):
    """Raised in the middle of a transaction."""


@check("transactions")
def commit_is_visible(database: Database) -> Iterator[Item]:
    """What one connection commits, another one sees."""
    yield from on_every_table(database, 1, _commit)


@check("transactions")
def rollback_discards(database: Database) -> Iterator[Item]:
    """A rollback undoes inserts and deletes."""
    yield from on_every_table(database, 2, _rollback)


@check("transactions")
def savepoint(database: Database) -> Iterator[Item]:
    """A savepoint can be undone by itself, and is undone with the transaction around it."""
    yield from on_every_table(database, 4, _savepoint)


@check("transactions")
def exception_leaves_nothing(database: Database) -> Iterator[Item]:
    """An exception in the middle of a transaction leaves nothing of it."""
    yield from on_every_table(database, 1, _exception)


@check("transactions")
def error_then_continue(database: Database) -> Iterator[Item]:
    """After a refused statement a transaction goes on from a savepoint; without, as documented."""
    yield from on_every_table(database, 3, _error)


@check("transactions")
def dirty_reads(database: Database) -> Iterator[Item]:
    """What is not committed is not seen by others."""
    yield from on_every_table(database, 1, _dirty)


@check("transactions")
def repeatable_reads(database: Database) -> Iterator[Item]:
    """Whether a transaction reads a row twice alike is as the backend documents it."""
    yield from on_every_table(database, 1, _repeatable)


def _commit(database: Database, spares: Spares) -> Iterator[Item]:
    # The writer stays open, so that the reader is another connection of the pool.
    with database.engine.connect() as writer:
        _insert(writer, spares, spares.rows)
        writer.commit()
        yield _settled(database, spares, _VISIBLE, there=spares.rows)


def _rollback(database: Database, spares: Spares) -> Iterator[Item]:
    first, second = spares.rows
    with database.engine.connect() as writer:
        _insert(writer, spares, [first])
        writer.commit()
        _insert(writer, spares, [second])
        writer.execute(spares.table.delete().where(where_key(spares.table, first)))
        writer.rollback()
        yield _settled(database, spares, _DISCARDED, there=[first], gone=[second])


def _savepoint(database: Database, spares: Spares) -> Iterator[Item]:
    kept, undone, *both = spares.rows
    with database.engine.connect() as writer:
        _insert(writer, spares, [kept])
        inner = writer.begin_nested()
        _insert(writer, spares, [undone])
        inner.rollback()
        writer.commit()
        yield _settled(database, spares, _INNER_UNDONE, there=[kept], gone=[undone])
        # The savepoint comes first: an insert before it would open the transaction in time.
        inner = writer.begin_nested()
        _insert(writer, spares, both)
        inner.commit()
        writer.rollback()
        yield _settled(database, spares, _OUTER_UNDONE, gone=both)


def _exception(database: Database, spares: Spares) -> Iterator[Item]:
    with suppress(_InterruptionError), database.engine.begin() as writer:
        _insert(writer, spares, spares.rows)
        raise _InterruptionError
    yield _settled(database, spares, _INTERRUPTED, gone=spares.rows)


def _error(database: Database, spares: Spares) -> Iterator[Item]:
    repeated, later, other = spares.rows
    with database.engine.connect() as writer:
        _insert(writer, spares, [repeated])
        inner = writer.begin_nested()
        refused = _refuses(writer, spares.table.insert().values(repeated))
        inner.rollback()
        if not refused:
            yield Skipped("a row was accepted twice: nothing is refused", spares.place)
            return
        _insert(writer, spares, [later])
        writer.commit()
        yield _settled(database, spares, _RECOVERED, there=[repeated, later])
        _insert(writer, spares, [other])
        _refuses(writer, spares.table.insert().values(other))
        aborted = _refuses(writer, select(spares.table.c[0]).limit(1))
    yield _as_documented(
        spares, _ABORTED, documented=database.features.aborts_on_error, observed=aborted
    )


def _dirty(database: Database, spares: Spares) -> Iterator[Item]:
    with database.engine.connect() as writer:
        _insert(writer, spares, spares.rows)
        yield _settled(database, spares, _CLEAN, gone=spares.rows)


def _repeatable(database: Database, spares: Spares) -> Iterator[Item]:
    table, (row,) = spares.table, spares.rows
    with database.engine.begin() as connection:
        _insert(connection, spares, [row])
    deleted = threading.Event()
    with database.engine.connect() as reader, database.engine.connect() as writer:
        is_there(reader, table, row)

        def delete() -> bool:
            writer.execute(table.delete().where(where_key(table, row)))
            writer.commit()
            deleted.set()
            return True

        def reread() -> bool:
            try:
                return _still_there(reader, spares, deleted, database)
            finally:
                # Where writers wait for readers, this lets the writer go on.
                reader.rollback()

        alike, _ = all_at_once(database, [reread, delete])
    yield _as_documented(
        spares, _REPEATABLE, documented=database.features.repeatable_reads, observed=alike
    )


def _still_there(
    reader: Connection, spares: Spares, deleted: threading.Event, database: Database
) -> bool:
    """Read the row until it is gone, or until one read after the other's commit."""
    patience = _PATIENCE if database.features.concurrent_writers else _VAIN_PATIENCE
    end = time.monotonic() + patience
    last = False
    while is_there(reader, spares.table, spares.rows[0]):
        if last:
            return True
        last = deleted.is_set() or time.monotonic() > end
    return False


def _insert(connection: Connection, spares: Spares, rows: Sequence[Row]) -> None:
    connection.execute(spares.table.insert(), list(rows))


def _refuses(connection: Connection, statement: Executable) -> bool:
    try:
        connection.execute(statement)
    except DBAPIError:
        return True
    return False


def _settled(
    database: Database,
    spares: Spares,
    promise: _Promise,
    *,
    there: Sequence[Row] = (),
    gone: Sequence[Row] = (),
) -> Item:
    """Whether for one more connection the rows are ``there``, or ``gone``, as promised."""
    wanted = [*((row, True) for row in there), *((row, False) for row in gone)]
    with database.engine.connect() as reader:
        for row, expected in wanted:
            if is_there(reader, spares.table, row) is not expected:
                return Finding(
                    code=promise.code,
                    severity=promise.severity,
                    message=f"it does not hold that {promise.claim}",
                    place=place(spares.table, row=row),
                    expected="the row is there" if expected else "the row is not there",
                    actual="it is not" if expected else "it is",
                    recommendation=promise.recommendation,
                )
    return Verified(promise.claim, spares.place)


def _as_documented(
    spares: Spares,
    behaviour: _Documented,
    *,
    documented: bool,
    observed: bool,
) -> Item:
    says = {True: behaviour.yes, False: behaviour.no}
    if observed is documented:
        return Verified(f"{behaviour.when}, {says[observed]}", spares.place)
    return Finding(
        code=behaviour.code,
        severity=Severity.WRONG,
        message=f"{behaviour.when}, the backend does not do what it documents",
        place=spares.place,
        expected=says[documented],
        actual=says[observed],
        recommendation="see isolation_level, the server's settings and the table's storage engine",
    )


CHECKS: tuple[Check, ...] = (
    commit_is_visible,
    rollback_discards,
    savepoint,
    exception_leaves_nothing,
    error_then_continue,
    dirty_reads,
    repeatable_reads,
)
