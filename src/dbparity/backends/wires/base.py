"""What all readers and loaders of rows share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from dbparity.backends.wires.fitting import changes, refusals
from dbparity.errors import CellsRefused
from dbparity.snapshots import Family
from dbparity.wires import BadCell, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from dbparity.backends.wires.fitting import Misfits
    from dbparity.snapshots import Table
    from dbparity.wires import Array, Batch, Cell, Field, Selection

    Quote = Callable[[str], str]
    Tell = Callable[[BadCell], None]
    Find = Callable[[Field, Array], Misfits]


def refuse(cell: BadCell) -> NoReturn:
    """Raise `CellsRefused`."""
    raise CellsRefused([cell])


class Reader(ABC):
    """The rows of one database, of all its tables as they were at one moment."""

    @abstractmethod
    def read(self, selection: Selection, bad: Tell = refuse) -> Generator[Batch, None, None]:
        """Stream the rows; what a wire cannot carry goes to ``bad``, and its row is left out.

        One stream at a time: the next may begin when this one has ended or was closed.
        """

    def way(self, selection: Selection) -> str:  # noqa: ARG002
        """How rows are read, in a few words."""
        return "Arrow"

    def preserved(self, selection: Selection) -> Generator[Batch, None, None]:
        """Stream all rows as `Loader.restore` puts them back, whatever a wire can carry of them.

        Where columns hold values of other sorts than theirs, these are in `loose.ODD`.
        """
        return self.read(selection)

    def actual(self, table: Table) -> Table:
        """``table`` with the types that its values need, where nobody is held to those declared."""
        return table

    @abstractmethod
    def orders(self, field: Field) -> bool:
        """Whether rows can be ordered by a column as other products order them by theirs."""

    @abstractmethod
    def close(self) -> None:
        """End the transaction and the connection."""


class Loader(ABC):
    """Writes rows into a database, in a transaction of the caller's."""

    truths: ClassVar[tuple[int, int]] = (0, 1)  # the least and the greatest boolean

    def load(self, table: str, fields: Sequence[Field], batches: Iterable[Batch]) -> int:
        """Write the rows and return how many there were.

        Raise `CellsRefused` for values that a column would change, before they are sent,
        `RowsRefused` for what the server refuses, and `RowsUnwritable` where it cannot go on,
        whatever the rows are; then the transaction is to be rolled back.
        """
        return self.send(table, fields, self._fitting(fields, _shaped(fields, batches)))

    def pour(self, table: str, fields: Sequence[Field], batches: Iterable[Batch]) -> int:
        """The same for cells in which `unfit` has found nothing."""
        return self.send(table, fields, _shaped(fields, batches))

    def restore(self, table: str, fields: Sequence[Field], batches: Iterable[Batch]) -> int:
        """Write rows as `Reader.preserved` told them of a table of the same columns."""
        return self.load(table, fields, (batch.select(_names(fields)) for batch in batches))

    def way(self, fields: Sequence[Field]) -> str:  # noqa: ARG002
        """How rows are written, in a few words."""
        return "INSERT"

    @abstractmethod
    def send(self, table: str, fields: Sequence[Field], batches: Iterator[Batch]) -> int:
        """Write batches in which every cell fits."""

    def misfits(self, field: Field, cells: Array) -> Misfits:
        """The places of the cells that are known not to fit before they are sent, and why."""
        yield from self.changes(field, cells)
        yield from refusals(field, cells, self.truths)

    def changes(self, field: Field, cells: Array) -> Misfits:
        """Those of the misfits that the column would change without a word."""
        yield from changes(field, cells)

    def unfit(self, fields: Sequence[Field], batch: Batch, start: int = 0) -> list[BadCell]:
        """The misfits of a batch whose first row is the ``start``-th."""
        (shaped,) = _shaped(fields, [batch])
        return _bad_cells(self.misfits, fields, shaped, start)

    def _fitting(self, fields: Sequence[Field], batches: Iterable[Batch]) -> Iterator[Batch]:
        start = 0
        for batch in batches:
            found = _bad_cells(self.changes, fields, batch, start)
            if found:
                raise CellsRefused(found)
            yield batch
            start += batch.num_rows


_BARE, _HYPHENATED = 32, 36  # characters of a UUID
_GROUPS = r"^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$"


