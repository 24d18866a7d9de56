"""SQLite, in files."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from dbparity.backends.base import (
    AtRest,
    Backend,
    Driver,
    Explain,
    Features,
    Part,
    Plan,
    Refusal,
    Silence,
    quoted,
)
from dbparity.backends.catalogues import sqlite
from dbparity.backends.homes.sqlite import SQLiteHome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import URL, Connection, Engine, Select, Table
    from sqlalchemy.exc import DBAPIError

    from dbparity.backends.catalogues.assembly import Schema
    from dbparity.backends.homes.base import Home
    from dbparity.backends.wires.base import Loader, Reader

_REFUSALS = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Refusal.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Refusal.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: Refusal.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Refusal.FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: Refusal.FOREIGN_KEY,  # ON DELETE RESTRICT
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: Refusal.NOT_NULL,
    sqlite3.SQLITE_CONSTRAINT_CHECK: Refusal.CHECK,
    sqlite3.SQLITE_BUSY: Refusal.CONFLICT,
    sqlite3.SQLITE_BUSY_SNAPSHOT: Refusal.CONFLICT,
    sqlite3.SQLITE_LOCKED: Refusal.CONFLICT,
}
_BUSY_SECONDS = 30
_RESTORE_SECONDS, _RETRY_SECONDS = 1, 0.02
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# Where a file says whether its journal is a WAL: a database in memory cannot be one.
_FORMAT = slice(18, 20)
_HAS_COUNTERS = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"


class SQLite(Backend):
    """SQLite with foreign keys enforced and real transactions."""

    name: ClassVar[str] = "sqlite"
    title: ClassVar[str] = "SQLite"
    sql_dialect: ClassVar[str] = "sqlite"
    suffix: ClassVar[str] = ".sqlite"
    companions: ClassVar[tuple[str, ...]] = ("-journal", "-wal", "-shm")
    drivers: ClassVar[tuple[Driver, ...]] = (
        Driver("pysqlite", "sqlite3", "all"),
        Driver("aiosqlite", "aiosqlite", "all", is_async=True),
    )
    clones: ClassVar[tuple[str, ...]] = ("copy",)
    restores: ClassVar[bool] = True
    enforces_by: ClassVar[str] = "PRAGMA foreign_keys = ON"

    def features(self, version: tuple[int, ...]) -> Features:
        """What SQLite can do since 3.35, where RETURNING came; FULL JOIN came with 3.39."""
        return Features(
            transactional_ddl=True,
            savepoints=True,
            savepoint_ddl=True,
            partial_indexes=True,
            expression_indexes=True,
            insert_returning=version >= (3, 35),
            update_returning=version >= (3, 35),
            delete_returning=version >= (3, 35),
            deferrable_foreign_keys=True,
            deferrable_unique_constraints=False,
            full_match_foreign_keys=False,
            enforces_foreign_keys=True,
            enforces_foreign_keys_beside_null=True,
            enforces_checks=True,
            enforces_lengths=False,
            enforces_types=False,
            fractional_seconds=True,
            case_sensitive=True,
            accent_sensitive=True,
            trailing_space_sensitive=True,
            unbounded_strings=True,
            indexes_text=True,
            stores_nul=True,
            nulls_first=True,
            row_locks=False,
            concurrent_writers=False,
            aborts_on_error=False,
            repeatable_reads=True,
            nulls_last_syntax=version >= (3, 30),
            full_outer_join=version >= (3, 39),
            sequences=False,
            comments=False,
            reflects_schema=True,
            explains_indexes=True,
        )

    def home(self, version: tuple[int, ...]) -> Home:
        """By declared types."""
        return SQLiteHome(self.dialect(version).identifier_preparer, version)

    def server_version(self, connection: Connection) -> str:
        """The library's version."""
        return str(connection.scalar(text("SELECT sqlite_version()")))

    def refusal(self, error: DBAPIError) -> Refusal:
        """Read SQLite's extended result code."""
        code = getattr(error.orig, "sqlite_errorcode", None)
        return _REFUSALS.get(code, Refusal.OTHER) if code is not None else Refusal.OTHER

    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        """Read EXPLAIN QUERY PLAN."""
        rows = connection.execute(Explain("EXPLAIN QUERY PLAN", statement)).all()
        said = "\n".join(str(row[-1]) for row in rows)
        return Plan(frozenset(re.findall(r"USING (?:COVERING )?INDEX (\S+)", said)), said)

    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:  # noqa: ARG002
        """Run ANALYZE over the file."""
        connection.execute(text("ANALYZE"))

    def catalogue(self, connection: Connection) -> Schema:
        """Read sqlite_master, the pragmas and the text of the DDL."""
        return sqlite.read(connection)

    def reader(self, url: URL, shared: Reader | None = None) -> Reader:  # noqa: ARG002
        """A read transaction of its own: two see the same if nobody writes in between."""
        wires = self.wires("sqlite")
        reader: Reader = wires.SQLiteReader(url, self.quote)
        return reader

    def writer(self, url: URL) -> Engine:
        """As an application's, on Python's own driver, but for the foreign keys."""
        engine = super().writer(url)
        event.listen(engine, "connect", _leave_begin)
        event.listen(engine, "begin", _on_begin)
        return engine

    def at_rest(self, connection: Connection) -> AtRest:  # noqa: ARG002
        """Foreign keys are asleep unless somebody wakes them."""
        return AtRest(foreign_keys=True, triggers=False)

    def silence(self, connection: Connection, tables: Collection[str]) -> Silence:
        """Nothing but DROP keeps them from firing; it is undone by ROLLBACK."""
        asked = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
        found = [row for row in connection.execute(text(asked)).all() if row.tbl_name in tables]
        drop = (f"DROP TRIGGER IF EXISTS {quoted(connection, row.name)}" for row in found)
        return Silence(tuple(drop), tuple((str(row.sql),) for row in found))

    def restore(self, path: str, content: bytes) -> None:
        """By SQLite's backup, which locks the file and tells others that it has changed."""
        with (
            closing(sqlite3.connect(":memory:")) as source,
            closing(sqlite3.connect(path, timeout=_RESTORE_SECONDS)) as there,
        ):
            image = bytearray(content)
            image[_FORMAT] = b"\x01\x01"
            source.deserialize(bytes(image))
            there.execute("PRAGMA synchronous = OFF")
            last = time.monotonic() + _RESTORE_SECONDS

            def await_lock(code: int, _left: int, _all: int) -> None:
                # It would try again for ever.
                if code in _LOCKED and time.monotonic() > last:
                    locked = sqlite3.OperationalError("database is locked")
                    raise OperationalError("restore", None, locked)

            source.backup(there, progress=await_lock, sleep=_RETRY_SECONDS)

    def counters(self, connection: Connection) -> dict[str, int]:
        """Read sqlite_sequence, which the first table with AUTOINCREMENT brings."""
        if connection.scalar(text(_HAS_COUNTERS)) is None:
            return {}
        rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).all()
        return {row.name: row.seq + 1 for row in rows}

    def next_number(self, connection: Connection, table: str, column: str) -> int | None:
        """What AUTOINCREMENT has given, or what is there: it goes on behind both."""
        if connection.scalar(text(_HAS_COUNTERS)) is None:
            return None
        asked = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        given = connection.scalar(asked, {"table": table})
        if given is None:
            return None
        highest = f"SELECT max({self.quote(column)}) FROM {self.quote(table)}"
        plain = connection.execution_options(no_parameters=True)
        return int(max(given, plain.exec_driver_sql(highest).scalar_one() or 0)) + 1

    def count_from(self, connection: Connection, counters: Mapping[str, int]) -> None:
        """Write sqlite_sequence, which is there as long as a table with AUTOINCREMENT is."""
        forget = text("DELETE FROM sqlite_sequence WHERE name = :name")
        note = text("INSERT INTO sqlite_sequence VALUES (:name, :last)")
        for name, number in counters.items():
            connection.execute(forget, {"name": name})
            connection.execute(note, {"name": name, "last": number - 1})

    def loader(self, connection: Connection) -> Loader:
        """INSERT, many rows to a call."""
        loader: Loader = self.wires("sqlite").SQLiteLoader(connection, self.quote)
        return loader

    def connect_arguments(self, driver: Driver) -> dict[str, Any]:  # noqa: ARG002
        """Wait for another writer as long as a server would."""
        return {"timeout": _BUSY_SECONDS}

    def lock_timeout(self, connection: Connection, seconds: int) -> None:
        """Set busy_timeout."""
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {seconds * 1000}")

    def identity(self, connection: Connection) -> str:
        """Its file, whatever links lead to it."""
        found = Path(str(connection.scalar(text(_FILE)))).stat()
        return f"sqlite file {found.st_dev}:{found.st_ino}"

    def part(self, connection: Connection) -> Part:
        """Whether the file and its folder may be written."""
        path = Path(str(connection.scalar(text(_FILE))))
        return Part(not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)))

    def sessions(self, connection: Connection) -> frozenset[str]:
        """The file's descriptors."""
        path = str(connection.scalar(text(_FILE)))
        opened = psutil.Process().open_files()
        return frozenset(str(file.fd) for file in opened if file.path == path)

    def read_only(self, engine: Engine) -> None:
        """Set query_only."""
        event.listen(engine, "begin", _query_only)

    def prepare(self, engine: Engine) -> None:
        """Turn foreign keys on and let SQLAlchemy say BEGIN.

        By default SQLite ignores foreign keys, and its Python driver opens transactions late
        and lets a released savepoint outlive the transaction around it: an application that is
        to behave alike everywhere attaches these two.
        """
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)

    def hasten(self, engine: Engine) -> None:
        """Wait for no disk, and give every table and index of a new file a smaller first page."""
        event.listen(engine, "connect", _hurry)


def _leave_begin(connection: Any, _record: object) -> None:  # noqa: ANN401  # DBAPI's
    connection.isolation_level = None


def _on_connect(connection: Any, record: object) -> None:  # noqa: ANN401  # DBAPI's
    _leave_begin(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _hurry(connection: Any, _record: object) -> None:  # noqa: ANN401  # DBAPI's
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.execute("PRAGMA page_size = 1024")
    cursor.close()


def _query_only(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = ON")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
