"""One exact form per column, in which the rows of any two products are moved and compared.

Rows travel as Arrow record batches. A wire says what the cells of one column are on the way, and
when two of them are the same value. NULL is not a cell's text but Arrow's own.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dbparity import values
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dbparity.snapshots import Column, Type

Cell: TypeAlias = int | float | str | bytes | None
Array: TypeAlias = Any  # pyarrow has no types of its own
Batch: TypeAlias = Any


class Kind(StrEnum):
    """What the cells of a wire are."""

    BOOLEAN = "boolean"  # an integer, since products keep others than 0 and 1
    INTEGER = "integer"  # of 64 bits, signed
    FLOAT = "float"  # of 64 bits; two are equal if their bytes are
    DECIMAL = "decimal"  # the text of a number of any size; equal by value
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"  # these four as the text that the server spells; equal by value
    TIME = "time"
    DATETIME = "datetime"  # an instant in UTC
    INTERVAL = "interval"
    JSON = "json"  # equal by value; keys that come twice are kept
    UUID = "uuid"


_KINDS = {
    Family.BOOLEAN: Kind.BOOLEAN,
    Family.INTEGER: Kind.INTEGER,
    Family.DECIMAL: Kind.DECIMAL,
    Family.FLOAT: Kind.FLOAT,
    Family.BINARY: Kind.BINARY,
    Family.DATE: Kind.DATE,
    Family.TIME: Kind.TIME,
    Family.DATETIME: Kind.DATETIME,
    Family.INTERVAL: Kind.INTERVAL,
    Family.JSON: Kind.JSON,
    Family.UUID: Kind.UUID,
}
_NUMBERS = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL})
_WHOLE = frozenset({Kind.BOOLEAN, Kind.INTEGER})
_BITS = 64


@dataclass(frozen=True)
class Wire:
    """What the cells of a column are on their way."""

    kind: Kind

    @property
    def arrow(self) -> Any:  # noqa: ANN401
        """The type of its arrays."""
        return _ARROW.get(self.kind, pa.string())


_ARROW = {
    Kind.BOOLEAN: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BINARY: pa.binary(),
}


@dataclass(frozen=True)
class Field:
    """A column of a table, and the wire of its cells."""

    column: Column
    wire: Wire


@dataclass(frozen=True)
class Selection:
    """Rows to be read.

    Attributes:
        table: its name.
        fields: what is read of each row.
        key: the names of NOT NULL columns among the fields, by which the rows are ordered.
        after: the cells of the key behind which the rows begin.
        until: the cells of the key with which they end.
    """

    table: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    after: tuple[Cell, ...] = ()
    until: tuple[Cell, ...] = ()

    @property
    def schema(self) -> Any:  # noqa: ANN401
        """Arrow's, of the batches."""
        return pa.schema([(field.column.name, field.wire.arrow) for field in self.fields])

    @property
    def keys(self) -> tuple[Field, ...]:
        """The fields of the key."""
        named = {field.column.name: field for field in self.fields}
        return tuple(named[name] for name in self.key)


@dataclass(frozen=True)
class BadCell:
    """A value that its wire cannot carry, or that its column would not keep as it is.

    Attributes:
        column: its name.
        row: its place among the rows that were read or loaded, from 0.
        key: the cells of the row's key; () where it has none.
        raw: the value as it was found.
        reason: why it stays where it is.
    """

    column: str
    row: int
    key: tuple[object, ...]
    raw: object
    reason: str

    def __str__(self) -> str:
        """In one line, a long value cut."""
        place = f"key {self.key!r}" if self.key else f"row {self.row}"
        return f"{self.column} of {place}: {shortened(raw(self.raw))} {self.reason}"


_SHOWN = 200


