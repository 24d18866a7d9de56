"""Revisions: the application's migrations, run by Alembic through the application's own env.py.

Every question is asked through env.py as well, so that its version table, its filters and its
comparisons count. A database is reached as env.py prefers: it may take the connection in
``config.attributes["connection"]``, or make an engine, sync or async, of ``sqlalchemy.url``.
"""

from __future__ import annotations

import asyncio
import logging.config
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio.to_thread
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, Table, create_engine, event
from sqlalchemy.exc import ArgumentError, InvalidRequestError, MissingGreenlet
from sqlalchemy.util import await_only, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from dbparity.backends.base import url_for
from dbparity.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection, Dialect, MetaData

    from dbparity.applications import Application
    from dbparity.servers.database import Database

T = TypeVar("T")
Work = Callable[[Config], T]

# Alembic hands env.py its context through a module's globals: one run at a time in a process.
_ALEMBIC = threading.Lock()
# The alembic.ini of the run in this thread, and the only URL that it may connect to.
_confined = threading.local()
_ASYNC_ONLY = "requires an async driver"


@dataclass(frozen=True)
class Drift:
    """One way in which a database's schema is not the model's."""

    table: str
    column: str
    message: str


def heads(application: Application) -> tuple[str, ...]:
    """The revisions that no other follows: several where a branch was never merged."""
    config = _config(_ini(application))
    return tuple(sorted(ScriptDirectory.from_config(config).get_heads()))


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations up to ``revision``.

    Raises:
        ApplicationError: env.py would connect to another database; it was kept from it.
        Exception: whatever env.py and the migrations raise.
    """
    _run(database, lambda config: command.upgrade(config, revision))


def current(database: Database) -> tuple[str, ...]:
    """The revisions that the database says it is at, by the version table that env.py names."""
    return tuple(sorted(_run(database, lambda config: _ask(config, _heads_of))))


def differences(database: Database, metadata: MetaData) -> tuple[Drift, ...]:
    """Where the database's schema is not ``metadata``, as Alembic's autogeneration sees it."""

    def compare(context: MigrationContext) -> Sequence[Any]:
        return cast("Sequence[Any]", compare_metadata(context, metadata))

    entries = _run(database, lambda config: _ask(config, compare))
    return tuple(
        _drift(part)
        for entry in entries
        for part in (entry if isinstance(entry, list) else [entry])
    )


def _heads_of(context: MigrationContext) -> tuple[str, ...]:
    return context.get_current_heads()


def _drift(entry: Sequence[Any]) -> Drift:
    verb, _, what = str(entry[0]).partition("_")
    if verb == "modify":
        _, _, table, column, _, existing, wanted = entry
        message = f"{what} is {_spelled(existing)}, in the model {_spelled(wanted)}"
        return Drift(table, column, message)
    state = "is missing" if verb == "add" else "is not in the model"
    if what == "column":
        _, _, table, column = entry
        return Drift(table, column.name, f"the column {state}")
    item = entry[1]
    if isinstance(item, Table):
        return Drift(item.name, "", f"the {what.replace('_', ' ')} {state}")
    columns = ", ".join(column.name for column in item.columns)
    name = f" {item.name}" if item.name else ""
    return Drift(item.table.name, "", f"{what}{name} ({columns}) {state}")


def _spelled(value: object) -> str:
    return str(getattr(value, "arg", value))


def _ini(application: Application | None) -> Path:
    if application is None or application.alembic is None:
        name = application.name if application is not None else "no application"
        cure = "give the path of its alembic.ini: [tool.dbparity] alembic"
        raise ApplicationError(name, "it has no migrations", cure)
    return application.alembic


def _config(ini: Path, url: URL | None = None) -> Config:
    config = Config(ini)
    location = config.get_main_option("script_location")
    # Alembic reads it from the working folder, which is the ini's folder when its users run it.
    if location is not None and (ini.parent / location).is_dir():
        _set(config, "script_location", str(ini.parent / location))
    if url is not None:
        _set(config, "sqlalchemy.url", url.render_as_string(hide_password=False))
    return config


def _set(config: Config, option: str, value: str) -> None:
    config.set_main_option(option, value.replace("%", "%%"))


def _ask(config: Config, question: Callable[[MigrationContext], T]) -> T:
    """Ask ``question`` of the context that env.py configures, and migrate nothing."""
    answers: list[T] = []

    def ask(_: object, context: MigrationContext) -> list[Any]:
        answers.append(question(context))
        return []

    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=ask, dont_mutate=True):
        script.run_env()
    return answers[0]


def _run(database: Database, work: Work[T]) -> T:
    """Call ``work`` with a configuration through which env.py reaches ``database``."""
    ini = _ini(database.application)
    if database.bridge.driver.is_async:
        # In a thread, where an env.py for async drivers can start its event loop.
        return await_only(anyio.to_thread.run_sync(_on_url, ini, database.url, work))
    with database.engine.connect() as connection:
        try:
            return _on_connection(ini, connection, database.url, work)
        except InvalidRequestError as error:
            url = _async_url(database)
            if url is None or _ASYNC_ONLY not in str(error):
                raise
    return _on_url(ini, url, work)


def _on_connection(ini: Path, connection: Connection, url: URL, work: Work[T]) -> T:
    config = _config(ini, url)
    config.attributes["connection"] = connection
    with _contained(ini, url):
        return work(config)


def _on_url(ini: Path, url: URL, work: Work[T]) -> T:
    config = _config(ini, url)
    with _contained(ini, url):
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
        return work(config)


def _async_url(database: Database) -> URL | None:
    """The database's URL for an env.py that has async engines only."""
    for driver in database.backend.drivers:
        if driver.is_async and driver.installed:
            return url_for(database.url, database.backend, driver, database.url.database or "")
    return None


@contextmanager
def _contained(ini: Path, url: URL) -> Iterator[None]:
    """Let env.py connect to the database of ``url`` only, and leave the logging as it is."""
    file_config = logging.config.fileConfig
    with _ALEMBIC:
        if not event.contains(Engine, "do_connect", _guard):
            event.listen(Engine, "do_connect", _guard)
        _confined.to = ini, url
        # It would close and replace the handlers of the program that env.py runs in.
        logging.config.fileConfig = _no_file_config
        try:
            yield
        finally:
            logging.config.fileConfig = file_config
            del _confined.to


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
            "before settings and variables of its own"
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
