"""How MySQL and MariaDB keep another product's schema."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from dbparity.backends.catalogues.mysql_types import column_type
from dbparity.backends.homes.base import Home, Kept, Use, digits, known
from dbparity.snapshots import Collation, Column, Family, Type, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dbparity.snapshots import Key, Table

_INTEGERS = {8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int", 64: "bigint"}
_CHARACTER = 4  # bytes at most
_ROW_BYTES = 65_000  # 65,535, less lengths and the bits of NULLs
_KEY_BYTES = 3072
_LONGEST_CHAR, _LONGEST_VARCHAR, _LONGEST_VARBINARY = 255, 16_000, 65_000
_MOST_DIGITS, _MOST_BEHIND = 65, 30
_SECOND_DIGITS = 6
_SIZES = ((255, "tiny"), (65_535, ""), (16_777_215, "medium"))
_OWN = re.compile(
    r"(bit\(\d+\)|year|set\(.*\)|geometry|point|linestring|polygon|multipoint|"
    r"multilinestring|multipolygon|geometrycollection|geomcollection)",
    re.DOTALL,
)
_INSTANT = re.compile(r"timestamp(\(\d\))?")
# By whether case, accents, and spaces at the end count.
_MYSQL = {
    (True, True, False): "utf8mb4_0900_bin",
    (True, True, True): "utf8mb4_bin",
    (False, False, False): "utf8mb4_0900_ai_ci",
    (False, True, False): "utf8mb4_0900_as_ci",
    (False, True, True): "utf8mb4_0900_as_ci",
    (False, False, True): "utf8mb4_unicode_ci",
}
_MARIADB = {
    (True, True, False): "utf8mb4_nopad_bin",
    (True, True, True): "utf8mb4_bin",
    (False, False, False): "utf8mb4_unicode_520_nopad_ci",
    (False, False, True): "utf8mb4_unicode_520_ci",
}
_HALF_PAGE = 8_126 - 29  # of InnoDB, less what each row has before its columns
_POINTER = 20  # to what is kept in another page
_SHORT = 255
_BYTES = {
    Family.BOOLEAN: 1,
    Family.DATE: 3,
    Family.TIME: 6,
    Family.DATETIME: 8,
    Family.ENUM: 2,
    Family.UUID: 16,
}
_FAMILIES_OF_BYTES = {Family.TEXT: "text", Family.BINARY: "blob"}


class MySQLHome(Home):
    """MySQL: keys, rows and decimals have an end."""

    longest_name: ClassVar[int] = 64
    unnamable: ClassVar[str] = "[\U00010000-\U0010ffff]|\\s$"
    most_columns: ClassVar[int] = 1_017
    one_namespace: ClassVar[bool] = False
    hidden_data: ClassVar[bool] = True
    updates: ClassVar[bool] = True
    checks_beside_actions: ClassVar[bool] = False
    actions: ClassVar[frozenset[str]] = Home.actions - {"SET DEFAULT"}
    key_bytes: ClassVar[int] = _KEY_BYTES
    functions: ClassVar[Mapping[str, str]] = {
        **Home.functions,
        "length": "char_length",
        "json_valid": "json_valid",
    }
    title: ClassVar[str] = "MySQL"
    collations: ClassVar[Mapping[tuple[bool, bool, bool], str]] = _MYSQL

    def keep(self, kind: Type, use: Use) -> Kept:
        """Natively, or as the longest text."""
        if kind.family is Family.UUID and self.knows_uuid:
            return Kept(_read("uuid"))
        keep = _KEPT.get(kind.family, _other)
        kept = keep(kind, use)
        if kept.type.family is Family.OTHER and kept.type.collation is not None:
            collation = self.collation(known(kept.type.collation), keyed=use.keyed)
            return Kept(replace(kept.type, collation=collation))
        if not kept.obstacle or kept.answer:
            return kept
        return replace(
            kept, obstacle=f"{self.title} has no {kept.obstacle}", answer="it is kept as text"
        )

    @property
    def knows_uuid(self) -> bool:
        """Whether there is a type for it."""
        return False

    def collation(self, wanted: Collation, *, keyed: bool) -> Collation:  # noqa: ARG002
        """Of utf8mb4, comparing code points where nothing else is wanted."""
        case, accents, pads = (
            bool(wanted.case_sensitive),
            bool(wanted.accent_sensitive),
            bool(wanted.pads),
        )
        found = self.collations.get((case, accents, pads)) or self.collations[True, True, pads]
        if found.endswith("_bin"):
            case = accents = True
        return Collation(found, case, accents, found in _PADDED)

    def now(self, kind: Type) -> str:
        """With the fraction that the column keeps."""
        if kind.family in {Family.DATE, Family.TIME}:
            return f"(CURRENT_{kind.family.upper()})"
        return f"CURRENT_TIMESTAMP({kind.fraction})" if kind.fraction else "CURRENT_TIMESTAMP"

    def uuid(self) -> str:
        """An expression."""
        return "(uuid())"

    def text(self, value: str) -> str:
        """With backslashes doubled."""
        return super().text(value.replace("\\", "\\\\"))

    def concatenated(self, parts: Sequence[tuple[str, Family | None]]) -> str:
        """By concat, since || is OR."""
        return f"concat({', '.join(part for part, _ in parts)})"

    def numbers(self, column: Column, table: Table) -> bool:
        """One column, an integer that a key begins with."""
        keys = [key for key in (table.primary_key, *table.uniques) if key is not None]
        numbered = [each.name for each in table.columns if each.automatic]
        begins = any(key.columns[0] == column.name for key in keys)
        return begins and numbered[0] == column.name and column.type.family is Family.INTEGER

    def part_bytes(self, kind: Type) -> int:
        """What a part of a key takes at most."""
        if kind.family in {Family.TEXT, Family.BINARY}:
            size = _CHARACTER if kind.family is Family.TEXT and kind.unit is Unit.CHARACTERS else 1
            return 0 if _is_long(kind) else (kind.length or 0) * size
        if kind.family in {Family.JSON, Family.ARRAY, Family.INTERVAL, Family.OTHER}:
            return 0
        return 36 * _CHARACTER if kind.family is Family.UUID else 16

    def settled(self, columns: Sequence[Column], keyed: frozenset[str]) -> tuple[Column, ...]:
        """The longest texts out of the row, until the rest fits into it."""
        kept = list(columns)
        free = [i for i, column in enumerate(kept) if column.name not in keyed and _row(column)]
        free.sort(key=lambda i: _row(kept[i]))
        while free and sum(map(_row, kept)) > _ROW_BYTES:
            place = free.pop()
            kept[place] = replace(kept[place], type=_off_row(kept[place].type))
        return tuple(kept)

    def fits_row(self, columns: Sequence[Column]) -> bool:
        """A row has to fit into half a page, but for what is kept beside it."""
        nulls = -(-len(columns) // 8)
        size = sum(self.inline_bytes(column.type) for column in columns)
        return super().fits_row(columns) and size + nulls <= _HALF_PAGE

    def inline_bytes(self, kind: Type) -> int:
        """How much of a row in its page a column may take; long texts are kept elsewhere."""
        size = _fixed_bytes(kind)
        return size if size is not None else min(_most_bytes(kind), 2 * _POINTER) + 1

    def details(self, column: Column, table: Table) -> Iterator[str]:  # noqa: ARG002
        """The counter, what updates set, visibility and the comment, in the order of the syntax."""
        if column.on_update is not None:
            yield f"ON UPDATE {column.on_update}"
        if column.automatic:
            yield "AUTO_INCREMENT"
        if column.hidden:
            yield "INVISIBLE"
        if column.comment:
            yield f"COMMENT {self.text(column.comment)}"

    def ending(self, table: Table) -> str:
        """The engine, the character set, and the comment."""
        comment = f" COMMENT {self.text(table.comment)}" if table.comment else ""
        binary = self.collations[True, True, False]
        return f" ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = {binary}{comment}"

    def primary(self, key: Key) -> str:
        """Without a name, since it has one of its own."""
        return super().primary(replace(key, name=""))

    def native(self, kind: Type) -> str:
        """Without widths, which are deprecated."""
        return _WIDTHS.get(kind.native, kind.native)


class MariaDBHome(MySQLHome):
    """MariaDB: the type UUID came with 10.7."""

    fills_generated: ClassVar[bool] = False
    title: ClassVar[str] = "MariaDB"
    collations: ClassVar[Mapping[tuple[bool, bool, bool], str]] = _MARIADB

    def inline_bytes(self, kind: Type) -> int:
        """What may be longer than 255 bytes is kept elsewhere, but nothing else."""
        size, most = _fixed_bytes(kind), _most_bytes(kind)
        return size if size is not None else (most if most <= _SHORT else _POINTER) + 1

    @property
    def knows_uuid(self) -> bool:
        """Since 10.7."""
        return self.version >= (10, 7)


_WIDTHS = {"tinyint(1)": "boolean"}
_PADDED = frozenset({"utf8mb4_bin", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci"})


def _read(native: str) -> Type:
    return column_type(native, None, json=native == "json")


def _is_long(kind: Type) -> bool:
    """Whether it is kept beside the row, and can be a part of no key but by a prefix."""
    return kind.native.endswith(("text", "blob"))


def _most_bytes(kind: Type) -> int:
    """How long the longest text or binary of a column is."""
    if kind.length is None or _is_long(kind) or kind.family not in _FAMILIES_OF_BYTES:
        return _ROW_BYTES
    return kind.length * (_CHARACTER if kind.unit is Unit.CHARACTERS else 1)


def _fixed_bytes(kind: Type) -> int | None:
    """What a value takes that is always as long; None for texts, binaries and documents."""
    if kind.family in {Family.INTEGER, Family.FLOAT}:
        return (kind.bits or 64) // 8
    if kind.family is Family.DECIMAL:
        given = digits(kind) or (_MOST_DIGITS, 0)
        return sum(-(-part * 4 // 9) for part in (given[0] - given[1], given[1]))
    return _BYTES.get(kind.family)


def _row(column: Column) -> int:
    """How many bytes of the row a text or binary can fill."""
    kind = column.type
    bounded = kind.length is not None and kind.family in _FAMILIES_OF_BYTES
    return _most_bytes(kind) if bounded and not _is_long(kind) else 0


def _off_row(kind: Type) -> Type:
    native = f"long{_FAMILIES_OF_BYTES[kind.family]}"
    return replace(_read(native), collation=kind.collation)


def _integer(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    sign = "" if kind.signed else " unsigned"
    return Kept(_read(_INTEGERS[kind.bits or 64] + sign))


def _decimal(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    given = digits(kind)
    if given is None and not kind.enforced:
        return Kept(_read("double"))
    precision, scale = given or (_MOST_DIGITS, _MOST_BEHIND)
    scale = min(scale, _MOST_BEHIND)
    return Kept(_read(f"decimal({min(precision, _MOST_DIGITS)},{scale})"))


def _float(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return Kept(_read("float" if kind.bits == 32 else "double"))  # noqa: PLR2004


def _string(kind: Type, use: Use) -> Kept:
    """A text in a key has to have an end, and a short one."""
    collated = kind.collation
    length = kind.length if kind.unit is Unit.CHARACTERS else None
    most = use.bytes // _CHARACTER
    if use.keyed and use.bytes and (length is None or length > most):
        native = f"varchar({most})"
    elif kind.fixed and kind.enforced and length and length <= _LONGEST_CHAR:
        native = f"char({length})"
    elif length is not None and 0 < length <= _LONGEST_VARCHAR:
        native = f"varchar({length})"
    else:
        native = _sized("text", kind.length if kind.unit is Unit.BYTES else None)
    return Kept(replace(_read(native), collation=collated))


def _bytes(kind: Type, use: Use) -> Kept:
    length = kind.length if kind.enforced else None
    if use.keyed and use.bytes and (length is None or length > use.bytes):
        native = f"varbinary({use.bytes})"
    elif kind.fixed and length and length <= _LONGEST_CHAR:
        native = f"binary({length})"
    elif length is not None and not _is_long(kind) and 0 < length <= _LONGEST_VARBINARY:
        native = f"varbinary({length})"
    else:
        native = _sized("blob", length)
    return Kept(_read(native))


def _sized(name: str, length: int | None) -> str:
    """The shortest of the long types."""
    sizes = (prefix for most, prefix in _SIZES if length is not None and length <= most)
    return next(sizes, "long") + name


def _stand_in(kind: Type, use: Use) -> Kept:
    """A text for what there is no type for."""
    title = kind.family if kind.family is not Family.OTHER else (kind.native or "untyped")
    text = Type("text", Family.TEXT, enforced=True)
    return replace(_string(text, use), obstacle=f"{title} type")


def _time(kind: Type, use: Use) -> Kept:
    if kind.zone:
        return _stand_in(replace(kind, native="timetz", family=Family.OTHER), use)
    return Kept(_read(f"time{_fraction(kind)}"))


def _moment(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    """An instant in UTC, since TIMESTAMP ends in 2038."""
    if kind.zone and _INSTANT.fullmatch(kind.native):
        return Kept(_read(kind.native))
    kept = Kept(_read(f"datetime{_fraction(kind)}"))
    if not kind.zone:
        return kept
    return replace(
        kept,
        obstacle="a TIMESTAMP ends in 2038",
        answer="its moments are kept in UTC, in a DATETIME",
    )


def _fraction(kind: Type) -> str:
    fraction = _SECOND_DIGITS if kind.fraction is None else min(kind.fraction, _SECOND_DIGITS)
    return f"({fraction})" if fraction else ""


def _enum(kind: Type, use: Use) -> Kept:
    """Natively, unless a value would lose the spaces at its end."""
    if any(value.endswith(" ") or not value for value in kind.values):
        return replace(
            _stand_in(kind, replace(use, keyed=True, bytes=use.bytes or _KEY_BYTES)), listed=True
        )
    values = ",".join(
        "'" + value.replace("\\", "\\\\").replace("'", "''") + "'" for value in kind.values
    )
    return Kept(Type(f"enum({values})", Family.ENUM, values=kind.values, collation=kind.collation))


def _other(kind: Type, use: Use) -> Kept:
    return Kept(kind) if use.native and _OWN.fullmatch(kind.native) else _stand_in(kind, use)


def _as(native: str) -> Callable[[Type, Use], Kept]:
    return lambda _kind, _use: Kept(_read(native))


_KEPT: Mapping[Family, Callable[[Type, Use], Kept]] = {
    Family.BOOLEAN: _as("tinyint(1)"),
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _float,
    Family.TEXT: _string,
    Family.BINARY: _bytes,
    Family.DATE: _as("date"),
    Family.TIME: _time,
    Family.DATETIME: _moment,
    Family.JSON: _as("json"),
    Family.UUID: _as("char(36)"),
    Family.ENUM: _enum,
}
