"""Values of other sorts than their columns': what is kept where nobody is held to types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from dbparity.wires import BadCell, Kind

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from dbparity.backends.wires.base import Tell
    from dbparity.wires import Array, Batch, Cell, Selection

ODD = "dbparity odd cells"  # a column of what no other column of its batch holds, row by row
_INVALID = 1
_EXACT = 2**53  # floats hold every integer up to here
_SORTS = {pa.int64(): int, pa.float64(): float, pa.binary(): bytes, pa.string(): str}


@dataclass(frozen=True)
class Invalid:
    """Bytes that the product takes for a text, and that are not UTF-8."""

    raw: bytes


def decoded(raw: bytes) -> str | Invalid:
    """A text, if it is one."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Invalid(raw)


def carry(selection: Selection, rows: Sequence[tuple[int, Sequence[object]]], bad: Tell) -> Batch:
    """Numbered rows, as the wires of ``selection`` have them, but for those with a bad cell."""
    good = [cells for row, found in rows if (cells := _cells(selection, row, found, bad))]
    arrays = [
        pa.array([cells[place] for cells in good], field.wire.arrow)
        for place, field in enumerate(selection.fields)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=selection.schema)


def _cells(selection: Selection, row: int, found: Sequence[object], bad: Tell) -> list[Cell] | None:
    """The cells of a row; None if one of them is bad."""
    cells, good = [], True
    for field, value in zip(selection.fields, found, strict=True):
        cell, reason = _carried(field.wire.kind, value)
        cells.append(cell)
        if reason:
            good = False
            names = [each.column.name for each in selection.fields]
            key = tuple(found[names.index(name)] for name in selection.key)
            raw = value.raw if isinstance(value, Invalid) else value
            bad(BadCell(field.column.name, row, key, raw, reason))
    return cells if good else None


def _carried(kind: Kind, value: Any) -> tuple[Cell, str]:  # noqa: ANN401
    """A value as a wire has it, or why it cannot."""
    if value is None:
        return None, ""
    if isinstance(value, Invalid):
        return None, "is not valid UTF-8"
    given = type(value)
    if given is _TYPES.get(kind, str):
        return value, ""
    if kind is Kind.FLOAT and given is int and float(value) == value:
        return float(value), ""
    if given in {int, float} and kind in {Kind.DECIMAL, Kind.JSON}:
        return repr(value), ""
    return None, f"is {_NAMES[given]} in a column of {kind} values"


_TYPES: dict[Kind, type] = {
    Kind.BOOLEAN: int,
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.BINARY: bytes,
}
_NAMES = {int: "an integer", float: "a float", str: "a text", bytes: "a blob"}


def kept(schema: Any, rows: Sequence[Sequence[object]], whole: Container[str]) -> Batch:  # noqa: ANN401
    """Rows in the columns of ``schema``, and in `ODD` the cells that are of none of their sorts.

    Columns named in ``whole`` tell an integer from the float that is equal to it by themselves.
    """
    odd: dict[int, dict[str, object]] = {}
    arrays = [
        _array(field, cells, field.name in whole, odd)
        for field, cells in zip(schema, zip(*rows, strict=True), strict=True)
    ]
    spelled = [packed(odd[row]) if row in odd else None for row in range(len(rows))]
    arrays.append(pa.array(spelled, pa.binary()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema.append(pa.field(ODD, pa.binary())))


def _array(
    field: Any,  # noqa: ANN401
    cells: Sequence[object],
    whole: bool,  # noqa: FBT001
    odd: dict[int, dict[str, object]],
) -> Array:
    wanted = _SORTS[field.type]
    if not set(map(type, cells)) <= {wanted, type(None)}:
        cells = list(cells)
        for row, cell in enumerate(cells):
            if cell is None or type(cell) is wanted:
                continue
            if whole and wanted is float and isinstance(cell, int) and abs(cell) <= _EXACT:
                cells[row] = float(cell)
            else:
                odd.setdefault(row, {})[field.name] = cell
                cells[row] = None
    return pa.array(cells, field.type)


def restored(batch: Batch, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """The rows of a batch of `kept`, the odd cells in their places."""
    rows = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
    for row, spelled in zip(rows, batch.column(ODD).to_pylist(), strict=True):
        odd = unpacked(spelled) if spelled is not None else {}
        yield tuple(odd.get(name, cell) for name, cell in zip(names, row, strict=True))


def packed(cells: Mapping[str, object]) -> bytes:
    """The odd cells of a row by their columns."""
    extended = {
        name: msgspec.msgpack.Ext(_INVALID, cell.raw) if isinstance(cell, Invalid) else cell
        for name, cell in cells.items()
    }
    return msgspec.msgpack.encode(extended)


def unpacked(row: bytes) -> dict[str, object]:
    """What `packed` was given."""
    cells = msgspec.msgpack.decode(row, type=dict[str, object])
    return {
        name: Invalid(bytes(cell.data)) if isinstance(cell, msgspec.msgpack.Ext) else cell
        for name, cell in cells.items()
    }
