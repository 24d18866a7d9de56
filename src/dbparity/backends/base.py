"""What every backend states and answers."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, bindparam, create_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from dbparity import plugins
from dbparity.backends.catalogues import inspected
from dbparity.errors import DriverMissing, TargetUnknown
from dbparity.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Column, ColumnElement, Connection, Dialect, Engine, Select, Table
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine

    from dbparity.backends.catalogues.assembly import Schema
    from dbparity.backends.homes.base import Home
    from dbparity.backends.wires.base import Loader, Reader
    from dbparity.wires import Cell, Field


@dataclass(frozen=True)
class Driver:
    """How Python reaches a backend.

    Attributes:
        name: SQLAlchemy's name, the part behind the plus sign.
        module: what must be importable.
        extra: the extra of dbparity that installs it; "" for a driver of another package.
        is_async: whether SQLAlchemy drives it through an async engine.
    """

    name: str
    module: str
    extra: str
    is_async: bool = False

    @property
    def installed(self) -> bool:
        """Whether its module can be found."""
        return importlib.util.find_spec(self.module) is not None


@dataclass(frozen=True)
class Features:
    """What a backend can do. Each field has a probe of the same name in `dbparity.backends.probes`.

    The contract test runs every probe on a live server, and fails on a success that is not
    claimed here as well as on a claim that does not hold.
    """

    transactional_ddl: bool  # CREATE TABLE is undone by ROLLBACK
    savepoints: bool  # a part of a transaction is undone by ROLLBACK TO SAVEPOINT
    savepoint_ddl: bool  # a savepoint survives DDL
    partial_indexes: bool  # CREATE INDEX ... WHERE
    expression_indexes: bool  # an index over lower(column)
    insert_returning: bool
    update_returning: bool
    delete_returning: bool
    deferrable_foreign_keys: bool  # DEFERRABLE INITIALLY DEFERRED
    deferrable_unique_constraints: bool
    full_match_foreign_keys: bool  # MATCH FULL refuses keys that are NULL in part
    enforces_foreign_keys: bool  # with the settings of `Backend.prepare`
    enforces_foreign_keys_beside_null: bool  # also through a unique index that has a NULL
    enforces_checks: bool
    enforces_lengths: bool  # VARCHAR(3) refuses four characters
    enforces_types: bool  # INTEGER refuses 'abc'
    fractional_seconds: bool  # a plain DateTime keeps its microseconds
    case_sensitive: bool  # UNIQUE tells 'a' from 'A'
    accent_sensitive: bool  # UNIQUE tells 'e' from 'é'
    trailing_space_sensitive: bool  # UNIQUE tells 'a' from 'a '
    unbounded_strings: bool  # String() without a length
    indexes_text: bool  # an index over Text without a length
    stores_nul: bool  # NUL in text
    nulls_first: bool  # ascending order puts NULL first
    row_locks: bool  # SELECT ... FOR UPDATE SKIP LOCKED
    concurrent_writers: bool  # two transactions may write different rows at once
    aborts_on_error: bool  # an error ends what can be done in its transaction
    repeatable_reads: bool  # a transaction reads the same row twice alike, by default
    nulls_last_syntax: bool  # ORDER BY ... NULLS LAST
    full_outer_join: bool
    sequences: bool
    comments: bool
    reflects_schema: bool  # SQLAlchemy reads columns, keys and indexes back
    explains_indexes: bool  # the plan of a statement names the index that it uses


class Refusal(StrEnum):
    """Why a database refused a statement, whichever class and number it said it with."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign key"
    NOT_NULL = "not null"
    CHECK = "check"
    TOO_LONG = "too long"
    OUT_OF_RANGE = "out of range"
    CONFLICT = "conflict"  # deadlock, lock timeout, serialization: to be retried
    OTHER = "other"


@dataclass(frozen=True)
class Plan:
    """How a backend means to run a statement: the indexes that it uses, and its own words."""

    indexes: frozenset[str]
    text: str


@dataclass(frozen=True)
class Credentials:
    """Who dbparity is on a server that it starts."""

    user: str
    password: str
    database: str

    def __repr__(self) -> str:
        """Hide the password."""
        return f"Credentials({self.user!r}, ***, {self.database!r})"


@dataclass(frozen=True)
class Commands:
    """The commands that make and run a server from binaries.

    ``initialize`` runs once, to its end; ``files`` are written before, relative to the home
    folder, readable by the server alone; ``serve`` is the server itself.
    """

    files: dict[str, str]
    initialize: Sequence[Sequence[str]]
    serve: Sequence[str]


