"""DuckDB as a backend of dbparity, through duckdb-engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import text

from dbparity import snapshots
from dbparity.backends.base import Backend, Driver, Explain, Features, Plan, Refusal
from dbparity.backends.catalogues.assembly import arranged, ask, by, in_order
from dbparity.snapshots import Check, Column, Family, ForeignKey, Key, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, Select, Table
    from sqlalchemy.exc import DBAPIError

    from dbparity.backends.catalogues.assembly import Schema

# DuckDB's errors have classes, not numbers: what is violated stands in their text.
_REFUSALS = {
    r"Constraint Error: Duplicate key": Refusal.UNIQUE,
    r"Constraint Error: PRIMARY KEY or UNIQUE": Refusal.UNIQUE,
    r"Constraint Error: Violates foreign key": Refusal.FOREIGN_KEY,
    r"Constraint Error: NOT NULL": Refusal.NOT_NULL,
    r"Constraint Error: CHECK": Refusal.CHECK,
    r"Conversion Error: .*out of range": Refusal.OUT_OF_RANGE,
    r"TransactionContext Error: Conflict": Refusal.CONFLICT,
}

_COLUMNS = """
SELECT table_name AS tbl, column_name AS name, data_type AS native, is_nullable AS nullable,
  column_default AS value, numeric_precision AS digits, numeric_scale AS scale
FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name)
WHERE database_name = current_database() AND schema_name = current_schema()
ORDER BY table_name, column_index
"""
_CONSTRAINTS = """
SELECT table_name AS tbl, constraint_type AS kind, constraint_name AS name,
  constraint_column_names AS columns, referenced_table AS target,
  referenced_column_names AS referred, expression
FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = current_schema()
"""
_FAMILIES = {
    "BOOLEAN": Family.BOOLEAN,
    "INTEGER": Family.INTEGER,
    "BIGINT": Family.INTEGER,
    "DECIMAL": Family.DECIMAL,
    "DOUBLE": Family.FLOAT,
    "VARCHAR": Family.TEXT,
    "BLOB": Family.BINARY,
    "DATE": Family.DATE,
    "TIMESTAMP": Family.DATETIME,
    "JSON": Family.JSON,
    "UUID": Family.UUID,
}


class DuckDB(Backend):
    """DuckDB in files."""

    name: ClassVar[str] = "duckdb"
    title: ClassVar[str] = "DuckDB"
    suffix: ClassVar[str] = ".duckdb"
    drivers: ClassVar[tuple[Driver, ...]] = (Driver("duckdb_engine", "duckdb_engine", ""),)
    clones: ClassVar[tuple[str, ...]] = ("copy",)

    def features(self, version: tuple[int, ...]) -> Features:  # noqa: ARG002
        """What DuckDB can do since 1.0."""
        return Features(
            transactional_ddl=True,
            savepoints=False,
            savepoint_ddl=False,
            partial_indexes=False,
            expression_indexes=True,
            insert_returning=True,
            update_returning=True,
            delete_returning=True,
            deferrable_foreign_keys=False,
            deferrable_unique_constraints=False,
            full_match_foreign_keys=False,
            enforces_foreign_keys=True,
            enforces_foreign_keys_beside_null=True,
            enforces_checks=True,
            enforces_lengths=False,
            enforces_types=True,
            fractional_seconds=True,
            case_sensitive=True,
            accent_sensitive=True,
            trailing_space_sensitive=True,
            unbounded_strings=True,
            indexes_text=True,
            stores_nul=True,
            nulls_first=False,
            row_locks=False,
            concurrent_writers=True,
            aborts_on_error=True,
            repeatable_reads=True,
            nulls_last_syntax=True,
            full_outer_join=True,
            sequences=True,
            comments=True,
            reflects_schema=False,
            explains_indexes=False,
        )

    def server_version(self, connection: Connection) -> str:
        """The library's version."""
        return str(connection.scalar(text("SELECT version()"))).removeprefix("v")

    def refusal(self, error: DBAPIError) -> Refusal:
        """Read the error's text."""
        said = str(error.orig)
        found = (kind for pattern, kind in _REFUSALS.items() if re.match(pattern, said))
        return next(found, Refusal.OTHER)

    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        """Read EXPLAIN, which does not name indexes."""
        rows = connection.execute(Explain("EXPLAIN", statement)).all()
        return Plan(frozenset(), "\n".join(str(row[-1]) for row in rows))

    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:  # noqa: ARG002
        """Run ANALYZE over the file."""
        connection.execute(text("ANALYZE"))

    def catalogue(self, connection: Connection) -> Schema:
        """Read DuckDB's own functions: the Inspector asks for what PostgreSQL has.

        Indexes and views are left out.
        """
        constraints = by(ask(connection, _CONSTRAINTS), "tbl")
        columns = by(ask(connection, _COLUMNS), "tbl")
        return in_order(_table(rows, constraints[name]) for name, rows in columns.items()), ()


def _table(columns: Sequence[Row[Any]], constraints: Sequence[Row[Any]]) -> snapshots.Table:
    kinds = by(constraints, "kind")
    return arranged(
        snapshots.Table(
            columns[0].tbl,
            tuple(_column(row) for row in columns),
            next((Key(row.name, tuple(row.columns)) for row in kinds["PRIMARY KEY"]), None),
            tuple(Key(row.name, tuple(row.columns)) for row in kinds["UNIQUE"]),
            foreign_keys=tuple(
                ForeignKey(row.name, tuple(row.columns), row.target, tuple(row.referred))
                for row in kinds["FOREIGN KEY"]
            ),
            checks=tuple(Check(row.name, row.expression) for row in kinds["CHECK"]),
        )
    )


def _column(row: Row[Any]) -> Column:
    family = _FAMILIES.get(row.native.partition("(")[0], Family.OTHER)
    decimal = family is Family.DECIMAL
    kind = Type(
        row.native,
        family,
        bits=row.digits if family is Family.INTEGER else None,
        precision=row.digits if decimal else None,
        scale=row.scale if decimal else None,
        fraction=6 if family is Family.DATETIME else None,
    )
    return Column(row.name, kind, row.nullable, row.value)
