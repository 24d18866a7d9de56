"""env.py: run for one database, and kept from every other.

A database is reached as env.py prefers: it may take the connection in
``config.attributes["connection"]``, or make an engine, sync or async, of ``sqlalchemy.url``, or of
the ``-x`` arguments and environment variables that the application declares.
"""

from __future__ import annotations

import asyncio
import io
import logging.config
import os
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from alembic.config import Config
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import ArgumentError, InvalidRequestError, MissingGreenlet
from sqlalchemy.util import greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from dbparity.backends.base import url_for
from dbparity.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Dialect

    from dbparity.applications import Application
    from dbparity.servers.database import Database

T = TypeVar("T")
Work = Callable[[Config], T]

# Alembic hands env.py its context through a module's globals: one run at a time in a process.
_ALEMBIC = threading.Lock()
# The alembic.ini of the run in this thread, and the only URL that it may connect to.
_confined = threading.local()
_ASYNC_ONLY = "requires an async driver"
_PLACE = "{url}"


@dataclass(frozen=True)
class Door:
    """How an application's env.py is told its database.

    Attributes:
        ini: its alembic.ini.
        x: arguments of ``-x``; in them and in the variables ``{url}`` stands for the URL.
        environment: environment variables.
    """

    ini: Path
    x: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, application: Application | None) -> Self:
        """That of ``application``; raise `ApplicationError` where it has no migrations."""
        if application is None or application.alembic is None:
            name = application.name if application is not None else "no application"
            cure = "give the path of its alembic.ini: [tool.dbparity] alembic"
            raise ApplicationError(name, "it has no migrations", cure)
        return cls(application.alembic, application.alembic_x, application.alembic_environment)

    def config(self, url: URL | None = None, **options: Any) -> Config:  # noqa: ANN401  # Config's
        """A configuration that leads to ``url``, whatever folder this process works in."""
        config = Config(self.ini, **options)
        self._find_folders(config)
        if url is not None:
            text = url.render_as_string(hide_password=False)
            _set(config, "sqlalchemy.url", text)
            config.cmd_opts = Namespace(x=[each.replace(_PLACE, text) for each in self.x])
        return config

    def variables(self, url: URL) -> dict[str, str]:
        """The environment variables that lead to ``url``."""
        text = url.render_as_string(hide_password=False)
        return {name: value.replace(_PLACE, text) for name, value in self.environment.items()}

    def _find_folders(self, config: Config) -> None:
        """Name the folders that Alembic's users give relative to the ini's, where they run it."""
        location = config.get_main_option("script_location")
        if location is not None:
            _set(config, "script_location", self._found(location))
        listed = {
            "version_locations": config.get_version_locations_list(),
            "prepend_sys_path": config.get_prepend_sys_paths_list(),
        }
        for option, folders in listed.items():
            if folders:
                _set(config, option, os.pathsep.join(map(self._found, folders)))
                _set(config, "path_separator", "os")

    def _found(self, folder: str) -> str:
        beside = self.ini.parent / folder
        return str(beside) if beside.is_dir() else folder


def run(database: Database, work: Work[T]) -> T:
    """Call ``work`` with a configuration through which env.py reaches ``database``.

    Raises:
        ApplicationError: env.py would connect to another database; it was kept from it.
        Exception: whatever env.py and the migrations raise.
    """
    door = Door.of(database.application)
    if database.bridge.driver.is_async:
        # In a thread, where an env.py for async drivers can start its event loop.
        return database.bridge.outside(lambda: by_url(door, [database.url], work))
    with database.engine.connect() as connection:
        try:
            return _on_connection(door, connection, database.url, work)
        except (InvalidRequestError, AttributeError) as error:
            others = urls(database) if _wants_engine(error) else urls(database)[1:]
            if not others or not (_wants_engine(error) or _ASYNC_ONLY in str(error)):
                raise
    return by_url(door, others, work)


def offline(database: Database, work: Work[object]) -> str:
    """What env.py writes instead of running it, where ``work`` has it write for ``database``."""
    door = Door.of(database.application)
    return database.bridge.outside(lambda: _offline(door, database.url, work))