class Service(ABC):
    """How a server of a backend is run: in a container or from binaries on this machine."""

    port: ClassVar[int]
    image: ClassVar[str]  # of the public registry; {version} is filled in
    versions: ClassVar[tuple[str, ...]]  # offered where none is asked for, the preferred first
    data: ClassVar[str]  # the data folder in a container, to be kept in memory
    binary: ClassVar[str]  # the server's program
    places: ClassVar[tuple[str, ...]]  # where Debian puts it, as glob patterns
    version: ClassVar[str]  # a pattern for the number in what it says to --version
    account: ClassVar[str]  # whom a superuser runs it as
    user: ClassVar[str]  # dbparity's login: one that may make databases
    database: ClassVar[str]  # one that every server has, to log in to
    arguments: ClassVar[tuple[str, ...]]  # durability off, among others
    durable: ClassVar[tuple[str, ...]] = ()  # instead, where what is committed outlives the server

    @abstractmethod
    def environment(self, credentials: Credentials) -> dict[str, str]:
        """The public image's variables for these credentials."""

    @abstractmethod
    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:
        """The commands to serve from ``home`` with the program ``binary`` on ``port``."""


@dataclass(frozen=True)
class Part:
    """The part that a server plays among others.

    Attributes:
        read_only: whether it takes no writes.
        role: ``primary``, ``replica``, or "" where there is no such thing.
        lag: seconds that a replica is behind; None if it is none or cannot tell.
        facts: what else is worth reading, such as connections in use and their limit.
    """

    read_only: bool = False
    role: str = ""
    lag: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AtRest:
    """Which rules of a schema are not followed on a connection."""

    foreign_keys: bool
    triggers: bool


@dataclass(frozen=True)
class Silence:
    """Triggers dropped, and made again later.

    Attributes:
        drop: the statements; they may be run again.
        make: those that make each of them, to be run one after another on one connection.
    """

    drop: tuple[str, ...] = ()
    make: tuple[tuple[str, ...], ...] = ()


