"""Databases for tests of checks, without the room that provides servers."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, MetaData

from dbparity.applications import Application
from dbparity.backends.base import load_backend
from dbparity.servers.bridge import Bridge
from dbparity.servers.database import Database, Opening, configure
from dbparity.targets import Target, version_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine


def application(metadata: MetaData) -> Application:
    """An application of these tables."""
    return Application("tests:metadata", metadata)


@contextmanager
def sqlite_database(
    folder: Path, app: Application, driver: str = "pysqlite", schema: MetaData | None = None
) -> Iterator[Database]:
    """A new SQLite file with the tables of ``app``, or with those of ``schema`` in their place."""
    url = URL.create(f"sqlite+{driver}", database=str(folder / f"{driver}.sqlite"))
    with database_at(url, app, schema) as database:
        yield database


_NUMBERS = itertools.count(1)


@contextmanager
def database_at(url: URL, app: Application, schema: MetaData | None = None) -> Iterator[Database]:
    """The empty database at ``url``, where the tables are made."""
    backend = load_backend(url.get_backend_name())
    driver = backend.driver(url.get_driver_name())

    def make(engine: Engine) -> str:
        with engine.begin() as connection:
            (schema or app.metadata).create_all(connection)
            return backend.server_version(connection)

    with Bridge(backend, driver) as bridge:
        engine = bridge.engine(url)
        configure(engine, backend, app)
        opening = Opening(lambda: engine, bridge.dispose)
        try:
            version = version_tuple(bridge.run(make, opening.engine))
            target = Target(backend.name, driver.name)
            yield Database(
                target,
                url,
                backend,
                version,
                bridge,
                opening,
                app,
                beside=lambda: database_at(_beside(url), app, MetaData()),
            )
        finally:
            opening.close()


def _beside(url: URL) -> URL:
    """The URL of a further SQLite file in the same folder."""
    return url.set(database=f"{url.database}-{next(_NUMBERS)}")
