"""PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ARRAY, any_, bindparam, event, text

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
    quoted,
)
from dbparity.backends.catalogues import postgresql
from dbparity.backends.homes.postgresql import PostgreSQLHome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import URL, ColumnElement, Connection, Dialect, Engine, Select, Table
    from sqlalchemy.exc import DBAPIError

    from dbparity.backends.catalogues.assembly import Schema
    from dbparity.backends.homes.base import Home
    from dbparity.backends.wires.base import Loader, Reader
    from dbparity.wires import Cell, Field

_REFUSALS = {
    "23505": Refusal.UNIQUE,
    "23503": Refusal.FOREIGN_KEY,
    "23001": Refusal.FOREIGN_KEY,  # ON DELETE RESTRICT, from 18 on
    "23502": Refusal.NOT_NULL,
    "23514": Refusal.CHECK,
    "22001": Refusal.TOO_LONG,
    "22003": Refusal.OUT_OF_RANGE,
    "40001": Refusal.CONFLICT,
    "40P01": Refusal.CONFLICT,
    "55P03": Refusal.CONFLICT,
}
_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_PART = """
SELECT pg_is_in_recovery() AS recovers, current_setting('transaction_read_only')::bool AS read_only,
  CASE WHEN pg_is_in_recovery()
    THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS lag,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
  current_setting('max_connections') AS most
