"""Rows of PostgreSQL: binary COPY out through ADBC, COPY in through psycopg."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack, suppress
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager import Error
from psycopg.conninfo import make_conninfo
from pyarrow import csv

from dbparity.backends.wires import postgresql_binary as binary
from dbparity.backends.wires.base import Loader, Reader, bounded, conformed, refuse
from dbparity.backends.wires.fitting import matching, rewritten, temporal, told
from dbparity.backends.wires.moments import moment, time
from dbparity.errors import DatabaseUnreachable, RowsRefused, RowsUnreadable, RowsUnwritable
from dbparity.snapshots import Family
from dbparity.wires import Kind, padded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sqlalchemy import URL, Connection

    from dbparity.backends.wires.base import Quote, Tell
    from dbparity.backends.wires.fitting import Misfits
    from dbparity.snapshots import Type
    from dbparity.wires import Array, Batch, Cell, Field, Selection

# As text: so they are spelled alike whatever the database or the role has set.
SETTINGS = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lc_monetary = 'C'; "
    "SET xmloption = 'content'"
)
# Foreign keys and triggers rest, if the role has that right.
RESTING = (
    "DO $$ BEGIN SET session_replication_role = replica; "
    "EXCEPTION WHEN insufficient_privilege THEN NULL; END $$"
)
_CSV = csv.WriteOptions(include_header=False, quoting_style="all_valid")
_ENCODING = "SELECT current_setting('server_encoding')"
_BATCH_BYTES = "4000000"
_WHOLE = frozenset({Kind.BOOLEAN, Kind.INTEGER})
_BINARY, _TEXT = "FORMAT binary", "FORMAT csv, ENCODING 'UTF8'"
_FRAMES = {_BINARY: (binary.HEADER, binary.TRAILER), _TEXT: (b"", b"")}
_PADDED = frozenset({Kind.TIME, Kind.DATETIME})
_FIRST_YEAR, _LAST_DAY, _LAST_MOMENT = -4713, 5_874_897, 294_276
_DAY = 86_400_000_000
_OFFSET = "has an offset, which would be dropped"
_CUT = {"name": 63, '"char"': 1}  # types that cut a text without a word, to bytes
# Classes of SQLSTATE: the connection, the transaction, privileges, resources, and the server's end.
_NOT_BY_ROWS = ("08", "25", "28", "40", "42", "53", "55", "57", "58", "XX")
_PLACE = re.compile(r"COPY .*, line (\d+)(?:, column (.*?))?(?:: |$)", re.MULTILINE)


def conninfo(url: URL) -> str:
    """A URL of SQLAlchemy as libpq spells it."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return make_conninfo(**arguments)


