from __future__ import annotations

from sqlalchemy import create_engine, text

from dbparity.schema.contents import Loss, Rows, among, losses, read
from dbparity.snapshots import Column, Family, Key, Snapshot, Table, Type

INTEGER = Type("INTEGER", Family.INTEGER)
PAIRS = Table("pairs", (Column("a", INTEGER), Column("b", INTEGER)), Key("", ("a",)))
BARE = Table("bare", (Column("x", INTEGER),))


def rows(*pairs: tuple[str, str]) -> Rows:
    return Rows(("a", "b"), {(a,): (a, b) for a, b in pairs})


def test_rows_are_read_by_their_key_or_by_all_that_they_are() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE pairs (a INTEGER PRIMARY KEY, b INTEGER)"))
        connection.execute(text("CREATE TABLE bare (x INTEGER)"))
        connection.execute(text("INSERT INTO pairs VALUES (1, NULL), (2, 3)"))
        connection.execute(text("INSERT INTO bare VALUES (7), (7)"))
        found = read(connection, Snapshot("", "sqlite", "3", (BARE, PAIRS)))
    engine.dispose()

    assert found["pairs"] == rows(("1", "NULL"), ("2", "3"))
    assert found["bare"].by_key == {("7", "1"): ("7",), ("7", "2"): ("7",)}


def test_equal_rows_lose_nothing() -> None:
    assert list(losses({"t": rows(("1", "2"))}, {"t": rows(("1", "2"))})) == []


def test_rows_that_are_gone_are_counted_and_named() -> None:
    before = rows(("1", "x"), ("2", "x"), ("3", "x"), ("4", "x"), ("5", "x"))
    (loss,) = losses({"t": before}, {"t": rows(("5", "x"))})

    assert loss == Loss("t", "", "1, 2, 3, ...", "4 of 5 rows are gone", "a=1, b=x", "nothing")


def test_rows_that_have_appeared_are_a_loss_of_the_whole_only() -> None:
    before, after = {"t": rows(("1", "x"))}, {"t": rows(("1", "x"), ("2", "x"))}

    assert [loss.message for loss in losses(before, after)] == ["1 rows have appeared"]
    assert list(losses(before, after, whole=False)) == []


def test_values_that_have_changed_are_told_by_column() -> None:
    (loss,) = losses({"t": rows(("1", "x"), ("2", "y"))}, {"t": rows(("1", "x"), ("2", "z"))})

    assert loss == Loss("t", "b", "2", "1 of 2 values have changed", "y", "z")


def test_a_table_that_is_gone_is_a_loss_if_it_had_rows() -> None:
    (loss,) = losses({"t": rows(("1", "x")), "empty": rows()}, {})

    assert (loss.table, loss.message, loss.before) == ("t", "the table is gone", "1 rows")


def test_a_column_that_is_gone_is_a_loss_if_it_had_values() -> None:
    after = Rows(("a",), {("1",): ("1",)})
    (loss,) = losses({"t": rows(("1", "x"))}, {"t": after})

    assert (loss.column, loss.message) == ("b", "the column is gone")
    assert list(losses({"t": rows()}, {"t": Rows(("a",), {})})) == []


def test_columns_may_have_another_order() -> None:
    turned = Rows(("b", "a"), {("1",): ("x", "1")})

    assert list(losses({"t": rows(("1", "x"))}, {"t": turned})) == []


def test_among_known_rows_are_those_of_known_tables_and_keys() -> None:
    found = {"t": rows(("1", "x"), ("2", "x")), "new": rows(("1", "x"))}

    assert among(found, {"t": rows(("1", "y"))}) == {"t": rows(("1", "x"))}
