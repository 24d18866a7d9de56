"""Data integrity: what the model forbids is refused, whoever writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Enum, String, Text, null

from dbparity.backends.base import Refusal
from dbparity.conformance.base import Check, check
from dbparity.conformance.inventory import created_constraints
from dbparity.conformance.population import insertable, synthesizer, underlying
from dbparity.conformance.references import delete_actions, delete_chains, foreign_keys
from dbparity.conformance.staging import judged, one_of_each, refused, rowless_tables
from dbparity.conformance.uniqueness import unique, unique_collation
from dbparity.results import Finding, Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Connection, Table

    from dbparity.conformance.staging import Entry, Refused
    from dbparity.results import Item
    from dbparity.servers.database import Database

_ADD = "add it in a migration: create_all leaves a table that is there alone"
# A type of the application may be first to refuse what is too long, and a check will do too.
_TOO_LONG = (Refusal.TOO_LONG, Refusal.CHECK, None)


@check("integrity", needs=("savepoints",))
def not_null(database: Database) -> Iterator[Item]:
    """NULL is refused by every column that may not be NULL."""
    yield from rowless_tables(database)
    for entry, connection in one_of_each(database):
        for column in entry.table.columns:
            if not column.nullable and insertable(column) and not _numbered(column):
                # None would be the value null to a JSON column.
                row = {**entry.row, column.key: null()}
                answer = refused(database, connection, entry.table.insert().values(row))
                where = Place(entry.table.key, column.key)
                yield judged(answer, Refusal.NOT_NULL, "NULL is refused", where, _null(where))


@check("integrity", needs=("enforces_checks", "savepoints"))
def checks(database: Database) -> Iterator[Item]:
    """A row that breaks a check constraint is refused."""
    yield from rowless_tables(database)
    for entry, connection in one_of_each(database):
        for constraint in created_constraints(connection, entry.table):
            if isinstance(constraint, CheckConstraint):
                yield _broken(database, connection, entry, constraint)


@check("integrity", needs=("savepoints",))
def lengths(database: Database) -> Iterator[Item]:
    """A text that is longer than its column is refused."""
    yield from rowless_tables(database)
    for entry, connection in one_of_each(database):
        open_ended, where = [], Place(entry.table.key)
        for column in entry.table.columns:
            if length := _length(database, column):
                value = f"{entry.row[column.key] or ''}{'x' * (length + 1)}"[: length + 1]
                row = {**entry.row, column.key: value}
                answer = refused(database, connection, entry.table.insert().values(row))
                if answer is None:
                    open_ended.append(column)
                yield from _length_judged(column, answer)
        if open_ended:
            yield _too_long(database, entry.table, open_ended)
            if not database.features.enforces_lengths:
                yield Skipped(f"{database.backend.title} does not enforce lengths", where)


CHECKS: tuple[Check, ...] = (
    foreign_keys,
    delete_actions,
    delete_chains,
    unique,
    unique_collation,
    not_null,
    checks,
    lengths,
)


def _numbered(column: Column[Any]) -> bool:
    """Whether NULL asks the server for the next number."""
    return column.table.autoincrement_column is column or column.identity is not None


def _null(where: Place) -> Finding:
    return Finding(
        code="NULL-ACCEPTED",
        severity=Severity.WRONG,
        message="NULL was accepted by a column that may not be NULL",
        place=where,
        expected="refused by NOT NULL",
        actual="inserted",
        recommendation=f"the database's column lacks NOT NULL; {_ADD}",
    )


def _broken(
    database: Database, connection: Connection, entry: Entry, constraint: CheckConstraint
) -> Item:
    claim = f"a row that breaks {constraint.name or constraint.sqltext} is refused"
    where = Place(entry.table.key)
    row = synthesizer(database).violation(entry.table, constraint, entry.row)
    if row is None:
        return Skipped(f"it could not be shown that {claim}: no such row was found", where)
    answer = refused(database, connection, entry.table.insert().values(row))
    otherwise = Finding(
        code="CHECK-NOT-ENFORCED",
        severity=Severity.WRONG,
        message=f"a row that breaks {constraint.name or 'a check'} was accepted",
        place=where,
        expected=f"refused: {constraint.sqltext}",
        actual="inserted",
        recommendation=f"the database lacks this check, or does not enforce it; {_ADD}",
    )
    return judged(answer, Refusal.CHECK, claim, where, otherwise)


def _length(database: Database, column: Column[Any]) -> int:
    """How long a text in the column may be; 0 where that is not what its type says."""
    type_ = underlying(column, database.engine.dialect)
    if not isinstance(type_, String) or isinstance(type_, Text | Enum):
        return 0
    return (type_.length or 0) if insertable(column) and not column.foreign_keys else 0


def _length_judged(column: Column[Any], answer: Refused | None) -> Iterator[Item]:
    claim, where = "a text that is too long is refused", Place(column.table.key, column.key)
    if answer is not None:
        if answer.kind in _TOO_LONG:
            yield Verified(claim, where)
        else:
            yield Skipped(f"it could not be shown that {claim}: refused as {answer}", where)


def _too_long(database: Database, table: Table, columns: list[Column[Any]]) -> Finding:
    enforced = database.features.enforces_lengths
    return Finding(
        code="LENGTH-NOT-ENFORCED",
        severity=Severity.WRONG if enforced else Severity.NOTE,
        message="texts that are longer than their columns were accepted",
        place=Place(table.key, ", ".join(column.key for column in columns)),
        expected="refused",
        actual="inserted",
        recommendation="limit the length in the application, in a TypeDecorator or by a check "
        "such as length(column) <= n"
        if not enforced
        else f"the database's columns are longer; {_ADD}",
    )
