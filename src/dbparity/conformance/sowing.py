"""Sowing: rows for the tables that a database has, whatever revision it is at."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, MetaData, insert, select
from sqlalchemy.exc import CompileError, SAWarning, SQLAlchemyError
from sqlalchemy.types import NullType

from dbparity.conformance.population import application_of, insertable
from dbparity.conformance.walking import brief
from dbparity.errors import RowsUnsatisfiable
from dbparity.results import Place, Skipped
from dbparity.snapshots import Family
from dbparity.synthesis import RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Column, Connection, Table
    from sqlalchemy.types import TypeEngine

    from dbparity import snapshots
    from dbparity.applications import Application
    from dbparity.servers.database import Database

ROWS = 3

Row = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """The tables of a database as they are, and what makes rows for them."""

    database: Database
    metadata: MetaData
    synthesizer: RowSynthesizer

    @classmethod
    def of(cls, database: Database, beside: set[str]) -> Field:
        """Reflect all tables but those ``beside``; columns of the model have the model's types."""
        application = application_of(database)
        metadata = MetaData()
        with database.engine.connect() as connection:
            # Row by row it would be the same: what cannot be reflected is left out.
            warnings.filterwarnings("ignore", ".*(reflect|recognize|sort tables)", SAWarning)
            metadata.reflect(connection, only=lambda name, _: name not in beside)
            schema = database.backend.snapshot(connection)
            for table in metadata.tables.values():
                _take_types(connection, table, application.metadata.tables.get(table.key))
                _know_documents(table, schema.table(table.name))
        factories = {table.key: _factory(table, application) for table in metadata.tables.values()}
        return cls(database, metadata, RowSynthesizer(metadata, factories=factories))

    def sow(self) -> Iterator[Skipped]:
        """Insert rows into every table that has none; say of which tables that cannot be done."""
        grown: dict[str, list[Row]] = {}
        for table in self.synthesizer.order:
            try:
                grown[table.key] = self._there(table) or self._sown(table, grown)
            except (RowsUnsatisfiable, SQLAlchemyError) as error:
                yield Skipped(f"no rows could be made for it: {brief(error)}", Place(table.key))

    def clear(self, kept: set[str]) -> None:
        """Delete the rows of all tables but those ``kept``, as far as nothing refers to them."""
        for table in reversed(self.synthesizer.order):
            if table.name not in kept:
                with suppress(SQLAlchemyError), self.database.engine.begin() as connection:
                    connection.execute(table.delete())

    def _there(self, table: Table) -> list[Row]:
        with self.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def _sown(self, table: Table, grown: Mapping[str, list[Row]]) -> list[Row]:
        rows = self.synthesizer.rows(table, ROWS, parents=grown)
        number = table.autoincrement_column
        with self.database.engine.begin() as connection:
            for row in rows:
                if number is not None and number.key in row:
                    _number(connection, table, number, row, rows)
                else:
                    connection.execute(insert(table), row)
        return rows


def _number(
    connection: Connection, table: Table, number: Column[Any], row: Row, rows: list[Row]
) -> None:
    """Let the server number the row, lest its numbers collide with those of migrations."""
    wanted = row.pop(number.key)
    made = connection.execute(insert(table).values(row)).inserted_primary_key
    row[number.key] = made[list(table.primary_key.columns).index(number)] if made else wanted
    for key in table.foreign_keys:
        if key.column is number:
            for other in rows:
                if other.get(key.parent.key) == wanted and other is not row:
                    other[key.parent.key] = row[number.key]


def _take_types(connection: Connection, table: Table, model: Table | None) -> None:
    """Give each column the model's type, where that is the same in the database."""
    for column in table.columns:
        wanted = model.columns.get(column.name) if model is not None else None
        if wanted is not None:
            spelled = _spelled(connection, wanted.type)
            if spelled is not None and spelled == _spelled(connection, column.type):
                column.type = wanted.type


def _know_documents(table: Table, found: snapshots.Table | None) -> None:
    """MariaDB's JSON is a text that a check of its own refuses most texts for."""
    for column in table.columns:
        part = found.column(column.name) if found is not None else None
        if part is not None and part.type.family is Family.JSON:
            column.type = column.type if isinstance(column.type, JSON) else JSON()


def _spelled(connection: Connection, type_: TypeEngine[Any]) -> str | None:
    try:
        return type_.compile(connection.dialect)
    except CompileError:
        return None


def _factory(table: Table, application: Application) -> Callable[[int], Row]:
    """What the application's factory gives of the columns that there are, and NULL for the odd."""
    given = application.factories.get(table.key)
    odd = {c.key: None for c in table.columns if c.nullable and isinstance(c.type, NullType)}
    known = {column.key for column in table.columns if insertable(column)}

    def make(index: int) -> Row:
        found = given(index) if given is not None else {}
        return odd | {key: value for key, value in found.items() if key in known}

    return make
