"""Rows of MySQL and MariaDB: the text protocol as it comes, LOAD DATA LOCAL or INSERT."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
from pyarrow import csv
from pymysql.cursors import SSCursor

from dbparity.backends.wires import mysql_fitting as fitting
from dbparity.backends.wires.base import Loader, Reader, bounded, conformed, refuse
from dbparity.backends.wires.fitting import told
from dbparity.backends.wires.mysql_packets import Packets
from dbparity.errors import DatabaseUnreachable, RowsRefused, RowsUnreadable, RowsUnwritable
from dbparity.snapshots import Family
from dbparity.wires import Kind, canonical, padded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sqlalchemy import URL, Connection

    from dbparity.backends.wires.base import Quote, Tell
    from dbparity.backends.wires.fitting import Misfits
    from dbparity.snapshots import Type
    from dbparity.wires import Array, Batch, Cell, Field, Selection

_READING = (
    "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = ''",
    "SET net_write_timeout = 3600, max_sort_length = 8388608",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
# Strict; 0 stays 0; dates stay what they are, 0000-00-00 and 2020-02-31 too; foreign keys rest.
WRITING = (
    "SET NAMES utf8mb4, time_zone = '+00:00', net_read_timeout = 3600, foreign_key_checks = 0, "
    "sql_mode = "
    "'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
)
_CSV = csv.WriteOptions(include_header=False, quoting_style="all_valid", null_string="NULL")
_BATCH_ROWS = 16_384
_BATCH_BYTES = 4_000_000
_PADDED = frozenset({Kind.TIME, Kind.DATETIME})
# What no row is the cause of: disk and memory, shutdowns, privileges, locks, and the client's own
# errors, which are about the connection.
_NOT_BY_ROWS = frozenset(
    {0, 1021, 1028, 1030, 1037, 1038, 1041, 1053, 1054, 1114, 1142, 1143, 1146, 1180, 1205, 1206}
    | {1213, 1223, 1227, 1290, 1317, 1792, 1836, 1927, 1969, 3024, 3169, *range(2000, 3000)}
)
_STATEMENT_BYTES = 1_000_000
_ROOM = 1024  # for the words around the values of a statement


class MySQLReader(Reader):
    """One transaction with a consistent snapshot."""

    def __init__(self, url: URL, quote: Quote) -> None:
        """Begin the transaction."""
        self._quote = quote
        _, arguments = url.get_dialect()().create_connect_args(url)
        try:
            with ExitStack() as begun:
                self._connection: Any = pymysql.connect(**arguments, cursorclass=SSCursor)
                begun.callback(self.close)
                with self._connection.cursor() as cursor:
                    for statement in _READING:
                        cursor.execute(statement)
                begun.pop_all()
        except pymysql.Error as error:
            raise DatabaseUnreachable(url.render_as_string(), error) from error

    def read(self, selection: Selection, bad: Tell = refuse) -> Generator[Batch, None, None]:
        """As the server spells the values: no driver converts them."""
        start = 0
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(self.statement(selection))
                packets = Packets(cursor, len(selection.fields))
                with packets:
                    for cells in packets.batches(_BATCH_ROWS, _BATCH_BYTES):
                        batch = _batch(selection, cells, start, bad)
                        yield batch
                        start += len(cells) // len(selection.fields)
            except (pymysql.Error, pa.ArrowException) as error:
                raise RowsUnreadable(selection.table, error) from error

    def statement(self, selection: Selection) -> str:
        """The SELECT."""
        columns = ", ".join(map(self._expression, selection.fields))
        where = bounded(selection, self._order, self._literal)
        order = ", ".join(map(self._order, selection.keys))
        ending = f" ORDER BY {order}" if order else ""
        return f"SELECT {columns} FROM {self._quote(selection.table)} AS source{where}{ending}"

    def orders(self, field: Field) -> bool:
        """Whatever has an order of its own that others have too."""
        return field.wire.kind not in {Kind.JSON, Kind.INTERVAL}

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(pymysql.Error):
            self._connection.close()

    def _expression(self, field: Field) -> str:
        name, kind = self._quote(field.column.name), field.column.type
        if kind.family is Family.FLOAT and kind.native != "double":
            return f"CAST({name} AS DOUBLE)"
        if kind.native.startswith("bit"):
            return _bits(name, kind, field.wire.kind)
        return f"HEX({name})" if _is_bytes(kind) else name

    def _order(self, field: Field) -> str:
        name, kind = f"source.{self._quote(field.column.name)}", field.column.type
        if kind.family is Family.TEXT and _is_ordered(kind):
            return name
        if kind.family in {Family.TEXT, Family.ENUM, Family.UUID} or field.wire.kind is Kind.TEXT:
            return f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
        return name

    def _literal(self, field: Field, cell: Cell) -> str:
        if isinstance(cell, bytes):
            return f"x'{cell.hex()}'"
        if not isinstance(cell, str):
            return repr(cell)
        if field.wire.kind is Kind.DECIMAL:
            return cell
        binary = "CAST" in self._order(field)
        return f"{'_binary' if binary else '_utf8mb4'} x'{cell.encode().hex()}'"


def _is_ordered(kind: Type) -> bool:
    """Whether a column's own collation compares code points, spaces at the end too."""
    given = kind.collation
    return given is not None and given.name.endswith("_bin") and given.pads is False


