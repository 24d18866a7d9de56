"""DuckDB as a backend of dbparity, through duckdb-engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import text

from dbparity.backends.base import Backend, Driver, Explain, Features, Plan, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select, Table
    from sqlalchemy.exc import DBAPIError

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