"""
_SETTINGS = (
    *("-c", "max_connections=300", "-c", "autovacuum=off"),
    # In the data folder, so that a killed server leaves no segment behind.
    *("-c", "dynamic_shared_memory_type=mmap"),
)
_IDENTITY = (
    "SELECT 'postgresql ' || extract(epoch FROM pg_postmaster_start_time()) || ' ' || oid "
    "FROM pg_database WHERE datname = current_database()"
)
_COUNTERS = "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()"
_SEQUENCE = (
    "SELECT coalesce(pg_get_serial_sequence(:name, :column), (SELECT "
    "CAST(CAST(d.refobjid AS regclass) AS text) FROM pg_attribute a JOIN pg_attrdef f ON "
    "f.adrelid = a.attrelid AND f.adnum = a.attnum JOIN pg_depend d ON d.objid = f.oid AND "
    "d.classid = CAST('pg_attrdef' AS regclass) JOIN pg_class s ON s.oid = d.refobjid AND "
    "s.relkind = 'S' WHERE a.attrelid = CAST(:name AS regclass) AND a.attname = :column))"
)
_SESSIONS = (
    "SELECT CAST(pid AS text) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend'"
)
_CONNECT_SECONDS = 10


class PostgreSQLService(Service):
    """A PostgreSQL server that never waits for a disk."""

    port: ClassVar[int] = 5432
    image: ClassVar[str] = "postgres:{version}"
    versions: ClassVar[tuple[str, ...]] = ("18", "17", "16", "15", "14")
    # Away from the public images' volumes, which moved with 18.
    data: ClassVar[str] = "/dbparity"
    binary: ClassVar[str] = "postgres"
    places: ClassVar[tuple[str, ...]] = ("/usr/lib/postgresql/*/bin",)
    version: ClassVar[str] = r"\(PostgreSQL\) (\d+(?:\.\d+)*)"
    account: ClassVar[str] = "postgres"
    user: ClassVar[str] = "dbparity"
    database: ClassVar[str] = "postgres"
    arguments: ClassVar[tuple[str, ...]] = (
        *(word for name, value in _VOLATILE.items() for word in ("-c", f"{name}={value}")),
        *_SETTINGS,
    )
    # What is handed to the machine outlives the server; it need not be on the disk.
    durable: ClassVar[tuple[str, ...]] = ("-c", "fsync=off", *_SETTINGS)

    def environment(self, credentials: Credentials) -> dict[str, str]:
        """The variables of the public image."""
        return {
            "POSTGRES_USER": credentials.user,
            "POSTGRES_PASSWORD": credentials.password,
            "POSTGRES_DB": credentials.database,
            "PGDATA": f"{self.data}/data",
        }

    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:
        """Run initdb, then the server on the loopback only."""
        data, password = home / "data", home / "password"
        initdb = (
            *(str(binary.parent / "initdb"), "-D", str(data), "-U", credentials.user),
            *("-E", "UTF8", "--locale=C", "-A", "scram-sha-256", f"--pwfile={password}"),
            "--no-sync",
        )
        serve = (
            *(str(binary), "-D", str(data), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *self.arguments,
        )
        return Commands({"password": credentials.password}, (initdb,), serve)


class PostgreSQL(Backend):
    """PostgreSQL 14 and later."""

    name: ClassVar[str] = "postgresql"
    title: ClassVar[str] = "PostgreSQL"
    sql_dialect: ClassVar[str] = "postgres"
    drivers: ClassVar[tuple[Driver, ...]] = (
        Driver("psycopg", "psycopg", "psycopg"),
        Driver("psycopg_async", "psycopg", "psycopg", is_async=True),
        Driver("asyncpg", "asyncpg", "asyncpg", is_async=True),
    )
    service: ClassVar[Service | None] = PostgreSQLService()
    clones: ClassVar[tuple[str, ...]] = ("wal_log", "file_copy")
    clears: ClassVar[bool] = True

    def dialect(self, version: tuple[int, ...]) -> Dialect:
        """Virtual generated columns came with 18."""
        dialect = super().dialect(version)
        dialect.supports_virtual_generated_columns = version >= (18,)  # type: ignore[attr-defined]
        return dialect

    def features(self, version: tuple[int, ...]) -> Features:  # noqa: ARG002
        """What every supported PostgreSQL can do."""
        return Features(
            transactional_ddl=True,
            savepoints=True,
            savepoint_ddl=True,
            partial_indexes=True,
            expression_indexes=True,
            insert_returning=True,
            update_returning=True,
            delete_returning=True,
            deferrable_foreign_keys=True,
            deferrable_unique_constraints=True,
            full_match_foreign_keys=True,
            enforces_foreign_keys=True,
            enforces_foreign_keys_beside_null=True,
            enforces_checks=True,
            enforces_lengths=True,
            enforces_types=True,
            fractional_seconds=True,
            case_sensitive=True,
            accent_sensitive=True,
            trailing_space_sensitive=True,
            unbounded_strings=True,
            indexes_text=True,
            stores_nul=False,
            nulls_first=False,
            row_locks=True,
            concurrent_writers=True,
            aborts_on_error=True,
            repeatable_reads=False,
            nulls_last_syntax=True,
            full_outer_join=True,
            sequences=True,
            comments=True,
            reflects_schema=True,
            explains_indexes=True,
        )

    def home(self, version: tuple[int, ...]) -> Home:
        """By the widest types."""
        return PostgreSQLHome(self.dialect(version).identifier_preparer, version)

    def server_version(self, connection: Connection) -> str:
        """Such as 17.11; what a packager adds is left out."""
        return str(connection.scalar(text("SHOW server_version"))).split()[0]

    def refusal(self, error: DBAPIError) -> Refusal:
        """Read the SQLSTATE."""
        return _REFUSALS.get(str(getattr(error.orig, "sqlstate", "")), Refusal.OTHER)

    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        """Read EXPLAIN in JSON."""
        said = connection.scalar(Explain("EXPLAIN (FORMAT JSON)", statement))
        document = json.loads(said) if isinstance(said, str) else said
        return Plan(frozenset(_index_names(document)), json.dumps(document))

    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Run ANALYZE table by table."""
        preparer = connection.dialect.identifier_preparer
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE {preparer.format_table(table)}")

    def reader(self, url: URL, shared: Reader | None = None) -> Reader:
        """A transaction of its own, or in the exported snapshot of ``shared``."""
        wires = self.wires("postgresql")
        reader: Reader = wires.PostgreSQLReader(self.synchronous(url), self.quote, shared)
        return reader

    def writer(self, url: URL) -> Engine:
        """With all settings on which the spelling of a value depends."""
        engine = super().writer(url)
        wires = self.wires("postgresql")
        settings = f"{wires.SETTINGS}; {wires.RESTING}"
        event.listen(engine, "connect", lambda raw, _: _set(raw, settings))
        return engine

    def at_rest(self, connection: Connection) -> AtRest:
        """Both, where the role may say that it replicates."""
        rests = connection.scalar(text("SHOW session_replication_role")) == "replica"
        return AtRest(foreign_keys=rests, triggers=rests)

    def counters(self, connection: Connection) -> dict[str, int]:
        """Look into each sequence."""
        names = connection.scalars(text(_COUNTERS)).all()
        return {name: _following(connection, self.quote(name)) for name in names}

    def next_number(self, connection: Connection, table: str, column: str) -> int | None:
        """Look into the sequence behind the column."""
        names = {"name": self.quote(table), "column": column}
        sequence = connection.scalar(text(_SEQUENCE), names)
        return None if sequence is None else _following(connection, sequence)

    def count_from(self, connection: Connection, counters: Mapping[str, int]) -> None:
        """Set the sequences."""
        for name, number in counters.items():
            values = {"name": self.quote(name), "number": number}
            connection.execute(text("SELECT setval(:name, :number, false)"), values)

    def loader(self, connection: Connection) -> Loader:
        """COPY."""
        loader: Loader = self.wires("postgresql").PostgreSQLLoader(connection, self.quote)
        return loader

    def connect_arguments(self, driver: Driver) -> dict[str, Any]:
        """Bound the login."""
        name = "timeout" if driver.name == "asyncpg" else "connect_timeout"
        return {name: _CONNECT_SECONDS}

    def bound(self, field: Field, cell: Cell) -> object:  # noqa: ARG002
        """As a text of no type, which takes that of the column."""
        return str(cell) if isinstance(cell, int | float) else cell

    def lock_timeout(self, connection: Connection, seconds: int) -> None:
        """Set lock_timeout."""
        connection.exec_driver_sql(f"SET lock_timeout = '{seconds}s'")

    def identity(self, connection: Connection) -> str:
        """The server by when it began, and the database's number."""
        return str(connection.scalar(text(_IDENTITY)))

    def read_only(self, engine: Engine) -> None:
        """Begin every transaction as one that only reads."""
        event.listen(engine, "begin", _only_read)

    def volatile(self, connection: Connection) -> dict[str, tuple[str, str]]:
        """Ask SHOW."""
        return {
            name: (wanted, str(connection.scalar(text(f"SHOW {name}"))))
            for name, wanted in _VOLATILE.items()
        }

    def among(self, column: ColumnElement[Any], keys: str) -> ColumnElement[bool]:
        """By an array, which is one parameter however many there are."""
        return column == any_(bindparam(keys, type_=ARRAY(column.type)))

    def part(self, connection: Connection) -> Part:
        """A replica is in recovery; its lag is the age of what it has replayed last."""
        row = connection.execute(text(_PART)).one()
        facts = {"connections": f"{row.used} of {row.most}"}
        role = "replica" if row.recovers else "primary"
        return Part(row.read_only, role, row.lag, facts)

    def sessions(self, connection: Connection) -> frozenset[str]:
        """Ask pg_stat_activity, which says the same again and again in one transaction."""
        return frozenset(connection.scalars(text(_SESSIONS)).all())

    def databases(self, connection: Connection) -> list[str]:
        """Ask pg_database."""
        return list(connection.scalars(text("SELECT datname FROM pg_database")))

    def create_database(self, connection: Connection, name: str) -> None:
        """Copy template0, which nobody can be connected to."""
        connection.execute(text(f"CREATE DATABASE {quoted(connection, name)} TEMPLATE template0"))

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop by force, a sealed template too."""
        identifier = quoted(connection, name)
        connection.execute(text(f"ALTER DATABASE {identifier} IS_TEMPLATE false"))
        connection.execute(text(f"DROP DATABASE {identifier} WITH (FORCE)"))

    def seal(self, connection: Connection, name: str) -> None:
        """Make it a template without connections."""
        identifier = quoted(connection, name)
        connection.execute(
            text(f"ALTER DATABASE {identifier} IS_TEMPLATE true ALLOW_CONNECTIONS false")
        )

    def clone(self, connection: Connection, template: str, name: str, way: str) -> None:
        """Copy the template block by block (wal_log) or file by file (file_copy)."""
        strategy = (
            f" STRATEGY {way}" if (connection.dialect.server_version_info or ()) >= (15,) else ""
        )
        source = quoted(connection, template)
        connection.execute(
            text(f"CREATE DATABASE {quoted(connection, name)} TEMPLATE {source}{strategy}")
        )

    def clear(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Delete all rows with triggers off, and restart the sequences, in one round trip."""
        name = connection.dialect.identifier_preparer.format_table
        parts = [f"gone{i} AS (DELETE FROM {name(table)})" for i, table in enumerate(tables)]
        words = f"WITH {', '.join([_RESTARTED, *parts])} SELECT count(*) FROM restarted"
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.exec_driver_sql(words)

    def catalogue(self, connection: Connection) -> Schema:
        """Read pg_catalog."""
        return postgresql.read(connection)

    def fingerprint(self, connection: Connection) -> str:
        """Digest the catalogue of everything outside the system's schemas."""
        return str(connection.scalar(text(_FINGERPRINT)))

    def stamp(self, connection: Connection) -> object:
        """Digest which transactions wrote the catalogue's rows."""
        return connection.scalar(text(_STAMP))


