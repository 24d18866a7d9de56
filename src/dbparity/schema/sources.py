"""Where a schema can be read from, as it is written on a command line.

| written | what is read |
|---|---|
| ``postgresql://user:password@host/shop`` | a live database; nothing is written to it |
| ``shop.models:Base.metadata@mysql@9`` | a MetaData, made in a scratch database of that target |
| ``schema.sql@postgresql`` | a DDL file, run in a scratch database of that target |
| ``revision:abc123@mysql`` | the application's migrations up to that revision, likewise |
| ``schema.json`` | a snapshot that was stored |
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, NullPool, make_url

from dbparity.applications import Application, load_application
from dbparity.backends.base import Backend, load_backend, url_for
from dbparity.errors import (
    DatabaseUnreachable,
    DriverMissing,
    ServerUnavailable,
    SnapshotInvalid,
    SourceInvalid,
    UsageError,
)
from dbparity.schema.scripts import run_script
from dbparity.servers.bridge import Bridge
from dbparity.servers.database import Database
from dbparity.snapshots import Snapshot
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from dbparity.backends.base import Driver
    from dbparity.results import Finding
    from dbparity.servers.environment import DatabaseTestEnvironment

_AT = re.compile(r"(?P<what>.+?)@(?P<target>[a-z][a-z0-9_]*(\+[a-z0-9_]+)?(@\d+(\.\d+)*)?)")
_REVISION = "revision:"
_FORMS = (
    "write a URL, package.module:attribute@target, file.sql@target, revision:id@target or file.json"
)


@dataclass(frozen=True)
class Reading:
    """A schema, and what went wrong where only a part of it could be read."""

    snapshot: Snapshot
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Around:
    """What a source may need: servers for scratch databases, and the configured application."""

    environment: DatabaseTestEnvironment
    application: Application | None = None
    pythonpath: tuple[Path, ...] = ()

    @contextmanager
    def lease(
        self, wanted: Target, application: Application | None = None, *, empty: bool = False
    ) -> Iterator[Database]:
        """A scratch database on the first running target that ``wanted`` stands for."""
        environment = self.environment
        target = next(filter(partial(_matches, wanted), environment.targets), None)
        if target is None:
            missing = (why for lost, why in environment.missing.items() if lost.matches(wanted))
            raise ServerUnavailable(str(wanted), [*dict.fromkeys(missing)] or ["it was not wanted"])
        with environment.lease(target, application, empty=empty) as database:
            yield database


@dataclass(frozen=True)
class Source(ABC):
    """Where a schema is read from: ``text`` as it was written, without a password."""

    text: str

    @property
    def targets(self) -> tuple[Target, ...]:
        """What a scratch database is needed on."""
        return ()

    @abstractmethod
    def read(self, around: Around) -> Reading:
        """The schema."""


def parse(text: str) -> Source:
    """Read what was written on a command line.

    Raises:
        SourceInvalid: it is of none of the forms.
    """
    if "://" in text:
        return _live(text)
    if text.endswith(".json"):
        return Stored(text)
    match = _AT.fullmatch(text)
    what = match["what"] if match else text
    kind = _kind(what)
    if kind is None:
        raise SourceInvalid(text, "a schema is not read from such a source", _FORMS)
    if match is None:
        raise SourceInvalid(text, "it names no target", f"write {text}@postgresql, for example")
    return kind(text, what.removeprefix(_REVISION), Target.parse(match["target"]))


def read(
    source: Source,
    environment: DatabaseTestEnvironment,
    application: Application | None = None,
    pythonpath: tuple[Path, ...] = (),
) -> Reading:
    """Read ``source``; scratch databases come from ``environment``, which serves its targets.

    Args:
        source: what to read.
        environment: the running servers.
        application: the configured one, whose migrations are meant by ``revision:``.
        pythonpath: folders to import a MetaData from.

    Raises:
        SourceInvalid: a file or a revision that is not there or cannot be read.
        ApplicationError: what is to be a MetaData is none, or there are no migrations.
        HistoryBroken: the migrations are no history.
        DatabaseUnreachable: no connection to a live database.
        ServerUnavailable: no server for a scratch database.
        SchemaRefused: the backend refuses the MetaData.
    """
    reading = source.read(Around(environment, application, pythonpath))
    return replace(reading, snapshot=replace(reading.snapshot, source=source.text))


def scratch_target(snapshot: Snapshot) -> Target:
    """The target on which scratch databases behave as the one that ``snapshot`` was taken of."""
    served = load_backend(snapshot.backend).service is not None
    return Target(snapshot.backend, "", snapshot.version.split(".")[0] if served else "")


@dataclass(frozen=True)
class Live(Source):
    """A database that somebody else runs. Nothing is written to it."""

    url: URL = field(repr=False)
    backend: Backend

    def read(self, around: Around) -> Reading:  # noqa: ARG002  # it needs no scratch database
        """The schema, over a login that is bounded and cannot write."""
        with self.read_only() as (bridge, engine):
            return Reading(bridge.run(self.snapshot, engine))

    @contextmanager
    def read_only(self) -> Iterator[tuple[Bridge, Engine]]:
        """As `reached`, but nothing can be written; raise `SourceInvalid` where no file is."""
        if self.backend.service is None and not Path(self.url.database or "").is_file():
            cure = "correct the path; a fourth slash begins an absolute one"
            raise SourceInvalid(self.text, "no such file", cure)
        with self.reached() as (bridge, engine):
            self.backend.read_only(engine)
            yield bridge, engine

    @contextmanager
    def reached(self) -> Iterator[tuple[Bridge, Engine]]:
        """An engine of the database, and the bridge over which it works; each login is new."""
        driver = _driver(self.url, self.backend)
        url = url_for(self.url, self.backend, driver, self.url.database or "")
        with Bridge(self.backend, driver) as bridge:
            yield bridge, bridge.engine(url, poolclass=NullPool)

    def snapshot(self, engine: Engine) -> Snapshot:
        """The schema as ``engine`` shows it; raise `DatabaseUnreachable` where it cannot log in."""
        with self.login(engine) as connection:
            return self.backend.behind(connection).snapshot(connection)

    def login(self, engine: Engine) -> Connection:
        """A connection of ``engine``; raise `DatabaseUnreachable` where there is none."""
        try:
            return engine.connect()
        except Exception as error:  # drivers raise whatever they like
            raise DatabaseUnreachable(self.text, getattr(error, "orig", error)) from error


@dataclass(frozen=True)
class Stored(Source):
    """A JSON file."""

    def read(self, around: Around) -> Reading:  # noqa: ARG002  # it needs no scratch database
        """The snapshot that is in it."""
        try:
            return Reading(Snapshot.from_json(_content(self, Path(self.text))))
        except SnapshotInvalid as error:
            cure = "write one with dbparity schema snapshot"
            raise SourceInvalid(
                self.text, f"no snapshot of a schema: {error.reason}", cure
            ) from error


@dataclass(frozen=True)
class _Made(Source):
    """What is made in a scratch database of ``target``, and read there."""

    what: str
    target: Target

    @property
    def targets(self) -> tuple[Target, ...]:
        """The one that it is made on."""
        return (self.target,)


class Model(_Made):
    """A MetaData."""

    def read(self, around: Around) -> Reading:
        """The schema that its tables come to."""
        application = around.application
        if application is None or application.name != self.what:
            application = load_application(self.what, pythonpath=around.pythonpath)
        with around.lease(self.target, application) as database:
            return Reading(database.run(Database.snapshot))


class Script(_Made):
    """A DDL file."""

    def read(self, around: Around) -> Reading:
        """The schema that its statements come to, and those that were refused."""
        script = _content(self, Path(self.what)).decode(errors="replace")
        with around.lease(self.target) as database:
            findings = database.run(partial(run_script, name=self.what, script=script))
            return Reading(database.run(Database.snapshot), findings)


class Migrated(_Made):
    """The application's migrations, up to a revision."""

    def read(self, around: Around) -> Reading:
        """The schema that they come to, without Alembic's own table."""
        with around.lease(self.target, around.application, empty=True) as database:
            return Reading(database.run(self._upgraded))

    def _upgraded(self, database: Database) -> Snapshot:
        # Alembic is slow to import, and few sources need it.
        from dbparity.schema import revisions  # noqa: PLC0415
        from dbparity.schema.walk import Walk  # noqa: PLC0415

        try:
            walk = Walk.begin(database)
            revisions.upgrade(database, self.what)
        except UsageError:
            raise
        except Exception as error:  # env.py and the revisions are the user's
            reason = f"the upgrade fails ({type(error).__name__}: {error})".splitlines()[0]
            cure = "correct the revision; dbparity revisions check tells more"
            raise SourceInvalid(self.text, reason, cure) from error
        return walk.view().schema


def _kind(what: str) -> type[_Made] | None:
    if what.startswith(_REVISION):
        return Migrated
    if what.endswith(".sql"):
        return Script
    return Model if ":" in what else None


def _live(text: str) -> Live:
    try:
        url = make_url(text)
    except Exception:  # noqa: BLE001  # the cause's text would show the password
        cure = "write backend://user:password@host:port/database"
        raise SourceInvalid("the URL", "it cannot be read", cure) from None
    safe = url.render_as_string(hide_password=True)
    return Live(safe, url, load_backend(url.get_backend_name()))


def _driver(url: URL, backend: Backend) -> Driver:
    """The driver that ``url`` names, or else the first that is installed."""
    if "+" in url.drivername:
        drivers: tuple[Driver, ...] = (backend.driver(url.get_driver_name()),)
    else:
        drivers = backend.drivers
    for driver in drivers:
        if driver.installed:
            return driver
    raise DriverMissing(backend.name, drivers[0].module, drivers[0].extra)


def _content(source: Source, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceInvalid(source.text, str(error.strerror).lower(), "correct the path") from error


def _matches(wanted: Target, target: Target) -> bool:
    return target.matches(wanted)
