"""What SQLAlchemy's Inspector tells of a backend that has no reader of its own."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.sql import sqltypes

from dbparity.backends.catalogues.assembly import Schema, arranged, in_order
from dbparity.snapshots import (
    Check,
    Column,
    Computed,
    Family,
    ForeignKey,
    Index,
    Key,
    Part,
    Table,
    Type,
    Unit,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Dialect, Inspector
    from sqlalchemy.types import TypeEngine

# The first that a type is an instance of; an enum is a string, an interval may be a date.
_FAMILIES: tuple[tuple[type[TypeEngine[Any]], Family], ...] = (
    (sa.Boolean, Family.BOOLEAN),
    (sa.Integer, Family.INTEGER),
    (sa.Float, Family.FLOAT),
    (sa.Numeric, Family.DECIMAL),
    (sa.Enum, Family.ENUM),
    (sa.String, Family.TEXT),
    (sqltypes._Binary, Family.BINARY),  # noqa: SLF001  # the base of BINARY, and no public one is
    (sqltypes._AbstractInterval, Family.INTERVAL),  # noqa: SLF001
    (sa.DateTime, Family.DATETIME),
    (sa.Date, Family.DATE),
    (sa.Time, Family.TIME),
    (sa.JSON, Family.JSON),
    (sa.Uuid, Family.UUID),
    (sa.ARRAY, Family.ARRAY),
)
_MEASURED = {Family.TEXT, Family.BINARY}


def read(connection: Connection) -> Schema:
    """Tables and views of the default schema, in as many statements as the dialect needs.

    What only a product's own words tell is left out: triggers, and how collations compare.
    """
    inspector = inspect(connection)
    reflected = _Reflected(inspector)
    names = inspector.get_table_names()
    views = [
        View(name, str(inspector.get_view_definition(name) or ""))
        for name in inspector.get_view_names()
    ]
    return in_order(map(reflected.table, names)), in_order(views)


class _Reflected:
    """All that the Inspector reads of all tables at once."""

    def __init__(self, inspector: Inspector) -> None:
        self._dialect = inspector.dialect
        self._columns = _told(inspector.get_multi_columns)
        self._primary = _told(inspector.get_multi_pk_constraint)
        self._foreign = _told(inspector.get_multi_foreign_keys)
        self._indexes = _told(inspector.get_multi_indexes)
        self._uniques = _told(inspector.get_multi_unique_constraints)
        self._checks = _told(inspector.get_multi_check_constraints)
        self._comments = _told(inspector.get_multi_table_comment)

    def table(self, name: str) -> Table:
        primary, uniques = self._primary[name], self._uniques[name]
        key = tuple(primary.get("constrained_columns", ()))
        behind = {unique["name"] for unique in uniques}
        return arranged(
            Table(
                name,
                tuple(_column(column, key, self._dialect) for column in self._columns[name]),
                Key(primary["name"] or "", key) if key else None,
                tuple(Key(each["name"] or "", tuple(each["column_names"])) for each in uniques),
                tuple(_index(each) for each in self._indexes[name] if each["name"] not in behind),
                tuple(_foreign_key(each) for each in self._foreign[name]),
                tuple(Check(each["name"] or "", each["sqltext"]) for each in self._checks[name]),
                comment=self._comments[name].get("text") or "",
            )
        )


def _told(method: Callable[[], Mapping[tuple[str | None, str], Any]]) -> defaultdict[str, Any]:
    """What ``method`` tells by the names of tables; nothing where the dialect does not know it."""
    try:
        found = {name: told for (_, name), told in method().items()}
    except NotImplementedError:
        found = {}
    return defaultdict(dict, found)


def _column(told: Mapping[str, Any], key: tuple[str, ...], dialect: Dialect) -> Column:
    identity = told.get("identity") or {}
    computed = told.get("computed")
    numbered = told["name"] in key and told.get("autoincrement") is True
    return Column(
        told["name"],
        _type(told["type"], dialect),
        told["nullable"],
        None if numbered or computed else told["default"],
        numbered or bool(identity),
        bool(identity.get("always")),
        Computed(computed["sqltext"], bool(computed.get("persisted"))) if computed else None,
        comment=told.get("comment") or "",
    )


def _type(told: TypeEngine[Any], dialect: Dialect) -> Type:
    """A type of SQLAlchemy; what it does not say is not said."""
    kind = next((family for known, family in _FAMILIES if isinstance(told, known)), Family.OTHER)
    item = getattr(told, "item_type", None)
    return Type(
        "" if isinstance(told, sa.types.NullType) else told.compile(dialect=dialect),
        kind,
        length=getattr(told, "length", None) if kind in _MEASURED else None,
        unit=Unit.BYTES if kind is Family.BINARY else Unit.CHARACTERS,
        fixed=isinstance(told, (sa.CHAR, sa.BINARY)),
        bits=_bits(told),
        precision=getattr(told, "precision", None) if kind is Family.DECIMAL else None,
        scale=getattr(told, "scale", None) if kind is Family.DECIMAL else None,
        zone=bool(getattr(told, "timezone", False)),
        values=tuple(getattr(told, "enums", ())),
        element=_type(item, dialect) if item is not None else None,
    )


def _bits(told: TypeEngine[Any]) -> int | None:
    sizes = ((sa.SmallInteger, 16), (sa.BigInteger, 64), (sa.Integer, 32), (sa.Double, 64))
    return next((bits for known, bits in sizes if isinstance(told, known)), None)


def _index(told: Mapping[str, Any]) -> Index:
    expressions = told.get("expressions") or told["column_names"]
    order = told.get("column_sorting", {})
    parts = tuple(
        Part(name or "", "" if name else expression, "desc" in order.get(expression, ()))
        for name, expression in zip(told["column_names"], expressions, strict=True)
    )
    return Index(told["name"], parts, bool(told["unique"]))


def _foreign_key(told: Mapping[str, Any]) -> ForeignKey:
    options = told.get("options", {})
    space = told.get("referred_schema")
    return ForeignKey(
        told["name"] or "",
        tuple(told["constrained_columns"]),
        f"{space}.{told['referred_table']}" if space else told["referred_table"],
        tuple(told["referred_columns"]),
        options.get("ondelete") or "NO ACTION",
        options.get("onupdate") or "NO ACTION",
        bool(options.get("deferrable")),
        options.get("initially") == "DEFERRED",
    )
