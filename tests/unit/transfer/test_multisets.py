"""Tables without a key are compared by how many of each row there are."""

from __future__ import annotations

import pytest

from dbparity.transfer.tallies import SHOWN, Aside, Comparison
from tests.support.sides import Make, compared, make, told, write

__all__ = ["make"]

TABLE = "CREATE TABLE t (n INTEGER, d DECIMAL, f REAL, w TEXT, b BLOB, at DATETIME, j JSON TEXT)"
ROWS = (
    "INSERT INTO t VALUES (1, 1.5, 0.5, 'a', x'00', '2024-01-01', '{\"a\": 1}')",
    "INSERT INTO t VALUES (1, 1.5, 0.5, 'a', x'00', '2024-01-01', '{\"a\": 1}')",
    "INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "INSERT INTO t (w, b) VALUES ('', x'')",
    "INSERT INTO t (n, f) VALUES (2, 9e999)",
)


@pytest.fixture
def sides(make: Make) -> tuple[str, str]:
    """The same rows on both sides, in another order."""
    return make("left", TABLE, *ROWS), make("right", TABLE, *reversed(ROWS))


def codes(comparison: Comparison) -> dict[str, int]:
    return dict(comparison.counts)


def test_the_order_of_rows_does_not_matter(sides: tuple[str, str]) -> None:
    assert compared(*sides) == Comparison((5, 5))


def test_two_spellings_of_a_value_are_one(sides: tuple[str, str]) -> None:
    write(
        sides[1],
        "UPDATE t SET at = '2024-01-01 00:00:00.000', j = '{ \"a\" : 1.0 }' WHERE n = 1",
    )
    assert compared(*sides) == Comparison((5, 5))


def test_a_row_that_is_there_once_too_often_is_found(sides: tuple[str, str]) -> None:
    write(sides[1], ROWS[0], ROWS[0])
    doubled, count = compared(*sides).findings
    assert doubled.code == "DATA-ROW-DOUBLED"
    assert doubled.message == "the right side has the row 2 times more"
    assert (count.expected, count.actual) == ("5 rows", "7 rows")


def test_a_row_that_is_there_once_too_few_is_found(sides: tuple[str, str]) -> None:
    write(sides[1], "DELETE FROM t WHERE rowid = (SELECT max(rowid) FROM t WHERE n = 1)")
    doubled, _ = compared(*sides).findings
    assert doubled.message == "the left side has the row once more"


def test_null_is_not_an_empty_text(sides: tuple[str, str]) -> None:
    write(sides[1], "UPDATE t SET w = NULL, b = NULL WHERE w = ''")
    assert codes(compared(*sides)) == {"DATA-ROW-MISSING": 1, "DATA-ROW-DOUBLED": 1}


def test_cells_do_not_flow_into_each_other(make: Make) -> None:
    create = "CREATE TABLE t (a TEXT, b TEXT)"
    left = make("left", create, "INSERT INTO t VALUES ('ab', 'c')")
    right = make("right", create, "INSERT INTO t VALUES ('a', 'bc')")
    assert codes(compared(left, right)) == {"DATA-ROW-MISSING": 1, "DATA-ROW-EXTRA": 1}


@pytest.mark.parametrize("change", ["f = 0.5000000000000001", "d = 1.51", "w = 'A'", "b = x'01'"])
def test_the_slightest_change_is_found(sides: tuple[str, str], change: str) -> None:
    write(sides[1], f"UPDATE t SET {change} WHERE n = 1")
    missing, extra = told(compared(*sides))
    assert missing[0] == "DATA-ROW-MISSING"
    assert extra[0] == "DATA-ROW-EXTRA"
    assert missing[2] == (
        "n=1, d=1.5, f=0.5, w='a', b=0x00, at=2024-01-01 00:00:00.000000, j={\"a\": 1}"
    )


def test_all_rows_are_counted_and_the_first_ones_shown(make: Make) -> None:
    create = "CREATE TABLE t (n INTEGER)"
    rows = [f"INSERT INTO t VALUES ({n})" for n in range(SHOWN + 20)]
    found = compared(make("left", create, *rows), make("right", create))
    assert codes(found) == {"DATA-ROW-MISSING": SHOWN + 20}
    assert len(found.findings) == SHOWN + 2


def test_rows_with_keys_that_nobody_orders_are_paired(make: Make) -> None:
    create = "CREATE TABLE t (k JSON TEXT NOT NULL PRIMARY KEY, v TEXT)"
    rows = [f"INSERT INTO t VALUES ('[{n}]', 'v')" for n in range(SHOWN + 20)]
    left, right = make("left", create, *rows), make("right", create, *rows)
    write(right, "UPDATE t SET v = 'w' WHERE k = '[7]'")
    assert told(compared(left, right)) == [("DATA-CELL-DIFFERS", "t.v[k=[7]]", "'v'", "'w'")]
    write(right, "UPDATE t SET v = 'w'")
    assert codes(compared(left, right)) == {"DATA-CELL-DIFFERS": SHOWN + 20}


BAD = "CREATE TABLE t (n INTEGER, w TEXT)"


@pytest.fixture
def bad(make: Make) -> tuple[str, str]:
    rows = "INSERT INTO t VALUES (1, 'a'), ('x', 'b'), ('x', 'c')"
    return make("left", BAD, rows), make("right", BAD, rows)


def test_values_that_cannot_be_carried_are_noted(bad: tuple[str, str]) -> None:
    comparison = compared(*bad)
    (note,) = comparison.findings
    assert note.severity == "note"
    assert comparison.rows == (3, 3)


def test_values_that_cannot_be_carried_are_compared(bad: tuple[str, str]) -> None:
    write(bad[1], "UPDATE t SET n = 'y' WHERE w = 'c'")
    values = [(expected, actual) for _, _, expected, actual in told(compared(*bad))]
    assert sorted(values) == [("'x'", "no such value"), ("no such value", "'y'")]


def test_such_rows_are_compared_without_the_value(bad: tuple[str, str]) -> None:
    write(bad[1], "UPDATE t SET w = 'd' WHERE w = 'c'")
    assert [(code, e, a) for code, _, e, a in told(compared(*bad))] == [
        ("DATA-ROW-MISSING", "w='c'", "no such row"),
        ("DATA-ROW-EXTRA", "no such row", "w='d'"),
    ]


def test_a_table_of_such_values_alone(make: Make) -> None:
    create, rows = "CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES ('x'), ('y'), ('y')"
    left, right = make("left", create, rows), make("right", create, rows)
    assert codes(compared(left, right)) == {}
    write(right, "INSERT INTO t VALUES ('y'), ('y')")
    (finding,) = compared(left, right).findings
    assert finding.message == (
        "the right side has a value 2 times that is a text in a column of integer values"
    )


def test_rows_that_were_set_aside_are_known_by_all_their_cells(sides: tuple[str, str]) -> None:
    write(sides[1], "DELETE FROM t WHERE n = 1")
    row = ("1", "1.5", "0.5", "'a'", "0x00", "2024-01-01 00:00:00.000000", '{"a": 1}')
    assert compared(*sides, Aside({row: 2})) == Comparison((5, 3), 2)
    once, _ = compared(*sides, Aside({row: 1})).findings
    assert once.code == "DATA-ROW-MISSING"


def test_rows_that_were_set_aside_unread_are_counted(bad: tuple[str, str]) -> None:
    write(bad[1], "DELETE FROM t WHERE n = 'x'")
    assert compared(*bad, Aside(nameless=2)) == Comparison((3, 1), 2)
    assert "DATA-ROW-MISSING" in codes(compared(*bad, Aside(nameless=1)))
