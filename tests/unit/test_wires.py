"""What two columns share, when two cells are one value, and what SQLite's files may hold."""

from __future__ import annotations

import math
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa
import pytest
from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.backends.wires.sqlite import _begin_alike
from dbparity.errors import CellsRefused, DriverMissing
from dbparity.snapshots import Column, Family, Type
from dbparity.wires import (
    BadCell,
    Field,
    Kind,
    Selection,
    Wire,
    canonical,
    differing,
    padded,
    raw,
    spellings,
    wire_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def kind_of(left: Family, right: Family) -> Kind:
    return wire_of(Type("", left), Type("", right)).kind


@pytest.mark.parametrize(
    ("left", "right", "shared"),
    [
        (Family.INTEGER, Family.INTEGER, Kind.INTEGER),
        (Family.BOOLEAN, Family.BOOLEAN, Kind.BOOLEAN),
        (Family.BOOLEAN, Family.INTEGER, Kind.INTEGER),
        (Family.INTEGER, Family.FLOAT, Kind.DECIMAL),
        (Family.FLOAT, Family.DECIMAL, Kind.DECIMAL),
        (Family.INTEGER, Family.TEXT, Kind.DECIMAL),
        (Family.DATE, Family.DATETIME, Kind.DATETIME),
        (Family.JSON, Family.TEXT, Kind.JSON),
        (Family.UUID, Family.TEXT, Kind.UUID),
        (Family.ENUM, Family.TEXT, Kind.TEXT),
        (Family.ARRAY, Family.OTHER, Kind.TEXT),
        (Family.BINARY, Family.TEXT, Kind.TEXT),
        (Family.BINARY, Family.INTEGER, Kind.TEXT),
        (Family.DATE, Family.TIME, Kind.TEXT),
        (Family.BINARY, Family.BINARY, Kind.BINARY),
    ],
)
def test_two_columns_share_a_wire_that_holds_the_values_of_both(
    left: Family, right: Family, shared: Kind
) -> None:
    assert kind_of(left, right) is shared
    assert kind_of(right, left) is shared


def test_integers_beyond_64_bits_travel_as_texts() -> None:
    wide = Type("bigint unsigned", Family.INTEGER, bits=64, signed=False)
    assert wire_of(wide, wide) == Wire(Kind.DECIMAL)


CASES: list[tuple[Kind, Any, Any, bool]] = [
    (Kind.INTEGER, 1, 2, False),
    (Kind.INTEGER, None, None, True),
    (Kind.INTEGER, None, 0, False),
    (Kind.TEXT, "a", "a ", False),
    (Kind.TEXT, "é", "e\u0301", False),
    (Kind.TEXT, "", None, False),
    (Kind.BINARY, b"\x00", b"", False),
    (Kind.BOOLEAN, 1, 2, False),
    (Kind.FLOAT, 0.0, -0.0, False),
    (Kind.FLOAT, 0.1, math.nextafter(0.1, 1), False),
    (Kind.FLOAT, math.nan, -math.nan, True),
    (Kind.FLOAT, math.nan, None, False),
    (Kind.DECIMAL, "1.10", "1.1", True),
    (Kind.DECIMAL, "100", "1e2", True),
    (Kind.DECIMAL, "-0.00", "0", True),
    (Kind.DECIMAL, "0.1", "0.10000000000000000000000000000001", False),
    (Kind.DECIMAL, "NaN", "nan", True),
    (Kind.DECIMAL, "abc", "abd", False),
    (Kind.DATE, "2024-01-01", "2024-01-01 00:00:00", True),
    (Kind.DATE, "2024-01-01", "2024-01-01 BC", False),
    (Kind.DATETIME, "2024-01-01T00:00:00", "2024-01-01 00:00:00.000000", True),
    (Kind.DATETIME, "2024-01-01", "2024-01-01 00:00", True),
    (Kind.DATETIME, "2024-01-01 01:00:00+01:00", "2024-01-01 00:00:00", True),
    (Kind.DATETIME, "2024-01-01 00:00:00Z", "2024-01-01 00:00:00.0", True),
    (Kind.DATETIME, "2024-01-01 00:00:00.0000001", "2024-01-01 00:00:00", False),
    (Kind.DATETIME, "0000-00-00 00:00:00+00", "0000-00-00 00:00:00", False),
    (Kind.DATETIME, "0001-01-01 00:00:00+01:00", "0001-01-01 00:00:00", False),
    (Kind.DATETIME, "infinity", "-infinity", False),
    (Kind.TIME, "12:00", "12:00:00.000", True),
    (Kind.TIME, "-12:00:00", "12:00:00", False),
    (Kind.TIME, "noon", "12:00:00", False),
    (Kind.INTERVAL, "P1M", "P30D", False),
    (Kind.JSON, '{"a":1,"b":[1.0,"x"]}', '{"b": [1, "x"], "a": 1}', True),
    (Kind.JSON, '{"a":1,"a":2}', '{"a":2}', False),
    (Kind.JSON, '{"a":1,"a":2}', '{"a":2,"a":1}', False),
    (Kind.JSON, "1e400", "1E+400", True),
    (Kind.JSON, "9007199254740993", "9007199254740992", False),
    (Kind.JSON, "[true, null]", "[1, null]", False),
    (Kind.JSON, '"1"', "1", False),
    (Kind.JSON, "NaN", "NaN ", True),
    (Kind.JSON, "{", "{ ", False),
    (Kind.JSON, "[" * 10**6, "[", False),
    (Kind.UUID, "0189F7EA-AE2C-7809-8AEB-B819CF5E9E7F", "0189f7eaae2c78098aebb819cf5e9e7f", True),
    (Kind.UUID, "x", "y", False),
]


@pytest.mark.parametrize(("kind", "left", "right", "same"), CASES)
def test_cells_differ_unless_they_are_one_value(
    kind: Kind, left: object, right: object, *, same: bool
) -> None:
    wire = Wire(kind)
    arrays = [pa.array([each, None, each], wire.arrow) for each in (left, right)]
    assert differing(wire, *arrays) == ([] if same else [0, 2])
    assert (canonical(wire, left) == canonical(wire, right)) is same  # type: ignore[arg-type]
    one, other = (spellings(wire, each).to_pylist() for each in arrays)
    assert (one == other) is same
    assert [one[1], other[1]] == [None, None]


def test_a_raw_cell_shows_what_cannot_be_seen() -> None:
    assert [raw(None), raw(b"\0"), raw("é\n"), raw(-0.0)] == ["NULL", "0x00", r"'\xe9\n'", "-0.0"]


def test_a_bad_cell_is_told_in_one_line() -> None:
    assert str(BadCell("a", 3, (), b"\xff", "is bad")) == "a of row 3: 0xff is bad"
    told = str(BadCell("a", 3, (1, "x"), "x" * 300, "is bad"))
    assert told.startswith("a of key (1, 'x'): 'xxx")
    assert told.endswith("xxx... (302 characters) is bad")


def test_times_have_six_digits_where_they_are_spelled_plainly() -> None:
    spelled = ["10:00:00", "2024-01-01 10:00:00.5", "44-01-01 10:00:00 BC", "infinity", None]
    assert padded(pa.array(spelled)).to_pylist() == [
        "10:00:00.000000",
        "2024-01-01 10:00:00.500000",
        "44-01-01 10:00:00 BC",
        "infinity",
        None,
    ]


SQLITE = load_backend("sqlite")


def file_of(folder: Path, declared: str, *values: object) -> URL:
    path = folder / "file.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE t (id INTEGER PRIMARY KEY, "a""b" {declared})')
        connection.executemany(
            'INSERT INTO t ("a""b") VALUES (CAST(? AS TEXT))'
            if values[:1] == ("as text",)
            else 'INSERT INTO t ("a""b") VALUES (?)',
            [(value,) for value in values if value != "as text"],
        )
    return URL.create("sqlite", database=str(path))


def field(family: Family, declared: str, kind: Kind) -> Selection:
    fields = (
        Field(Column("id", Type("INTEGER", Family.INTEGER)), Wire(Kind.INTEGER)),
        Field(Column('a"b', Type(declared, family)), Wire(kind)),
    )
    return Selection("t", fields, ("id",))


def told(url: URL, selection: Selection) -> tuple[list[object], list[tuple[object, object, str]]]:
    """The cells of the column that were read, and what was said of the bad ones."""
    bad: list[BadCell] = []
    with closing(SQLITE.reader(url)) as reader:
        batches = list(reader.read(selection, bad.append))
    cells = [cell for batch in batches for cell in batch[1].to_pylist()]
    return cells, [(each.key, each.raw, each.reason) for each in bad]


# What is declared; what was put in; what is read; what is said of the rest.
Case: TypeAlias = (
    "tuple[tuple[str, Family, Kind], Sequence[object], list[object], list[tuple[object, str]]]"
)
BAD: list[Case] = [
    (
        ("INTEGER", Family.INTEGER, Kind.INTEGER),
        (1, "x", 1.5, b"y", None, 2**63 - 1),
        [1, None, 2**63 - 1],
        [
            ("x", "is a text in a column of integer values"),
            (1.5, "is a float in a column of integer values"),
            (b"y", "is a blob in a column of integer values"),
        ],
    ),
    (
        ("", Family.FLOAT, Kind.FLOAT),
        (1, 2**53 + 1, 0.5, math.inf, "x"),
        [1.0, 0.5, math.inf],
        [
            (2**53 + 1, "is an integer in a column of float values"),
            ("x", "is a text in a column of float values"),
        ],
    ),
    (
        ("NUMERIC", Family.DECIMAL, Kind.DECIMAL),
        (1, 1.5, 2**53 + 1, "NaN", None, b"x"),
        ["1", "1.5", "9007199254740993", "NaN", None],
        [(b"x", "is a blob in a column of decimal values")],
    ),
    (
        ("TEXT", Family.TEXT, Kind.TEXT),
        ("a\0b", b"blob", None, ""),
        ["a\0b", None, ""],
        [(b"blob", "is a blob in a column of text values")],
    ),
    (
        ("", Family.TEXT, Kind.TEXT),
        (5, "5"),
        ["5"],
        [(5, "is an integer in a column of text values")],
    ),
    (
        ("TEXT", Family.TEXT, Kind.TEXT),
        ("as text", b"ok", b"\xed\xa0\x80", b"\xff"),
        ["ok"],
        [(b"\xed\xa0\x80", "is not valid UTF-8"), (b"\xff", "is not valid UTF-8")],
    ),
    (
        ("BLOB", Family.TEXT, Kind.TEXT),
        ("as text", b"ok", b"\xff"),
        ["ok"],
        [(b"\xff", "is not valid UTF-8")],
    ),
    (
        ("JSON", Family.JSON, Kind.JSON),
        ("[1]", 1, 0.5),
        ["[1]", "1", "0.5"],
        [],
    ),
]


@pytest.mark.parametrize("case", BAD)
def test_a_value_that_is_not_of_its_column_is_named_and_left_out(
    tmp_path: Path, case: Case
) -> None:
    (declared, family, kind), values, good, bad = case
    cells, said = told(file_of(tmp_path, declared, *values), field(family, declared, kind))
    assert cells == good
    assert [(value, reason) for _, value, reason in said] == bad
    kept = [value for value in values if value != "as text"]
    assert [key for key, _, _ in said] == [(kept.index(value) + 1,) for value, _ in bad]


def test_invalid_text_is_named_beside_mixed_values(tmp_path: Path) -> None:
    url = file_of(tmp_path, "TEXT", b"blob")
    with closing(sqlite3.connect(url.database or "")) as connection, connection:
        connection.execute("INSERT INTO t VALUES (2, CAST(x'ff' AS TEXT))")
    _, said = told(url, field(Family.TEXT, "TEXT", Kind.TEXT))
    assert said[1] == ((2,), b"\xff", "is not valid UTF-8")


def test_a_bad_cell_is_an_error_if_nobody_takes_it(tmp_path: Path) -> None:
    url = file_of(tmp_path, "INTEGER", "x")
    with closing(SQLITE.reader(url)) as reader, pytest.raises(CellsRefused, match=r"key \(1,\)"):
        next(reader.read(field(Family.INTEGER, "INTEGER", Kind.INTEGER)))


def test_columns_of_any_first_value_are_read_fast(tmp_path: Path) -> None:
    url = file_of(tmp_path, "TEXT", *[None] * 70_000, "last")
    selection = field(Family.TEXT, "TEXT", Kind.TEXT)
    with closing(SQLITE.reader(url)) as reader:
        assert reader.unsafe(selection) == ()  # type: ignore[attr-defined]
        batches = list(reader.read(selection))
    assert sum(batch.num_rows for batch in batches) == 70_001
    assert batches[-1][1][-1].as_py() == "last"


def test_columns_with_values_of_other_kinds_are_named(tmp_path: Path) -> None:
    url = file_of(tmp_path, "INTEGER", 1, "x")
    with closing(SQLITE.reader(url)) as reader:
        selection = field(Family.INTEGER, "INTEGER", Kind.INTEGER)
        assert reader.unsafe(selection) == ('a"b',)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("family", "declared", "kind", "orders"),
    [
        (Family.DECIMAL, "DECIMAL(9,2)", Kind.DECIMAL, True),
        (Family.TEXT, "TEXT", Kind.DECIMAL, False),
        (Family.TEXT, "TEXT", Kind.TEXT, True),
        (Family.JSON, "JSON", Kind.JSON, False),
    ],
)
def test_rows_are_ordered_only_by_what_others_order_alike(
    tmp_path: Path, family: Family, declared: str, kind: Kind, *, orders: bool
) -> None:
    selection = field(family, declared, kind)
    with closing(SQLITE.reader(file_of(tmp_path, declared))) as reader:
        assert reader.orders(selection.fields[1]) is orders


