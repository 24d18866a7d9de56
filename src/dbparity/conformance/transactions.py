"""Transactions: what is committed is there, and what is not leaves nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dbparity.conformance.base import Check, check
from dbparity.conformance.isolation import dirty_reads, repeatable_reads
from dbparity.conformance.population import where_key
from dbparity.conformance.promises import Documented, Promise, as_documented, insert, settled
from dbparity.conformance.spares import on_every_table
from dbparity.results import Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Executable

    from dbparity.conformance.spares import Spares
    from dbparity.results import Item
    from dbparity.servers.database import Database

_ENGINE = "see that the table's storage engine has transactions, and that nothing commits by itself"

_VISIBLE = Promise(
    "what one connection has committed, another sees",
    "COMMIT-LOST",
    Severity.LOST,
    "see that the application's engine really commits, and that the table is not a temporary one",
)
_DISCARDED = Promise(
    "a rollback undoes inserts and deletes", "ROLLBACK-KEPT", Severity.WRONG, _ENGINE
)
_INTERRUPTED = Promise(
    "an exception in the middle of a transaction leaves nothing",
    "EXCEPTION-KEPT",
    Severity.WRONG,
    _ENGINE,
)
_INNER_UNDONE = Promise(
    "a savepoint that is rolled back takes nothing else with it",
    "SAVEPOINT-WRONG",
    Severity.WRONG,
    _ENGINE,
)
_OUTER_UNDONE = Promise(
    "what a released savepoint did is undone with the transaction around it",
    "SAVEPOINT-LEAKED",
    Severity.WRONG,
    "have BEGIN sent at once: Python's sqlite3 sends it late, and a RELEASE before it commits",
)
_RECOVERED = Promise(
    "after an error a transaction goes on from its savepoint",
    "ERROR-NOT-UNDONE",
    Severity.WRONG,
    _ENGINE,
)
_ABORTED = Documented(
    "after an error without a savepoint",
    "ERROR-STATE-DIFFERS",
    yes="the next statement is refused",
    no="the next statement is accepted",
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


@check("transactions", needs=("savepoints",))
def savepoint(database: Database) -> Iterator[Item]:
    """A savepoint can be undone by itself, and is undone with the transaction around it."""
    yield from on_every_table(database, 4, _savepoint)


@check("transactions")
def exception_leaves_nothing(database: Database) -> Iterator[Item]:
    """An exception in the middle of a transaction leaves nothing of it."""
    yield from on_every_table(database, 1, _exception)


@check("transactions", needs=("savepoints",))
def error_then_continue(database: Database) -> Iterator[Item]:
    """After a refused statement a transaction goes on from a savepoint; without, as documented."""
    yield from on_every_table(database, 3, _error)


def _commit(database: Database, spares: Spares) -> Iterator[Item]:
    # The writer stays open, so that the reader is another connection of the pool.
    with database.engine.connect() as writer:
        insert(writer, spares, spares.rows)
        writer.commit()
        yield settled(database, spares, _VISIBLE, there=spares.rows)


def _rollback(database: Database, spares: Spares) -> Iterator[Item]:
    first, second = spares.rows
    with database.engine.connect() as writer:
        insert(writer, spares, [first])
        writer.commit()
        insert(writer, spares, [second])
        writer.execute(spares.table.delete().where(where_key(spares.table, first)))
        writer.rollback()
        yield settled(database, spares, _DISCARDED, there=[first], gone=[second])


def _savepoint(database: Database, spares: Spares) -> Iterator[Item]:
    kept, undone, *both = spares.rows
    with database.engine.connect() as writer:
        insert(writer, spares, [kept])
        inner = writer.begin_nested()
        insert(writer, spares, [undone])
        inner.rollback()
        writer.commit()
        yield settled(database, spares, _INNER_UNDONE, there=[kept], gone=[undone])
        # The savepoint comes first: an insert before it would open the transaction in time.
        inner = writer.begin_nested()
        insert(writer, spares, both)
        inner.commit()
        writer.rollback()
        yield settled(database, spares, _OUTER_UNDONE, gone=both)


def _exception(database: Database, spares: Spares) -> Iterator[Item]:
    with suppress(_InterruptionError), database.engine.begin() as writer:
        insert(writer, spares, spares.rows)
        raise _InterruptionError
    yield settled(database, spares, _INTERRUPTED, gone=spares.rows)


def _error(database: Database, spares: Spares) -> Iterator[Item]:
    repeated, later, other = spares.rows
    with database.engine.connect() as writer:
        insert(writer, spares, [repeated])
        inner = writer.begin_nested()
        refused = _refuses(writer, spares.table.insert().values(repeated))
        inner.rollback()
        if not refused:
            yield Skipped("a row was accepted twice: nothing is refused", spares.place)
            return
        insert(writer, spares, [later])
        writer.commit()
        yield settled(database, spares, _RECOVERED, there=[repeated, later])
        insert(writer, spares, [other])
        _refuses(writer, spares.table.insert().values(other))
        aborted = _refuses(writer, select(spares.table.c[0]).limit(1))
    yield as_documented(
        spares, _ABORTED, documented=database.features.aborts_on_error, observed=aborted
    )


def _refuses(connection: Connection, statement: Executable) -> bool:
    try:
        connection.execute(statement)
    except DBAPIError:
        return True
    return False


CHECKS: tuple[Check, ...] = (
    commit_is_visible,
    rollback_discards,
    savepoint,
    exception_leaves_nothing,
    error_then_continue,
    dirty_reads,
    repeatable_reads,
)
