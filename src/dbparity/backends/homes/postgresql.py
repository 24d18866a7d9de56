"""How PostgreSQL keeps another product's schema."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from dbparity.backends.homes.base import BINARY, Home, Kept, Use, digits, is_binary, spelled
from dbparity.snapshots import Collation, Family, Type, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dbparity.snapshots import Column, Table

_INTEGERS = {16: "smallint", 32: "integer", 64: "bigint"}
_LONGEST_CHAR = 10_485_760
_MOST_DIGITS = 1000
_SECOND_DIGITS = 6
_OWN = re.compile(
    r"(inet|cidr|macaddr8?|money|xml|bit( varying)?(\(\d+\))?|tsvector|tsquery|pg_lsn|oid|name|"
    r"point|line|lseg|box|path|polygon|circle|(int4|int8|num|ts|tstz|date)(multi)?range)"
)
_NAME = re.compile(r'[a-z_][a-z0-9_]*|"[^".(]+"')
_FOLDING = {
    (False, True): ("dbparity_case", "und-u-ks-level2"),
    (False, False): ("dbparity_case_accent", "und-u-ks-level1"),
    (True, False): ("dbparity_accent", "und-u-ks-level1-kc-true"),
}
_LOCALES = dict(_FOLDING.values())
_PLAIN = {Family.TEXT, Family.ENUM, None}


class PostgreSQLHome(Home):
    """PostgreSQL: the widest types, and the strictest about mixing them."""

    longest_name: ClassVar[int] = 63
    counts_bytes: ClassVar[bool] = True
    most_columns: ClassVar[int] = 1_600
    folds_columns: ClassVar[bool] = False
    empty_tables: ClassVar[bool] = True
    strict: ClassVar[bool] = True
    fixed_pads: ClassVar[bool] = True
    included_columns: ClassVar[bool] = True
    nested: ClassVar[bool] = False

    @property
    def virtual(self) -> bool:  # type: ignore[override]
        """Since 18."""
        return self.version >= (18,)

    @property
    def equal_nulls(self) -> bool:  # type: ignore[override]
        """Since 15."""
        return self.version >= (15,)

    def keep(self, kind: Type, use: Use) -> Kept:
        """Natively, or as text."""
        keep = _KEPT.get(kind.family, _other)
        return keep(kind, use)

    def collation(self, wanted: Collation, *, keyed: bool) -> Collation:
        """One that folds is not the server's own, and given only where it decides in a key."""
        if is_binary(wanted):
            return replace(BINARY, name="C")
        folded = _FOLDING.get((bool(wanted.case_sensitive), bool(wanted.accent_sensitive)))
        if folded is None or not keyed:
            return BINARY
        return replace(wanted, name=folded[0], pads=False)

    def now(self, kind: Type) -> str:
        """In UTC where the column keeps no zone, as a moment of another product is told."""
        if kind.family is Family.DATE:
            return "CURRENT_DATE"
        return "CURRENT_TIME" if kind.family is Family.TIME else "CURRENT_TIMESTAMP"

    def uuid(self) -> str:
        """Built in since 13."""
        return "gen_random_uuid()"

    def concatenated(self, parts: Sequence[tuple[str, Family | None]]) -> str:
        """What is no text by a cast, which unlike the operator never changes its mind."""
        return " || ".join(
            part if family in _PLAIN else f"CAST({part} AS text)" for part, family in parts
        )

    def prelude(self, tables: Sequence[Table]) -> Iterator[str]:
        """Enums and collations, which are objects of their own."""
        for native, values in _enums(tables):
            yield f"CREATE TYPE {native} AS ENUM ({', '.join(map(self.text, values))})"
        for name in _collations(tables):
            yield (
                f"CREATE COLLATION {name} (provider = icu, locale = '{_LOCALES[name]}', "
                "deterministic = false)"
            )

    def demolish(self, tables: Sequence[Table]) -> Iterator[str]:
        """With their foreign keys, sequences, enums and collations."""
        for table in tables:
            yield f"DROP TABLE IF EXISTS {self.name(table.name)} CASCADE"
        for native, _ in _enums(tables):
            yield f"DROP TYPE IF EXISTS {native}"
        for name in _collations(tables):
            yield f"DROP COLLATION IF EXISTS {name}"

    def create(self, table: Table) -> Iterator[str]:
        """The table, what numbers it, and comments."""
        name = self.name(table.name)
        numbered = [column for column in table.columns if _has_sequence(column)]
        for column in numbered:
            yield f"CREATE SEQUENCE {self._sequence(table, column)}"
        yield from super().create(table)
        for column in numbered:
            sequence = self._sequence(table, column)
            yield f"ALTER SEQUENCE {sequence} OWNED BY {name}.{self.name(column.name)}"
        if table.comment:
            yield f"COMMENT ON TABLE {name} IS {self.text(table.comment)}"
        for column in table.columns:
            if column.comment:
                place = f"{name}.{self.name(column.name)}"
                yield f"COMMENT ON COLUMN {place} IS {self.text(column.comment)}"

    def number(self, table: Table) -> Iterator[str]:
        """Where its sequences go on from."""
        for column in table.columns:
            if column.automatic:
                name, label = self.name(table.name), self.name(column.name)
                yield (
                    f"SELECT setval(pg_get_serial_sequence({self.text(name)}, "
                    f"{self.text(column.name)}), (SELECT greatest(max({label}), 0) + 1 "
                    f"FROM {name})::bigint, false)"
                )

    def details(self, column: Column, table: Table) -> Iterator[str]:
        """The identity, or the sequence where the type can have none."""
        if _has_sequence(column):
            yield f"DEFAULT nextval({self.text(self._sequence(table, column))})"
        elif column.automatic:
            yield f"GENERATED {'ALWAYS' if column.always else 'BY DEFAULT'} AS IDENTITY"

    def _sequence(self, table: Table, column: Column) -> str:
        return self.name(f"{table.name[:25]}_{column.name[:25]}_seq")


