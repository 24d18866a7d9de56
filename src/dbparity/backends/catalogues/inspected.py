"""What SQLAlchemy's Inspector tells of a backend that has no reader of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import inspect

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

    from sqlalchemy import Connection, Inspector
    from sqlalchemy.types import TypeEngine

# The first that a type is an instance of; an enum is a string, an interval may be a date.
_FAMILIES: tuple[tuple[type[TypeEngine[Any]], Family], ...] = (
    (sa.Boolean, Family.BOOLEAN),
    (sa.Integer, Family.INTEGER),
    (sa.Float, Family.FLOAT),
    (sa.Numeric, Family.DECIMAL),
    (sa.Enum, Family.ENUM),
    (sa.String, Family.TEXT),
    (sa.LargeBinary, Family.BINARY),
    (sa.types._Binary, Family.BINARY),  # noqa: SLF001  # BINARY and VARBINARY have no other
    (sa.Interval, Family.INTERVAL),
    (sa.DateTime, Family.DATETIME),
    (sa.Date, Family.DATE),
    (sa.Time, Family.TIME),
    (sa.JSON, Family.JSON),
    (sa.Uuid, Family.UUID),
    (sa.ARRAY, Family.ARRAY),
)


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
        self._columns = _told(inspector.get_multi_columns)
        self._primary = _told(inspector.get_multi_pk_constraint)
        self._foreign = _told(inspector.get_multi_foreign_keys)
        self._indexes = _told(inspector.get_multi_indexes)
        self._uniques = _told(inspector.get_multi_unique_constraints)
        self._checks = _told(inspector.get_multi_check_constraints)
        self._comments = _told(inspector.get_multi_table_comment)

    def table(self, name: str) -> Table:
        primary = self._primary.get(name) or {}
        key = tuple(primary.get("constrained_columns", ()))
        return arranged(
            Table(
                name,
                tuple(_column(column, key) for column in self._columns[name]),
                Key(primary.get("name") or "", key) if key else None,
                tuple(
                    Key(unique["name"] or "", tuple(unique["column_names"]))
                    for unique in self._uniques.get(name, ())
                ),
                tuple(
                    _index(index)
                    for index in self._indexes.get(name, ())
                    if not index.get("duplicates_constraint")
                ),
                tuple(_foreign_key(key) for key in self._foreign.get(name, ())),
                tuple(
                    Check(check["name"] or "", check["sqltext"])
                    for check in self._checks.get(name, ())
                ),
                comment=(self._comments.get(name) or {}).get("text") or "",
            )
        )


def _told(method: Callable[[], Mapping[tuple[str | None, str], Any]]) -> dict[str, Any]:
    """What ``method`` tells by the names of tables; nothing where the dialect does not know it."""
    try:
        return {name: told for (_, name), told in method().items()}
    except NotImplementedError:
        return {}


def _column(told: Mapping[str, Any], key: tuple[str, ...]) -> Column:
    identity = told.get("identity") or {}
    computed = told.get("computed")
    numbered = told["name"] in key and told.get("autoincrement") is True
    return Column(
        told["name"],
        column_type(told["type"]),
        told["nullable"],
        None if numbered or computed else told["default"],
        numbered or bool(identity),
        bool(identity.get("always")),
        Computed(computed["sqltext"], bool(computed.get("persisted"))) if computed else None,
        comment=told.get("comment") or "",
    )


def column_type(told: TypeEngine[Any]) -> Type:
    """A type of SQLAlchemy; what it does not say is not said."""
    kind = next((family for known, family in _FAMILIES if isinstance(told, known)), Family.OTHER)
    item = getattr(told, "item_type", None)
    return Type(
        str(told),
        kind,
        length=getattr(told, "length", None),
        unit=Unit.BYTES if kind is Family.BINARY else Unit.CHARACTERS,
        fixed=isinstance(told, (sa.CHAR, sa.BINARY)),
        bits=_bits(told),
        precision=getattr(told, "precision", None) if kind is Family.DECIMAL else None,
        scale=getattr(told, "scale", None) if kind is Family.DECIMAL else None,
        zone=bool(getattr(told, "timezone", False)),
        values=tuple(getattr(told, "enums", ())),
        element=column_type(item) if item is not None else None,
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
