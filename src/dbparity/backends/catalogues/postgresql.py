"""PostgreSQL's catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from dbparity.backends.catalogues import postgresql_queries as queries
from dbparity.backends.catalogues.assembly import Groups, Rows, Schema, arranged, ask, by, in_order
from dbparity.backends.catalogues.postgresql_types import Stored, check_of, column_type, domains
from dbparity.snapshots import (
    Check,
    Collation,
    Column,
    Computed,
    ForeignKey,
    Index,
    Key,
    Part,
    Table,
    Trigger,
    Type,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Row

# What a catalogue does not have before a version of the server: where, and what it would say.
_SINCE = {
    "nulls_not_distinct": ((15,), "coalesce(i.indnullsnotdistinct, false)", "false"),
    "columns_set": ((15,), "k.confdelsetcols::int[]", "NULL::int[]"),
    "enforced": ((18,), "k.conenforced", "true"),
    "temporal": ((18,), "k.conperiod", "false"),
}
_ACTIONS = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}
_EVENTS = {4: "INSERT", 8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}  # bits of pg_trigger.tgtype
_BEFORE, _INSTEAD = 2, 64


def read(connection: Connection) -> Schema:
    """Tables and views of the current schema in seven statements.

    One more asks how collations compare, where some are not deterministic.
    """
    version = connection.dialect.server_version_info or ()
    words = {
        name: column if version >= since else constant
        for name, (since, column, constant) in _SINCE.items()
    }
    relations = ask(connection, queries.RELATIONS)
    types = {row.oid: _stored(row) for row in ask(connection, queries.TYPES)}
    catalogue = _Catalogue(
        by(ask(connection, queries.COLUMNS), "tbl"),
        types,
        cache(partial(column_type, types)),
        _collations(connection),
        by(ask(connection, queries.INDEXES.format(**words)), "tbl"),
        by(ask(connection, queries.CONSTRAINTS.format(**words)), "tbl"),
        by(ask(connection, queries.TRIGGERS), "tbl"),
    )
    tables = [catalogue.table(row) for row in relations if row.kind in {"r", "p"}]
    views = [catalogue.view(row) for row in relations if row.kind in {"v", "m"}]
    return in_order(tables), in_order(views)


def _collations(connection: Connection) -> dict[int, Collation]:
    """Collations by their numbers; only what is not deterministic takes other texts for equal."""
    rows = ask(connection, queries.COLLATIONS)
    compared = _compared(connection, [row for row in rows if not row.exact])
    exact = (True, True, False)
    return {
        row.oid: Collation(
            row.standard if row.name == "default" else row.name, *compared.get(row.oid, exact)
        )
        for row in rows
    }


def _compared(connection: Connection, rows: Rows) -> dict[int, tuple[bool, bool, bool]]:
    """Whether collations tell case, tell accents, and ignore spaces at the end."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = [(row.oid, f"{quote(row.space)}.{quote(row.name)}") for row in rows]
    asked = " UNION ALL ".join(
        f"SELECT {oid}::bigint, 'a' <> 'A' COLLATE {name}, 'e' <> U&'\\00e9' COLLATE {name}, "
        f"'a' = 'a ' COLLATE {name}"
        for oid, name in names
    )
    return {row[0]: tuple(row)[1:] for row in ask(connection, asked)} if asked else {}