def _kinds(tables: Sequence[Table]) -> list[Type]:
    kinds = [column.type for table in tables for column in table.columns]
    return kinds + [kind.element for kind in kinds if kind.element is not None]


def _enums(tables: Sequence[Table]) -> dict[tuple[str, tuple[str, ...]], None]:
    kinds = _kinds(tables)
    return dict.fromkeys((kind.native, kind.values) for kind in kinds if kind.family is Family.ENUM)


def _collations(tables: Sequence[Table]) -> list[str]:
    """Those that are made for the tables."""
    named = dict.fromkeys(kind.collation.name for kind in _kinds(tables) if kind.collation)
    return [name for name in named if name in _LOCALES]


def _has_sequence(column: Column) -> bool:
    """Whether it is numbered without an identity, which integers alone can have."""
    return column.automatic and column.type.family is not Family.INTEGER


def _text(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    """What there is no type for."""
    title = kind.family if kind.family is not Family.OTHER else (kind.native or "untyped")
    return Kept(
        Type("text", Family.TEXT, collation=replace(BINARY, name="C")),
        obstacle=f"PostgreSQL has no {title} type",
        answer="it is kept as text",
    )


def _boolean(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return Kept(spelled("boolean", kind))


def _integer(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    bits = kind.bits or 64
    needed = next((size for size in _INTEGERS if size >= bits + (not kind.signed)), None)
    if needed is None:
        return Kept(Type("numeric(20,0)", Family.DECIMAL, precision=20, scale=0))
    return Kept(Type(_INTEGERS[needed], Family.INTEGER, bits=needed))


def _decimal(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    given = digits(kind)
    if given is None or given[0] > _MOST_DIGITS:
        return Kept(Type("numeric", Family.DECIMAL))
    precision, scale = given
    native = f"numeric({precision},{scale})"
    return Kept(Type(native, Family.DECIMAL, precision=precision, scale=scale))


def _float(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    single = kind.bits == 32  # noqa: PLR2004
    return Kept(spelled("real" if single else "double precision", replace(kind, signed=True)))


def _string(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    plain = Type("text", Family.TEXT, collation=kind.collation)
    if kind.length is None or kind.unit is Unit.BYTES or not 0 < kind.length <= _LONGEST_CHAR:
        return Kept(plain)
    fixed = kind.fixed and kind.enforced
    name = "character" if fixed else "character varying"
    native = f"{name}({kind.length})"
    return Kept(replace(plain, native=native, length=kind.length, fixed=fixed))


def _bytes(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    kept = Kept(Type("bytea", Family.BINARY, unit=Unit.BYTES))
    if not (kind.fixed and kind.enforced):
        return kept
    return replace(kept, obstacle="bytea fills nothing up", answer="each value keeps its length")


def _date(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return Kept(spelled("date", kind))


def _clock(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    name = "time" if kind.family is Family.TIME else "timestamp"
    fraction = _SECOND_DIGITS if kind.fraction is None else min(kind.fraction, _SECOND_DIGITS)
    precision = "" if fraction == _SECOND_DIGITS else f"({fraction})"
    native = f"{name}{precision} {'with' if kind.zone else 'without'} time zone"
    return Kept(Type(native, kind.family, fraction=fraction, zone=kind.zone))


def _interval(kind: Type, use: Use) -> Kept:
    return Kept(kind) if use.native else _text(kind, use)


def _json(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    """As json, which keeps each document as it is spelled, unless it was jsonb."""
    return Kept(Type("jsonb" if kind.native == "jsonb" else "json", Family.JSON))


def _uuid(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return Kept(spelled("uuid", kind))


def _enum(kind: Type, use: Use) -> Kept:
    """A type of its own keeps its name; others are listed in a check."""
    if use.native and _NAME.fullmatch(kind.native):
        return Kept(replace(kind, collation=None))
    kept = replace(_text(kind, use).type, collation=kind.collation)
    return Kept(
        kept,
        listed=True,
        obstacle="an enum is no type of a column alone",
        answer="a check lists its values",
    )


def _array(kind: Type, use: Use) -> Kept:
    element = kind.element
    if element is None or not use.native:
        return _text(kind, use)
    inner = _KEPT.get(element.family, _other)(element, use).type
    return Kept(replace(kind, native=f"{inner.native}[]", element=inner))


def _other(kind: Type, use: Use) -> Kept:
    return Kept(kind) if use.native and _OWN.fullmatch(kind.native) else _text(kind, use)


_KEPT: Mapping[Family, Callable[[Type, Use], Kept]] = {
    Family.BOOLEAN: _boolean,
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _float,
    Family.TEXT: _string,
    Family.BINARY: _bytes,
    Family.DATE: _date,
    Family.TIME: _clock,
    Family.DATETIME: _clock,
    Family.INTERVAL: _interval,
    Family.JSON: _json,
    Family.UUID: _uuid,
    Family.ENUM: _enum,
    Family.ARRAY: _array,
}