def shortened(text: str) -> str:
    """The beginning of a long text, and how long it is."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def wire_of(left: Type, right: Type) -> Wire:
    """The wire that holds whatever a column of one type and a column of the other hold alike."""
    kinds = frozenset({_kind(left), _kind(right)})
    if len(kinds) == 1:
        return Wire(*kinds)
    if kinds <= _WHOLE:
        return Wire(Kind.INTEGER)
    if kinds <= _NUMBERS | {Kind.TEXT}:
        return Wire(Kind.DECIMAL)
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return Wire(Kind.DATETIME)
    others = kinds - {Kind.TEXT, Kind.BINARY}
    return Wire(*others) if len(others) == 1 and Kind.TEXT in kinds else Wire(Kind.TEXT)


def _kind(kind: Type) -> Kind:
    if kind.family is Family.INTEGER and kind.bits == _BITS and not kind.signed:
        return Kind.DECIMAL
    return _KINDS.get(kind.family, Kind.TEXT)


def differing(wire: Wire, left: Array, right: Array) -> list[int]:
    """The places at which two arrays of a wire and of one length have different values."""
    if wire.kind is Kind.FLOAT:
        left, right = (pc.cast(each, pa.float64()).view(pa.int64()) for each in (left, right))
    if left.equals(right):
        return []
    places = _unlike(left, right)
    spell = _SPELLINGS.get(wire.kind)
    if spell is None:
        return list(places.to_pylist())
    if wire.kind in _PLAIN:
        plain = _PLAIN[wire.kind]
        still = _unlike(plain(left.take(places)), plain(right.take(places)))
        places = places.take(still)
    if wire.kind is Kind.FLOAT:
        left, right = (each.view(pa.float64()) for each in (left, right))
    cells = zip(*(each.take(places).to_pylist() for each in (left, right)), strict=True)
    equal = [None not in pair and spell(pair[0]) == spell(pair[1]) for pair in cells]
    return [place for place, same in zip(places.to_pylist(), equal, strict=True) if not same]


def _unlike(left: Array, right: Array) -> Array:
    """Where two arrays differ, NULL being equal to NULL alone."""
    unlike = pc.fill_null(pc.not_equal(left, right), fill_value=False)
    one_null = pc.xor(left.is_null(), right.is_null())
    return pc.indices_nonzero(pc.or_(unlike, one_null))


def canonical(wire: Wire, cell: Cell) -> str:
    """Spell a cell so that two spellings are equal exactly when `differing` finds them equal."""
    if cell is None:
        return "NULL"
    spell: Callable[[Any], str] = _SPELLINGS.get(wire.kind, values.canonical)
    return spell(cell)


def raw(cell: object) -> str:
    """A cell as it is, in ASCII."""
    if cell is None:
        return "NULL"
    return values.canonical(cell) if isinstance(cell, bytes) else ascii(cell)


def _boolean(cell: int) -> str:
    return {0: "false", 1: "true"}.get(cell, str(cell))


def _float(cell: float) -> str:
    return "nan" if math.isnan(cell) else repr(cell)


def _decimal(text: str) -> str:
    try:
        return values.canonical(Decimal(text))
    except InvalidOperation:
        return text


_MOMENT = re.compile(
    r"(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
    r"(Z|[+-]\d\d(?::?\d\d)?)?( BC)?",
    re.ASCII,
)
_TIME = re.compile(r"(-?\d{2,}:\d\d)(?::(\d\d)(?:\.(\d+))?)?([+-]\d\d(?::\d\d){0,2})?", re.ASCII)


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return text
    year, month, day, hour, minute, second, fraction, offset, era = found.groups(default="")
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{_fraction(fraction)}"
    spelled = f"{year}-{month}-{day} {clock}"
    if offset and not era and len(fraction.rstrip("0")) <= _SECOND_DIGITS:
        return _in_utc(spelled, offset)
    return spelled + offset + era


def _in_utc(spelled: str, offset: str) -> str:
    try:
        told = datetime.fromisoformat(spelled + offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return spelled + offset
    return told.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(len(spelled), "0")


_SECOND_DIGITS = 6


def _fraction(digits: str) -> str:
    return digits.rstrip("0").ljust(_SECOND_DIGITS, "0")


def _date(text: str) -> str:
    spelled = _moment(text)
    return spelled.replace(" 00:00:00.000000", "")


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    clock, second, fraction, offset = found.groups(default="")
    return f"{clock}:{second or '00'}.{_fraction(fraction)}{offset}"


def _json(text: str) -> str:
    try:
        told = json.loads(
            text,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_Number,
            object_pairs_hook=_Pairs,
        )
        return _document(told)
    except (ValueError, RecursionError):
        return text


class _Number(str):
    """A number as it is spelled: no float has to hold it."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """What an object holds, keys that come twice too."""


def _document(told: object) -> str:
    if isinstance(told, _Number):
        return _decimal(told)
    if isinstance(told, _Pairs):
        pairs = sorted(told, key=lambda pair: pair[0])
        return "{" + ", ".join(f"{json.dumps(k)}: {_document(v)}" for k, v in pairs) + "}"
    if isinstance(told, list):
        return "[" + ", ".join(map(_document, told)) + "]"
    return json.dumps(told)


def _uuid(text: str) -> str:
    bare = text.strip("{}").replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{32}", bare):
        return text
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


_SPELLINGS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.BOOLEAN: _boolean,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.DATETIME: _moment,
    Kind.JSON: _json,
    Kind.UUID: _uuid,
}


def padded(cells: Array) -> Array:
    """Times with six digits behind the second, where they are spelled plainly."""
    plain = pc.match_substring_regex(cells, r"^[-\d: ]*\d\d:\d\d:\d\d(\.\d{1,6})?$")
    dotted = pc.find_substring(cells, ".")
    missing = pc.if_else(pc.less(dotted, 0), ".", "")
    whole = pc.binary_join_element_wise(cells, missing, "")
    behind = pc.add(pc.find_substring(whole, "."), 1 + _SECOND_DIGITS)
    zeros = pc.binary_repeat(
        "0", pc.max_element_wise(pc.subtract(behind, pc.binary_length(whole)), 0)
    )
    return pc.if_else(plain, pc.binary_join_element_wise(whole, zeros, ""), cells)


def _plain_moment(cells: Array) -> Array:
    return padded(pc.replace_substring_regex(cells, r"^(\d{4}-\d\d-\d\d)T", r"\1 "))


def _plain_decimal(cells: Array) -> Array:
    """Without zeros at the end of a fraction."""
    fraction = pc.match_substring_regex(cells, r"^-?\d+\.\d*$")
    bare = pc.utf8_rtrim(pc.utf8_rtrim(cells, characters="0"), characters=".")
    return pc.if_else(fraction, bare, cells)


# What spares most cells that are spelled in two ways from being spelled one by one.
_PLAIN: Mapping[Kind, Callable[[Array], Array]] = {
    Kind.DECIMAL: _plain_decimal,
    Kind.DATETIME: _plain_moment,
    Kind.TIME: padded,
    Kind.UUID: pc.utf8_lower,
}

# What is spelled plainly and canonically.
_CANONICAL: Mapping[Kind, str] = {
    Kind.DECIMAL: r"^(?:0|-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?))$",
    Kind.DATETIME: r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$",
    Kind.TIME: r"^-?\d{2,}:\d\d:\d\d\.\d{6}$",
    Kind.UUID: r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}


def spellings(wire: Wire, cells: Array) -> Array:
    """Texts or bytes that are equal exactly when `differing` finds the cells equal."""
    if wire.kind in _WHOLE:
        return cells.cast(pa.string())
    if wire.kind is Kind.FLOAT:
        one_nan = pc.if_else(pc.is_nan(cells), pa.scalar(math.nan), cells)
        return one_nan.view(pa.int64()).cast(pa.string())
    if wire.kind not in _PLAIN:
        return _spelled(wire, cells) if wire.kind in _SPELLINGS else cells
    plain = _PLAIN[wire.kind](cells)
    done = pc.match_substring_regex(plain, _CANONICAL[wire.kind])
    left = pc.fill_null(pc.invert(done), fill_value=False)
    return pc.replace_with_mask(plain, left, _spelled(wire, cells.filter(left)))


def _spelled(wire: Wire, cells: Array) -> Array:
    """Canonically, each text that there is once."""
    encoded = cells.dictionary_encode()
    texts = [canonical(wire, text) for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)
