"""The catalogue of MySQL and MariaDB: information_schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dbparity.backends.catalogues import mysql_queries as queries
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
from dbparity.backends.catalogues.mysql_types import column_type, unescaped
from dbparity.snapshots import (
    Check,
    Collation,
    Column,
    Computed,
    Family,
    ForeignKey,
    Index,
    Part,
    Table,
    Trigger,
    Type,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Row

_NUMBERS = {Family.BOOLEAN, Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.BINARY}
_PREFIXED = {"BTREE", "HASH"}  # other methods have a prefix that nobody gave


@dataclass(frozen=True)
class Dialect:
    """Where the two differ.

    Attributes:
        checks: the query.
        expression: the column with the expression of an index's part.
        spelled: gives an expression as SHOW CREATE TABLE spells it.
        default: gives a column's default, or None.
        restricts: what is told of a foreign key with RESTRICT; MariaDB tells it without as well.
        json: whether JSON is a text with a check.
    """

    checks: str
    expression: str
    spelled: Callable[[str], str]
    default: Callable[[Row[Any], Type], str | None]
    restricts: str
    json: bool


def read(connection: Connection, dialect: Dialect) -> Schema:
    """Tables and views in seven statements, and one more to ask how collations compare."""
    rows = ask(connection, queries.COLUMNS)
    catalogue = _Catalogue(
        dialect,
        by(rows, "tbl"),
        _collations(connection, rows),
        by(ask(connection, queries.INDEXES.format(expression=dialect.expression)), "tbl"),
        by(ask(connection, queries.FOREIGN_KEYS), "tbl"),
        by(ask(connection, dialect.checks), "tbl"),
        by(ask(connection, queries.TRIGGERS), "tbl"),
    )
    tables = [catalogue.table(row) for row in ask(connection, queries.TABLES)]
    return in_order(tables), in_order(_view(row) for row in ask(connection, queries.VIEWS))


def _collations(connection: Connection, rows: Rows) -> dict[str, Collation]:
    """How the collations of columns compare: the server is asked, their names are not parsed."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    used = sorted({(row.collation, row.charset) for row in rows if row.collation})
    asked = " UNION ALL ".join(
        f"SELECT '{name}', {_compared(quote(name), charset)}" for name, charset in used
    )
    answers = ask(connection, asked) if asked else ()
    return {row[0]: Collation(row[0], *map(bool, tuple(row)[1:])) for row in answers}


def _compared(collation: str, charset: str) -> str:
    """Whether case is told, accents are told, and spaces at the end do not count."""
    small, great, accented, padded = (
        f"CONVERT({literal} USING {charset}) COLLATE {collation}"
        for literal in ("'a'", "'A'", "_utf8mb4 x'C3A1'", "'a '")
    )
    return f"{small} <> {great}, {small} <> {accented}, {small} = {padded}"


@dataclass(frozen=True)
class _Catalogue:
    """All rows, grouped by table."""

    dialect: Dialect
    columns: Groups
    collations: Mapping[str, Collation]
    parts: Groups
    foreign: Groups
    checks: Groups
    triggers: Groups

    def table(self, row: Row[Any]) -> Table:
        checks = self.checks.get(row.name, ())
        valid = {check.name for check in checks if self._keeps_json(check)}
        indexes = {
            index.name: index
            for parts in by(self.parts.get(row.name, ()), "name").values()
            for index in [self._index(parts)]
        }
        primary = indexes.pop("PRIMARY", None)
        plain = {index.name: index_key(index) for index in indexes.values() if is_key(index)}
        return arranged(
            Table(
                row.name,
                tuple(
                    self._column(column, json=column.name in valid)
                    for column in self.columns[row.name]
                ),
                index_key(primary) if primary else None,
                tuple(plain.values()),
                tuple(index for index in indexes.values() if index.name not in plain),
                tuple(
                    self._foreign_key(rows)
                    for rows in by(self.foreign.get(row.name, ()), "name").values()
                ),
                tuple(
                    Check(check.name, self.dialect.spelled(check.expression), bool(check.enforced))
                    for check in checks
                    if check.name not in valid
                ),
                tuple(
                    Trigger(each.name, each.timing, (each.event,), each.definition)
                    for each in self.triggers.get(row.name, ())
                ),
                row.comment,
            )
        )

    def _keeps_json(self, check: Row[Any]) -> bool:
        """Whether it is the check by which MariaDB makes a LONGTEXT a JSON."""
        column = check.name.replace("`", "``")
        return self.dialect.json and bool(check.expression == f"json_valid(`{column}`)")

    def _column(self, row: Row[Any], *, json: bool) -> Column:
        kind = column_type(row.native, self.collations.get(row.collation), json=json)
        updated = re.search(r"on update (\S+)", row.extra)
        expression = self.dialect.spelled(row.expression or "")
        return Column(
            row.name,
            kind,
            nullable=row.nullable == "YES",
            default=None if expression else self.dialect.default(row, kind),
            automatic="auto_increment" in row.extra,
            computed=Computed(expression, "STORED" in row.extra) if expression else None,
            hidden="INVISIBLE" in row.extra,
            on_update=updated[1] if updated else None,
            comment=row.comment,
        )

    def _index(self, rows: Rows) -> Index:
        first = rows[0]
        parts = tuple(
            Part(
                row.part or "",
                self.dialect.spelled(row.expression or ""),
                row.direction == "D",
                row.prefix if row.method in _PREFIXED else None,
            )
            for row in rows
        )
        return Index(first.name, parts, bool(first.is_unique), method=first.method.lower())

    def _foreign_key(self, rows: Rows) -> ForeignKey:
        first = rows[0]
        restricts = {"RESTRICT": self.dialect.restricts}
        return ForeignKey(
            first.name,
            tuple(row.source for row in rows),
            first.space + first.target,
            tuple(row.referred for row in rows),
            restricts.get(first.on_delete, first.on_delete),
            restricts.get(first.on_update, first.on_update),
        )


def _view(row: Row[Any]) -> View:
    """A view by its query, without the name of its database before each identifier."""
    space = re.escape(row.space.replace("`", "``"))
    name = r"`(?:[^`]|``)*`"
    tokens = rf"`{space}`\.({name})|({name}|'(?:[^'\\]|\\.|'')*')"
    return View(row.name, re.sub(tokens, lambda found: found[1] or found[2], row.definition))


def _mysql_default(row: Row[Any], kind: Type) -> str | None:
    """MySQL tells a literal without its quotes."""
    value: str | None = row.value
    if value is None:
        return None
    if "DEFAULT_GENERATED" in row.extra:
        return unescaped(value)
    if kind.family in _NUMBERS or row.native.startswith(("bit", "year")):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _mariadb_default(row: Row[Any], _kind: Type) -> str | None:
    return None if row.value in {None, "NULL"} else str(row.value)


MYSQL = Dialect(
    queries.MYSQL_CHECKS, "expression", unescaped, _mysql_default, "RESTRICT", json=False
)
MARIADB = Dialect(queries.MARIADB_CHECKS, "NULL", str, _mariadb_default, "NO ACTION", json=True)
