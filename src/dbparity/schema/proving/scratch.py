"""Scratch tables: the part of a table that a difference is about, in its own native types."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from dbparity.snapshots import Column, Family, Table, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.sql.compiler import IdentifierPreparer

    from dbparity.servers.database import Database
    from dbparity.snapshots import ForeignKey, Index, Key, Part

NUMBER = "nth"  # the column that numbers the rows that are tried
_INTEGER = Type("INTEGER", Family.INTEGER)


@dataclass(frozen=True)
class Writer:
    """Spells the DDL of a snapshot's tables for the database that it was taken of."""

    preparer: IdentifierPreparer
    collated: bool = False
    suffix: str = ""

    def statements(self, tables: Sequence[Table]) -> Iterator[str]:
        """What makes ``tables``, the referred ones first."""
        for kind in dict.fromkeys(self._enums(tables)):
            values = ", ".join(_text(value) for value in kind.values)
            yield f"CREATE TYPE {kind.native} AS ENUM ({values})"
        for table in tables:
            yield self._table(table)
            for index in table.indexes:
                yield self._index(table, index)

    def removals(self, tables: Sequence[Table]) -> Iterator[str]:
        """What undoes `statements`."""
        for table in reversed(tables):
            yield f"DROP TABLE {self.name(table.name)}"
        for kind in dict.fromkeys(self._enums(tables)):
            yield f"DROP TYPE {kind.native}"

    def name(self, name: str) -> str:
        """An identifier, quoted."""
        return self.preparer.quote_identifier(name)

    def _enums(self, tables: Sequence[Table]) -> Iterator[Type]:
        """The types that are objects of their own: their values do not stand in the column."""
        for column in chain.from_iterable(table.columns for table in tables):
            kind = column.type
            if kind.family is Family.ENUM and "(" not in kind.native:
                yield replace(kind, collation=None)

    def _names(self, names: Sequence[str]) -> str:
        return ", ".join(map(self.name, names))

    def _table(self, table: Table) -> str:
        parts = [*map(self._column, table.columns), *self._constraints(table)]
        return f"CREATE TABLE {self.name(table.name)} ({', '.join(parts)}){self.suffix}"

    def _column(self, column: Column) -> str:
        words = [self.name(column.name), column.type.native]
        collation = column.type.collation
        if self.collated and collation is not None:
            words += ["COLLATE", self.name(collation.name)]
        if column.computed is not None:
            kept = "STORED" if column.computed.stored else "VIRTUAL"
            words.append(f"GENERATED ALWAYS AS ({column.computed.expression}) {kept}")
        if column.default is not None:
            words.append(f"DEFAULT ({column.default})")
        if column.on_update is not None:
            words.append(f"ON UPDATE {column.on_update}")
        return " ".join([*words, *([] if column.nullable else ["NOT NULL"])])

    def _constraints(self, table: Table) -> Iterator[str]:
        if table.primary_key is not None:
            yield f"PRIMARY KEY ({self._names(table.primary_key.columns)})"
        for key in table.uniques:
            yield self._unique(key)
        for check in table.checks:
            yield f"{self._named(check.name)}CHECK ({check.expression})"
        for reference in table.foreign_keys:
            yield self._reference(reference)

    def _named(self, name: str) -> str:
        return f"CONSTRAINT {self.name(name)} " if name else ""

    def _unique(self, key: Key) -> str:
        return (
            f"{self._named(key.name)}UNIQUE {_nulls(distinct=key.nulls_distinct)}"
            f"({self._names(key.columns)}){_deferral(key)}"
        )

    def _reference(self, key: ForeignKey) -> str:
        return (
            f"{self._named(key.name)}FOREIGN KEY ({self._names(key.columns)}) "
            f"REFERENCES {self.name(key.table)} ({self._names(key.referred)}) "
            f"{'MATCH FULL ' if key.full else ''}"
            f"ON DELETE {key.on_delete} ON UPDATE {key.on_update}{_deferral(key)}"
        )

    def _index(self, table: Table, index: Index) -> str:
        parts = ", ".join(map(self._part, index.parts))
        where = f" WHERE {index.predicate}" if index.predicate else ""
        nulls = f" {_nulls(distinct=index.nulls_distinct)}".rstrip()
        name = f"{self.name(index.name)} ON {self.name(table.name)}"
        return f"CREATE UNIQUE INDEX {name} ({parts}){nulls}{where}"

    def _part(self, part: Part) -> str:
        words = self.name(part.column) if part.column else f"({part.expression})"
        words += f"({part.prefix})" if part.prefix else ""
        words += f" COLLATE {self.name(part.collation)}" if part.collation else ""
        return f"{words} {part.operators}".rstrip()


def _nulls(*, distinct: bool) -> str:
    return "" if distinct else "NULLS NOT DISTINCT "


def _deferral(key: Key | ForeignKey) -> str:
    if not key.deferrable:
        return ""
    return f" DEFERRABLE INITIALLY {'DEFERRED' if key.deferred else 'IMMEDIATE'}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def numbered(table: Table) -> Table:
    """``table`` with a column that numbers what is tried."""
    return replace(table, columns=(Column(NUMBER, _INTEGER), *table.columns))


def create(tables: Sequence[Table], database: Database) -> Writer | None:
    """Make ``tables``, or nothing and None where their types do not come out as they are told.

    Call it from inside `Database.run`.
    """
    for collated, suffix in _ways(tables, database):
        writer = Writer(database.engine.dialect.identifier_preparer, collated, suffix)
        if _made(writer, tables, database):
            return writer
        drop(writer, tables, database)
    return None


def drop(writer: Writer, tables: Sequence[Table], database: Database) -> None:
    """Drop what there is of ``tables``. Call it from inside `Database.run`."""
    for statement in writer.removals(tables):
        with suppress(DBAPIError):
            _execute(database, statement)


def _ways(tables: Sequence[Table], database: Database) -> Iterator[tuple[bool, str]]:
    """Whether to tell collations, and what to end a table with.

    Most columns have the database's own collation, under a name that not each product takes.
    """
    types = [kind for table in tables for kind in _types(table)]
    strict = any(kind.enforced for kind in types) and not database.features.enforces_types
    for collated in (False, True):
        if not collated or any(kind.collation for kind in types):
            yield collated, " STRICT" if strict else ""


def _made(writer: Writer, tables: Sequence[Table], database: Database) -> bool:
    try:
        for statement in writer.statements(tables):
            _execute(database, statement)
    except DBAPIError:
        return False
    with database.engine.connect() as connection:
        snapshot = database.backend.snapshot(connection)
    made = [snapshot.table(table.name) or table for table in tables]
    return all(_types(found) == _types(table) for found, table in zip(made, tables, strict=True))


def _types(table: Table) -> list[Type]:
    return [column.type for column in table.columns if column.name != NUMBER]


def _execute(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execution_options(no_parameters=True)
        connection.exec_driver_sql(statement)