def _shaped(fields: Sequence[Field], batches: Iterable[Batch]) -> Iterator[Batch]:
    """UUIDs with hyphens or without, as the texts of a column are: by its length."""
    lengths = [_uuid_length(field) for field in fields]
    for batch in batches:
        if any(lengths):
            pairs = zip(batch.columns, lengths, strict=True)
            columns = [_uuids(cells, length) if length else cells for cells, length in pairs]
            yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)
        else:
            yield batch


def _uuid_length(field: Field) -> int | None:
    kind = field.column.type
    told = field.wire.kind is Kind.UUID and kind.length in {_BARE, _HYPHENATED}
    return kind.length if told and kind.family is Family.TEXT else None


def _uuids(cells: Array, length: int) -> Array:
    if length == _BARE:
        return pc.replace_substring(cells, "-", "")
    return pc.replace_substring_regex(cells, _GROUPS, r"\1-\2-\3-\4-\5")


def _bad_cells(find: Find, fields: Sequence[Field], batch: Batch, start: int) -> list[BadCell]:
    """Each cell once, with the first reason."""
    return [
        BadCell(field.column.name, start + place, (), cells[place].as_py(), reason)
        for field, cells in zip(fields, batch.columns, strict=True)
        for place, reason in _first(find(field, cells)).items()
    ]


def _first(found: Misfits) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for place, reason in found:
        reasons.setdefault(place, reason)
    return reasons


def _names(fields: Sequence[Field]) -> list[str]:
    return [field.column.name for field in fields]


def conformed(
    selection: Selection,
    columns: Sequence[Array],
    start: int,
    bad: Tell,
    valid: Callable[[str], bool] = lambda _: False,
) -> Batch:
    """What was read, as the wires of ``selection`` have it, but for rows with a bad cell.

    Floats are spelled where the wire is a text: in as few digits as tell them from others.
    ``valid`` says of which columns the texts are known to be such.
    """
    found: dict[int, list[tuple[str, object]]] = {}
    arrays = [
        _conformed(field, cells, None if valid(field.column.name) else found)
        for field, cells in zip(selection.fields, columns, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, schema=selection.schema)
    for row, cells in sorted(found.items()):
        key = tuple(batch.column(name)[row].as_py() for name in selection.key)
        for name, value in cells:
            bad(BadCell(name, start + row, key, value, "is not valid UTF-8"))
    if not found:
        return batch
    return batch.filter(pa.array([row not in found for row in range(batch.num_rows)]))


def _conformed(
    field: Field, cells: Array, found: dict[int, list[tuple[str, object]]] | None
) -> Array:
    """In its wire; texts are looked at if ``found`` takes those that are none."""
    wanted = field.wire.arrow
    if not pa.types.is_string(wanted):
        return cells.cast(wanted)
    if pa.types.is_binary(cells.type):
        cells = cells.view(pa.string())
    if found is not None and not _is_ascii(cells):
        try:
            cells.validate(full=True)
        except pa.ArrowInvalid:
            return _decoded(field, cells, found)
    return cells.cast(wanted)


def _is_ascii(cells: Array) -> bool:
    """Whether every byte is: a fraction of the work of looking at every cell."""
    data = cells.buffers()[-1] if pa.types.is_string(cells.type) else None
    return data is None or data.to_pybytes().isascii()


def _decoded(field: Field, cells: Array, found: dict[int, list[tuple[str, object]]]) -> Array:
    """Texts, one by one; those that are none become NULL."""
    texts: list[str | None] = []
    for row, raw in enumerate(cells.cast(pa.binary()).to_pylist()):
        try:
            texts.append(None if raw is None else raw.decode())
        except UnicodeDecodeError:
            found.setdefault(row, []).append((field.column.name, raw))
            texts.append(None)
    return pa.array(texts, pa.string())


def bounded(
    selection: Selection,
    expression: Callable[[Field], str],
    literal: Callable[[Field, Cell], str],
) -> str:
    """The condition on the key by `after` and `until`; "" where there is neither."""
    terms = [
        _beyond([(expression(field), literal(field, cell)) for field, cell in pairs], sign)
        for cells, sign in ((selection.after, ">"), (selection.until, "<"))
        if (pairs := list(zip(selection.keys, cells, strict=bool(cells))))
    ]
    return f" WHERE {' AND '.join(terms)}" if terms else ""


def _beyond(pairs: Sequence[tuple[str, str]], sign: str) -> str:
    """A comparison part by part, since few planners use an index for one of whole rows."""
    (left, right), *rest = pairs
    if rest:
        return f"({left} {sign} {right} OR {left} = {right} AND {_beyond(rest, sign)})"
    return f"{left} {sign} {right}" if sign == ">" else f"{left} <= {right}"
