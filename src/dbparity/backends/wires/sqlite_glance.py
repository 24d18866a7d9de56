"""A first look at the values of a SQLite table: most are as declared, and that is told fast."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dbparity.backends.wires.fitting import unclear
from dbparity.backends.wires.sqlite_values import Asking, is_of_sort
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dbparity.snapshots import Column, Type
    from dbparity.wires import Array, Batch

    Stream = Callable[[Sequence[str], Sequence[str]], Iterator[Batch]]

_SECONDS = 19  # characters of a moment without a fraction


def doubtful(asking: Asking, stream: Stream, columns: Sequence[Column]) -> list[Column]:
    """The columns with a value that may not be as declared.

    ``stream`` tells the values of expressions, with a value for each that says of which type they
    are, from another connection: dates and decimals are judged there, while the others are asked
    for here.
    """
    told = [column for column in columns if _is_told(column.type)]
    with ThreadPoolExecutor(1) as other:
        odd = other.submit(_odd, asking, stream, told)
        found = asking.unlike(columns, lambda column: _condition(asking, column, told))
        names = {column.name for column in found} | odd.result()
    return [column for column in columns if column.name in names]


def _is_told(kind: Type) -> bool:
    if kind.family is Family.DECIMAL:
        return kind.precision is not None
    return kind.family is Family.DATE or (kind.family is Family.DATETIME and not kind.zone)


def _condition(asking: Asking, column: Column, told: Sequence[Column]) -> str:
    if column in told:
        return is_of_sort(asking.quote(column.name), column.type)
    return asking.fits(column)


def _odd(asking: Asking, stream: Stream, columns: Sequence[Column]) -> set[str]:
    """The names of the columns of which not all values are plain."""
    left = {column.name: column for column in columns}
    if not left:
        return set()
    numbers = [column.type.family is Family.DECIMAL for column in columns]
    names = [asking.quote(column.name) for column in columns]
    cells = [f"CAST({name} AS REAL)" if n else name for name, n in zip(names, numbers, strict=True)]
    for batch in stream(cells, ["0.0" if number else "''" for number in numbers]):
        for column, values in zip(columns, batch.columns, strict=True):
            if column.name in left and not _is_plain(column.type, values):
                del left[column.name]
    return {column.name for column in columns} - left.keys()


def _is_plain(kind: Type, cells: Array) -> bool:
    if kind.family is Family.DECIMAL:
        return _is_decimal(kind, cells)
    if not pa.types.is_string(cells.type):  # what is found in the first batch decides
        return False
    fraction = kind.fraction or 0
    longest = _SECONDS + (fraction + 1 if fraction else 0)
    short = pc.all(pc.less_equal(pc.binary_length(cells), longest)).as_py()
    return short is not False and not pc.any(unclear(cells, kind.family)).as_py()


def _is_decimal(kind: Type, cells: Array) -> bool:
    scale = kind.scale or 0
    most = 10.0 ** ((kind.precision or 0) - scale)
    rounded = pc.equal(pc.round(cells, scale), cells)
    return pc.all(pc.and_(rounded, pc.less(pc.abs(cells), most))).as_py() is not False
