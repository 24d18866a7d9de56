"""SQLite's catalogue: sqlite_master, the pragmas as tables, and the text of the DDL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbparity.backends.catalogues.assembly import Groups, Rows, Schema, arranged, ask, by, in_order
from dbparity.backends.catalogues.sqlite_ddl import (
    TableText,
    read_index,
    read_table,
    read_trigger,
    read_view,
)
from dbparity.backends.catalogues.sqlite_types import column_type
from dbparity.snapshots import (
    Check,
    Column,
    Computed,
    ForeignKey,
    Index,
    Key,
    Part,
    Table,
    Trigger,
    View,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_OBJECTS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master "
    "WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
)
_COLUMNS = (
    'SELECT m.name AS tbl, c.name, c.type, c."notnull" AS filled, c.dflt_value AS value, c.pk, '
    "c.hidden FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' "
    "ORDER BY m.name, c.cid"
)
_INDEXES = (
    'SELECT m.name AS tbl, l.name, l."unique" AS is_unique, l.origin, x.cid, '
    'x.name AS part, x."desc" AS descending, x.coll '
    "FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_xinfo(l.name) x "
    "WHERE m.type = 'table' AND x.key ORDER BY m.name, l.seq, x.seqno"
)
_FOREIGN_KEYS = (
    'SELECT m.name AS tbl, f.id, f."table" AS target, f."from" AS source, f."to" AS referred, '
    "f.on_update, f.on_delete FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f "
    "WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
)
_EXPRESSION = -2  # as index_xinfo numbers columns
_GENERATED = {2: False, 3: True}  # as table_xinfo numbers what is hidden; whether it is stored


def read(connection: Connection) -> Schema:
    """Tables and views in four statements."""
    objects = ask(connection, _OBJECTS)
    catalogue = _Catalogue(
        {row.name: row.sql for row in objects if row.type == "index"},
        by(ask(connection, _COLUMNS), "tbl"),
        by(ask(connection, _INDEXES), "tbl"),
        by(ask(connection, _FOREIGN_KEYS), "tbl"),
        by((row for row in objects if row.type == "trigger"), "tbl_name"),
    )
    tables = [catalogue.table(row) for row in _own_tables(objects)]
    views = [
        View(row.name, read_view(row.sql), triggers=catalogue.triggers_of(row.name))
        for row in objects
        if row.type == "view"
    ]
    return in_order(tables), in_order(views)


def _own_tables(objects: Rows) -> Rows:
    """The tables, without those in which virtual tables keep their contents."""
    tables = [row for row in objects if row.type == "table"]
    virtual = [row.name for row in tables if row.sql.startswith("CREATE VIRTUAL")]
    shadows = tuple(f"{name}_" for name in virtual)
    return [row for row in tables if not row.name.startswith(shadows)]


@dataclass(frozen=True)
class _Catalogue:
    """All rows, grouped by table; the texts of indexes by their names."""

    indexes: dict[str, str]
    columns: Groups
    parts: Groups
    foreign: Groups
    triggers: Groups

    def table(self, row: Row[Any]) -> Table:
        text = read_table(row.sql)
        parts = by(self.parts.get(row.name, ()), "origin", "name")
        behind = {origin for origin, _ in parts}
        rowid = "pk" not in behind
        own = [
            _column(column, text, numbered=rowid and len(self._key(row.name)) == 1)
            for column in self.columns[row.name]
        ]
        collations = {column.name: column.type.collation for column in own}
        key = self._key(row.name)
        return arranged(
            Table(
                row.name,
                tuple(own),
                Key(text.primary_key, key) if key else None,
                tuple(_unique(rows, text) for (origin, _), rows in parts.items() if origin == "u"),
                tuple(
                    self._index(rows, {n: c.name for n, c in collations.items() if c})
                    for (origin, _), rows in parts.items()
                    if origin == "c"
                ),
                tuple(
                    self._foreign_key(rows, text)
                    for rows in by(self.foreign.get(row.name, ()), "id").values()
                ),
                tuple(Check(name, expression) for name, expression in text.checks),
                self.triggers_of(row.name),
            )
        )

    def triggers_of(self, table: str) -> tuple[Trigger, ...]:
        return in_order(_trigger(row) for row in self.triggers.get(table, ()))

    def _key(self, table: str) -> tuple[str, ...]:
        members = [row for row in self.columns[table] if row.pk]
        return tuple(row.name for row in sorted(members, key=lambda row: row.pk))

    def _index(self, rows: Rows, collations: dict[str, str]) -> Index:
        text = read_index(self.indexes[rows[0].name])
        parts = tuple(
            _part(row, spelled, collations) for row, spelled in zip(rows, text.parts, strict=True)
        )
        return Index(rows[0].name, parts, bool(rows[0].is_unique), text.predicate)

    def _foreign_key(self, rows: Rows, text: TableText) -> ForeignKey:
        first = rows[0]
        declared = text.references[-1 - first.id]  # SQLite numbers them from the last one on
        target, columns = self._actual(first.target)
        named = tuple(columns.get(str(row.referred).lower(), row.referred) for row in rows)
        return ForeignKey(
            declared.name,
            tuple(row.source for row in rows),
            target,
            named if first.referred is not None else self._key(target),
            first.on_delete,
            first.on_update,
            declared.deferrable,
            declared.deferred,
        )

    def _actual(self, table: str) -> tuple[str, dict[str, str]]:
        """A table as it is really spelled, and its columns by their names in lower case."""
        found = next((name for name in self.columns if name.lower() == table.lower()), table)
        return found, {row.name.lower(): row.name for row in self.columns[found]}


def _column(row: Row[Any], text: TableText, *, numbered: bool) -> Column:
    key = row.name.lower()
    numbered = numbered and bool(row.pk)
    expression = text.computed.get(key, "")
    return Column(
        row.name,
        column_type(row.type, text.collations.get(key, "BINARY"), strict=text.strict),
        nullable=not (row.filled or numbered),
        default=None if row.value is None or row.value.upper() == "NULL" else row.value,
        automatic=numbered,
        computed=Computed(expression, _GENERATED[row.hidden]) if row.hidden in _GENERATED else None,
        hidden=row.hidden == 1,
    )


def _unique(rows: Rows, text: TableText) -> Key:
    columns = tuple(row.part for row in rows)
    return Key(text.uniques.get(tuple(column.lower() for column in columns), ""), columns)


def _part(row: Row[Any], spelled: str, collations: dict[str, str]) -> Part:
    if row.cid == _EXPRESSION:
        other = "" if row.coll == "BINARY" else row.coll
        return Part("", spelled, bool(row.descending), collation=other)
    same = row.coll.upper() == collations.get(row.part, "BINARY").upper()
    return Part(row.part, "", bool(row.descending), collation="" if same else row.coll)


def _trigger(row: Row[Any]) -> Trigger:
    timing, event = read_trigger(row.sql)
    return Trigger(row.name, timing, (event,), row.sql)
