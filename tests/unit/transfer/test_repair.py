"""What a repair writes is told before, and makes the right side equal."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from dbparity.errors import RowsMiscounted
from dbparity.transfer import repair as repairing
from dbparity.transfer.repair import Repair
from dbparity.transfer.validator import MigrationValidator
from tests.support.sides import Make, make, write

__all__ = ["make"]

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w INTEGER, x REAL, twice AS (w * 2))"
ROWS = "INSERT INTO t VALUES (1, 'it''s', 1, 0.5), (2, NULL, NULL, NULL), (3, '50 %', 3, -0.0)"


def repair_of(left: str, right: str) -> Repair:
    validator = MigrationValidator(left, right)
    return Repair(*validator.ends, validator.ways)


def repaired(left: str, right: str) -> list[str]:
    """The statements that have made both sides equal."""
    repair = repair_of(left, right)
    statements = list(repair.statements())
    repair.run()
    assert MigrationValidator(left, right).validate().findings == ()
    assert list(repair_of(left, right).statements()) == []
    return statements


@pytest.fixture
def sides(make: Make) -> tuple[str, str]:
    return make("left", TABLE, ROWS), make("right", TABLE, ROWS)


def test_nothing_is_to_be_done_to_equal_tables(sides: tuple[str, str]) -> None:
    assert repaired(*sides) == []


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        ("UPDATE t SET v = 'x' WHERE id = 1", """UPDATE "t" SET "v" = 'it''s' WHERE "id" = 1"""),
        (
            "UPDATE t SET v = 'x', w = 1 WHERE id = 2",
            'UPDATE "t" SET "v" = NULL, "w" = NULL WHERE "id" = 2',
        ),
        (
            "DELETE FROM t WHERE id = 3",
            """INSERT INTO "t" ("id", "v", "w", "x") VALUES (3, '50 %', 3, 0.0)""",
        ),
        ("INSERT INTO t VALUES (9, '', 0, 0)", 'DELETE FROM "t" WHERE "id" = 9'),
    ],
)
def test_each_difference_takes_one_statement(
    sides: tuple[str, str], change: str, statement: str
) -> None:
    write(sides[1], change)
    assert repaired(*sides) == [statement]


def test_keys_of_several_columns_and_odd_names(make: Make) -> None:
    create = (
        'CREATE TABLE "a %s" ("k 1" INT NOT NULL, k2 BLOB NOT NULL, v BLOB, PRIMARY KEY (1, 2))'
    )
    create = create.replace("(1, 2)", '("k 1", k2)')
    rows = """INSERT INTO "a %s" VALUES (1, x'00', x'ff'), (1, x'01', NULL)"""
    left, right = make("left", create, rows), make("right", create, rows)
    write(right, """UPDATE "a %s" SET v = NULL""")
    assert repaired(left, right) == [
        """UPDATE "a %s" SET "v" = x'ff' WHERE "k 1" = 1 AND "k2" = x'00'"""
    ]


WHOLE = ['DELETE FROM "t"', 'INSERT INTO "t" all rows of the left side']


@pytest.mark.parametrize("key", ["INT", "INT NOT NULL", "JSON TEXT NOT NULL PRIMARY KEY"])
def test_rows_that_cannot_be_told_apart_are_written_anew(make: Make, key: str) -> None:
    left = make("left", f"CREATE TABLE t (k {key}, v INT)", "INSERT INTO t VALUES (1, 2), (3, 3)")
    right = make("right", f"CREATE TABLE t (k {key}, v INT)", "INSERT INTO t VALUES (1, 3)")
    assert repaired_once(left, right) == WHOLE


def test_rows_in_another_order_are_written_anew(make: Make) -> None:
    create = "CREATE TABLE t (k UUID NOT NULL PRIMARY KEY)"
    rows = [f"INSERT INTO t VALUES ('{c * 8}-0000-0000-0000-00000000000{c}')" for c in "AbCd"]
    left, right = make("left", create, *rows), make("right", create, *rows[1:])
    assert repaired_once(left, right) == WHOLE


def repaired_once(left: str, right: str) -> list[str]:
    repair = repair_of(left, right)
    statements = list(repair.statements())
    repair.run()
    assert MigrationValidator(left, right).validate().findings == ()
    return statements


def test_a_key_that_comes_twice_is_written_anew(make: Make) -> None:
    left = make("left", "CREATE TABLE t (k INT PRIMARY KEY NOT NULL)", "INSERT INTO t VALUES (1)")
    right = make("right", "CREATE TABLE t (k INT NOT NULL)", "INSERT INTO t VALUES (1), (1)")
    assert repaired_once(left, right) == WHOLE


def test_many_changes_are_written_at_once(
    sides: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairing, "_MOST", 1)
    write(sides[1], "UPDATE t SET v = 'x'")
    assert repaired_once(*sides) == WHOLE


def test_tables_are_written_in_the_order_of_their_references(make: Make) -> None:
    schema = (
        "CREATE TABLE children (id INTEGER PRIMARY KEY, up INTEGER REFERENCES parents)",
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    )
    left = make(
        "left", *schema, "INSERT INTO parents VALUES (1)", "INSERT INTO children VALUES (1, 1)"
    )
    right = make(
        "right", *schema, "INSERT INTO parents VALUES (2)", "INSERT INTO children VALUES (2, 2)"
    )
    assert len(repaired(left, right)) == 4


def test_tables_with_values_that_cannot_be_carried_are_left_alone(make: Make) -> None:
    create = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"
    left = make("left", create, "INSERT INTO t VALUES (1, 'x')")
    right = make("right", create)
    assert list(repair_of(left, right).statements()) == []


def test_all_of_it_is_one_transaction(make: Make) -> None:
    schema = ("CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE b (id INTEGER PRIMARY KEY")
    left = make(
        "left", schema[0], schema[1] + ")", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)"
    )
    right = make("right", schema[0], schema[1] + " CHECK (id > 1))")
    with pytest.raises(Exception, match="CHECK") as refused:
        repair_of(left, right).run()
    assert not isinstance(refused.value, IntegrityError)
    codes = [each.code for each in MigrationValidator(left, right).validate().findings]
    assert codes.count("DATA-ROW-MISSING") == 2


def test_a_row_that_has_changed_meanwhile_stops_the_repair(sides: tuple[str, str]) -> None:
    write(sides[1], "UPDATE t SET v = 'x' WHERE id = 1")
    repair = repair_of(*sides)
    write(sides[1], "DELETE FROM t WHERE id = 1")
    with pytest.raises(RowsMiscounted, match="t took 0 of 1 rows"):
        repair.run()