@dataclass(frozen=True)
class _Catalogue:
    """All rows, grouped by table."""

    columns: Groups
    types: Mapping[int, Stored]
    type_of: Callable[[int, int, str, Collation | None], Type]
    collations: Mapping[int, Collation]
    parts: Groups
    constraints: Groups
    triggers: Groups

    def table(self, row: Row[Any]) -> Table:
        columns = self.columns.get(row.name, ())
        names = {column.num: column.name for column in columns}
        kinds = by(self.constraints.get(row.name, ()), "kind")
        indexes = by(self.parts.get(row.name, ()), "name").values()
        own = (Check(each.name, each.expression, each.enforced) for each in kinds["c"])
        # They refuse rows as checks do, in words that say so.
        other = (Check(each.name, each.expression) for each in kinds["x"])
        return arranged(
            Table(
                row.name,
                tuple(self._column(column) for column in columns),
                next((_key(key, names) for key in kinds["p"]), None),
                tuple(_key(key, names) for key in kinds["u"]),
                tuple(self._index(parts) for parts in indexes),
                tuple(_foreign_key(key, names) for key in kinds["f"]),
                (*own, *other, *self._checks_of_domains(columns)),
                self._triggers(row.name),
                row.comment,
            )
        )

    def view(self, row: Row[Any]) -> View:
        definition = row.definition.strip().removesuffix(";")
        return View(row.name, definition, row.kind == "m", in_order(self._triggers(row.name)))

    def _triggers(self, name: str) -> tuple[Trigger, ...]:
        return tuple(_trigger(row) for row in self.triggers.get(name, ()))

    def _checks_of_domains(self, columns: Iterable[Row[Any]]) -> Iterator[Check]:
        for column in columns:
            quoted = '"' + column.name.replace('"', '""') + '"'
            for domain in domains(self.types, column.type):
                for name, expression in domain.checks.items():
                    yield Check(name, check_of(expression, quoted))

    def _column(self, row: Row[Any]) -> Column:
        made_of = domains(self.types, row.type)
        serial = row.owns and row.value.startswith("nextval(")
        defaults = (row.value, *(domain.default for domain in made_of))
        default = next(filter(None, defaults), None)
        collation = self.collations.get(row.collation)
        return Column(
            row.name,
            self.type_of(row.type, row.modifier, row.native, collation),
            nullable=not (row.filled or any(domain.filled for domain in made_of)),
            default=None if serial or row.generated else default,
            automatic=serial or bool(row.identity),
            always=row.identity == "a",
            computed=Computed(row.value, row.generated == "s") if row.generated else None,
            comment=row.comment,
        )

    def _index(self, rows: Rows) -> Index:
        first = rows[0]
        return Index(
            first.name,
            tuple(self._part(row) for row in rows if not row.carried),
            first.is_unique,
            first.predicate,
            first.method if first.valid else f"{first.method}, invalid",
            tuple(row.part for row in rows if row.carried),
            not first.nulls_equal,
        )

    def _part(self, row: Row[Any]) -> Part:
        # An expression's own collation is not told.
        other = row.part and row.collation != row.own_collation
        return Part(
            row.part,
            row.expression,
            row.descending,
            collation=self.collations[row.collation].name if other else "",
            operators=row.operators,
        )


def _stored(row: Row[Any]) -> Stored:
    return Stored(
        row.name,
        row.kind,
        row.base,
        row.modifier,
        row.element,
        tuple(row.labels),
        row.filled,
        row.value,
        dict(zip(row.rules, row.expressions, strict=True)),
    )


def _key(row: Row[Any], names: Mapping[int, str]) -> Key:
    columns = tuple(names[number] for number in row.columns)
    return Key(row.name, columns, not row.nulls_equal, row.deferrable, row.deferred)


def _foreign_key(row: Row[Any], names: Mapping[int, str]) -> ForeignKey:
    emptied = ", ".join(names[number] for number in row.columns_set or ())
    return ForeignKey(
        row.name,
        tuple(names[number] for number in row.columns),
        row.target,
        tuple(row.referred),
        _ACTIONS[row.on_delete] + (f" ({emptied})" if emptied else ""),
        _ACTIONS[row.on_update],
        row.deferrable,
        row.deferred,
        row.enforced,
        row.whole,
    )


def _trigger(row: Row[Any]) -> Trigger:
    events = tuple(name for bit, name in _EVENTS.items() if row.type & bit)
    timing = "INSTEAD OF" if row.type & _INSTEAD else "BEFORE" if row.type & _BEFORE else "AFTER"
    return Trigger(row.name, timing, events, row.definition)
