"""The application's synthesized rows, in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import MetaData, TypeDecorator, and_

from dbparity.applications import Application
from dbparity.results import Place, Skipped
from dbparity.synthesis import RowSynthesizer
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Dialect, Table
    from sqlalchemy.types import TypeEngine

    from dbparity.servers.database import Database
    from dbparity.synthesis import Population

_NO_APPLICATION = Application("no application", MetaData())
_synthesizers: WeakKeyDictionary[Application, RowSynthesizer] = WeakKeyDictionary()


def application_of(database: Database) -> Application:
    """The application whose schema the database holds; one without tables if there is none."""
    return database.application or _NO_APPLICATION


def synthesizer(database: Database) -> RowSynthesizer:
    """The synthesizer of the application's rows: one per application, the same for every target."""
    return synthesizer_of(application_of(database))


def synthesizer_of(application: Application) -> RowSynthesizer:
    """The synthesizer of an application's rows."""
    found = _synthesizers.get(application)
    if found is None:
        found = RowSynthesizer(application.metadata, factories=application.factories)
        _synthesizers[application] = found
    return found


def populate(database: Database, counts: int | Mapping[str, int] = 3) -> Population:
    """Commit ``counts`` rows of every table in one transaction, and return them.

    Raises:
        RowsUnsatisfiable: no valid rows can be made for a table.
    """
    population = synthesizer(database).population(counts)
    with database.engine.begin() as connection:
        insert(connection, synthesizer(database), population)
    return population


def insert(connection: Connection, synthesizer: RowSynthesizer, population: Population) -> None:
    """Insert a population, parents first; then close the cycles of its foreign keys."""
    for table in synthesizer.order:
        if rows := population.rows.get(table.key):
            connection.execute(table.insert(), list(rows))
    close_cycles(connection, population)


def close_cycles(connection: Connection, population: Population) -> None:
    """Fill the foreign keys that could not be filled when their rows were inserted."""
    for table, key, values in population.deferred:
        connection.execute(table.update().where(where_key(table, key)).values(values))


def open_cycles(connection: Connection, population: Population) -> None:
    """Empty them again, so that rows can be deleted, children first."""
    for table, key, values in population.deferred:
        nothing = dict.fromkeys(values)
        connection.execute(table.update().where(where_key(table, key)).values(nothing))


def settled(population: Population) -> dict[str, list[dict[str, object]]]:
    """The rows by table as they are when the cycles are closed."""
    rows = {key: [dict(row) for row in found] for key, found in population.rows.items()}
    for table, key, values in population.deferred:
        for row in rows[table.key]:
            if key_of(table, row) == key:
                row.update(values)
    return rows


def keyed_tables(database: Database) -> tuple[Table, ...]:
    """The tables whose rows dbparity can name by their primary key, parents first."""
    return tuple(table for table in synthesizer(database).order if not _keyless(table))


def keyless_tables(database: Database) -> Iterator[Skipped]:
    """Say of each other table why it is left out."""
    for table in synthesizer(database).order:
        if reason := _keyless(table):
            yield Skipped(reason, Place(table.key))


def _keyless(table: Table) -> str:
    columns = table.primary_key.columns
    if not columns:
        return "it has no primary key: its rows cannot be told apart"
    filled = [column.key for column in columns if not insertable(column)]
    return f"only the server fills {', '.join(filled)} of its primary key" if filled else ""


def insertable(column: Column[Any]) -> bool:
    """Whether a statement may give the column a value."""
    identity = column.identity
    return column.computed is None and not (identity is not None and identity.always)


def key_of(table: Table, row: Mapping[str, object]) -> dict[str, object]:
    """The values of the row's primary key, by column."""
    return {column.key: row[column.key] for column in table.primary_key.columns}


def where_key(table: Table, row: Mapping[str, object]) -> ColumnElement[bool]:
    """The condition that finds the row by its primary key."""
    return and_(*(column == row[column.key] for column in table.primary_key.columns))


def underlying(column: Column[Any], dialect: Dialect) -> TypeEngine[Any]:
    """The type that ``dialect`` gives the column, without decorators and variants."""
    type_: TypeEngine[Any] = column.type.dialect_impl(dialect)
    while isinstance(type_, TypeDecorator):
        type_ = type_.load_dialect_impl(dialect).dialect_impl(dialect)
    return type_


def place(table: Table, column: str = "", row: Mapping[str, object] | None = None) -> Place:
    """Where something was found; the row's key, as far as it is known, is spelled canonically."""
    known = row or {}
    keys = [column.key for column in table.primary_key.columns if column.key in known]
    return Place(table.key, column, ", ".join(canonical(known[key]) for key in keys))