def _following(connection: Connection, sequence: str) -> int:
    """The next number of a sequence (quoted).

    pg_sequences does not tell what setval has set, until it is given.
    """
    asked = (
        "SELECT last_value + CASE WHEN is_called THEN (SELECT seqincrement FROM pg_sequence "
        f"WHERE seqrelid = own.tableoid) ELSE 0 END FROM {sequence} AS own"
    )
    plain = connection.execution_options(no_parameters=True)
    return int(plain.exec_driver_sql(asked).scalar_one())


def _only_read(connection: Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _index_names(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        if "Index Name" in document:
            yield document["Index Name"]
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _index_names(part)


_RESTARTED = """restarted AS (
  SELECT setval((quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass,
    start_value, false)
  FROM pg_sequences WHERE last_value IS NOT NULL
)"""

# What the fingerprint is made of, and by what its rows of no built-in object are found.
_CATALOGUE = {
    "pg_namespace": "oid",
    "pg_class": "oid",
    "pg_attribute": "attrelid",
    "pg_attrdef": "adrelid",
    "pg_index": "indrelid",
    "pg_constraint": "oid",
    "pg_trigger": "oid",
    "pg_rewrite": "oid",
    "pg_sequence": "seqrelid",
    "pg_type": "oid",
    "pg_enum": "oid",
    "pg_description": "objoid",
    "pg_proc": "oid",
    "pg_operator": "oid",
    "pg_opclass": "oid",
    "pg_collation": "oid",
}
_FIRST_OID = 16384  # of an object that is not built in
_WRITERS = " UNION ALL ".join(
    f"SELECT xmin FROM {table} WHERE {key} >= {_FIRST_OID}" for table, key in _CATALOGUE.items()
)
_STAMP = f"SELECT md5(array_agg(xmin)::text) FROM ({_WRITERS}) AS rows"

_FINGERPRINT = """
WITH spaces AS (
  SELECT oid, nspname::text AS space FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
), mine AS (
  SELECT c.oid, c.relkind, space || '.' || c.relname AS name
  FROM pg_class c JOIN spaces ON spaces.oid = c.relnamespace
), types AS (
  SELECT t.oid, t.typtype, space || '.' || t.typname AS name, t.typbasetype, t.typnotnull
  FROM pg_type t JOIN spaces ON spaces.oid = t.typnamespace
), facts AS (
  SELECT 'space' AS kind, space AS name, '' AS fact FROM spaces
  UNION ALL SELECT 'relation', name, relkind::text FROM mine
  UNION ALL SELECT 'column', name, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated, a.attcollation, pg_get_expr(d.adbin, d.adrelid))
  FROM mine JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum > 0
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL SELECT 'index', name, pg_get_indexdef(i.indexrelid)
  FROM mine JOIN pg_index i ON i.indrelid = mine.oid
  UNION ALL SELECT 'constraint', name, k.conname || ' ' || pg_get_constraintdef(k.oid)
  FROM mine JOIN pg_constraint k ON k.conrelid = mine.oid
  UNION ALL SELECT 'trigger', name, pg_get_triggerdef(t.oid)
  FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND NOT t.tgisinternal
  UNION ALL SELECT 'silence', name, t.tgenabled::text
  FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND t.tgenabled <> 'O'
  UNION ALL SELECT 'view', name, pg_get_viewdef(oid) FROM mine WHERE relkind IN ('v', 'm')
  UNION ALL SELECT 'sequence', name, concat_ws(' ', seqstart, seqincrement, seqmax, seqmin)
  FROM mine JOIN pg_sequence ON seqrelid = mine.oid
  UNION ALL SELECT 'type', name, concat_ws(' ', typtype, typbasetype, typnotnull) FROM types
  UNION ALL SELECT 'label', name, enumsortorder || ' ' || enumlabel
  FROM types JOIN pg_enum ON enumtypid = types.oid
  UNION ALL SELECT 'rule', name, k.conname || ' ' || pg_get_constraintdef(k.oid)
  FROM types JOIN pg_constraint k ON k.contypid = types.oid
  UNION ALL SELECT 'comment', name, concat_ws(' ', objsubid, description)
  FROM mine JOIN pg_description ON objoid = mine.oid AND classoid = 'pg_class'::regclass
  UNION ALL SELECT 'function', space || '.' || p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc p JOIN spaces ON spaces.oid = p.pronamespace AND p.prokind <> 'a'
) SELECT coalesce(md5(string_agg(facts::text, '|' ORDER BY facts::text)), '') FROM facts
"""


def _set(raw: Any, settings: str) -> None:  # noqa: ANN401  # DBAPI's
    raw.autocommit = True  # else a rollback would take them back
    raw.execute(settings)
    raw.autocommit = False
