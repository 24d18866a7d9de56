"""Making and dropping databases: on a server, or as files. Only dbparity's own are touched."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import NullPool

from dbparity.backends.base import url_for
from dbparity.errors import DatabaseForeign
from dbparity.servers.ledger import run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection, Engine

    from dbparity.backends.base import Backend, Driver
    from dbparity.servers.bridge import Bridge

T = TypeVar("T")


class Administration(Protocol):
    """What isolation asks for, whether a database is a file or lives on a server."""

    def run(self, work: Callable[[Connection], T]) -> T:
        """Call ``work`` with a connection that commits every statement."""

    def create(self, name: str) -> None:
        """Make an empty database."""

    def close(self) -> None:
        """Drop every database that was made through this object and is still there."""

    def drop(self, name: str) -> None:
        """Drop a database that dbparity made; raise `DatabaseForeign` for any other."""

    def seal(self, name: str) -> None:
        """Make a database a template."""

    def clone(self, template: str, name: str, way: str) -> None:
        """Make a database from a template."""

    def restore(self, template: str, name: str) -> None:
        """Make a database what a template was, while others are connected to it."""

    def names(self) -> list[str]:
        """The databases that dbparity made, whichever run did."""

    def url(self, driver: Driver, name: str) -> URL:
        """How to connect to a database."""


class _Books(ABC):
    """Keeps the names of what was made and not yet dropped, so that nothing is forgotten."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._made: set[str] = set()

    def close(self) -> None:
        """Drop every database that was made through this object and is still there."""
        for name in sorted(self._made.intersection(self.names())):
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database that dbparity made; raise `DatabaseForeign` for any other."""
        if run_of(name) is None:
            raise DatabaseForeign(name)
        self._remove(name)
        self._made.discard(name)

    @abstractmethod
    def names(self) -> list[str]:
        """The databases that dbparity made, whichever run did."""

    @abstractmethod
    def _remove(self, name: str) -> None: ...


class OnServer(_Books):
    """Databases on a running server."""

    def __init__(self, backend: Backend, url: URL, bridge: Bridge) -> None:
        """Log in with ``url`` through the driver of ``bridge``, anew each time."""
        super().__init__()
        self.backend, self._url, self._bridge = backend, url, bridge
        # No pool: an idle login would keep a foreign server's administrator from its work.
        self._engine = bridge.engine(
            url_for(url, backend, bridge.driver, url.database or ""),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )

    def run(self, work: Callable[[Connection], T]) -> T:
        """Call ``work`` with a connection that commits every statement."""
        return self._bridge.run(lambda: _connected(self._engine, work))

    def create(self, name: str) -> None:
        """Make an empty database."""
        self._made.add(name)
        self.run(lambda connection: self.backend.create_database(connection, name))

    def _remove(self, name: str) -> None:
        self.run(lambda connection: self.backend.drop_database(connection, name))

    def seal(self, name: str) -> None:
        """Make a database a template that nobody can connect to."""
        self.run(lambda connection: self.backend.seal(connection, name))

    def clone(self, template: str, name: str, way: str) -> None:
        """Have the server copy a template."""
        self._made.add(name)
        self.run(lambda connection: self.backend.clone(connection, template, name, way))

    def restore(self, template: str, name: str) -> None:
        """Refuse: no server can."""
        raise NotImplementedError

    def names(self) -> list[str]:
        """The databases that dbparity made, whichever run did."""
        return [name for name in self.run(self.backend.databases) if run_of(name)]

    def url(self, driver: Driver, name: str) -> URL:
        """How to connect to a database."""
        return url_for(self._url, self.backend, driver, name)


class InFolder(_Books):
    """Databases as files in one folder."""

    def __init__(self, backend: Backend, url: URL, bridge: Bridge) -> None:
        """Keep the files in the folder that ``url`` has for a database."""
        super().__init__()
        self.backend, self._url, self._bridge = backend, url, bridge
        self._folder = Path(url.database or "")
        self._templates: dict[str, bytes] = {}

    def run(self, work: Callable[[Connection], T]) -> T:
        """Call ``work`` with a connection to a database in memory."""
        url = url_for(self._url, self.backend, self._bridge.driver, ":memory:")
        engine = self._bridge.engine(url)
        try:
            return self._bridge.run(lambda: _connected(engine, work))
        finally:
            self._bridge.dispose(engine)

    def create(self, name: str) -> None:
        """Only note it: a file backend makes its file at the first connect."""
        self._made.add(name)

    def _remove(self, name: str) -> None:
        path = self._path(name)
        for beside in ("", *self.backend.companions):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + beside)  # noqa: PTH108  # a Path costs as much as the unlink

    def seal(self, name: str) -> None:
        """Keep what is in the file: to write that is faster than to have it copied."""
        self._templates[name] = Path(self._path(name)).read_bytes()

    def clone(self, template: str, name: str, way: str) -> None:  # noqa: ARG002
        """Write a file with what was in the template's."""
        self._made.add(name)
        left = self._templates[template]
        # Python's own files cost as much again as the writing.
        file = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while left:
                left = left[os.write(file, left) :]
        finally:
            os.close(file)

    def restore(self, template: str, name: str) -> None:
        """Have the backend write what was in the template into the file."""
        self.backend.restore(self._path(name), self._templates[template])

    def names(self) -> list[str]:
        """The databases that dbparity made."""
        found = (path.stem for path in self._folder.glob(f"*{self.backend.suffix}"))
        return sorted(name for name in found if run_of(name))

    def url(self, driver: Driver, name: str) -> URL:
        """How to connect to a database."""
        return url_for(self._url, self.backend, driver, self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}{self.backend.suffix}"


def _connected(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return work(connection)