class Backend(ABC):
    """A database product.

    A third party subclasses it, declares the subclass in the entry point group
    ``dbparity.backends``, and proves it with `dbparity.testing.BackendContract`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    drivers: ClassVar[tuple[Driver, ...]]
    service: ClassVar[Service | None] = None  # None: a database is a file
    sql_dialect: ClassVar[str] = ""  # sqlglot's name for its SQL; "" for standard SQL
    suffix: ClassVar[str] = ""  # of a database's file
    companions: ClassVar[tuple[str, ...]] = ()  # what it appends to name the files beside it
    clones: ClassVar[tuple[str, ...]] = ()  # ways to copy a sealed template
    clears: ClassVar[bool] = False  # `clear` empties a database for its next lease
    restores: ClassVar[bool] = False  # `restore` writes into a file that others have open
    writes_by: ClassVar[dict[str, Any]] = {}  # arguments of the connect of `writer`
    # What each connection has to execute for foreign keys to be enforced.
    enforces_by: ClassVar[str] = ""

    def driver(self, name: str) -> Driver:
        """The driver of that name; raise `TargetUnknown` where there is none."""
        for driver in self.drivers:
            if driver.name == name:
                return driver
        raise TargetUnknown(f"driver of {self.name}", name, [d.name for d in self.drivers])

    @abstractmethod
    def features(self, version: tuple[int, ...]) -> Features:
        """What a server of that version can do."""

    @abstractmethod
    def server_version(self, connection: Connection) -> str:
        """The server's own version, numbers first."""

    @abstractmethod
    def refusal(self, error: DBAPIError) -> Refusal:
        """Why the server refused a statement."""

    @abstractmethod
    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        """How the server means to run ``statement``."""

    @abstractmethod
    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Have the planner's statistics brought up to date."""

    def dialect(self, version: tuple[int, ...]) -> Dialect:
        """SQLAlchemy's dialect as it is on a server of that version, to compile DDL without one.

        Nothing is escaped for a driver in what it compiles.
        """
        make: Any = URL.create(f"{self.name}+{self.drivers[0].name}").get_dialect()
        dialect: Dialect = make(paramstyle="named")  # in which no percent sign is doubled
        dialect.server_version_info = version
        return dialect

    def home(self, version: tuple[int, ...]) -> Home | None:  # noqa: ARG002
        """How it keeps a schema that comes from another product; None where it cannot tell."""
        return None

    def hidden_column(
        self,
        name: str,  # noqa: ARG002
        kind: TypeEngine[Any],  # noqa: ARG002
        expression: str,  # noqa: ARG002
        version: tuple[int, ...],  # noqa: ARG002
    ) -> Column[Any] | None:
        """A column generated by ``expression`` that SELECT * leaves out; None where there is none.

        It can be a part of an index.
        """
        return None

    def numbering(self, table: str, start: int) -> str:  # noqa: ARG002
        """The statement after which the rows of a new table (quoted) are numbered from ``start``.

        "" where there is none.
        """
        return ""

    def misread(self, expression: str, columns: Collection[str]) -> str:  # noqa: ARG002
        """What of a text that is SQL elsewhere means something else here; "" if nothing does."""
        return ""

    def prepare(self, engine: Engine) -> None:  # noqa: B027  # most backends need nothing
        """Attach to an engine what an application on this backend is expected to attach."""

    def hasten(self, engine: Engine) -> None:  # noqa: B027  # servers have settings for it
        """Attach what saves time where nothing is to be kept: for test databases alone."""

    def connect_arguments(self, driver: Driver) -> dict[str, Any]:  # noqa: ARG002
        """Arguments of the driver's connect: a login that fails in seconds, not in minutes."""
        return {}

    def lock_timeout(self, connection: Connection, seconds: int) -> None:  # noqa: B027
        """Bound how long this connection waits for locks; for those that never wait, nothing."""

    def behind(self, connection: Connection) -> Backend:  # noqa: ARG002
        """The backend that really answers: a URL may lead to another product's server."""
        return self

    def identity(self, connection: Connection) -> str:
        """What is equal for two ways to reach one database, as far as it can be told."""
        return connection.engine.url.render_as_string(hide_password=True)

    def read_only(self, engine: Engine) -> None:  # noqa: B027  # not every backend can
        """Have whatever writes through ``engine`` refused."""

    def volatile(self, connection: Connection) -> dict[str, tuple[str, str]]:  # noqa: ARG002
        """Durability settings by name: what a test server must have, and what this one has."""
        return {}

    def among(self, column: ColumnElement[Any], keys: str) -> ColumnElement[bool]:
        """Whether ``column`` is one of those that are bound as the parameter ``keys``."""
        return column.in_(bindparam(keys, expanding=True))

    def part(self, connection: Connection) -> Part:  # noqa: ARG002
        """The part that the server plays, as far as this login may know."""
        return Part()

    def sessions(self, connection: Connection) -> frozenset[str] | None:  # noqa: ARG002
        """What names each session that the current database has; None where nobody can tell.

        Of a file, what names each of the times that this process has opened it.
        """
        return None

    def databases(self, connection: Connection) -> list[str]:
        """The names of all databases of a server."""
        raise NotImplementedError

    def create_database(self, connection: Connection, name: str) -> None:
        """Make an empty database on a server."""
        raise NotImplementedError

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        raise NotImplementedError

    def seal(self, connection: Connection, name: str) -> None:
        """Make a database a template that nobody can connect to."""
        raise NotImplementedError

    def clone(self, connection: Connection, template: str, name: str, way: str) -> None:
        """Make a database from a sealed template in one of the ways of `clones`."""
        raise NotImplementedError

    def clear(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Empty ``tables`` and restart what numbers their rows."""
        raise NotImplementedError

    def restore(self, path: str, content: bytes) -> None:
        """Give the database in the file at ``path`` the ``content`` of another one's file.

        Raises:
            DBAPIError: somebody holds a lock there.
        """
        raise NotImplementedError

    def synchronous(self, url: URL) -> URL:
        """``url`` with the first driver, which is a sync one."""
        return url.set(drivername=f"{self.name}+{self.drivers[0].name}")

    def quote(self, name: str) -> str:
        """``name`` as an identifier, always quoted."""
        return self.dialect(()).identifier_preparer.quote_identifier(name)

    def wires(self, module: str) -> Any:  # noqa: ANN401
        """A module of `dbparity.backends.wires`; raise `DriverMissing` without its packages."""
        try:
            return importlib.import_module(f"dbparity.backends.wires.{module}")
        except ModuleNotFoundError as error:
            raise DriverMissing(self.name, str(error.name), "transfer") from error

    def reader(self, url: URL, shared: Reader | None = None) -> Reader:
        """What reads rows exactly, all as they were at one moment; whoever opens it closes it.

        With ``shared``, at the moment of another reader of the same database, where the product
        can; else at a moment of its own.
        """
        raise NotImplementedError

    def writer(self, url: URL) -> Engine:
        """An engine, on a sync driver, for what `loader` needs; its owner disposes of it.

        Foreign keys, and triggers, rest on its connections as far as `at_rest` tells.
        """
        sync = self.synchronous(url)
        arguments = self.connect_arguments(self.drivers[0]) | self.writes_by
        return create_engine(sync, connect_args=arguments)

    def at_rest(self, connection: Connection) -> AtRest:  # noqa: ARG002
        """What of a schema does nothing while rows come through a connection of `writer`."""
        return AtRest(foreign_keys=False, triggers=False)

    def silence(self, connection: Connection, tables: Collection[str]) -> Silence:  # noqa: ARG002
        """How the triggers of ``tables`` that do not rest are kept from firing."""
        return Silence()

    def counters(self, connection: Connection) -> dict[str, int]:  # noqa: ARG002
        """What numbers rows, by its name, and the number it goes on with."""
        return {}

    def count_from(self, connection: Connection, counters: Mapping[str, int]) -> None:  # noqa: B027
        """Have counters go on with numbers that `counters` told."""

    def next_number(self, connection: Connection, table: str, column: str) -> int | None:  # noqa: ARG002
        """What a column that the database numbers would get next; None where nobody can tell."""
        return None

    def loader(self, connection: Connection) -> Loader:
        """What loads rows exactly, in the transaction of a connection of `writer`."""
        raise NotImplementedError

    def bound(self, field: Field, cell: Cell) -> object:  # noqa: ARG002
        """A cell as a driver binds it for a column, where no `loader` writes it."""
        return cell

    def snapshot(self, connection: Connection) -> Snapshot:
        """The current database's schema; its source is for the caller to name."""
        tables, views = self.catalogue(connection)
        return Snapshot("", self.name, self.server_version(connection), tables, views)

    def catalogue(self, connection: Connection) -> Schema:
        """The current schema's tables and views, by SQLAlchemy's Inspector if not overridden.

        An override reads more than the Inspector tells, in a fixed number of statements.
        """
        return inspected.read(connection)

    def fingerprint(self, connection: Connection) -> str:
        """A digest of the current database's schema, to tell whether a test changed it."""
        raise NotImplementedError

    def stamp(self, connection: Connection) -> object:  # noqa: ARG002
        """What is never the same again after a change of the current database's schema.

        It is asked before `fingerprint`, and spares it while it stays the same, so it may change
        needlessly. None where it cannot be told.
        """
        return None


class Explain(Executable, ClauseElement):
    """A SELECT behind a backend's EXPLAIN words, its values still bound.

    Its rows are the plan's: what types the SELECT's columns have says nothing of them.
    """

    inherit_cache = False

    def __init__(self, words: str, statement: Select[Any]) -> None:
        """Put ``words`` before ``statement``."""
        self.words, self.statement = words, statement


@compiles(Explain)
def _compile_explain(element: Explain, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    selected = compiler.process(element.statement, **options)
    compiler._result_columns.clear()  # noqa: SLF001  # else its types would read the plan
    return f"{element.words} {selected}"


def load_backend(name: str) -> Backend:
    """The backend of that name; raise `TargetUnknown` where no package declares it."""
    backend: Backend = plugins.load("backends", name)()
    return backend


def url_for(url: URL, backend: Backend, driver: Driver, database: str) -> URL:
    """``url`` with another driver and database."""
    return url.set(drivername=f"{backend.name}+{driver.name}", database=database)


def quoted(connection: Connection, name: str) -> str:
    """``name`` as an identifier of the connection's dialect, always quoted."""
    return connection.dialect.identifier_preparer.quote_identifier(name)


def occupied(connection: Connection, tables: Sequence[Table]) -> list[Table]:
    """Those of ``tables`` that have a row, asked in one statement."""
    if not tables:
        return []
    # As words: to compile a construct of many tables takes longer than to run it.
    name = connection.dialect.identifier_preparer.format_table
    asked = ", ".join(f"EXISTS (SELECT 1 FROM {name(table)})" for table in tables)
    row = connection.exec_driver_sql(f"SELECT {asked}").one()
    return [table for table, full in zip(tables, row, strict=True) if full]
