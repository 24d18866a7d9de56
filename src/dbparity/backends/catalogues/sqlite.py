"""SQLite's catalogue: sqlite_master, the pragmas as tables, and the text of the DDL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbparity.backends.catalogues.assembly import (
    Groups,
    Rows,
    Schema,
    arranged,
    ask,
    by,
    in_order,
    index_key,
    is_key,
)
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
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from dbparity.snapshots import Collation

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
_HIDDEN = 1  # as table_xinfo numbers what SELECT * may leave out, and what is generated
_GENERATED = {2: False, 3: True}  # whether it is stored


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
        origins = by(self.parts.get(row.name, ()), "origin")
        key = self._key(row.name)
        # Only a rowid has no index behind it.
        numbered = key if len(key) == 1 and not origins["pk"] else ()
        columns = tuple(_column(column, text, numbered) for column in self.columns[row.name])
        created = [self._index(rows, columns) for rows in by(origins["c"], "name").values()]
        unique = [_unique(rows, text, columns) for rows in by(origins["u"], "name").values()]
        foreign = by(self.foreign.get(row.name, ()), "id").values()
        return arranged(
            Table(
                row.name,
                columns,
                Key(text.primary_key, key) if key else None,
                tuple(index_key(index) for index in unique if is_key(index)),
                (*created, *(index for index in unique if not is_key(index))),
                tuple(self._foreign_key(rows, text) for rows in foreign),
                tuple(Check(name, expression) for name, expression in text.checks),
                self.triggers_of(row.name),
            )
        )

    def triggers_of(self, table: str) -> tuple[Trigger, ...]:
        return in_order(_trigger(row) for row in self.triggers.get(table, ()))

    def _key(self, table: str) -> tuple[str, ...]:
        members = [row for row in self.columns[table] if row.pk]
        return tuple(row.name for row in sorted(members, key=lambda row: row.pk))

    def _index(self, rows: Rows, columns: tuple[Column, ...]) -> Index:
        text = read_index(self.indexes[rows[0].name])
        parts = _parts(rows, text.parts, columns)
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


def _column(row: Row[Any], text: TableText, rowid: tuple[str, ...]) -> Column:
    key = row.name.lower()
    numbered = row.name in rowid
    stored = _GENERATED.get(row.hidden)
    return Column(
        row.name,
        column_type(row.type, text.collations.get(key, "BINARY"), strict=text.strict),
        nullable=not (row.filled or numbered),
        default=None if row.value is None or row.value.upper() == "NULL" else row.value,
        automatic=numbered,
        computed=None if stored is None else Computed(text.computed[key], stored),
        hidden=row.hidden == _HIDDEN,
    )


def _unique(rows: Rows, text: TableText, columns: tuple[Column, ...]) -> Index:
    """A unique constraint as an index: one with a collation of its own is no more than that."""
    name = text.uniques[tuple(row.part.lower() for row in rows)]
    return Index(name, _parts(rows, [""] * len(rows), columns), unique=True)


def _parts(rows: Rows, spelled: Sequence[str], columns: tuple[Column, ...]) -> tuple[Part, ...]:
    collations = {column.name: column.type.collation for column in columns}
    return tuple(
        _part(row, expression, collations.get(row.part))
        for row, expression in zip(rows, spelled, strict=True)
    )


def _part(row: Row[Any], expression: str, own: Collation | None) -> Part:
    collation = row.coll.upper()
    same = collation == (own.name.upper() if own else "BINARY")
    return Part(
        row.part or "",
        expression if row.cid == _EXPRESSION else "",
        bool(row.descending),
        collation="" if same else collation,
    )


def _trigger(row: Row[Any]) -> Trigger:
    timing, event = read_trigger(row.sql)
    return Trigger(row.name, timing, (event,), row.sql)
