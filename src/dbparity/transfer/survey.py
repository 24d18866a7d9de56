"""What there is in a database before a migration: its schema, its rows, and which one it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.snapshots import Snapshot

JOURNAL = "dbparity_journal"  # in the target: what of a migration is done
ASIDE = "dbparity_quarantine"  # in the target: rows that it did not take
OWN = frozenset({JOURNAL, ASIDE})


@dataclass(frozen=True)
class Survey:
    """One side of a migration.

    Attributes:
        url: of the database, without its password.
        identity: equal for two ways to reach one database.
        snapshot: its schema, without what a migration keeps in it.
        rows: how many each table has.
        begun: whether there is a journal of a migration into it.
    """

    url: str
    identity: str
    snapshot: Snapshot
    rows: Mapping[str, int] = field(default_factory=dict)
    begun: bool = False

    @property
    def occupied(self) -> tuple[str, ...]:
        """The tables that have rows."""
        return tuple(name for name, count in self.rows.items() if count)


def survey(connection: Connection, backend: Backend) -> Survey:
    """Look at a database; nothing is written to it."""
    url = connection.engine.url.render_as_string(hide_password=True)
    whole = backend.snapshot(connection)
    own = tuple(table for table in whole.tables if table.name not in OWN)
    rows = {table.name: _rows(connection, backend.quote(table.name)) for table in own}
    return Survey(
        url,
        backend.identity(connection),
        replace(whole, source=url, tables=own),
        rows,
        whole.table(JOURNAL) is not None,
    )


def _rows(connection: Connection, table: str) -> int:
    asked = f"SELECT count(*) FROM {table}"
    uncounted = connection.execution_options(no_parameters=True)
    return int(uncounted.exec_driver_sql(asked).scalar_one())
