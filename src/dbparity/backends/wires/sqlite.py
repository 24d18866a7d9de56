"""Rows of SQLite: through ADBC where all values are what their columns say, else one by one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager import Error

from dbparity.backends.wires import sqlite_values as values
from dbparity.backends.wires.base import Loader, Reader, bounded, conformed, refuse
from dbparity.backends.wires.fitting import told
from dbparity.backends.wires.loose import ODD, Invalid, carry, decoded, kept, restored
from dbparity.backends.wires.sqlite_glance import doubtful
from dbparity.errors import DatabaseUnreachable, RowsRefused, RowsUnreadable, RowsUnwritable
from dbparity.wires import Kind, Selection

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from sqlalchemy import URL, Connection

    from dbparity.backends.wires.base import Quote, Tell
    from dbparity.backends.wires.fitting import Misfits
    from dbparity.snapshots import Table
    from dbparity.wires import Array, BadCell, Batch, Cell, Field

_WHOLE = frozenset({Kind.BOOLEAN, Kind.INTEGER})
_EXACT_DIGITS = 15  # of a decimal, as a float
_BATCH_BYTES = 8_000_000
_BATCH_ROWS = 32_768
_FEWEST = 64
_ROWS = 4096  # at once, where they are read one by one
# Primary result codes that the rows are the cause of; a CHECK that cannot be evaluated is an error.
_BY_ROWS = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    }
)
_CONVERTED = "would become a number"
_NUMERIC = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"


def affinity(native: str) -> str:
    """What SQLite makes of the values of a column that is declared so."""
    name = native.upper()
    if "INT" in name:
        return "INTEGER"
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not name or "BLOB" in name or name == "ANY":
        return "BLOB"
    return "REAL" if any(part in name for part in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


@dataclass(frozen=True)
class _Path:
    """How a field is read through ADBC.

    ``sort`` is what values are to be kept as, ``safe`` the condition under which they are, and
    ``seed`` a value of the type that ADBC is to expect: it goes by the first rows alone, and those
    may be NULL.
    """

    sort: str
    safe: str
    expression: str
    seed: str


class SQLiteReader(Reader):
    """A read transaction on a file."""

    def __init__(self, url: URL, quote: Quote) -> None:
        """Begin the transaction in both drivers, at the same state of the file."""
        self._quote = quote
        self._scanned: dict[object, tuple[str, ...]] = {}
        self._sorts: dict[tuple[str, str], str] = {}  # of columns that are as declared
        self._valid: set[tuple[str, str]] = set()  # columns whose texts are UTF-8
        # As a URI, for no file to be made where there is none.
        name = f"{Path(url.database or '').absolute().as_uri()}?mode=rw"
        try:
            self._rows = _opened(name)
        except sqlite3.Error as error:
            raise DatabaseUnreachable(url.render_as_string(), error) from error
        self._rows.text_factory = decoded
        self._arrow = adbc.connect(name, autocommit=True)
        _begin_alike(self._rows, self._arrow, name)

    def read(self, selection: Selection, bad: Tell = refuse) -> Generator[Batch, None, None]:
        """By the fast path, if the values allow it."""
        try:
            walk = self._row_by_row if self.unsafe(selection) else self._streamed
            yield from walk(selection, bad)
        except (sqlite3.Error, Error) as error:
            raise RowsUnreadable(selection.table, error) from error

    def preserved(self, selection: Selection) -> Generator[Batch, None, None]:
        """One by one, of whatever sort they are."""
        carriers = [(field.column.name, _carrier(field)) for field in selection.fields]
        whole = {each.column.name for each in selection.fields if _is_number(each)}
        columns = ", ".join(self._quote(name) for name, _ in carriers)
        try:
            rows = self._rows.execute(self._select(columns, selection))
            while chunk := rows.fetchmany(_ROWS):
                yield kept(pa.schema(carriers), chunk, whole)
        except sqlite3.Error as error:
            raise RowsUnreadable(selection.table, error) from error

    def way(self, selection: Selection) -> str:
        """As Arrow, if the values allow it."""
        odd = self.unsafe(selection)
        return f"row by row for {', '.join(odd)}" if odd else super().way(selection)

    def unsafe(self, selection: Selection) -> tuple[str, ...]:
        """The columns with a value that ADBC would change or choke on."""
        asked = (selection.table, selection.fields)
        if asked not in self._scanned:  # nothing changes in a transaction
            self._scanned[asked] = self._scan(selection)
        return self._scanned[asked]

    def _scan(self, selection: Selection) -> tuple[str, ...]:
        paths = [(field.column.name, self._path(field)) for field in selection.fields]
        known = {name: self._sorts.get((selection.table, name)) for name, _ in paths}
        paths = [(name, path) for name, path in paths if known[name] != path.sort]
        if not paths:
            return ()
        checks = [f"NOT ({path.safe})" for _, path in paths]
        source = self._quote(selection.table)
        asked = f"SELECT EXISTS (SELECT 1 FROM {source} WHERE {values.either(checks)})"
        if not self._ask(asked)[0]:
            return ()
        maxima = ", ".join(f"max({check})" for check in checks)
        found = self._ask(f"SELECT {maxima} FROM {source}")
        return tuple(name for (name, _), is_so in zip(paths, found, strict=True) if is_so)

    def actual(self, table: Table) -> Table:
        """By a scan, and further ones where the values may not be as declared."""
        asking = values.Asking(self._ask, self._quote, table.name)
        loose = values.loose(table)
        if not loose:
            return table
        try:
            stream = partial(
                self._through_arrow, Selection(table.name, ()), self._batch_rows(table.name)
            )
            found = doubtful(asking, stream, loose)
            sure = [column for column in loose if column not in found]
            self._sorts |= {(table.name, each.name): values.sort(each.type) for each in sure}
            return values.actual(asking, table, found)
        except (sqlite3.Error, Error) as error:
            raise RowsUnreadable(table.name, error) from error

    def _ask(self, query: str) -> Sequence[Any]:
        row: Sequence[Any] = self._rows.execute(query).fetchone()
        return row

    def orders(self, field: Field) -> bool:
        """What is kept as a number, as bytes, or as a text that others order as one."""
        if field.wire.kind is Kind.DECIMAL:
            return affinity(field.column.type.native) != "TEXT"
        return field.wire.kind not in {Kind.JSON, Kind.INTERVAL}

    def close(self) -> None:
        """End the transactions and the connections."""
        self._rows.close()
        self._arrow.close()

    def _streamed(self, selection: Selection, bad: Tell) -> Iterator[Batch]:
        paths = [self._path(field) for field in selection.fields]
        cells, seeds = ([getattr(path, what) for path in paths] for what in ("expression", "seed"))
        names = [field.column.name for field in selection.fields]
        told: set[str] = set()

        def known(name: str) -> bool:
            return (selection.table, name) in self._valid

        def tell(cell: BadCell) -> None:
            told.add(cell.column)
            bad(cell)

        start = 0
        size = self._batch_rows(selection.table)
        for rows in self._through_arrow(selection, size, cells, seeds):
            yield conformed(selection, rows.columns, start, tell, known)
            start += rows.num_rows
        if not (selection.after or selection.until):
            self._valid.update((selection.table, name) for name in names if name not in told)

    def _through_arrow(
        self, selection: Selection, size: int, cells: Sequence[str], seeds: Sequence[str]
    ) -> Iterator[Batch]:
        """The cells as ADBC has them, in batches of ``size``."""
        rows = self._select(", ".join(cells), selection)
        # The limit keeps the order of what is selected from.
        statement = f"SELECT {', '.join(seeds)} UNION ALL SELECT * FROM ({rows} LIMIT -1)"
        seeded = 1
        with self._arrow.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(size)})
            cursor.execute(statement)
            for batch in cursor.fetch_record_batch():
                yield batch.slice(seeded)
                seeded = 0

    def _row_by_row(self, selection: Selection, bad: Tell) -> Iterator[Batch]:
        columns = ", ".join(self._quote(field.column.name) for field in selection.fields)
        rows = enumerate(self._rows.execute(self._select(columns, selection)))
        while chunk := list(islice(rows, _ROWS)):
            yield carry(selection, chunk, bad)

    def _select(self, columns: str, selection: Selection) -> str:
        where = bounded(selection, self._order, _literal)
        order = ", ".join(map(self._order, selection.keys))
        ending = f" ORDER BY {order}" if order else ""
        return f"SELECT {columns} FROM {self._quote(selection.table)} AS source{where}{ending}"

    def _order(self, field: Field) -> str:
        return f"source.{self._quote(field.column.name)} COLLATE BINARY"

    def _batch_rows(self, table: str) -> int:
        """As many as fill a few megabytes, if the whole file were this table."""
        (size,) = self._ask(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        (rows,) = self._ask(f"SELECT count(*) FROM {self._quote(table)}")
        fitting: int = _BATCH_BYTES * rows // size
        return max(_FEWEST, min(_BATCH_ROWS, fitting))

    def _path(self, field: Field) -> _Path:
        name, wire = self._quote(field.column.name), field.wire.kind
        has = affinity(field.column.type.native)
        if wire in _WHOLE:
            return _Path("integer", f"typeof({name}) IN ('integer', 'null')", name, "0")
        if wire is Kind.BINARY:
            return _Path("blob", f"typeof({name}) IN ('blob', 'null')", name, "x''")
        if wire is Kind.FLOAT or (wire is Kind.DECIMAL and has != "TEXT"):
            safe = values.is_float(name)
            cell = name if has == "REAL" else f"CAST({name} AS REAL)"
            return _Path("float", safe, cell, "0.0")
        return _Path("text", f"typeof({name}) IN ('text', 'null')", name, "''")


def _is_number(field: Field) -> bool:
    """Whether its affinity alone decides between an integer and a float."""
    return affinity(field.column.type.native) not in {"TEXT", "BLOB"}


def _carrier(field: Field) -> Any:  # noqa: ANN401
    """The type of the array that holds most of what a column keeps."""
    decimal = field.wire.kind is Kind.DECIMAL and _is_number(field)
    return pa.float64() if decimal else field.wire.arrow


def _opened(name: str) -> sqlite3.Connection:
    return sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)


def _begin_alike(rows: sqlite3.Connection, arrow: Any, name: str) -> None:  # noqa: ANN401
    """Begin to read on both connections, again if anybody has committed in between."""
    watch = _opened(name)
    try:
        with arrow.cursor() as cursor:
            while True:
                before = watch.execute("PRAGMA data_version").fetchone()
                rows.execute("BEGIN").execute("SELECT count(*) FROM sqlite_master").fetchone()
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM sqlite_master")
                cursor.fetchall()
                if watch.execute("PRAGMA data_version").fetchone() == before:
                    return
                rows.execute("ROLLBACK")
                cursor.execute("ROLLBACK")
    finally:
        watch.close()


def _literal(_field: Field, cell: Cell) -> str:
    if isinstance(cell, bytes):
        return f"x'{cell.hex()}'"
    if not isinstance(cell, str):
        return repr(cell)
    number = _field.wire.kind is Kind.DECIMAL
    return f"CAST(x'{cell.encode().hex()}' AS {'NUMERIC' if number else 'TEXT'})"


class SQLiteLoader(Loader):
    """INSERT, many rows to a call."""

    def __init__(self, connection: Connection, quote: Quote) -> None:
        """Write in the transaction of ``connection``."""
        self._raw: Any = connection.connection.driver_connection
        self._quote = quote

    def send(self, table: str, fields: Sequence[Field], batches: Iterator[Batch]) -> int:
        """Bind the cells as they are."""
        names = [field.column.name for field in fields]
        statement = self._insert(table, names, ["?"] * len(names))
        count = 0
        for batch in batches:
            try:
                columns = [cells.to_pylist() for cells in batch.columns]
                count += self._raw.executemany(statement, zip(*columns, strict=True)).rowcount
            except sqlite3.Error as error:
                raise _refused(table, error) from error
        return count

    def restore(self, table: str, fields: Sequence[Field], batches: Iterable[Batch]) -> int:
        """Bind the cells as they were, a text that is none too."""
        names = [field.column.name for field in fields]
        count = 0
        for batch in batches:
            rows = restored(batch, names)
            count += batch.num_rows
            try:
                if batch.column(ODD).null_count == batch.num_rows:
                    self._raw.executemany(self._insert(table, names, ["?"] * len(names)), rows)
                    continue
                for row in rows:
                    marks = ["CAST(? AS TEXT)" if isinstance(c, Invalid) else "?" for c in row]
                    cells = [cell.raw if isinstance(cell, Invalid) else cell for cell in row]
                    self._raw.execute(self._insert(table, names, marks), cells)
            except sqlite3.Error as error:
                raise _refused(table, error) from error
        return count

    def _insert(self, table: str, names: Sequence[str], marks: Sequence[str]) -> str:
        columns = ", ".join(map(self._quote, names))
        return f"INSERT INTO {self._quote(table)} ({columns}) VALUES ({', '.join(marks)})"

    def changes(self, field: Field, cells: Array) -> Misfits:
        """What its affinity would change."""
        yield from super().changes(field, cells)
        has, wire = affinity(field.column.type.native), field.wire.kind
        if wire is Kind.FLOAT:
            yield from told(pc.is_nan(cells), "would become NULL")
            if has != "BLOB":
                yield from told(_negative_zeros(cells), "would lose its sign")
        elif pa.types.is_string(cells.type) and has not in {"TEXT", "BLOB"}:
            numbers = pc.match_substring_regex(cells, _NUMERIC)
            by_value = wire in {Kind.DECIMAL, Kind.JSON}
            yield from _inexact(cells, numbers) if by_value else told(numbers, _CONVERTED)


def _refused(table: str, error: sqlite3.Error) -> RowsRefused | RowsUnwritable:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    kind = RowsRefused if code & 0xFF in _BY_ROWS else RowsUnwritable
    return kind(table, error)


def _negative_zeros(cells: Array) -> Array:
    return pc.equal(cells.view(pa.int64()), -(2**63))


def _inexact(cells: Array, numbers: Array) -> Misfits:
    """Those of the numbers that neither an integer nor a float of SQLite holds."""
    digits = pc.utf8_length(pc.replace_substring_regex(cells, r"[-.]|^-?0+", ""))
    plain = pc.match_substring_regex(cells, r"^-?\d+(\.\d+)?$")
    sure = pc.and_(plain, pc.less_equal(digits, _EXACT_DIGITS))
    for place in pc.indices_nonzero(pc.and_not(numbers, sure)).to_pylist():
        text = cells[place].as_py().strip()
        whole = text.removeprefix("-").isdecimal() and -(2**63) <= int(text) < 2**63
        if not whole and Decimal(repr(float(text))) != Decimal(text):
            yield place, f"has more than {_EXACT_DIGITS} digits"