class PostgreSQLReader(Reader):
    """One REPEATABLE READ transaction, or a further one that sees what another sees."""

    def __init__(self, url: URL, quote: Quote, shared: Reader | None) -> None:
        """Begin the transaction, in the snapshot of ``shared`` if that is given."""
        self._quote = quote
        try:
            with ExitStack() as begun:
                self._connection = adbc.connect(conninfo(url), autocommit=False)
                begun.callback(self.close)
                self._execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                self.snapshot = self._joined(shared)
                for setting in SETTINGS.split("; "):
                    self._execute(setting)
                self._checks = self._asked(_ENCODING) != "SQL_ASCII"
                begun.pop_all()
        except Error as error:
            raise DatabaseUnreachable(url.render_as_string(), error) from error

    def read(self, selection: Selection, bad: Tell = refuse) -> Generator[Batch, None, None]:
        """As binary COPY tells them; texts are cast by the server."""
        start = 0
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": _BATCH_BYTES}
            )
            try:
                cursor.execute(self.statement(selection))
                for batch in cursor.fetch_record_batch():
                    columns = [
                        _padded(field, cells)
                        for field, cells in zip(selection.fields, batch.columns, strict=True)
                    ]
                    yield conformed(selection, columns, start, bad, self._valid)
                    start += batch.num_rows
            except (Error, pa.ArrowException, OSError) as error:  # Arrow's for a stream
                raise RowsUnreadable(selection.table, error) from error

    def statement(self, selection: Selection) -> str:
        """The SELECT."""
        columns = ", ".join(map(self._expression, selection.fields))
        where = bounded(selection, self._order, _literal)
        order = ", ".join(map(self._order, selection.keys))
        ending = f" ORDER BY {order}" if order else ""
        return f"SELECT {columns} FROM {self._quote(selection.table)} AS source{where}{ending}"

    def orders(self, field: Field) -> bool:
        """Whatever has an order of its own that others have too."""
        return field.wire.kind not in {Kind.JSON, Kind.INTERVAL}

    def close(self) -> None:
        """End the transaction and the connection."""
        self._connection.close()

    def _execute(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _joined(self, shared: Reader | None) -> str:
        """The snapshot of this transaction, which is that of ``shared`` if it is of its kind."""
        if isinstance(shared, PostgreSQLReader):
            self._execute(f"SET TRANSACTION SNAPSHOT '{shared.snapshot}'")
            return shared.snapshot
        return self._asked("SELECT pg_export_snapshot()")

    def _asked(self, query: str) -> str:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            row: Any = cursor.fetchone()
            return str(row[0])

    def _valid(self, _column: str) -> bool:
        """Whether the server has looked at its texts, as it does in any encoding that it knows."""
        return self._checks

    def _expression(self, field: Field) -> str:
        name, kind, wire = self._quote(field.column.name), field.column.type, field.wire.kind
        if kind.family is Family.BINARY:
            return name
        if kind.family is Family.FLOAT:
            return f"{name}::float8"
        if kind.family is Family.BOOLEAN:
            name = f"{name}::int"
        if kind.family is Family.DATETIME and kind.zone:
            name = f"({name} AT TIME ZONE 'UTC')"
        if kind.family is Family.ARRAY and wire is Kind.JSON:
            name = f"to_json({name})"
        return f"{name}::int8" if wire in _WHOLE else f"{name}::text"

    def _order(self, field: Field) -> str:
        # Not its name alone, which would be that of the text that is selected.
        name = f"source.{self._quote(field.column.name)}"
        kind, wire = field.column.type, field.wire.kind
        if wire is Kind.TEXT or kind.family in {Family.TEXT, Family.ENUM}:
            return f'{name}::text COLLATE "C"'
        return name


def _padded(field: Field, cells: Array) -> Array:
    return padded(cells) if field.wire.kind in _PADDED else cells


def _literal(_field: Field, cell: Cell) -> str:
    """Of no type, so that it takes that of what it is compared to."""
    spelled = f"\\x{cell.hex()}" if isinstance(cell, bytes) else str(cell)
    return "'" + spelled.replace("'", "''") + "'"


class PostgreSQLLoader(Loader):
    """COPY FROM STDIN: one stream, but for batches with values that only a text can spell."""

    def __init__(self, connection: Connection, quote: Quote) -> None:
        """Write in the transaction of ``connection``, which is psycopg's."""
        self._raw: Any = connection.connection.driver_connection
        self._quote = quote

    def way(self, fields: Sequence[Field]) -> str:
        """In binary as far as the types allow."""
        return "COPY as text" if binary.encoders(fields) is None else "binary COPY"

    def send(self, table: str, fields: Sequence[Field], batches: Iterator[Batch]) -> int:
        """In binary as far as the types allow, else cast by the columns' own input functions."""
        names = ", ".join(self._quote(field.column.name) for field in fields)
        encoding = binary.encoders(fields)
        count = 0
        spelled = (_spelled(fields, encoding, batch) for batch in batches)
        with self._raw.cursor() as cursor:
            for words, stream in groupby(spelled, key=itemgetter(0)):
                statement = f"COPY {self._quote(table)} ({names}) FROM STDIN ({words})"
                try:
                    with cursor.copy(statement) as copy:
                        header, trailer = _FRAMES[words]
                        copy.write(header)
                        for _, rows in stream:
                            copy.write(rows)
                        copy.write(trailer)
                except psycopg.Error as error:
                    raise _refused(table, error, count) from error
                count += int(cursor.rowcount)
        return count

    def changes(self, field: Field, cells: Array) -> Misfits:
        """What COPY reads by rules of its own, and NUL, whose error would not name the column."""
        yield from super().changes(field, cells)
        yield from temporal(field, cells, _judged)
        kind = field.column.type
        if kind.native == "jsonb":
            yield from rewritten(cells, lambda _number: True)
        if kind.native in _CUT:
            most = _CUT[kind.native]
            yield from told(pc.greater(pc.binary_length(cells), most), f"is longer than {most}")
        text = pa.types.is_string(cells.type) and kind.family is not Family.BINARY
        if text and b"\0" in cells.buffers()[2].to_pybytes():
            texts = enumerate(cells.to_pylist())
            yield from ((place, "has a NUL") for place, text in texts if "\0" in (text or ""))

    def misfits(self, field: Field, cells: Array) -> Misfits:
        """What jsonb refuses besides."""
        yield from super().misfits(field, cells)
        if field.column.type.native == "jsonb":
            yield from matching(cells, r"(^|[^\\])(\\\\)*\\u0000", "has a NUL")


def _judged(kind: Type, text: str) -> str:
    """What PostgreSQL makes of a date, time or moment."""
    if kind.family is Family.TIME:
        clock = time(text)
        if clock is None or not 0 <= clock.microseconds <= _DAY:
            return "is no time of a day"
        return _OFFSET if clock.offset and not kind.zone else ""
    return "" if text in {"infinity", "-infinity"} else _judged_day(kind, text)


def _judged_day(kind: Type, text: str) -> str:
    found = moment(text)
    if found is None or not found.exists:
        return "is no date to the server"
    alone = kind.family is Family.DATE
    if not _FIRST_YEAR <= found.year <= (_LAST_DAY if alone else _LAST_MOMENT):
        return "is out of range"
    if alone:
        return "has a time of day" if found.late else ""
    return _OFFSET if found.offset and not kind.zone else ""


def _spelled(
    fields: Sequence[Field], encoding: Sequence[binary.Encoder] | None, batch: Batch
) -> tuple[str, Any]:
    """The format of a COPY, and a batch in it."""
    if encoding is not None:
        with suppress(pa.ArrowInvalid):
            return _BINARY, binary.encoded(encoding, batch)
    return _TEXT, _in_csv(fields, batch)


def _in_csv(fields: Sequence[Field], batch: Batch) -> memoryview:
    columns = [
        _hexed(cells.cast(pa.binary())) if field.column.type.family is Family.BINARY else cells
        for field, cells in zip(fields, batch.columns, strict=True)
    ]
    sink = io.BytesIO()
    csv.write_csv(pa.RecordBatch.from_arrays(columns, names=batch.schema.names), sink, _CSV)
    return sink.getbuffer()


def _hexed(cells: Array) -> Array:
    return pa.array([None if cell is None else f"\\x{cell.hex()}" for cell in cells.to_pylist()])


def _refused(table: str, error: psycopg.Error, start: int) -> RowsRefused | RowsUnwritable:
    """With the place that COPY names."""
    if (error.sqlstate or "08").startswith(_NOT_BY_ROWS):
        return RowsUnwritable(table, error)
    found = _PLACE.search(error.diag.context or "")
    row = start + int(found[1]) - 1 if found else None
    return RowsRefused(table, error, row, found[2] if found else None)
