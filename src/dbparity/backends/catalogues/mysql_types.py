"""The types of MySQL and MariaDB, from rows of information_schema.columns."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbparity.snapshots import Collation, Family, Type, Unit

if TYPE_CHECKING:
    from sqlalchemy import Row

_FAMILIES = {
    Family.INTEGER: "tinyint smallint mediumint int bigint",
    Family.DECIMAL: "decimal",
    Family.FLOAT: "float double",
    Family.TEXT: "char varchar tinytext text mediumtext longtext",
    Family.BINARY: "binary varbinary tinyblob blob mediumblob longblob",
    Family.DATE: "date",
    Family.TIME: "time",
    Family.DATETIME: "datetime timestamp",
    Family.JSON: "json",
    Family.UUID: "uuid",
    Family.ENUM: "enum",
}
_NAMES = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_BITS = {
    "tinyint": 8,
    "smallint": 16,
    "mediumint": 24,
    "int": 32,
    "bigint": 64,
    "float": 32,
    "double": 64,
}
_UNBOUNDED = {"longtext", "longblob"}  # 4 GB, more than others hold without saying so
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a"}


def column_type(row: Row[Any], collation: Collation | None, *, json: bool) -> Type:
    """What a column holds; ``json`` says that a check keeps it to valid JSON."""
    native = row.native
    if json or native == "tinyint(1)":  # of a BOOLEAN; others have no width, or another
        return Type(native, Family.JSON if json else Family.BOOLEAN)
    plain = Type(native, _NAMES.get(row.kind, Family.OTHER), signed="unsigned" not in native)
    if plain.family in {Family.TEXT, Family.BINARY}:
        return _string(plain, row, collation)
    if plain.family is Family.DECIMAL:
        return replace(plain, precision=row.digits, scale=row.scale)
    if row.kind in {"enum", "set"}:
        return replace(plain, values=_values(native), collation=collation)
    return replace(
        plain, bits=_BITS.get(row.kind), fraction=row.fraction, zone=row.kind == "timestamp"
    )


def _string(plain: Type, row: Row[Any], collation: Collation | None) -> Type:
    counted = row.kind in {"char", "varchar"}
    length = row.characters if counted else row.octets
    return replace(
        plain,
        length=None if row.kind in _UNBOUNDED else length,
        unit=Unit.CHARACTERS if counted else Unit.BYTES,
        fixed=row.kind in {"char", "binary"},
        collation=collation,
    )


def _values(native: str) -> tuple[str, ...]:
    found = re.findall(r"'((?:[^']|'')*)'", native)
    return tuple(unescaped(value.replace("''", "'")) for value in found)


def unescaped(text: str) -> str:
    """``text`` without the backslashes by which MySQL escapes it as a literal."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
