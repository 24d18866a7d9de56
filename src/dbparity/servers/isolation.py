"""Fresh databases in milliseconds.

Three strategies give a database with an application's schema: cloning a sealed template,
replaying the schema into an empty database, and clearing one that was given back. Each is tried
once, and from then on the one that measured fastest is taken.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from contextlib import suppress
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, Table, inspect
from sqlalchemy.exc import CompileError, DBAPIError, SQLAlchemyError
from sqlalchemy.schema import sort_tables_and_constraints

from dbparity.backends.base import occupied
from dbparity.errors import SchemaRefused
from dbparity.models import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from dbparity.applications import Application
    from dbparity.servers.administration import Administration
    from dbparity.servers.bridge import Bridge

CLEAR, REPLAY = "clear", "replay"
_MEMORY = 9  # leases by which a strategy is judged
_LOCK_SECONDS = 1
_MOST_LOGINS = 16


class Shelf:
    """The databases of one application on one server."""

    def __init__(  # noqa: PLR0913, PLR0917  # each is a part of its own
        self,
        administration: Administration,
        application: Application,
        bridge: Bridge,
        name: Callable[[], str],
        engine: Callable[[str], Engine],
        migrate: Callable[[str, Engine], object] | None = None,
    ) -> None:
        """Make databases by ``administration``, called by what ``name`` returns.

        Each is prepared through an engine of ``bridge`` that ``engine`` makes for its name, and
        that stays connected for the next time: most of a lease would be the login. Their tables
        are made from the application's metadata, or by ``migrate``.
        """
        self.backend, self.application = bridge.backend, application
        self._administration, self._bridge = administration, bridge
        self._name, self._engine, self._migrate = name, engine, migrate
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()
        self._template = ""
        self._tables: Sequence[Table] = ()
        self._versions: dict[str, list[tuple[object, ...]]] = {}
        self._clears = self.backend.clears
        self._pristine: object = None
        self._stamps: dict[str, object] = {}
        self._returned: list[str] = []
        self.seconds: dict[str, deque[float]] = {}

    def take(self) -> str:
        """A database that has the application's schema, and no rows.

        Raises:
            SchemaRefused: the backend refuses the schema.
        """
        while True:
            strategy, returned = self._choose()
            if strategy in self.backend.clones:
                self._seal_template()
            # The first clearing pays for a login and the fingerprint too: the second is measured.
            if returned and returned not in self._stamps and not self._cleared(returned):
                continue
            started = time.perf_counter()
            name = self._provide(strategy, returned)
            if name:
                self._measured(strategy, time.perf_counter() - started)
                return name

    def give_back(self, name: str) -> None:
        """Take a database back, to be cleared for the next lease, or to be dropped."""
        if self._clears:
            with self._lock:
                self._returned.append(name)
        else:
            self._drop(name)

    def renew(self, name: str) -> bool:
        """Make a leased database what it was at first, while others stay connected to it.

        False where that cannot be: the backend has no way, the schema was changed, or migrations
        have left rows besides the version.

        Raises:
            DBAPIError: somebody holds a lock there.
        """
        if self.backend.restores:
            self._administration.restore(self._template, name)
            return True
        return self._clears and bool(self._prepare(name, partial(self._clear, name)))

    def close(self) -> None:
        """Close the logins, so that the databases can be dropped."""
        for name in list(self._engines):
            self._disconnect(name)

    def _choose(self) -> tuple[str, str]:
        with self._lock:
            strategies = self.backend.clones or (REPLAY,)
            if self._returned:
                strategies = (*strategies, CLEAR)
            # What was never tried counts as fastest: that is the calibration.
            best = min(strategies, key=lambda way: median(self.seconds.get(way, [0.0])))
            return best, self._returned.pop() if best == CLEAR else ""

    def _measured(self, strategy: str, seconds: float) -> None:
        with self._lock:
            self.seconds.setdefault(strategy, deque(maxlen=_MEMORY)).append(seconds)

    def _provide(self, strategy: str, returned: str) -> str:
        if strategy == CLEAR:
            return self._cleared(returned)
        if strategy == REPLAY:
            return self._replayed()
        name = self._name()
        self._administration.clone(self._template, name, strategy)
        return name

    def _replayed(self) -> str:
        name = self._name()
        self._administration.create(name)
        try:
            self._prepare(name, partial(self._create_schema, name))
        except Exception:
            self._drop(name)
            raise
        return name

    def _seal_template(self) -> None:
        with self._lock:
            if not self._template:
                name = self._replayed()
                self._disconnect(name)
                self._administration.seal(name)
                self._template = name

    def _cleared(self, name: str) -> str:
        # A schema that was changed stays so, and a session that goes on may hold locks for ever.
        with suppress(DBAPIError):
            if self._prepare(name, partial(self._clear, name)):
                return name
        self._drop(name)
        return ""

    def _prepare(self, name: str, work: Callable[[Engine], object]) -> object:
        # Nobody disposes of it meanwhile.
        engine = self._engines.pop(name, None) or self._engine(name)
        try:
            return self._bridge.run(work, engine)
        finally:
            self._engines[name] = engine
            if len(self._engines) > _MOST_LOGINS:
                self._bridge.dispose(self._engines.popitem(last=False)[1])

    def _disconnect(self, name: str) -> None:
        engine = self._engines.pop(name, None)
        if engine is not None:
            self._bridge.dispose(engine)

    def _drop(self, name: str) -> None:
        self._disconnect(name)
        self._administration.drop(name)

    def _create_schema(self, name: str, engine: Engine) -> None:
        if self._migrate is None:
            create_schema(engine, self.application)
        else:
            self._migrate(name, engine)
        if self._clears:
            with engine.connect() as connection:
                self._pristine = self.backend.fingerprint(connection)
                self._note_tables(connection)

    def _note_tables(self, connection: Connection) -> None:
        """Note what is to be cleared: every table but that of the version, which has a row."""
        if self._migrate is None:
            self._tables = self.application.metadata.sorted_tables
            return
        names = inspect(connection).get_table_names()
        tables = [Table(name, MetaData()) for name in names]
        kept = occupied(connection, tables)
        self._tables = [table for table in tables if table not in kept]
        self._versions = {table.name: _rows(connection, table.name) for table in kept}
        # Rows of a migration may be numbered, and all numbers start anew.
        self._clears = len(kept) <= 1

    def _clear(self, name: str, engine: Engine) -> bool:
        with engine.begin() as connection:
            self.backend.lock_timeout(connection, _LOCK_SECONDS)
            unchanged = self._unchanged(name, connection)
            if unchanged:
                self.backend.clear(connection, self._tables)
        return unchanged

    def _unchanged(self, name: str, connection: Connection) -> bool:
        if any(_rows(connection, table) != rows for table, rows in self._versions.items()):
            return False
        stamp = self.backend.stamp(connection)
        if stamp is not None and stamp == self._stamps.get(name):
            return True
        if self.backend.fingerprint(connection) != self._pristine:
            return False
        self._stamps[name] = stamp
        return True


def _rows(connection: Connection, table: str) -> list[tuple[object, ...]]:
    name = connection.dialect.identifier_preparer.quote_identifier(table)
    return sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}")))


def create_schema(engine: Engine, application: Application) -> None:
    """Create the application's tables; raise `SchemaRefused`, which names the object, if it fails.

    A schema's name in the metadata is refused: on MySQL it would be another database.
    """
    target = engine.url.get_backend_name()
    for table in application.metadata.tables.values():
        if table.schema is not None:
            cause = ValueError(f"it is in the schema {table.schema!r}")
            cure = "let the engine translate it: execution_options(schema_translate_map=...)"
            raise SchemaRefused(target, f"table {table.fullname!r}", cause, cure)
    try:
        with engine.begin() as connection:
            _creatable(application.metadata).create_all(connection, checkfirst=False)
    except CompileError as error:
        cure = "give the column a type, or a length, that this backend has"
        raise SchemaRefused(target, "the schema", error, cure) from error
    except SQLAlchemyError as error:
        statement = " ".join((getattr(error, "statement", None) or "the schema").split())[:120]
        cure = "change the column or constraint, or give it a variant: with_variant, ddl_if"
        raise SchemaRefused(target, repr(statement), _orig(error), cure) from error


def _creatable(metadata: MetaData) -> MetaData:
    """A copy where tables refer to each other in a circle: SQLAlchemy forgets how they do."""
    tables = metadata.tables.values()
    *_, (_, circular) = sort_tables_and_constraints(tables)  # type: ignore[no-untyped-call]
    return copied(metadata) if circular else metadata


def _orig(error: SQLAlchemyError) -> Exception:
    """The driver's own error, whose text has no statement and no parameters."""
    return getattr(error, "orig", None) or error
