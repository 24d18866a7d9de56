"""Two tables are compared cell by cell; what differs is named, whatever the order of the rows."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from dbparity.errors import RowsUnreadable
from dbparity.transfer import comparing
from dbparity.transfer.comparing import compare
from dbparity.transfer.ends import end
from dbparity.transfer.tallies import SHOWN, Aside, Comparison
from tests.support.sides import Make, compared, make, told, way_between, write

__all__ = ["make"]

MANY = 20_000
ROWS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    "INSERT INTO t SELECT {columns} FROM n"
)
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, price REAL)"


@pytest.fixture
def sides(make: Make) -> tuple[str, str]:
    """The same rows twice."""
    rows = ROWS.format(count=MANY, columns="i * 2, 'body ' || i, i / 8.0")
    return make("left", TABLE, rows), make("right", TABLE, rows)


def codes(comparison: Comparison) -> dict[str, int]:
    return dict(comparison.counts)


def test_equal_tables_have_no_findings(sides: tuple[str, str]) -> None:
    assert compared(*sides) == Comparison((MANY, MANY))


def test_rows_are_told_to_be_done_up_to_the_last(sides: tuple[str, str]) -> None:
    left, right = map(end, sides)
    done: list[int] = []
    with closing(left.reader()) as one, closing(right.reader()) as other:
        compare(way_between(left, right), one, other, tell=done.append)
    assert done == sorted(done)
    assert done[-1] == MANY


def test_one_changed_cell_is_named(sides: tuple[str, str]) -> None:
    write(sides[1], "UPDATE t SET body = 'x' WHERE id = 30000")
    assert told(compared(*sides)) == [
        ("DATA-CELL-DIFFERS", "t.body[id=30000]", "'body 15000'", "'x'")
    ]


@pytest.mark.parametrize("key", [2, 30_000, MANY * 2], ids=["first", "middle", "last"])
def test_a_missing_row_is_named_wherever_it_was(sides: tuple[str, str], key: int) -> None:
    write(sides[1], f"DELETE FROM t WHERE id = {key}")
    missing, count = told(compared(*sides))
    row = f"id={key}, body='body {key // 2}', price={key / 16}"
    assert missing == ("DATA-ROW-MISSING", f"t[id={key}]", row, "no such row")
    assert count == ("DATA-COUNT", "t", f"{MANY:,} rows", f"{MANY - 1:,} rows")


@pytest.mark.parametrize("key", [-1, 30_001, MANY * 2 + 1], ids=["first", "middle", "last"])
def test_an_extra_row_is_named_wherever_it_is(sides: tuple[str, str], key: int) -> None:
    write(sides[1], f"INSERT INTO t VALUES ({key}, NULL, 1)")
    extra = ("DATA-ROW-EXTRA", f"t[id={key}]", "no such row", f"id={key}, body=NULL, price=1.0")
    assert extra in told(compared(*sides))


def test_rows_behind_a_difference_are_still_compared(sides: tuple[str, str]) -> None:
    write(
        sides[1],
        "DELETE FROM t WHERE id IN (10, 20000)",
        "INSERT INTO t VALUES (11, 'new', 0)",
        "UPDATE t SET price = 0.5 WHERE id IN (12, 39998)",
    )
    assert codes(compared(*sides)) == {
        "DATA-ROW-MISSING": 2,
        "DATA-ROW-EXTRA": 1,
        "DATA-CELL-DIFFERS": 2,
    }


def test_all_differences_are_counted_and_the_first_ones_shown(sides: tuple[str, str]) -> None:
    write(sides[1], "DELETE FROM t WHERE id % 4 = 0", "UPDATE t SET body = 'x' WHERE id % 4 = 2")
    found = compared(*sides)
    assert codes(found) == {"DATA-ROW-MISSING": MANY // 2, "DATA-CELL-DIFFERS": MANY // 2}
    for code in codes(found):
        *shown, last = (each for each in found.findings if each.code == code)
        assert len(shown) == SHOWN
        assert last.message == f"{MANY // 2:,} in all; {SHOWN} of them are shown"


def test_two_tables_without_a_row_in_common(sides: tuple[str, str]) -> None:
    write(sides[1], "UPDATE t SET id = -id")
    assert codes(compared(*sides)) == {"DATA-ROW-MISSING": MANY, "DATA-ROW-EXTRA": MANY}


def test_an_empty_side(sides: tuple[str, str]) -> None:
    write(sides[0], "DELETE FROM t")
    assert codes(compared(*sides)) == {"DATA-ROW-EXTRA": MANY}


def test_a_row_that_is_there_twice_is_told_apart_from_a_new_one(make: Make) -> None:
    left = make(
        "left", "CREATE TABLE t (k INT PRIMARY KEY NOT NULL)", "INSERT INTO t VALUES (1),(2)"
    )
    right = make(
        "right",
        "CREATE TABLE t (k INT NOT NULL)",
        "INSERT INTO t VALUES (1), (2), (2), (3), (3)",
    )
    doubled = [each for each in compared(left, right).findings if each.code == "DATA-ROW-DOUBLED"]
    assert [str(each.place) for each in doubled] == ["t[k=2]", "t[k=3]"]
    assert {each.message for each in doubled} == {"the right side has the row once more"}


KEYS = {
    "REAL": ("-1e300", "-0.5", "0.0", "2.5", "9e999"),
    "DECIMAL(9,2)": ("-10.5", "-1", "0", "2", "10"),
    "DATE": ("'0999-01-01'", "'2024-02-28'", "'2024-02-29'", "'2024-03-01'", "'9999-01-01'"),
    "DATETIME": (
        "'0001-01-01 00:00:00'",
        "'2024-01-01 00:00:00'",
        "'2024-01-01 00:00:00.000001'",
        "'2024-01-01 00:00:01'",
        "'12024-01-01 00:00:00'",
    ),
    "UUID": tuple(f"'{digit * 8}-0000-0000-0000-000000000000'" for digit in "0123a"),
    "TEXT": ("''", "'A'", "'a'", "'a '", "'é'"),
    "BLOB": ("x''", "x'00'", "x'0001'", "x'ff'", "x'ff00'"),
    "BOOLEAN": ("0", "1", "2", "3", "4"),
    # Those of which nobody says how they are ordered.
    "TIME": ("'00:00:00'", "'00:00:01'", "'12:00:00'", "'23:59:59'", "'24:00:00'"),
    "JSON TEXT": ("'1'", "'[]'", "'{}'", "'null'", "'\"a\"'"),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("lost", range(5))
def test_rows_are_told_apart_by_keys_of_every_kind(make: Make, kind: str, lost: int) -> None:
    cells = KEYS[kind]
    create = f"CREATE TABLE t (k {kind} NOT NULL PRIMARY KEY, v TEXT)"
    rows = [f"INSERT INTO t VALUES ({cell}, 'v')" for cell in cells]
    left, right = make("left", create, *rows), make("right", create, *rows)
    assert compared(left, right).findings == ()
    write(
        right,
        f"DELETE FROM t WHERE k = {cells[lost]}",
        f"UPDATE t SET v = 'w' WHERE k = {cells[lost - 1]}",
    )
    assert codes(compared(left, right)) == {"DATA-ROW-MISSING": 1, "DATA-CELL-DIFFERS": 1}


def test_rows_are_told_apart_by_several_columns(make: Make) -> None:
    create = "CREATE TABLE t (a INT NOT NULL, b TEXT NOT NULL, c INT, PRIMARY KEY (a, b))"
    rows = "INSERT INTO t VALUES (1, 'a', 1), (1, 'b', 1), (2, 'a', 1)"
    left, right = make("left", create, rows), make("right", create, rows)
    write(right, "UPDATE t SET c = 2 WHERE a = 1 AND b = 'b'", "DELETE FROM t WHERE a = 2")
    places = [place for _, place, _, _ in told(compared(left, right))]
    assert places == ["t.c[a=1, b='b']", "t[a=2, b='a']", "t"]


DISORDER = {
    "capitals of UUIDs": ("UUID", ["A", "a", "b", "B"]),
    "offsets": ("DATETIME", ["2024-01-01 00:00:00+05:00", "2024-01-01 00:00:00", "2023-12-31"]),
    "no dates": ("DATE", ["2024-01-01", "infinity", "-infinity"]),
    "no numbers": ("DECIMAL", ["1", "x", "y"]),
    "NaN among numbers": ("DECIMAL", ["1", "NaN", "2"]),
}


@pytest.mark.parametrize("name", DISORDER)
def test_keys_of_another_order_are_no_differences(make: Make, name: str) -> None:
    kind, cells = DISORDER[name]
    if kind == "UUID":
        cells = [f"{cell * 8}-0000-0000-0000-{place:012}" for place, cell in enumerate(cells)]
    create = f"CREATE TABLE t (k {kind} NOT NULL PRIMARY KEY, v TEXT)"
    rows = [f"INSERT INTO t VALUES ('{cell}', 'v')" for cell in cells]
    left, right = make("left", create, *rows), make("right", create, *rows[:-1])
    assert codes(compared(left, right)) == {"DATA-ROW-MISSING": 1}


def test_rows_that_are_spelled_in_another_order_are_found(make: Make) -> None:
    create = "CREATE TABLE t (k UUID NOT NULL PRIMARY KEY)"
    tokens = [f"{n:08x}-0000-0000-0000-00000000000a" for n in range(0, 60_000, 3)]
    rows = [f"INSERT INTO t VALUES ('{token}')" for token in tokens]
    odd = f"INSERT INTO t VALUES ('{'B' * 8}-0000-0000-0000-000000000000')"
    left, right = make("left", create, *rows, odd), make("right", create, *rows[1:], odd.lower())
    assert codes(compared(left, right)) == {"DATA-ROW-MISSING": 1}


BAD = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, d DATE, other TEXT)"
BAD_ROWS = "INSERT INTO t VALUES (1, 1, '2024-01-01', 'a'), (2, 'x', 7, 'b'), (3, 3, 'd', x'ff')"


@pytest.fixture
def bad(make: Make) -> tuple[str, str]:
    """Rows with values that the wires of their columns cannot carry."""
    return make("left", BAD, BAD_ROWS), make("right", BAD, BAD_ROWS)


def test_values_that_cannot_be_carried_are_equal_if_both_sides_have_them(
    bad: tuple[str, str],
) -> None:
    assert compared(*bad) == Comparison((3, 3))


@pytest.mark.parametrize(
    ("change", "place", "expected", "actual"),
    [
        ("n = 'y' WHERE id = 2", "t.n[id=2]", "'x'", "'y'"),
        ("n = 5 WHERE id = 2", "t.n[id=2]", "'x'", "5"),
        ("n = 'z' WHERE id = 1", "t.n[id=1]", "1", "'z'"),
        ("other = x'fe' WHERE id = 3", "t.other[id=3]", "0xff", "0xfe"),
    ],
)
def test_a_value_that_cannot_be_carried_is_compared_as_it_is(
    bad: tuple[str, str], change: str, place: str, expected: str, actual: str
) -> None:
    write(bad[1], f"UPDATE t SET {change}")
    assert told(compared(*bad)) == [("DATA-CELL-UNREADABLE", place, expected, actual)]


def test_the_other_cells_of_such_a_row_are_compared(bad: tuple[str, str]) -> None:
    write(bad[1], "UPDATE t SET d = 8 WHERE id = 2", "UPDATE t SET n = 4 WHERE id = 3")
    assert [place for _, place, _, _ in told(compared(*bad))] == ["t.d[id=2]", "t.n[id=3]"]


def test_such_a_row_that_is_missing_is_told_once(bad: tuple[str, str]) -> None:
    write(bad[1], "DELETE FROM t WHERE id = 2")
    assert codes(compared(*bad)) == {"DATA-ROW-MISSING": 1}


@pytest.mark.parametrize(
    ("kind", "cell"), [("REAL", "5"), ("DECIMAL", "1.10"), ("DECIMAL", "'1.5'")]
)
def test_such_values_are_found_by_keys_of_numbers(make: Make, kind: str, cell: str) -> None:
    create = f"CREATE TABLE t (k {kind} NOT NULL PRIMARY KEY, n INTEGER)"
    rows = f"INSERT INTO t VALUES ({cell}, 'x')"
    left, right = make("left", create, rows), make("right", create, rows)
    write(right, "UPDATE t SET n = 1")
    assert codes(compared(left, right)) == {"DATA-CELL-UNREADABLE": 1}


def test_a_key_that_cannot_be_carried_is_none(make: Make) -> None:
    create = "CREATE TABLE t (k INT NOT NULL PRIMARY KEY, v TEXT)"
    rows = "INSERT INTO t VALUES (1, 'a'), ('x', 'b')"
    left, right = make("left", create, rows), make("right", create, rows)
    (note,) = compared(left, right).findings
    assert note.severity == "note"
    write(right, "UPDATE t SET k = 'y' WHERE v = 'b'")
    assert codes(compared(left, right)) == {"DATA-CELL-UNREADABLE": 2}


def test_rows_that_were_set_aside_are_missing_as_expected(sides: tuple[str, str]) -> None:
    write(sides[1], "DELETE FROM t WHERE id IN (2, 4)")
    assert compared(*sides, Aside({("2",): 1, ("4",): 1})) == Comparison((MANY, MANY - 2), 2)
    (missing, count) = told(compared(*sides, Aside({("2",): 1})))
    assert missing[1] == "t[id=4]"
    assert count[2] == f"{MANY:,} rows, 1 of them set aside"


def test_a_table_that_is_gone_is_told(sides: tuple[str, str]) -> None:
    left, right = map(end, sides)
    way = way_between(left, right)
    with closing(sqlite3.connect(str(right.url.database))) as connection:
        connection.execute("DROP TABLE t")
    with (
        closing(left.reader()) as one,
        closing(right.reader()) as other,
        pytest.raises(RowsUnreadable, match="t could not be read"),
    ):
        compare(way, one, other)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("key", ["INTEGER", "TEXT", "DECIMAL", "JSON TEXT"])
def test_what_is_found_is_what_two_sets_of_rows_differ_in(
    make: Make, monkeypatch: pytest.MonkeyPatch, key: str, seed: int
) -> None:
    monkeypatch.setattr(comparing, "_WINDOW", 4)
    monkeypatch.setattr(comparing, "_STRIDE", 2)
    chance = random.Random(f"{key} {seed}")
    rows = {n: chance.randrange(3) for n in range(chance.randrange(60))}
    other = {n: value for n, value in rows.items() if chance.random() < 0.8}
    other |= {chance.randrange(100, 200): 0 for _ in range(chance.randrange(4))}
    other |= {n: 7 for n in other if chance.random() < 0.1}
    create = f"CREATE TABLE t (k {key} NOT NULL PRIMARY KEY, v INTEGER)"
    urls = [
        make(name, create, *(f"INSERT INTO t VALUES ('{k}', {v})" for k, v in table.items()))
        for name, table in (("left", rows), ("right", other))
    ]
    expected = {
        "DATA-ROW-MISSING": len(rows.keys() - other.keys()),
        "DATA-ROW-EXTRA": len(other.keys() - rows.keys()),
        "DATA-CELL-DIFFERS": sum(rows[k] != other[k] for k in rows.keys() & other.keys()),
    }
    comparison = compared(urls[0], urls[1])
    assert codes(comparison) == {code: count for code, count in expected.items() if count}
    assert comparison.rows == (len(rows), len(other))
