"""Tables with the same rows in every product, and how they are read and loaded."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dbparity.wires import BadCell, Field, Kind, Selection, Wire, differing, wire_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from dbparity.servers.database import Database
    from dbparity.snapshots import Table

BACKENDS = ("sqlite", "postgresql", "mysql", "mariadb")


@contextmanager
def writer_of(database: Database) -> Iterator[Engine]:
    engine = database.backend.writer(database.url)
    try:
        yield engine
    finally:
        engine.dispose()


def execute(database: Database, *statements: str) -> None:
    with writer_of(database) as engine, engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def table_of(database: Database, name: str) -> Table:
    with writer_of(database) as engine, engine.connect() as connection:
        table = database.backend.snapshot(connection).table(name)
    assert table is not None
    return table


def fields(table: Table, other: Table) -> tuple[Field, ...]:
    """The columns of ``table``, on the wires that they share with those of another."""
    pairs = zip(table.columns, other.columns, strict=True)
    return tuple(Field(column, wire_of(column.type, also.type)) for column, also in pairs)


def read(database: Database, selection: Selection, bad: list[BadCell] | None = None) -> pa.Table:
    """All rows as one batch; bad cells are collected if there is a list for them."""
    with closing(database.backend.reader(database.url)) as reader:
        batches = reader.read(selection) if bad is None else reader.read(selection, bad.append)
        return pa.Table.from_batches(batches, schema=selection.schema).combine_chunks()


def load(database: Database, table: str, into: Sequence[Field], rows: pa.Table) -> int:
    with writer_of(database) as engine, engine.begin() as connection:
        batches = rows.to_batches(max_chunksize=2)
        return database.backend.loader(connection).load(table, into, batches)


def rows_of(wires: Mapping[str, Wire], cells: Mapping[str, Sequence[Any]]) -> pa.Table:
    schema = pa.schema([(name, wire.arrow) for name, wire in wires.items()])
    return pa.table([pa.array(cells[name], wires[name].arrow) for name in cells], schema=schema)


def unlike(selection: Selection, left: pa.Table, right: pa.Table) -> dict[str, list[Any]]:
    """The cells that differ, by column."""
    assert left.num_rows == right.num_rows
    found: dict[str, list[Any]] = {}
    for field in selection.fields:
        name = field.column.name
        one, other = (table[name].combine_chunks() for table in (left, right))
        for place in differing(field.wire, one, other):
            found.setdefault(name, []).append((one[place].as_py(), other[place].as_py()))
    return found


# What all products hold, in the words of each: SQLite, PostgreSQL, MySQL and MariaDB.
COLUMNS: dict[str, tuple[str, str, str]] = {
    "id": ("INTEGER PRIMARY KEY", "bigint PRIMARY KEY", "bigint PRIMARY KEY AUTO_INCREMENT"),
    "whole": ("BIGINT", "bigint", "bigint"),
    "unsigned": ("TEXT", "numeric(20,0)", "bigint unsigned"),
    "truth": ("BOOLEAN", "boolean", "boolean"),
    "number": ("TEXT", "numeric(65,30)", "decimal(65,30)"),
    "money": ("DECIMAL(12,2)", "numeric(12,2)", "decimal(12,2)"),
    "double": ("REAL", "double precision", "double"),
    "single": ("FLOAT", "real", "float"),
    "body": ("TEXT", "text", "longtext"),
    "name": ("VARCHAR(20)", "varchar(20)", "varchar(20)"),
    "code": ("CHAR(3)", "char(3)", "char(3)"),
    "bytes": ("BLOB", "bytea", "longblob"),
    "day": ("DATE", "date", "date"),
    "clock": ("TIME", "time", "time(6)"),
    "moment": ("DATETIME", "timestamp", "datetime(6)"),
    "instant": ("TIMESTAMP WITH TIME ZONE", "timestamptz", "timestamp(6) NULL"),
    "document": ("JSON TEXT", "json", "json"),
    "token": ("CHAR(36)", "uuid", "char(36)"),
}
TEXTS = ("TEXT", "text", "longtext")
KINDS = {
    "id": Kind.INTEGER,
    "whole": Kind.INTEGER,
    "unsigned": Kind.DECIMAL,
    "truth": Kind.BOOLEAN,
    "number": Kind.DECIMAL,
    "money": Kind.DECIMAL,
    "double": Kind.FLOAT,
    "single": Kind.FLOAT,
    "body": Kind.TEXT,
    "name": Kind.TEXT,
    "code": Kind.TEXT,
    "bytes": Kind.BINARY,
    "day": Kind.DATE,
    "clock": Kind.TIME,
    "moment": Kind.DATETIME,
    "instant": Kind.DATETIME,
    "document": Kind.JSON,
    "token": Kind.UUID,
}
_TOKEN = "0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f"
_LONG = "é\n\t\\'\"x,😀" * 7_000 + "end"
CELLS: dict[str, Sequence[Any]] = {
    "id": [0, -1, 1, 2**63 - 1, -(2**63), 7],
    "whole": [2**63 - 1, -(2**63), 0, None, 2**53 + 1, -1],
    "unsigned": ["18446744073709551615", "0", "9223372036854775808", None, "1", "2"],
    "truth": [1, 0, None, 1, 0, 1],
    "number": [
        "99999999999999999999999999999999999." + "9" * 30,
        "-0." + "0" * 29 + "1",
        "0",
        None,
        "1.5",
        "-12345678901234567890.1",
    ],
    "money": ["1.10", "-0.01", "9999999999.99", None, "0", "-7"],
    "double": [0.1, 5e-324, -1.7976931348623157e308, None, 0.30000000000000004, 1e22],
    "single": [0.10000000149011612, 1.401298464324817e-45, -3.4028234663852886e38, None, 0.5, 3],
    "body": ["", _LONG, "\\N", None, "a\n\\.\nb", "NULL"],
    "name": ["\\.", "\ta\r\n", "''\"", None, "a  ", "😀" * 20],
    "code": ["", "é😀x", "a", None, '","', "\\"],
    "bytes": [b"", bytes(range(256)), b"\\x00", None, b"\x00", b"NULL\xff"],
    "day": ["0001-01-01", "9999-12-31", "2024-02-29", None, "1970-01-01", "2000-01-01"],
    "clock": [
        "00:00:00.000000",
        "23:59:59.999999",
        "12:30:00.100000",
        None,
        "01:02:03",
        "10:00:00",
    ],
    "moment": [
        "0001-01-01 00:00:00.000000",
        "9999-12-31 23:59:59.999999",
        "2024-03-31 02:30:00.100000",
        None,
        "2000-01-01 00:00:00",
        "1900-01-01 00:00:00.000001",
    ],
    "instant": [
        "2024-03-31 01:30:00.100000",
        "2038-01-19 03:14:07.000001",
        "1970-01-01 00:00:01.000000",
        None,
        "2000-01-01 00:00:00",
        "2024-10-27 01:30:00",
    ],
    "document": ['{"a": [1, 2.50, null, true, "é\\"\\\\😀"]}', "[]", '""', None, "1", "null"],
    "token": [_TOKEN, "0" * 8 + "-0000-0000-0000-" + "0" * 12, None, _TOKEN, _TOKEN, _TOKEN],
}


def create(backend: str, table: str = "t", columns: Mapping[str, Sequence[str]] = COLUMNS) -> str:
    """The DDL of a table, its names quoted."""
    place = {"sqlite": 0, "postgresql": 1}.get(backend, 2)
    sign = "`" if place == 2 else '"'
    listed = ", ".join(f"{sign}{name}{sign} {types[place]}" for name, types in columns.items())
    ending = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if place == 2 else ""
    return f"CREATE TABLE {sign}{table}{sign} ({listed}){ending}"


_POSTGRESQL = (
    ("interval", "'1 mon 2 days -03:00:00.5'", "P1M2DT-3H-0.5S"),
    ("interval", "'-1 year 25 hours'", "P-1YT25H"),
    ("integer[]", "'{1,NULL,3}'", "{1,NULL,3}"),
    (
        "text[]",
        r"""ARRAY['a"b', NULL, 'NULL', '', E'\\', 'x,y']""",
        r'{"a\"b",NULL,"NULL","","\\","x,y"}',
    ),
    ("timestamp", "'infinity'", "infinity"),
    ("timestamptz", "'-infinity'", "-infinity"),
    ("timestamp", "'0044-03-15 12:00:00.5 BC'", "0044-03-15 12:00:00.5 BC"),
    ("timestamp", "'294276-12-31 23:59:59.999999'", "294276-12-31 23:59:59.999999"),
    ("timestamptz", "'2024-03-31 02:30:00+02'", "2024-03-31 00:30:00.000000"),
    ("date", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("date", "'12024-01-01'", "12024-01-01"),
    ("time", "'24:00:00'", "24:00:00.000000"),
    ("timetz", "'12:00:00.5+05:30'", "12:00:00.5+05:30"),
    ("numeric", "'NaN'", "NaN"),
    ("numeric", "'Infinity'", "Infinity"),
    ("numeric", "'1e-200'", "0." + "0" * 199 + "1"),
    ("json", """'{"a": 1, "a": 2, "n": 1e400}'""", '{"a": 1, "a": 2, "n": 1e400}'),
    ("jsonb", """'{"a": 1, "n": 1e40}'""", '{"a": 1, "n": 1' + "0" * 40 + "}"),
    ("bit(10)", "B'1000000101'", "1000000101"),
    ("bit varying", "B'001'", "001"),
    ("inet", "'::1/64'", "::1/64"),
    ("money", "'-12.34'", "-$12.34"),
    ("int4range", "'[1,5)'", "[1,5)"),
    ("point", "'(0.1,2)'", "(0.1,2)"),
    ("tsvector", "'it''s:1 b'", "'b' 'it''s':1"),
    ("xml", "'<a>x</a>'", "<a>x</a>"),
    ("oid", "4294967295", "4294967295"),
    ('"char"', "'a'", "a"),
)
_MYSQL = (
    ("bit(10)", "b'1000000101'", "1000000101"),
    ("bit(64)", "b'1'", "0" * 63 + "1"),
    ("year", "'0000'", "0000"),
    ("year", "2155", "2155"),
    ("time(6)", "'-838:59:58.999999'", "-838:59:58.999999"),
    ("time", "'838:59:59'", "838:59:59.000000"),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("date", "'2024-02-31'", "2024-02-31"),
    ("datetime", "'0000-00-00'", "0000-00-00 00:00:00.000000"),
    ("datetime(3)", "'2024-00-00 00:00:00.5'", "2024-00-00 00:00:00.500000"),
    ("timestamp NULL", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00.000000"),
    ("enum('a','','it''s')", "''", ""),
    ("enum('a','b')", "'b'", "b"),
    ("set('x','y','z')", "'z,x'", "x,z"),
    ("boolean", "2", "2"),
    ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    ("int unsigned zerofill", "5", "0000000005"),
    ("decimal(65,30)", "'-0." + "0" * 29 + "1'", "-0." + "0" * 29 + "1"),
    ("float", "'16777216'", "16777216"),
    ("double(10,3)", "'0.001'", "0.001"),
    ("varchar(9) CHARACTER SET latin1", "'\xe9'", "\xe9"),
    ("char(3) CHARACTER SET ascii", "'a '", "a"),
    ("point", "ST_GeomFromText('POINT(0.1 2)')", None),
)
# Types that a product alone has, or values: as a column, as SQL, and as they travel as texts.
OWN = {
    "sqlite": (
        ("INTEGER", "9223372036854775807", "9223372036854775807"),
        ("NUMERIC", "1e300", "1e+300"),
        ("NUMERIC", "9007199254740993", "9007199254740993"),
        ("DATETIME", "'2024-01-01T00:00:00+02:00'", "2024-01-01T00:00:00+02:00"),
        ("JSON", "1", "1"),
        ("JSON", """'{"a": 1, "a": 2}'""", '{"a": 1, "a": 2}'),
        ("", "'5'", "5"),
        ("UUID", "'x'", "x"),
    ),
    "postgresql": _POSTGRESQL,
    "mysql": (*_MYSQL, ("json", """'{"b": 1.0, "a": [1, 2]}'""", '{"a": [1, 2], "b": 1.0}')),
    "mariadb": (
        *_MYSQL,
        ("json", """'{"a": 1, "a": 2, "n": 1e400}'""", '{"a": 1, "a": 2, "n": 1e400}'),
        ("inet6", "'::1'", "::1"),
    ),
}