def urls(database: Database) -> list[URL]:
    """The database's URL, and behind it one for an env.py that has async engines only."""
    backend, url = database.backend, database.url
    others = (d for d in backend.drivers if d.is_async and d.installed)
    if database.bridge.driver.is_async:
        return [url]
    return [url, *(url_for(url, backend, driver, url.database or "") for driver in others)][:2]


def by_url(door: Door, urls: Sequence[URL], work: Work[T]) -> T:
    """Call ``work`` where env.py is given a URL: the second only where it refuses the first."""
    try:
        return _on_url(door, urls[0], work)
    except InvalidRequestError as error:
        if len(urls) == 1 or _ASYNC_ONLY not in str(error):
            raise
    return _on_url(door, urls[1], work)


def _on_connection(door: Door, connection: Connection, url: URL, work: Work[T]) -> T:
    config = door.config(url)
    config.attributes["connection"] = connection
    with _contained(door, url):
        return work(config)


def _on_url(door: Door, url: URL, work: Work[T]) -> T:
    config = door.config(url)
    with _contained(door, url):
        try:
            return work(config)
        except (MissingGreenlet, ApplicationError):
            # An env.py for sync drivers. In a greenlet it can take a connection of this one, or
            # make an engine of it.
            returned: T = asyncio.run(greenlet_spawn(_in_greenlet, config, url, work))
            return returned


def _in_greenlet(config: Config, url: URL, work: Work[T]) -> T:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        config.attributes["connection"] = connection
        try:
            return work(config)
        except AttributeError as error:
            if not _wants_engine(error):
                raise
    del config.attributes["connection"]
    return work(config)


def _wants_engine(error: Exception) -> bool:
    """Whether env.py took the connection for an engine, as it could when connections had these."""
    return (
        isinstance(error, AttributeError)
        and error.name == "connect"
        and isinstance(error.obj, Connection)
    )


def _offline(door: Door, url: URL, work: Work[object]) -> str:
    written = io.StringIO()
    with _contained(door, url):
        work(door.config(url, output_buffer=written))
    return written.getvalue()


def _set(config: Config, option: str, value: str) -> None:
    config.set_main_option(option, value.replace("%", "%%"))


@contextmanager
def _contained(door: Door, url: URL) -> Iterator[None]:
    """Let env.py connect to the database of ``url`` only, and leave the logging as it is."""
    file_config = logging.config.fileConfig
    with _ALEMBIC, _variables(door.variables(url)):
        if not event.contains(Engine, "do_connect", _guard):
            event.listen(Engine, "do_connect", _guard)
        _confined.to = door.ini, url
        # It would close and replace the handlers of the program that env.py runs in.
        logging.config.fileConfig = _no_file_config
        try:
            yield
        finally:
            logging.config.fileConfig = file_config
            del _confined.to


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _guard(dialect: Dialect, _: object, args: list[Any], options: dict[str, Any]) -> None:
    """Refuse a connection that this thread must not make; other threads are free."""
    ini, url = getattr(_confined, "to", (None, None))
    if url is None:
        return
    if dialect.is_async and not in_greenlet():
        # As the driver would say, but before it has begun a connection.
        message = "env.py has no event loop for this driver"
        raise MissingGreenlet(message)
    if not _leads_to(url, dialect, args, options):
        reason = "its env.py connects to another database than it was given, and was kept from it"
        cure = (
            "let it take config.attributes['connection'], or else the option sqlalchemy.url, "
            "before settings and variables of its own; or say in [tool.dbparity] how it is told: "
            'alembic-x = ["url={url}"], alembic-environment = { DB_URL = "{url}" }'
        )
        raise ApplicationError(str(ini), reason, cure)


def _leads_to(url: URL, dialect: Dialect, args: list[Any], options: dict[str, Any]) -> bool:
    try:
        wanted_args, wanted = dialect.create_connect_args(url)
    except ArgumentError:  # SQLite's, of the URL of a server
        return False
    return list(args) == list(wanted_args) and all(
        options.get(name) == value for name, value in wanted.items()
    )


def _no_file_config(*_: object, **__: object) -> None:
    pass