def _is_bytes(kind: Type) -> bool:
    return kind.family is Family.OTHER and kind.native.startswith(fitting.BYTES)


def _bits(name: str, kind: Type, wire: Kind) -> str:
    if wire is Kind.TEXT:
        width = re.sub(r"\D", "", kind.native)
        return f"LPAD(BIN({name}), {width}, '0')"
    return name if wire is Kind.BINARY else f"CAST({name} AS UNSIGNED)"


def _batch(selection: Selection, cells: list[bytes | None], start: int, bad: Tell) -> Batch:
    width = len(selection.fields)
    columns = [
        _column(field, pa.array(cells[place::width], pa.binary()))
        for place, field in enumerate(selection.fields)
    ]
    return conformed(selection, columns, start, bad)


def _column(field: Field, cells: Array) -> Array:
    wire, kind = field.wire.kind, field.column.type
    if wire is Kind.FLOAT or kind.family is Family.FLOAT:
        return cells.view(pa.string()).cast(pa.float64())
    if wire in {Kind.BOOLEAN, Kind.INTEGER}:
        return cells.view(pa.string()).cast(pa.int64())
    return padded(cells.view(pa.string())) if wire in _PADDED else cells


class MySQLLoader(Loader):
    """LOAD DATA LOCAL, where a batch with a warning is none; INSERT where that is forbidden."""

    truths: ClassVar[tuple[int, int]] = (-128, 127)  # of a tinyint(1)

    def __init__(self, connection: Connection, quote: Quote) -> None:
        """Write in the transaction of ``connection``, which is pymysql's."""
        self._raw: Any = connection.connection.driver_connection
        self._quote = quote
        local, self._packet, negative, version = self._ask(
            "SELECT @@local_infile, @@max_allowed_packet, CAST(CAST('-0' AS DOUBLE) AS CHAR), "
            "@@version"
        )
        self._rewrites = "MariaDB" not in version  # which keeps documents as texts
        self._signs_zero = negative == "-0"
        self._write = self._load if local else self._insert
        self._way = "LOAD DATA LOCAL" if local else "INSERT"

    def way(self, fields: Sequence[Field]) -> str:  # noqa: ARG002
        """As the server allows."""
        return self._way

    def send(self, table: str, fields: Sequence[Field], batches: Iterator[Batch]) -> int:
        """Write batch by batch."""
        count = 0
        for batch in batches:
            if batch.num_rows:
                self._write(table, fields, batch, count)
                count += batch.num_rows
        return count

    def changes(self, field: Field, cells: Array) -> Misfits:
        """What strict mode lets pass, and what no packet holds."""
        yield from super().changes(field, cells)
        yield from fitting.changes(field, cells, signs_zero=self._signs_zero)
        if self._rewrites and field.column.type.native == "json":
            yield from fitting.documents(cells)
        if not pa.types.is_primitive(cells.type):
            long = pc.greater(pc.binary_length(cells), (self._packet - _ROOM) // 2)
            yield from told(long, "is longer than max_allowed_packet lets through")

    def misfits(self, field: Field, cells: Array) -> Misfits:
        """What the servers have of their own besides."""
        yield from super().misfits(field, cells)
        yield from fitting.refusals(field, cells)

    def _load(self, table: str, fields: Sequence[Field], batch: Batch, start: int) -> None:
        names = [f"@c{place}" for place in range(len(fields))]
        stored = [
            f"{self._quote(field.column.name)} = {_stored(field, name)}"
            for field, name in zip(fields, names, strict=True)
        ]
        plain = all(_stored(field, "") == "" for field in fields)
        columns = [self._quote(field.column.name) for field in fields]
        with NamedTemporaryFile() as file:
            csv.write_csv(_spelled(fields, batch), file, _CSV)
            file.flush()
            self._execute(
                f"LOAD DATA LOCAL INFILE {self._raw.escape(file.name)} INTO TABLE "
                f"{self._quote(table)} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' "
                f"ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n' "
                + (
                    f"({', '.join(columns)})"
                    if plain
                    else f"({', '.join(names)}) SET {', '.join(stored)}"
                ),
                table,
                batch.num_rows,
                start,
            )

    def _insert(self, table: str, fields: Sequence[Field], batch: Batch, start: int) -> None:
        columns = ", ".join(self._quote(field.column.name) for field in fields)
        for lines, rows in _statements(fields, batch, min(_STATEMENT_BYTES, self._packet // 2)):
            words = f"INSERT INTO {self._quote(table)} ({columns}) VALUES ".encode()
            if len(words) + len(lines) >= self._packet:  # the server would hang up
                raise RowsRefused(table, ValueError("it is longer than max_allowed_packet"), start)
            self._execute(words + lines, table, rows, start)
            start += rows

    def _execute(self, statement: str | bytes, table: str, rows: int, start: int) -> None:
        """Run it; a warning is an error, and so is another count."""
        with self._raw.cursor() as cursor:
            try:
                count = cursor.execute(statement)
                if cursor.warning_count or count != rows:
                    cursor.execute("SHOW WARNINGS")
                    words = "; ".join(f"{words} ({code})" for _, code, words in cursor.fetchall())
                    raise pymysql.Warning(words or f"{count} of {rows} rows")  # noqa: TRY301
            except (pymysql.Error, pymysql.Warning) as error:
                raise _refused(table, error, start) from error

    def _ask(self, query: str) -> tuple[Any, ...]:
        with self._raw.cursor() as cursor:
            cursor.execute(query)
            row: tuple[Any, ...] = cursor.fetchone()
            return row


def _stored(field: Field, name: str) -> str:
    """What makes a value of a text; the text itself where it needs nothing."""
    kind = field.column.type
    if field.wire.kind is Kind.BINARY or _is_bytes(kind):
        return f"UNHEX({name})"
    if kind.native.startswith("bit"):
        text = f"CONV({name}, 2, 10)" if field.wire.kind is Kind.TEXT else name
        return f"CAST({text} AS UNSIGNED)"
    return f"LPAD({name}, 4, '0')" if kind.native.startswith("year") else name


def _spelled(fields: Sequence[Field], batch: Batch) -> Batch:
    """Bytes in hexadecimal digits, and moments with an offset in UTC."""
    columns = [
        _spelled_column(field, cells) for field, cells in zip(fields, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _spelled_column(field: Field, cells: Array) -> Array:
    if pa.types.is_binary(cells.type):
        hexed = [None if cell is None else cell.hex() for cell in cells.to_pylist()]
        return pa.array(hexed, pa.string())
    if field.column.type.family is Family.DATETIME and field.wire.kind is Kind.DATETIME:
        offset = pc.match_substring_regex(cells, r":.*(Z|[-+]\d\d(:?\d\d)*)$")
        moved = [canonical(field.wire, cell) for cell in cells.filter(offset).to_pylist()]
        mask = pc.fill_null(offset, fill_value=False)
        return pc.replace_with_mask(cells, mask, pa.array(moved, pa.string()))
    return cells


def _statements(fields: Sequence[Field], batch: Batch, size: int) -> Iterator[tuple[bytes, int]]:
    """The rows behind VALUES, some of them at a time."""
    cells = [
        _literals(field, column)
        for field, column in zip(fields, _spelled(fields, batch).columns, strict=True)
    ]
    lines = pc.binary_join_element_wise(
        pc.binary_join_element_wise("(", cells[0], ""), *cells[1:], ","
    )
    held: list[bytes] = []
    length = 0
    for line in lines.cast(pa.binary()).to_pylist():
        if held and length + len(line) > size:
            yield b"),".join(held) + b")", len(held)
            held, length = [], 0
        held.append(line)
        length += len(line) + 2
    yield b"),".join(held) + b")", len(held)


def _literals(field: Field, cells: Array) -> Array:
    if pa.types.is_string(cells.type):
        for sign in ("\\", "'"):
            cells = pc.replace_substring(cells, sign, sign * 2)
    spelled = cells.cast(pa.string())
    if not pa.types.is_integer(cells.type):  # of a number -0 would be 0
        spelled = pc.binary_join_element_wise("'", spelled, "'", "")
    before, _, after = _stored(field, "\0").partition("\0")
    spelled = pc.binary_join_element_wise(before, spelled, after, "")
    return pc.fill_null(spelled, "NULL")


def _refused(table: str, error: Exception, start: int) -> RowsRefused | RowsUnwritable:
    """With the column and the row that the server names."""
    if error.args[0] in _NOT_BY_ROWS:
        return RowsUnwritable(table, error)
    words = str(error.args[-1])
    column = re.search(r"(?:for column|Column) [`'](?:[^`]*`\.`[^`]*`\.`)?([^`']*)[`']", words)
    row = re.search(r"at row (\d+)", words)
    return RowsRefused(
        table,
        error,
        start + int(row[1]) - 1 if row else None,
        column[1] if column else None,
    )
