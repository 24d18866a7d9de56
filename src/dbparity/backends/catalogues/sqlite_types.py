"""SQLite's declared types, by its own conventions and SQLAlchemy's."""

from __future__ import annotations

import re
from functools import lru_cache

from dbparity.snapshots import Collation, Family, Type, Unit

_FAMILIES = {
    Family.BOOLEAN: "BOOL BOOLEAN",
    Family.DECIMAL: "DECIMAL NUMERIC",
    Family.FLOAT: "REAL FLOAT DOUBLE",
    Family.DATE: "DATE",
    Family.TIME: "TIME",
    Family.DATETIME: "DATETIME TIMESTAMP",
    Family.INTERVAL: "INTERVAL",
    Family.JSON: "JSON JSONB",
    Family.UUID: "UUID",
    Family.BINARY: "BINARY VARBINARY",
}
_NAMES = {name: family for family, names in _FAMILIES.items() for name in names.split()}
# What SQLite itself looks for in a name, in its order.
_AFFINITIES = (
    ("INT", Family.INTEGER),
    ("CHAR", Family.TEXT),
    ("CLOB", Family.TEXT),
    ("TEXT", Family.TEXT),
    ("BLOB", Family.BINARY),
    ("REAL", Family.FLOAT),
    ("FLOA", Family.FLOAT),
    ("DOUB", Family.FLOAT),
)
# A declared INTEGER, or INT, holds any integer of any product: 64 bits.
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INT2": 16, "MEDIUMINT": 24, "BIGINT": 64, "INT8": 64}
_FIXED = {"CHAR", "CHARACTER", "NCHAR", "NATIVE", "BINARY"}
_SECOND_DIGITS = 6  # SQLAlchemy's text of a time has microseconds
_TIMES = {Family.TIME, Family.DATETIME, Family.INTERVAL}
_COLLATIONS = {
    "BINARY": Collation("BINARY", case_sensitive=True, accent_sensitive=True, pads=False),
    "NOCASE": Collation("NOCASE", case_sensitive=False, accent_sensitive=True, pads=False),
    "RTRIM": Collation("RTRIM", case_sensitive=True, accent_sensitive=True, pads=True),
}


def collation(name: str) -> Collation:
    """How a collation compares; what an application registered is known by its name alone."""
    return _COLLATIONS.get(name.upper(), Collation(name))


@lru_cache
def column_type(declared: str, collated: str = "BINARY", *, strict: bool = False) -> Type:
    """What is meant by ``declared``, which SQLite holds nobody to outside of STRICT tables."""
    words = re.sub(r"\(.*\)", " ", declared).upper().split()
    name = words[0] if words else ""
    numbers = [int(number) for number in re.findall(r"[(,]\s*(\d+)", declared)]
    first, second = (*numbers, None, None)[:2]
    family = _family(name, " ".join(words))
    return Type(
        native=declared,
        family=family,
        enforced=strict and name != "ANY",
        length=first if family in {Family.TEXT, Family.BINARY} else None,
        unit=Unit.BYTES if family is Family.BINARY else Unit.CHARACTERS,
        fixed=name in _FIXED and "VARYING" not in words,
        bits=64 if family is Family.FLOAT else _BITS.get(name),
        signed="UNSIGNED" not in words,
        precision=first if family is Family.DECIMAL else None,
        scale=_scale(first, second) if family is Family.DECIMAL else None,
        fraction=_fraction(first) if family in _TIMES else None,
        zone=words[1:3] == ["WITH", "TIME"] or name == "TIMESTAMPTZ",
        collation=collation(collated) if family is Family.TEXT else None,
    )


def _family(name: str, words: str) -> Family:
    if name in _NAMES:
        return _NAMES[name]
    affinities = (family for part, family in _AFFINITIES if part in words)
    return next(affinities, Family.OTHER)


def _scale(precision: int | None, scale: int | None) -> int | None:
    return 0 if precision is not None and scale is None else scale


def _fraction(digits: int | None) -> int:
    return _SECOND_DIGITS if digits is None else digits
