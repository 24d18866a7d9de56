"""Isolation: what transactions see of each other, as each backend documents it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dbparity.conformance.base import check
from dbparity.conformance.clients import all_at_once
from dbparity.conformance.population import where_key
from dbparity.conformance.promises import Documented, Promise, as_documented, insert, settled
from dbparity.conformance.spares import is_there, on_every_table
from dbparity.results import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from dbparity.conformance.spares import Spares
    from dbparity.results import Item
    from dbparity.servers.database import Database

# How many seconds a writer has to commit beside a reader; in vain where one waits for the other.
_PATIENCE, _VAIN_PATIENCE = 5.0, 0.1

_CLEAN = Promise(
    "what is not committed is not seen by others",
    "DIRTY-READ",
    Severity.WRONG,
    "use at least READ COMMITTED; see isolation_level and the table's storage engine",
)
_REPEATABLE = Documented(
    "while another transaction deletes a row",
    "ISOLATION-DIFFERS",
    yes="it is read as before",
    no="it is gone from one read to the next",
)


@check("transactions")
def dirty_reads(database: Database) -> Iterator[Item]:
    """What is not committed is not seen by others."""
    yield from on_every_table(database, 1, _dirty)


@check("transactions")
def repeatable_reads(database: Database) -> Iterator[Item]:
    """Whether a transaction reads a row twice alike is as the backend documents it."""
    yield from on_every_table(database, 1, _repeatable)


def _dirty(database: Database, spares: Spares) -> Iterator[Item]:
    with database.engine.connect() as writer:
        insert(writer, spares, spares.rows)
        yield settled(database, spares, _CLEAN, gone=spares.rows)


@dataclass(frozen=True, eq=False)
class _Deletion:
    """A transaction that deletes a row, and tells how far it has come."""

    sent: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def perform(self, writer: Connection, spares: Spares) -> bool:
        """Delete the first spare row, and commit."""
        try:
            writer.execute(spares.table.delete().where(where_key(spares.table, spares.rows[0])))
            self.sent.set()
            writer.commit()
        finally:
            self.ended.set()
        return True

    def watch(self, reader: Connection, spares: Spares, patience: float) -> bool:
        """Read the row until it is gone, or once more after the commit; whether it is there.

        The commit may take so much ``patience``, in seconds.
        """
        end = time.monotonic() + _PATIENCE
        last = False
        while is_there(reader, spares.table, spares.rows[0]):
            if last:
                return True
            if self.sent.is_set():
                end = min(end, time.monotonic() + patience)
            last = self.ended.is_set() or time.monotonic() > end
        return False


def _repeatable(database: Database, spares: Spares) -> Iterator[Item]:
    with database.engine.begin() as connection:
        insert(connection, spares, spares.rows)
    deletion = _Deletion()
    patience = _PATIENCE if database.features.concurrent_writers else _VAIN_PATIENCE
    with database.engine.connect() as reader, database.engine.connect() as writer:
        is_there(reader, spares.table, spares.rows[0])

        def reread() -> bool:
            try:
                return deletion.watch(reader, spares, patience)
            finally:
                # Where writers wait for readers, this lets the writer go on.
                reader.rollback()

        jobs: list[Callable[[], bool]] = [reread, partial(deletion.perform, writer, spares)]
        alike, _ = all_at_once(database, jobs)
    yield as_documented(
        spares, _REPEATABLE, documented=database.features.repeatable_reads, observed=alike
    )
