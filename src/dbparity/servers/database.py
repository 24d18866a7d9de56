"""Database: a fresh isolated one on a running server, leased for one test."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Engine

    from dbparity.applications import Application
    from dbparity.backends.base import Backend, Features
    from dbparity.servers.bridge import Bridge
    from dbparity.snapshots import Snapshot
    from dbparity.targets import Target

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Database:
    """A database that dbparity made, with the application's schema if one was named.

    Attributes:
        target: with the driver and the server's version.
        url: how to connect, with the password; print `safe_url` instead.
        engine: on an async driver, the sync facade: it works inside `run` and `run_concurrently`
            only. Use `async_engine` in coroutines.
        opening: makes the engine.
        application: whose schema it holds, or None.
        beside: leases an empty database of the same application on the same server.
        renewal: see `renew`.
    """

    target: Target
    url: URL
    backend: Backend
    version: tuple[int, ...]
    bridge: Bridge
    opening: Opening
    application: Application | None = None
    beside: Callable[[], AbstractContextManager[Database]] = field(kw_only=True, repr=False)
    renewal: Callable[[], bool] = field(default=lambda: False, kw_only=True, repr=False)

    @property
    def engine(self) -> Engine:
        """The database's engine, made when it is first asked for."""
        return self.opening.engine

    @property
    def features(self) -> Features:
        """What the server can do."""
        return self.backend.features(self.version)

    @property
    def safe_url(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    def snapshot(self) -> Snapshot:
        """The schema that is there now; call it from inside `run`."""
        with self.engine.connect() as connection:
            return self.backend.snapshot(connection)

    def run(self, work: Callable[[Database], T]) -> T:
        """Call ``work(self)`` where the engine works, and return what it returns."""
        return self.bridge.run(work, self)

    def run_concurrently(self, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """Run ``jobs`` at once, each with connections of its own; call it from inside `run`.

        Tasks on async drivers, threads on others. Returns each job's result, or the exception
        that it raised, in their order.
        """
        return self.bridge.gather(jobs)

    def sleep(self, seconds: float) -> None:
        """Let others work meanwhile; call it from inside `run` or `run_concurrently`."""
        self.bridge.sleep(seconds)

    def lag(self) -> AbstractContextManager[list[float]]:
        """By how many seconds the event loop is late meanwhile; call it from inside `run`.

        A task wakes every millisecond, and the list has how late it was each time; it is empty
        where the driver needs no loop.
        """
        return self.bridge.lag()

    def another(self) -> AbstractContextManager[Database]:
        """A further empty database for the block; call it from inside `run`."""
        return self.bridge.held(self.beside())

    def renew(self) -> bool:
        """Make it what it was when it was leased, while connections to it stay open.

        False where that cannot be done, and nothing was: take another lease then.

        Raises:
            DBAPIError: somebody holds a lock there.
        """
        return self.renewal()

    def async_engine(self, **options: Any) -> AsyncEngine:  # noqa: ANN401  # create_engine's
        """A new engine for the caller's own event loop, who disposes it there."""
        arguments = self.backend.connect_arguments(self.bridge.driver)
        engine = create_async_engine(self.url, connect_args=arguments, **options)
        configure(engine.sync_engine, self.backend, self.application)
        return engine


class Opening:
    """An engine that is made when it is first asked for: it costs more than a copied file."""

    def __init__(self, make: Callable[[], Engine], dispose: Callable[[Engine], None]) -> None:
        """Make the engine by ``make``, and close it by ``dispose``."""
        self._make, self._dispose = make, dispose
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine, the same one in every thread."""
        with self._lock:
            if self._engine is None:
                self._engine = self._make()
            return self._engine

    def close(self) -> None:
        """Close the engine's connections, if it was ever made."""
        if self._engine is not None:
            self._dispose(self._engine)


def configure(engine: Engine, backend: Backend, application: Application | None) -> None:
    """Attach what the backend and the application attach to every engine."""
    backend.prepare(engine)
    backend.hasten(engine)
    if application is not None and application.configure is not None:
        application.configure(engine)
