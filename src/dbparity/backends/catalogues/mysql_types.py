"""The types of MySQL and MariaDB, as information_schema spells them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from dbparity.snapshots import Collation, Family, Type, Unit

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
# In bytes; the long ones, of 4 GB, hold more than others do without saying so.
_SIZES = {
    "tinytext": 255,
    "tinyblob": 255,
    "text": 65_535,
    "blob": 65_535,
    "mediumtext": 16_777_215,
    "mediumblob": 16_777_215,
}
_TIMES = {Family.TIME, Family.DATETIME}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a"}


@lru_cache
def column_type(native: str, collation: Collation | None, *, json: bool) -> Type:
    """What a column holds; ``json`` says that a check keeps it to valid JSON."""
    if json or native == "tinyint(1)":  # of a BOOLEAN; others have no width, or another
        return Type(native, Family.JSON if json else Family.BOOLEAN)
    native = "year" if native == "year(4)" else native  # MariaDB's, the only width that is left
    name, _, details = native.partition("(")
    name = name.split()[0]
    family = _NAMES.get(name, Family.OTHER)
    if name in {"enum", "set"}:
        return Type(native, family, values=_values(details), collation=collation)
    plain = Type(native, family, signed="unsigned" not in native, bits=_BITS.get(name))
    first, second = (*map(int, re.findall(r"\d+", details)), None, None)[:2]
    if family in {Family.TEXT, Family.BINARY}:
        return _string(plain, name, first, collation)
    if family is Family.DECIMAL:
        return replace(plain, precision=first, scale=second)
    if family in _TIMES:
        return replace(plain, fraction=first or 0, zone=name == "timestamp")
    return plain


def _string(plain: Type, name: str, length: int | None, collation: Collation | None) -> Type:
    counted = name in {"char", "varchar"}
    return replace(
        plain,
        length=_SIZES.get(name, length),
        unit=Unit.CHARACTERS if counted else Unit.BYTES,
        fixed=name in {"char", "binary"},
        collation=collation,
    )


def _values(listed: str) -> tuple[str, ...]:
    found = re.findall(r"'((?:[^']|'')*)'", listed)
    return tuple(unescaped(value.replace("''", "'")) for value in found)


def unescaped(text: str) -> str:
    """``text`` without the backslashes by which MySQL escapes it as a literal."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
