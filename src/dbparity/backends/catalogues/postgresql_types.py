"""PostgreSQL's types, decoded from pg_type and the modifiers of columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.snapshots import Collation, Family, Type, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILIES = {
    Family.BOOLEAN: "bool",
    Family.INTEGER: "int2 int4 int8",
    Family.DECIMAL: "numeric",
    Family.FLOAT: "float4 float8",
    Family.TEXT: "text varchar bpchar citext",
    Family.BINARY: "bytea",
    Family.DATE: "date",
    Family.TIME: "time timetz",
    Family.DATETIME: "timestamp timestamptz",
    Family.INTERVAL: "interval",
    Family.JSON: "json jsonb",
    Family.UUID: "uuid",
}
_NAMES = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_BITS = {"int2": 16, "int4": 32, "int8": 64, "float4": 32, "float8": 64}
_TIMES = {Family.TIME, Family.DATETIME, Family.INTERVAL}
_NONE = -1  # a modifier that was not given
_HEADER = 4  # what modifiers of lengths and decimals count in addition
_SECOND_DIGITS = 6


@dataclass(frozen=True)
class Stored:
    """A row of pg_type: an enum with its labels, an array or a domain with what it is made of.

    ``filled``, ``default`` and ``checks``, by their names, are a domain's.
    """

    name: str
    kind: str
    base: int
    modifier: int
    element: int
    labels: tuple[str, ...]
    filled: bool
    default: str
    checks: dict[str, str]


def domains(types: Mapping[int, Stored], oid: int) -> tuple[Stored, ...]:
    """The domains that a type is made of, the outermost first; none if it is no domain."""
    stored = types[oid]
    return (stored, *domains(types, stored.base)) if stored.kind == "d" else ()


def check_of(expression: str, column: str) -> str:
    """A domain's check as one of ``column`` (quoted), where it says VALUE."""
    tokens = r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|\bVALUE\b"""
    return re.sub(tokens, lambda found: found[1] or column, expression)


def column_type(
    types: Mapping[int, Stored], oid: int, modifier: int, native: str, collation: Collation | None
) -> Type:
    """What a column of type ``oid`` holds; a domain is what it is made of, under its own name."""
    stored = types[oid]
    if stored.kind == "d":
        return column_type(types, stored.base, stored.modifier, native, collation)
    if stored.kind == "e":
        return Type(native, Family.ENUM, values=stored.labels, collation=collation)
    if stored.element:
        inner = column_type(types, stored.element, modifier, native.removesuffix("[]"), collation)
        return Type(native, Family.ARRAY, element=inner)
    plain = Type(native, _NAMES.get(stored.name, Family.OTHER))
    return _detailed(plain, stored.name, modifier, collation)


def _detailed(plain: Type, name: str, modifier: int, collation: Collation | None) -> Type:
    given = None if modifier == _NONE else modifier
    if plain.family is Family.TEXT:
        return _text(plain, name, given, collation)
    if plain.family is Family.BINARY:
        return replace(plain, unit=Unit.BYTES)
    if plain.family is Family.DECIMAL and given is not None:
        return replace(plain, precision=(given - _HEADER) >> 16 & 0xFFFF, scale=_scale(given))
    if plain.family in _TIMES:
        return replace(plain, fraction=_fraction(given), zone=name.endswith("tz"))
    return replace(plain, bits=_BITS.get(name))


def _text(plain: Type, name: str, given: int | None, collation: Collation | None) -> Type:
    fixed = name == "bpchar"
    if collation is not None and fixed:
        collation = replace(collation, pads=True)
    if collation is not None and name == "citext":
        collation = replace(collation, case_sensitive=False)
    length = None if given is None else given - _HEADER
    return replace(plain, length=length, fixed=fixed and length is not None, collation=collation)


def _scale(modifier: int) -> int:
    """The lower eleven bits, signed: numeric(2, -3) holds thousands."""
    return ((modifier - _HEADER & 0x7FF) ^ 1024) - 1024


def _fraction(modifier: int | None) -> int:
    """An interval's modifier has its fields in the upper bits; all bits set mean none given."""
    digits = 0xFFFF if modifier is None else modifier & 0xFFFF
    return _SECOND_DIGITS if digits == 0xFFFF else digits  # noqa: PLR2004
