"""A running server, and the databases that are leased on it."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from dbparity.errors import ServerUnsafe
from dbparity.servers.administration import Administration, InFolder, OnServer
from dbparity.servers.bridge import Bridge
from dbparity.servers.database import Database, Opening, configure
from dbparity.servers.isolation import Shelf
from dbparity.servers.ledger import database_name
from dbparity.targets import Target, version_tuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Engine

    from dbparity.applications import Application
    from dbparity.backends.base import Backend, Driver
    from dbparity.servers.ledger import Run

    Migrate = Callable[[Database], object]

# As many as 25 agents use are kept: to open them anew would be most of what their work costs.
_POOL = {"pool_size": 25, "max_overflow": 25}
# One count for the process: two targets may be served by one server.
_NUMBERS = itertools.count(1)


class Server:
    """A running server of one version of one backend, reached through several drivers."""

    def __init__(
        self,
        backend: Backend,
        drivers: tuple[Driver, ...],
        url: URL,
        run: Run,
        wanted: str = "",
    ) -> None:
        """Reach the server at ``url``; make databases on it in the name of ``run``.

        ``wanted`` is the version that was asked for, by which its targets are called.
        """
        self.backend, self.drivers, self.url, self.run = backend, drivers, url, run
        self._wanted = wanted
        self._lock = threading.Lock()
        self._shelves: dict[tuple[int, Migrate | None], Shelf] = {}
        with ExitStack() as stack:
            self._bridges = {
                driver.name: stack.enter_context(Bridge(backend, driver)) for driver in drivers
            }
            self._bridge = self._bridges[drivers[0].name]
            place = InFolder if backend.service is None else OnServer
            self.administration: Administration = place(backend, url, self._bridge)
            self.version = self.administration.run(backend.server_version)
            self._stack = stack.pop_all()

    @property
    def name(self) -> str:
        """Such as ``postgresql@17``; of a file backend, without a version."""
        return str(self.target(""))

    def target(self, driver: str) -> Target:
        """The target of this server through ``driver``: of the wanted version, or its major one."""
        if self.backend.service is None:
            return Target(self.backend.name, driver)
        return Target(self.backend.name, driver, self._wanted or self.version.split(".")[0])

    def assert_volatile(self) -> None:
        """Raise `ServerUnsafe` if the server would wait for a disk."""
        for setting, (wanted, actual) in self.administration.run(self.backend.volatile).items():
            if wanted != actual:
                raise ServerUnsafe(self.name, setting, wanted, actual)

    @contextmanager
    def lease(
        self,
        driver: str,
        application: Application | None = None,
        *,
        empty: bool = False,
        migrate: Migrate | None = None,
    ) -> Iterator[Database]:
        """A fresh database for the block: with the application's schema, or ``empty``.

        Its tables are made from the application's metadata, or by ``migrate``.

        Raises:
            SchemaRefused: the backend refuses the application's schema.
            Exception: whatever ``migrate`` raises.
        """
        bridge = self._bridges[driver]
        if empty or application is None:
            name, shelf = self._next_name(), None
            self.administration.create(name)
        else:
            shelf = self._shelf(application, migrate)
            name = shelf.take()
        opening = Opening(partial(self._engine, bridge, name, application, **_POOL), bridge.dispose)
        renewal = partial(shelf.renew, name) if shelf else lambda: False
        try:
            yield self._database(bridge, name, application, opening, renewal)
        finally:
            opening.close()
            (shelf.give_back if shelf else self.administration.drop)(name)

    def close(self, *, drop: bool = True) -> None:
        """End the event loops, and ``drop`` every database that this process made here."""
        with self._stack:
            for shelf in self._shelves.values():
                shelf.close()
            if drop:
                self.administration.close()

    def sweep(self) -> None:
        """Drop every database on a server that nobody else uses."""
        for name in self.administration.names():
            self.administration.drop(name)

    def _database(
        self,
        bridge: Bridge,
        name: str,
        application: Application | None,
        opening: Opening,
        renewal: Callable[[], bool],
    ) -> Database:
        driver = bridge.driver.name
        return Database(
            self.target(driver),
            self.administration.url(bridge.driver, name),
            self.backend,
            version_tuple(self.version),
            bridge,
            opening,
            application,
            beside=partial(self.lease, driver, application, empty=True),
            renewal=renewal,
        )

    def _shelf(self, application: Application, migrate: Migrate | None = None) -> Shelf:
        def engine(name: str) -> Engine:
            return self._engine(self._bridge, name, application, pool_size=1)

        key = (id(application), migrate)
        with self._lock:
            if key not in self._shelves:
                self._shelves[key] = Shelf(
                    self.administration,
                    application,
                    self._bridge,
                    self._next_name,
                    engine,
                    partial(self._migrated, application, migrate) if migrate else None,
                )
            return self._shelves[key]

    def _migrated(
        self, application: Application, migrate: Migrate, name: str, engine: Engine
    ) -> None:
        opening = Opening(lambda: engine, self._bridge.dispose)
        migrate(self._database(self._bridge, name, application, opening, lambda: False))

    def _engine(
        self, bridge: Bridge, name: str, application: Application | None, **options: int
    ) -> Engine:
        engine = bridge.engine(self.administration.url(bridge.driver, name), **options)
        configure(engine, self.backend, application)
        return engine

    def _next_name(self) -> str:
        return database_name(self.run.id, next(_NUMBERS))
