from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.synthesis.search import search

if TYPE_CHECKING:
    from dbparity.synthesis.choices import Row
    from dbparity.synthesis.search import Recipe

ROW: Row = {"a": 1, "b": 2}
A: list[Row] = [{"a": 5}, {"a": 6}, {"a": None}]
B: list[Row] = [{"b": 7}, {"b": None}]


def test_the_fewest_changes_come_first() -> None:
    found = search(ROW, {("a",): A, ("b",): B}, lambda row: 7 in row.values(), limit=100)
    assert found == ({"a": 1, "b": 7}, ((("b",), 0),))


def test_nothing_becomes_null_while_something_else_would_do() -> None:
    found = search(
        ROW, {("a",): A, ("b",): B}, lambda row: row["a"] != 1 and row["b"] != 2, limit=100
    )
    assert found is not None
    assert found[0] == {"a": 5, "b": 7}


def test_several_may_become_null_together() -> None:
    found = search(ROW, {("a",): A, ("b",): B}, lambda row: {*row.values()} == {None}, limit=100)
    assert found is not None
    assert found[0] == {"a": None, "b": None}


def test_what_has_worked_before_is_tried_first() -> None:
    found = search(ROW, {("a",): A}, lambda row: row["a"] != 1, first=[((("a",), 1),)], limit=100)
    assert found is not None
    assert found[0]["a"] == 6


def test_what_has_worked_for_other_columns_is_passed_over() -> None:
    elsewhere: list[Recipe] = [((("z",), 0),), ((("a",), 9),)]
    found = search(ROW, {("a",): A}, lambda row: row["a"] != 1, first=elsewhere, limit=100)
    assert found is not None
    assert found[0]["a"] == 5


def test_the_search_ends_at_its_limit() -> None:
    assert search(ROW, {("a",): A}, lambda row: row["a"] == 6, limit=1) is None
