"""What a column would change or refuse is known before it is sent, and nothing else is said so."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from dbparity.errors import RowsRefused
from dbparity.wires import Field, Selection, wire_of
from tests.support.rows import create, execute, read, rows_of, table_of, unlike, writer_of

if TYPE_CHECKING:
    from dbparity.servers.database import Database
    from dbparity.wires import Batch

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

PG, MY, LITE = ("postgresql",), ("mysql", "mariadb"), ("sqlite",)
SERVERS = PG + MY
# A type; the type of the column that it comes from, or "" for the same; a cell; what is said.
MISFITS: tuple[tuple[tuple[str, ...], str, str, object, str], ...] = (
    (SERVERS, "smallint", "", 2**15, "is out of range"),
    (SERVERS, "smallint", "", -(2**15) - 1, "is out of range"),
    (SERVERS, "int", "bigint", 2**31, "is out of range"),
    (SERVERS, "bigint", "numeric(30,2)", "9223372036854775808", "is out of range"),
    (SERVERS, "bigint", "numeric(30,2)", "1.5", "is no integer"),
    (SERVERS, "bigint", "text", "x", "is no number"),
    (SERVERS, "boolean", "text", "yes", "is no number"),
    (MY, "int unsigned", "", -1, "is out of range"),
    (MY, "boolean", "", 128, "is out of range"),
    (MY, "bigint unsigned", "", "18446744073709551616", "is out of range"),
    (PG, "boolean", "", 2, "is out of range"),
    (SERVERS, "numeric(5,2)", "", "1000", "has more than 3 digits before the point"),
    (SERVERS, "numeric(5,2)", "", "1e-5", "has more digits"),
    (SERVERS, "numeric(5,2)", "text", "x", "is no number"),
    (SERVERS, "numeric(40,30)", "text", f"0.{'1' * 31}", "has more digits"),
    (SERVERS, "numeric(5,2)", "text", "none", "is no number"),
    (PG, "numeric(5,2)", "numeric", "Infinity", "has more than 3 digits before the point"),
    (PG, "numeric", "text", "x", "is no number"),
    (PG, "numeric(2,-3)", "numeric", "12345", "has more digits"),
    (MY, "decimal(5,2)", "", "NaN", "is no number to the server"),
    (
        SERVERS,
        "double precision",
        "numeric(30,20)",
        "0.12345678901234567891",
        "has more digits than a float",
    ),
    (SERVERS, "double precision", "text", "x", "is no number"),
    (PG, "real", "numeric(30,20)", "0.1", "is no float of 32 bits"),
    (MY, "float", "decimal(30,20)", "0.1", "is no float of 32 bits"),
    (PG, "real", "numeric", "1e300", "is no float of 32 bits"),
    (SERVERS, "double precision", "text", "1e400", "has more digits than a float"),
    (MY, "double(10,3)", "", 0.12345, "has more digits"),
    (MY, "varbinary(3)", "", b"abcd", "is longer than 3"),
    (MY, "binary(3)", "", b"ab", "would be filled up with zeros"),
    (PG, "date", "", "2024-02-30", "is no date to the server"),
    (PG, "date", "", "0000-00-00", "is no date to the server"),
    (PG, "date", "text", "2024-1-2", "is no date to the server"),
    (PG, "date", "text", "today", "is no date to the server"),
    (PG, "date", "timestamp", "2024-01-01 12:00:00", "has a time of day"),
    (PG, "date", "text", "5874898-01-01", "is out of range"),
    (PG, "timestamp", "", "4715-12-31 00:00:00 BC", "is out of range"),
    (PG, "timestamp", "text", "2024-01-01 12:00:00+02", "has an offset, which would be dropped"),
    (PG, "timestamp", "text", "2024-01-01 24:00:00", "is no date to the server"),
    (PG, "timestamp", "text", "2024-01-01 12:00:00.1234567", "has a finer fraction"),
    (PG, "time", "", "-01:00:00", "is no time of a day"),
    (PG, "time", "text", "noon", "is no time of a day"),
    (PG, "time", "timetz", "12:00:00+02", "has an offset, which would be dropped"),
    (PG, "interval(0)", "interval", "PT0.5S", "has a finer fraction"),
    (MY, "date", "", "2024-13-01", "is no date to the server"),
    (MY, "date", "", "12024-01-01", "is no date to the server"),
    (MY, "date", "", "0045-03-15 BC", "is no date to the server"),
    (MY, "date", "text", "20240102", "is no date to the server"),
    (MY, "date", "", "infinity", "is no date to the server"),
    (MY, "date", "datetime", "2024-01-01 12:00:00", "has a time of day"),
    (MY, "time(6)", "", "839:00:00", "is no time to the server"),
    (MY, "time(6)", "text", "12", "is no time to the server"),
    (MY, "timestamp(6) NULL", "", "2024-02-31 00:00:00", "is no date to the server"),
    (MY, "timestamp(6) NULL", "", "1969-12-31 00:00:00.000000", "is out of range"),
    (PG, "json", "", "{", "is no JSON"),
    (PG, "jsonb", "", '{"a": 1, "a": 2}', "has a key twice, of which one would be kept"),
    ((*PG, "mysql"), "json", "", "{a: 1, b: 2", "is no JSON"),
    (PG, "jsonb", "", "{a: 1, b: 2", "is no JSON"),
    (PG, "jsonb", "", r'{"a": "\u0000"}', "has a NUL"),
    (MY, "json", "", "nul", "is no JSON"),
    (("mysql",), "json", "", '{"a": 1, "a": 2}', "has a key twice, of which one would be kept"),
    (
        ("mysql",),
        "json",
        "",
        "[0.1234567890123456789]",
        "has a number that would be another one",
    ),
    (("mysql",), "json", "", "[1e400]", "has a number that would be another one"),
    (PG, "uuid", "", "x", "is no UUID"),
    (PG, "name", "text", "x" * 64, "is longer than 63"),
    (PG, '"char"', "text", "xy", "is longer than 1"),
    (PG, "varchar(3)", "uuid", "0" * 32, "is longer than 3"),
    (MY, "bit(3)", "text", "12", "has not 3 bits"),
    (MY, "point", "text", "(1,2)", "is not spelled in hexadecimal digits"),
    (MY, "set('x','y')", "text", "y,x", "is not in the order of the values, or none of them"),
)
# What is near to it, and arrives as it is.
FITS: tuple[tuple[tuple[str, ...], str, str, object], ...] = (
    (SERVERS, "smallint", "", -(2**15)),
    (SERVERS, "bigint", "numeric(30,2)", "-9223372036854775808"),
    (SERVERS, "boolean", "numeric(30,2)", "1"),
    (MY, "boolean", "", -128),
    (MY, "bigint unsigned", "", "18446744073709551615"),
    (MY, "set('x','y')", "text", "x,y"),
    (MY, "set('x','y')", "text", ""),
    (MY, "bit(3)", "text", "101"),
    (SERVERS, "numeric(5,2)", "", "-999.99"),
    (SERVERS, "numeric(5,2)", "", "00999.990"),
    (SERVERS, "numeric(5,2)", "text", "0e-5"),
    (SERVERS, "numeric(40,30)", "text", f"9.{'1' * 30}0000"),
    (SERVERS, "numeric(40,0)", "text", "9" * 40),
    (PG, "numeric(5,2)", "", "NaN"),
    (PG, "numeric", "", "Infinity"),
    (PG, "numeric", "text", "1e+300"),
    (PG, "numeric(2,-3)", "", "99000"),
    (SERVERS, "double precision", "numeric(30,20)", "0.10"),
    (PG, "double precision", "numeric", "NaN"),
    (SERVERS, "real", "numeric(30,20)", "0.5"),
    (MY, "double(10,3)", "", 0.125),
    (MY, "binary(3)", "", b"abc"),
    (PG, "date", "", "0045-02-29 BC"),
    (PG, "date", "", "-infinity"),
    (PG, "date", "", "5874897-12-31"),
    (PG, "date", "timestamp", "2024-01-01 00:00:00.000"),
    (PG, "timestamp", "text", "2024-01-01 12:00:00Z"),
    (PG, "timestamp", "text", "2024-01-01T12:00"),
    (PG, "timestamptz", "text", "2024-01-01 12:00:00+02:00"),
    (PG, "time", "", "24:00:00"),
    (PG, "timetz", "", "12:00:00+02"),
    (MY, "date", "", "2024-02-31"),
    (MY, "date", "", "0000-00-00"),
    (MY, "date", "", "2024-00-00"),
    (MY, "datetime(6)", "", "0000-00-00 00:00:00.000000"),
    (MY, "datetime(6)", "timestamp(6) NULL", "2024-01-01 12:00:00+02:00"),
    (MY, "datetime(6)", "text", "2024-01-01T12:00:00.5Z"),
    (MY, "timestamp(6) NULL", "", "2038-01-19 03:14:07.999999"),
    (MY, "timestamp(6) NULL", "", "0000-00-00 00:00:00"),
    (MY, "time(6)", "", "-838:59:59.000000"),
    (PG, "json", "", '{"a": 1, "a": 1e400}'),
    (PG, "jsonb", "", r'{"a": "\\u0000 0.123456789012345678901234567890", "b": 1e30}'),
    (("mysql",), "json", "", '{"a": [0.1, 18446744073709551615, 1.50, 1e3], "b": "x:y"}'),
    (("mariadb",), "json", "", '{"a": 1, "a": 0.123456789012345678901}'),
    (PG, "uuid", "", "{0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f}"),
    (PG, "bytea", "text", "\\x41 é\0"),
    (LITE, "REAL", "", math.inf),
)


def fields_of(database: Database, kinds: list[tuple[str, str]]) -> list[Field]:
    """Those of a table with a column of each type, which gets its cells from one of another."""
    name = database.backend.name
    targets = {f"c{place}": (native,) * 3 for place, (native, _) in enumerate(kinds)}
    sources = {f"c{place}": (origin or native,) * 3 for place, (native, origin) in enumerate(kinds)}
    execute(database, create(name, "t", targets), create(name, "s", sources))
    columns = (table_of(database, table).columns for table in ("t", "s"))
    return [
        Field(target, wire_of(source.type, target.type))
        for target, source in zip(*columns, strict=True)
    ]


def batch_of(field: Field, cell: object) -> Batch:
    (batch,) = rows_of({field.column.name: field.wire}, {field.column.name: [cell]}).to_batches()
    return batch


def arrived(database: Database, field: Field, cell: object) -> bool:
    """Whether the one row in which a column is not NULL has the cell that was sent."""
    selection = Selection("t", (field,))
    found = read(database, selection).combine_chunks().drop_null()
    given = pa.Table.from_batches([batch_of(field, cell)])
    return found.num_rows == 1 and unlike(selection, given, found) == {}


@pytest.fixture
def database(lease: Any) -> Any:  # noqa: ANN401
    with lease(empty=True) as leased:
        yield leased


def of(database: Database, table: tuple[tuple[Any, ...], ...]) -> list[tuple[Any, ...]]:
    return [each[1:] for each in table if database.backend.name in each[0]]


def test_what_does_not_fit_is_told_and_is_changed_or_refused(database: Database) -> None:
    cases = of(database, MISFITS)
    if not cases:
        pytest.skip("nothing is enforced")
    into = fields_of(database, [(native, origin) for native, origin, *_ in cases])
    told, taken = [], []
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        for field, case in zip(into, cases, strict=True):
            batch = batch_of(field, case[2])
            told.append([cell.reason for cell in loader.unfit([field], batch)])
            with suppress(RowsRefused), connection.begin_nested():
                loader.send("t", [field], iter([batch]))
                taken.append((field, case))
    wrong = [pair for pair in zip(told, cases, strict=True) if pair[0] != [pair[1][3]]]
    assert wrong == []
    assert [case for field, case in taken if arrived(database, field, case[2])] == []


def test_what_fits_is_not_told_and_arrives_as_it_is(database: Database) -> None:
    cases = of(database, FITS)
    into = fields_of(database, [(native, origin) for native, origin, _ in cases])
    told = {}
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        for field, case in zip(into, cases, strict=True):
            batch = batch_of(field, case[2])
            told[case] = [cell.reason for cell in loader.unfit([field], batch)]
            loader.send("t", [field], iter([batch]))
    assert {case: reasons for case, reasons in told.items() if reasons} == {}
    lost = [
        case
        for field, case in zip(into, cases, strict=True)
        if not arrived(database, field, case[2])
    ]
    assert lost == []


def test_a_null_that_a_column_has_no_place_for_is_told(database: Database) -> None:
    execute(database, create(database.backend.name, "t", {"a": ("int NOT NULL",) * 3}))
    (column,) = table_of(database, "t").columns
    field = Field(column, wire_of(column.type, column.type))
    with writer_of(database) as engine, engine.connect() as connection:
        loader = database.backend.loader(connection)
        (bad,) = loader.unfit([field], batch_of(field, None))
    assert (bad.column, bad.raw, bad.reason) == ("a", None, "is NULL in a column that is NOT NULL")


def test_a_column_of_nulls_fits(database: Database) -> None:
    into = fields_of(database, [("int", ""), ("varchar(3)", ""), ("date", "")])
    batches = [batch_of(field, None) for field in into]
    with writer_of(database) as engine, engine.connect() as connection:
        loader = database.backend.loader(connection)
        pairs = zip(into, batches, strict=True)
        assert [loader.unfit([field], batch) for field, batch in pairs] == [[], [], []]