def test_a_literal_of_a_key_is_of_its_kind(tmp_path: Path) -> None:
    url = file_of(tmp_path, "BLOB", b"\x01", b"\xff")
    selection = field(Family.BINARY, "BLOB", Kind.BINARY)
    part = Selection("t", selection.fields, ('a"b',), (b"\x01",))
    assert told(url, part)[0] == [b"\xff"]


def test_no_packages_no_wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dbparity.backends.wires.sqlite", raising=False)
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite.dbapi", None)
    with pytest.raises(DriverMissing, match=r"pip install 'dbparity\[transfer\]'"):
        SQLITE.reader(URL.create("sqlite", database="x"))


class Busy(sqlite3.Connection):
    """While it begins to read, somebody else writes, three times."""

    left = 3

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401
        if statement == "BEGIN" and self.left:
            self.left -= 1
            (_, _, name) = super().execute("PRAGMA database_list").fetchone()
            with closing(sqlite3.connect(name)) as other, other:
                other.execute("INSERT INTO t DEFAULT VALUES")
        return super().execute(statement, *values)


def test_both_drivers_see_the_same_state_of_a_busy_file(tmp_path: Path) -> None:
    url = file_of(tmp_path, "TEXT", "a")
    name = str(url.database)
    with closing(sqlite3.connect(name)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    rows = sqlite3.connect(name, factory=Busy, isolation_level=None)
    arrow = adbc.connect(name, autocommit=True)
    with closing(rows), closing(arrow), arrow.cursor() as cursor:
        _begin_alike(rows, arrow, Path(name).as_uri())
        with closing(sqlite3.connect(name)) as other, other:
            other.execute("INSERT INTO t DEFAULT VALUES")
        cursor.execute("SELECT count(*) FROM t")
        assert cursor.fetchone() == rows.execute("SELECT count(*) FROM t").fetchone() == (4,)
