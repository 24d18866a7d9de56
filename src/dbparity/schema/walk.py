"""A database on its way through the history of an application, one revision at a time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from sqlalchemy import column, inspect, select, table

from dbparity.schema import contents, revisions
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning
from dbparity.schema.envpy import Door
from dbparity.schema.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.schema.contents import Rows
    from dbparity.schema.differences import Difference
    from dbparity.schema.history import Revision
    from dbparity.schema.revisions import Stride, Terms
    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot


@dataclass(frozen=True)
class View:
    """What is to be seen of a database.

    Attributes:
        schema: without the table of versions.
        at: the revisions that it says it is at; None without a table of versions.
    """

    schema: Snapshot
    at: tuple[str, ...] | None

    def unlike(self, other: View) -> tuple[Difference, ...]:
        """What ``other`` has otherwise in meaning; another spelling is no difference."""
        if self.schema == other.schema:
            return ()
        found = diff(self.schema, other.schema)
        return tuple(each for each in found if each.meaning is not Meaning.EQUIVALENT)


@dataclass(frozen=True)
class Walk:
    """A database that dbparity made, the history that it goes through, and how env.py runs it."""

    database: Database
    history: History
    terms: Terms

    @classmethod
    def begin(cls, database: Database) -> Self:
        """Begin in an empty database.

        Raises:
            ApplicationError: there are no migrations, or env.py would connect elsewhere.
            HistoryBroken: they are no history.
            Exception: whatever env.py raises.
        """
        history = History.of(Door.of(database.application))
        return cls(database, history, revisions.terms(database, history))

    def up(self, *passed: Revision) -> Stride:
        """Upgrade through the revisions; raise what env.py and they raise."""
        return revisions.up(self.database, self.history, passed)

    def down(self, *passed: Revision) -> Stride:
        """Downgrade through the revisions, the last one first."""
        return revisions.down(self.database, self.history, passed)

    def view(self) -> View:
        """What is to be seen now, in a session of its own."""
        with self.database.engine.connect() as connection:
            return look(connection, self.database.backend, self.terms)

    def rows(self) -> dict[str, Rows]:
        """All rows that are there now, by table."""
        schema = self.view().schema
        # Idle sessions have prepared statements for tables that have changed since.
        self.database.engine.dispose()
        with self.database.engine.connect() as connection:
            return contents.read(connection, schema)

    @contextmanager
    def afresh(self, passed: Sequence[Revision]) -> Iterator[Walk]:
        """The same in another database, which is upgraded through ``passed`` in one run."""
        with self.database.another() as database:
            walk = replace(self, database=database)
            walk.up(*passed)
            yield walk


def look(connection: Connection, backend: Backend, terms: Terms) -> View:
    """What is to be seen of a database whose table of versions is the one of ``terms``."""
    schema, at = backend.snapshot(connection), versions(connection, terms)
    if terms.schema is not None:
        return View(schema, at)
    tables = tuple(found for found in schema.tables if found.name != terms.table)
    return View(replace(schema, tables=tables), at)


def versions(connection: Connection, terms: Terms) -> tuple[str, ...] | None:
    """The rows of the table of versions, sorted; None without such a table."""
    if not inspect(connection).has_table(terms.table, terms.schema):
        return None
    kept = table(terms.table, column("version_num"), schema=terms.schema)
    return tuple(sorted(connection.scalars(select(kept.c.version_num))))
