"""Batches in the format of PostgreSQL's binary COPY, which costs the server half as much as CSV.

A row is the number of its fields, and of each field its length and its bytes, big-endian.
"""

from __future__ import annotations

from array import array
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dbparity.snapshots import Family
from dbparity.wires import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbparity.snapshots import Type
    from dbparity.wires import Array, Batch, Field

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = pa.scalar(b"\xff\xff\xff\xff", pa.binary())
_EMPTY = pa.scalar(b"", pa.binary())
_EPOCH_DAYS = 10_957  # from 1970 to 2000, where PostgreSQL's time begins
_EPOCH = _EPOCH_DAYS * 86_400_000_000
_CODES = {8: "q", 4: "i", 2: "h", 1: "B"}
_TEXTS = ("text", "character")
_TIMES = {
    "timestamp": (Kind.DATETIME, "", _EPOCH),
    "time": (Kind.TIME, "1970-01-01 ", 0),
}
_INTEGERS = {"smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64()}
_BASE = 10_000  # of a numeric's digits
_PLACES = 4  # decimal places to such a digit
_DIGITS = 18  # what 64 bits hold of any decimal

Encoder: TypeAlias = "Callable[[Array], Array]"


def encoders(fields: Sequence[Field]) -> tuple[Encoder, ...] | None:
    """What spells the cells of each field; None where one of them has to travel as text."""
    found = [_encoder(field.wire.kind, field.column.type) for field in fields]
    known = tuple(encoder for encoder in found if encoder is not None)
    return known if len(known) == len(found) else None


def encoded(encoding: Sequence[Encoder], batch: Batch) -> Array:
    """A buffer with the rows; raise `pyarrow.ArrowInvalid` where only a text can spell a value."""
    count = pa.scalar(len(encoding).to_bytes(2, "big"), pa.binary())
    columns = [encode(cells) for encode, cells in zip(encoding, batch.columns, strict=True)]
    rows = pc.binary_join_element_wise(count, *columns, _EMPTY)
    return rows.buffers()[2]


def _encoder(wire: Kind, kind: Type) -> Encoder | None:
    native = kind.native
    if wire in {Kind.BOOLEAN, Kind.INTEGER}:
        if native == "boolean":
            return _booleans
        return partial(_integers, _INTEGERS[native]) if native in _INTEGERS else None
    if wire is Kind.DECIMAL:
        return _numeric(kind)
    moment = _TIMES.get(native.split("(")[0].split(" ")[0])
    if moment is not None and moment[0] is wire and (wire is Kind.DATETIME or not kind.zone):
        return partial(_moments, *moment[1:])
    if wire is Kind.TEXT and (native.startswith(_TEXTS) or kind.family is Family.ENUM):
        return _texts
    return _BY_NAME.get((wire, native))


def _fixed(cells: Array, width: int, *numbers: Array) -> Array:
    """Fields of one or more numbers of ``width`` bytes each; NULL where a cell is."""
    length = pa.scalar((width * len(numbers)).to_bytes(4, "big"), pa.binary())
    parts = [_swapped(each, width) for each in numbers]
    fields = pc.binary_join_element_wise(length, *parts, _EMPTY)
    return pc.if_else(cells.is_valid(), fields, _NULL)


def _swapped(numbers: Array, width: int) -> Array:
    """Numbers as big-endian bytes."""
    filled = numbers.fill_null(0) if numbers.null_count else numbers
    start = filled.offset * width
    held = array(_CODES[width])
    held.frombytes(memoryview(filled.buffers()[1])[start : start + len(filled) * width])
    held.byteswap()  # there is no Arrow for a big-endian Python
    return _bytes(held.tobytes(), width)


def _bytes(data: bytes, width: int) -> Array:
    """Each ``width`` bytes of ``data``."""
    count = len(data) // width
    kept = pa.Array.from_buffers(pa.binary(width), count, [None, pa.py_buffer(data)])
    return kept.cast(pa.binary())


def _varying(cells: Array) -> Array:
    fields = pc.binary_join_element_wise(_swapped(pc.binary_length(cells), 4), cells, _EMPTY)
    return pc.fill_null(fields, _NULL)


def _texts(cells: Array) -> Array:
    return _varying(cells.cast(pa.binary()))


def _jsonb(cells: Array) -> Array:
    version = pa.scalar(b"\x01", pa.binary())
    return _varying(pc.binary_join_element_wise(version, cells.cast(pa.binary()), _EMPTY))


def _booleans(cells: Array) -> Array:
    flags = cells.cast(pa.uint8())
    if pc.any(pc.greater(flags, 1)).as_py():
        raise pa.ArrowInvalid("more than a boolean")
    return _fixed(cells, 1, flags)


def _integers(kind: Array, cells: Array) -> Array:
    """Of the column's own width."""
    return _fixed(cells, kind.bit_width // 8, cells.cast(kind))


def _doubles(cells: Array) -> Array:
    return _fixed(cells, 8, cells.view(pa.int64()))


def _singles(cells: Array) -> Array:
    return _fixed(cells, 4, cells.cast(pa.float32(), safe=False).view(pa.int32()))


def _dates(cells: Array) -> Array:
    days = cells.cast(pa.date32()).view(pa.int32())
    return _fixed(cells, 4, pc.subtract(days, pa.scalar(_EPOCH_DAYS, pa.int32())))


def _moments(day: str, epoch: int, cells: Array) -> Array:
    moments = pc.binary_join_element_wise(day, cells, "").cast(pa.timestamp("us"))
    return _fixed(cells, 8, pc.subtract(moments.view(pa.int64()), epoch))


def _uuids(cells: Array) -> Array:
    bare = pc.replace_substring(cells.fill_null("0" * 32), "-", "")
    if pc.any(pc.invert(pc.match_substring_regex(bare, "^[0-9a-fA-F]{32}$"))).as_py():
        raise pa.ArrowInvalid("no UUIDs")
    joined = bytes.fromhex("".join(bare.to_pylist()))
    length = pa.scalar(b"\x00\x00\x00\x10", pa.binary())
    fields = pc.binary_join_element_wise(length, _bytes(joined, 16), _EMPTY)
    return pc.if_else(cells.is_valid(), fields, _NULL)


def _numeric(kind: Type) -> Encoder | None:
    """For decimals of which 64 bits hold every one."""
    precision, scale = kind.precision or _DIGITS + 1, kind.scale or 0
    padding = -scale % _PLACES
    if scale < 0 or precision + padding > _DIGITS or not kind.native.startswith("numeric"):
        return None
    return partial(_numerics, precision, scale, padding)


def _numerics(precision: int, scale: int, padding: int, cells: Array) -> Array:
    """A header of four numbers of 16 bits, and eight digits to the base of 10,000."""
    unscaled = _lower_halves(cells.cast(pa.decimal128(precision, scale)))
    size = pc.multiply(pc.abs(unscaled), 10**padding)
    weight = 2 * _PLACES - 1 - (scale + padding) // _PLACES
    head = (2 * _PLACES << 48) | (weight << 32) | scale
    sign = pc.if_else(pc.less(unscaled, 0), 0x4000 << 16, 0)
    upper = pc.divide(size, _BASE**4)
    lower = pc.subtract(size, pc.multiply(upper, _BASE**4))
    return _fixed(cells, 8, pc.add(sign, head), _packed(upper), _packed(lower))


def _lower_halves(decimals: Array) -> Array:
    """Decimals of 128 bits as integers of 64, without their point."""
    filled = decimals.fill_null(0)
    held = array("q")
    start = filled.offset * 16
    held.frombytes(memoryview(filled.buffers()[1])[start : start + len(filled) * 16])
    return pa.array(held[::2], pa.int64())


def _packed(size: Array) -> Array:
    """Four digits to the base of 10,000, each in 16 bits of 64."""
    packed = pa.scalar(0, pa.int64())
    for place in reversed(range(_PLACES)):
        above = pc.divide(size, _BASE**place)
        digit = pc.subtract(above, pc.multiply(pc.divide(above, _BASE), _BASE))
        packed = pc.add(pc.multiply(packed, 1 << 16), digit)
    return packed


_BY_NAME: dict[tuple[Kind, str], Encoder] = {
    (Kind.FLOAT, "double precision"): _doubles,
    (Kind.FLOAT, "real"): _singles,
    (Kind.BINARY, "bytea"): _varying,
    (Kind.TEXT, "bytea"): _texts,
    (Kind.DATE, "date"): _dates,
    (Kind.JSON, "json"): _texts,
    (Kind.JSON, "jsonb"): _jsonb,
    (Kind.UUID, "uuid"): _uuids,
}
