"""MySQL, and what MariaDB shares with it."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Column, Computed, event, literal_column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles

from dbparity.backends.base import (
    AtRest,
    Backend,
    Commands,
    Credentials,
    Driver,
    Explain,
    Features,
    Part,
    Plan,
    Refusal,
    Service,
    Silence,
    load_backend,
    occupied,
    quoted,
)
from dbparity.backends.catalogues import mysql
from dbparity.backends.homes.mysql import MySQLHome
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine, RowMapping, Select, Table
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

    from dbparity.backends.catalogues.assembly import Schema
    from dbparity.backends.wires.base import Loader, Reader
    from dbparity.wires import Cell, Field

_REFUSALS = {
    1062: Refusal.UNIQUE,
    1451: Refusal.FOREIGN_KEY,
    1452: Refusal.FOREIGN_KEY,
    1048: Refusal.NOT_NULL,
    1364: Refusal.NOT_NULL,
    3819: Refusal.CHECK,
    4025: Refusal.CHECK,  # MariaDB
    1406: Refusal.TOO_LONG,
    1264: Refusal.OUT_OF_RANGE,
    1205: Refusal.CONFLICT,
    1213: Refusal.CONFLICT,
    1020: Refusal.CONFLICT,  # MariaDB with innodb_snapshot_isolation
}
_PART = "SELECT @@GLOBAL.read_only, @@GLOBAL.max_connections"
_IDENTITY = "SELECT concat_ws(' ', 'mysql', @@hostname, @@port, @@datadir, @@pid_file, DATABASE())"
_CONNECT_SECONDS = 10
_SETTINGS = (
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--max-connections=300",
    "--innodb-buffer-pool-size=128M",
    "--performance-schema=OFF",
)
_NUMBERS = frozenset({Family.BOOLEAN, Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_TEXTS = re.compile(r"'(?:[^']|'')*'")
_QUOTED = re.compile(r'"([^"]+)"')
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
_DDL = "SHOW GLOBAL STATUS WHERE variable_name REGEXP '^Com_(alter|create|drop|rename|import)'"
_TRIGGERS = (
    "SELECT trigger_name, event_object_table FROM information_schema.triggers "
    "WHERE trigger_schema = DATABASE() "
    "ORDER BY event_object_table, event_manipulation, action_timing, action_order"
)
_IDLE = {"Sleep", "Quit"}
_PROGRAMS = (
    (
        "SELECT trigger_name, event_object_table, event_manipulation, action_timing, "
        "action_statement FROM information_schema.triggers "
        "WHERE trigger_schema = DATABASE() ORDER BY trigger_name"
    ),
    (
        "SELECT routine_type, routine_name, routine_definition FROM "
        "information_schema.routines WHERE routine_schema = DATABASE() "
        "ORDER BY routine_type, routine_name"
    ),
)


class MySQLService(Service):
    """A MySQL server that never waits for a disk."""

    port: ClassVar[int] = 3306
    image: ClassVar[str] = "mysql:{version}"
    versions: ClassVar[tuple[str, ...]] = ("9", "8")
    data: ClassVar[str] = "/var/lib/mysql"
    binary: ClassVar[str] = "mysqld"
    places: ClassVar[tuple[str, ...]] = ("/usr/sbin", "/usr/libexec")
    version: ClassVar[str] = r"Ver (\d+(?:\.\d+)*)(?!\S*MariaDB)"
    account: ClassVar[str] = "mysql"
    user: ClassVar[str] = "root"
    database: ClassVar[str] = "mysql"
    arguments: ClassVar[tuple[str, ...]] = (
        "--innodb-flush-log-at-trx-commit=0",
        "--sync-binlog=0",
        "--innodb-doublewrite=0",
        *_SETTINGS,
    )
    # What is handed to the machine outlives the server; it need not be on the disk.
    durable: ClassVar[tuple[str, ...]] = ("--innodb-flush-log-at-trx-commit=2", *_SETTINGS)

    def environment(self, credentials: Credentials) -> dict[str, str]:
        """The variables of the public image; dbparity is root, to make databases."""
        return {"MYSQL_ROOT_PASSWORD": credentials.password}

    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:
        """Initialize without a password, and set it before the first login."""
        data = f"--datadir={home / 'data'}"
        serve = (str(binary), "--no-defaults", data, *self._listen(home, port), "--mysqlx=OFF")
        # The folder that is compiled in need not be there, and then mysqld does not start.
        return Commands(
            {"init.sql": _login(credentials)},
            ((str(binary), "--no-defaults", "--initialize-insecure", data),),
            (*serve, "--secure-file-priv=NULL", *self.arguments),
        )

    def _listen(self, home: Path, port: int) -> tuple[str, ...]:
        return (
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={home / 'socket'}",
            f"--pid-file={home / 'pid'}",
            f"--init-file={home / 'init.sql'}",
        )


def _login(credentials: Credentials) -> str:
    """Statements that let root in over TCP; the password is generated, of letters and digits."""
    return (
        f"CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '{credentials.password}';\n"
        "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;\n"
        f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{credentials.password}';\n"
    )


class Hidden(Computed):
    """A generated column that SELECT * leaves out."""


@compiles(Hidden)
def _compile_hidden(element: Hidden, compiler: DDLCompiler, **options: Any) -> str:  # noqa: ANN401
    generated = compiler.visit_computed_column(element, **options)  # type: ignore[no-untyped-call]
    return f"{generated} INVISIBLE"


class MySQL(Backend):
    """MySQL 8.0.16 and later, where checks are enforced."""

    name: ClassVar[str] = "mysql"
    title: ClassVar[str] = "MySQL"
    sql_dialect: ClassVar[str] = "mysql"
    drivers: ClassVar[tuple[Driver, ...]] = (
        Driver("pymysql", "pymysql", "pymysql"),
        Driver("aiomysql", "aiomysql", "aiomysql", is_async=True),
        Driver("asyncmy", "asyncmy", "asyncmy", is_async=True),
    )
    service: ClassVar[Service | None] = MySQLService()
    clears: ClassVar[bool] = True
    lags_by: ClassVar[str] = "Seconds_Behind_Source"  # a column of SHOW REPLICA STATUS
    hides_columns: ClassVar[tuple[int, ...]] = (8, 0, 23)  # since this version
    writes_by: ClassVar[dict[str, Any]] = {"local_infile": True}

    def features(self, version: tuple[int, ...]) -> Features:  # noqa: ARG002
        """What every supported MySQL can do, with its default collation utf8mb4_0900_ai_ci."""
        return Features(
            transactional_ddl=False,
            savepoints=True,
            savepoint_ddl=False,
            partial_indexes=False,
            expression_indexes=True,
            insert_returning=False,
            update_returning=False,
            delete_returning=False,
            deferrable_foreign_keys=False,
            deferrable_unique_constraints=False,
            full_match_foreign_keys=False,
            enforces_foreign_keys=True,
            enforces_foreign_keys_beside_null=False,
            enforces_checks=True,
            enforces_lengths=True,
            enforces_types=True,
            fractional_seconds=False,
            case_sensitive=False,
            accent_sensitive=False,
            trailing_space_sensitive=True,
            unbounded_strings=False,
            indexes_text=False,
            stores_nul=True,
            nulls_first=True,
            row_locks=True,
            concurrent_writers=True,
            aborts_on_error=False,
            repeatable_reads=True,
            nulls_last_syntax=False,
            full_outer_join=False,
            sequences=False,
            comments=True,
            reflects_schema=True,
            explains_indexes=True,
        )

    def home(self, version: tuple[int, ...]) -> MySQLHome:
        """By types that fit into rows and keys."""
        return MySQLHome(self.dialect(version).identifier_preparer, version)

    def hidden_column(
        self, name: str, kind: TypeEngine[Any], expression: str, version: tuple[int, ...]
    ) -> Column[Any] | None:
        """A virtual one: it is kept in indexes only."""
        if version < self.hides_columns[: len(version)]:
            return None
        return Column(name, kind, Hidden(literal_column(expression), persisted=False))

    def numbering(self, table: str, start: int) -> str:
        """Set the table's counter."""
        return f"ALTER TABLE {table} AUTO_INCREMENT = {start}"

    def misread(self, expression: str, columns: Collection[str]) -> str:
        """With the default sql_mode, ``||`` is OR and double quotes enclose texts."""
        rest = _TEXTS.sub("", expression)
        quoted_columns = [name for name in _QUOTED.findall(rest) if name in columns]
        if quoted_columns:
            return f'"{quoted_columns[0]}" is a text, not a column'
        return "|| is OR, not a concatenation" if "||" in rest else ""

    def server_version(self, connection: Connection) -> str:
        """Such as 9.7.4; what a packager adds is left out."""
        return str(connection.scalar(text("SELECT version()"))).split("-")[0]

    def refusal(self, error: DBAPIError) -> Refusal:
        """Read the server's error number."""
        arguments = getattr(error.orig, "args", ())
        return _REFUSALS.get(arguments[0], Refusal.OTHER) if arguments else Refusal.OTHER

    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        """Read the traditional EXPLAIN, whose columns MySQL and MariaDB share."""
        rows = connection.execute(Explain("EXPLAIN FORMAT=TRADITIONAL", statement)).mappings()
        steps = [dict(row) for row in rows]
        # One step may merge several indexes.
        used = [name for step in steps if step["key"] for name in step["key"].split(",")]
        return Plan(frozenset(used), "\n".join(map(str, steps)))

    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Run ANALYZE TABLE over all tables."""
        preparer = connection.dialect.identifier_preparer
        formatted = ", ".join(preparer.format_table(table) for table in tables)
        connection.exec_driver_sql(f"ANALYZE TABLE {formatted}").all()

    def reader(self, url: URL, shared: Reader | None = None) -> Reader:  # noqa: ARG002
        """A transaction of its own: two see the same if nobody writes in between."""
        reader: Reader = self.wires("mysql").MySQLReader(self.synchronous(url), self.quote)
        return reader

    def writer(self, url: URL) -> Engine:
        """Strict, with what LOAD DATA LOCAL needs."""
        engine = super().writer(url)
        settings: str = self.wires("mysql").WRITING
        event.listen(engine, "connect", lambda raw, _: raw.query(settings))
        return engine

    def at_rest(self, connection: Connection) -> AtRest:  # noqa: ARG002
        """Foreign keys can be told to rest, triggers cannot."""
        return AtRest(foreign_keys=True, triggers=False)

    def silence(self, connection: Connection, tables: Collection[str]) -> Silence:
        """Nothing but DROP keeps them from firing; it commits."""
        mode = connection.scalar(text("SELECT @@sql_mode"))
        drop, make = [], []
        for name, table in connection.execute(text(_TRIGGERS)).all():
            if table in tables:
                told = connection.exec_driver_sql(f"SHOW CREATE TRIGGER {quoted(connection, name)}")
                row = told.mappings().one()
                modes = [f"SET sql_mode = '{each}'" for each in (row["sql_mode"], mode)]
                drop.append(f"DROP TRIGGER IF EXISTS {quoted(connection, name)}")
                make.append((modes[0], str(row["SQL Original Statement"]), modes[1]))
        return Silence(tuple(drop), tuple(make))

    def counters(self, connection: Connection) -> dict[str, int]:
        """Ask information_schema."""
        rows = connection.execute(text(self.counted)).all()
        return {name: int(number) for name, number in rows}

    def next_number(self, connection: Connection, table: str, column: str) -> int | None:  # noqa: ARG002
        """A table has one counter at most."""
        asked = text(f"{self.counted} AND table_name = :table")
        row = connection.execute(asked, {"table": table}).one_or_none()
        return None if row is None else int(row[1])

    def count_from(self, connection: Connection, counters: Mapping[str, int]) -> None:
        """By DDL, which commits; numbers that rows have are never given again."""
        for name, number in counters.items():
            connection.exec_driver_sql(self.numbering(quoted(connection, name), number))

    def loader(self, connection: Connection) -> Loader:
        """LOAD DATA LOCAL, or INSERT where the server forbids that."""
        loader: Loader = self.wires("mysql").MySQLLoader(connection, self.quote)
        return loader

    def connect_arguments(self, driver: Driver) -> dict[str, Any]:  # noqa: ARG002
        """Bound the login."""
        return {"connect_timeout": _CONNECT_SECONDS}

    def bound(self, field: Field, cell: Cell) -> object:
        """A decimal as a number: a text beside one would make both of them floats."""
        is_number = field.column.type.family in _NUMBERS and isinstance(cell, str)
        return Decimal(str(cell)) if is_number else cell

    def lock_timeout(self, connection: Connection, seconds: int) -> None:
        """Set the timeouts of locks on rows, and on tables, where a year is the default."""
        connection.exec_driver_sql(
            f"SET innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"
        )

    def behind(self, connection: Connection) -> Backend:
        """MariaDB's, where one answers: most of its users' URLs begin with mysql."""
        return load_backend("mariadb") if getattr(connection.dialect, "is_mariadb", False) else self

    def identity(self, connection: Connection) -> str:
        """The server by where it runs and keeps its files, and the database's name."""
        return str(connection.scalar(text(_IDENTITY)))

    def read_only(self, engine: Engine) -> None:
        """Let the session begin transactions that only read."""
        event.listen(engine, "begin", _only_read)

    def volatile(self, connection: Connection) -> dict[str, tuple[str, str]]:
        """Ask the global variables."""
        wanted = {"innodb_flush_log_at_trx_commit": "0", "sync_binlog": "0", "log_bin": "0"}
        return {
            name: (value, str(connection.scalar(text(f"SELECT @@GLOBAL.{name}"))))
            for name, value in wanted.items()
        }

    def part(self, connection: Connection) -> Part:
        """A replica has a source; who may not ask is not told."""
        read_only, most = connection.execute(text(_PART)).one()
        used = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Threads_connected'")).one()[1]
        facts = {"connections": f"{used} of {most}"}
        try:
            source = connection.execute(text("SHOW REPLICA STATUS")).mappings().first()
        except DBAPIError:
            return Part(bool(read_only), facts=facts)
        if source is None:
            return Part(bool(read_only), "primary", facts=facts)
        lag = source[self.lags_by]
        return Part(bool(read_only), "replica", None if lag is None else float(lag), facts)

    def sessions(self, connection: Connection) -> frozenset[str]:
        """Ask SHOW PROCESSLIST."""
        found = _sessions(connection, str(connection.engine.url.database))
        return frozenset(str(session["Id"]) for session in found)

    def databases(self, connection: Connection) -> list[str]:
        """Ask SHOW DATABASES."""
        return list(connection.scalars(text("SHOW DATABASES")))

    def create_database(self, connection: Connection, name: str) -> None:
        """Make it with the server's default collation of utf8mb4."""
        identifier = quoted(connection, name)
        connection.execute(text(f"CREATE DATABASE {identifier} CHARACTER SET utf8mb4"))

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop it; where a forgotten transaction holds that up, end who uses it first.

        Nobody is ended unasked: a KILL would race with sessions that are just ending.
        """
        statement = text(f"DROP DATABASE {quoted(connection, name)}")
        connection.exec_driver_sql("SET lock_wait_timeout = 1")
        try:
            connection.execute(statement)
        except DBAPIError as error:
            if self.refusal(error) is not Refusal.CONFLICT:
                raise
            for session in _sessions(connection, name):
                with suppress(DBAPIError):  # it has ended by itself
                    connection.exec_driver_sql(f"KILL {session['Id']}")
            connection.exec_driver_sql("SET lock_wait_timeout = DEFAULT")
            connection.execute(statement)

    def clear(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Truncate where a counter has moved, and delete all other rows, with foreign keys off."""
        name = connection.dialect.identifier_preparer.format_table
        moved = connection.scalars(text(self.moved_counters)).all()
        others = occupied(connection, [table for table in tables if table.name not in moved])
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in others:
            connection.exec_driver_sql(f"DELETE FROM {name(table)}")
        for table_name in moved:
            connection.exec_driver_sql(f"TRUNCATE TABLE {quoted(connection, table_name)}")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")

    # The hint keeps MySQL from answering out of yesterday's statistics.
    moved_counters: ClassVar[str] = (
        "SELECT /*+ SET_VAR(information_schema_stats_expiry = 0) */ table_name "
        "FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
    )

    counted: ClassVar[str] = (
        "SELECT /*+ SET_VAR(information_schema_stats_expiry = 0) */ table_name, auto_increment "
        "FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL"
    )

    words: ClassVar[mysql.Dialect] = mysql.MYSQL

    def catalogue(self, connection: Connection) -> Schema:
        """Read information_schema."""
        return mysql.read(connection, self.words)

    def fingerprint(self, connection: Connection) -> str:
        """Digest SHOW CREATE TABLE of every table and view, the triggers and the routines."""
        words = []
        for name in connection.scalars(text("SHOW TABLES")).all():
            asked = f"SHOW CREATE TABLE {quoted(connection, name)}"
            words.append(_COUNTER.sub("", connection.exec_driver_sql(asked).one()[1]))
        for query in _PROGRAMS:
            words += [repr(tuple(row)) for row in connection.execute(text(query)).all()]
        return hashlib.sha256("\0".join(words).encode()).hexdigest()

    def stamp(self, connection: Connection) -> object:
        """The server's count of DDL, unless some may still go on here: it counts as it begins.

        TRUNCATE changes no schema, so that the leases of others leave the count as it is.
        """
        counts = connection.exec_driver_sql(_DDL).all()
        sessions = _sessions(connection, str(connection.engine.url.database))
        if sum(session["Command"] not in _IDLE for session in sessions) > 1:
            return None
        return sum(int(count) for _, count in counts)


def _only_read(connection: Connection) -> None:
    # Not of the next transaction alone: DDL would end it, and come after it.
    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")


def _sessions(connection: Connection, database: str) -> list[RowMapping]:
    sessions = connection.exec_driver_sql("SHOW PROCESSLIST").mappings()
    return [session for session in sessions if session["db"] == database]
