from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.dialects import sqlite

from dbparity.conformance.reading import (
    changed_cells,
    cure,
    paired,
    returned,
    severity,
    shown,
    value_changed,
)
from dbparity.results import Severity

NOON = datetime(2024, 5, 6, 12)  # noqa: DTZ001  # what DateTime() holds
KATHMANDU = timezone(timedelta(hours=5, minutes=45))


class Lower(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and value.lower()


class NeverNull(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str:  # noqa: ARG002
        return value or "nothing"


def table() -> Table:
    return Table(
        "t",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("at", DateTime),
        Column("size", Float),
        Column("name", Lower),
        Column("note", NeverNull),
    )


def test_a_value_that_is_read_as_written_is_no_changed_cell() -> None:
    row = {"id": 1, "at": NOON, "size": 0.5}

    assert list(changed_cells(sqlite.dialect(), table(), row, dict(row))) == []


def test_another_value_is_a_changed_cell() -> None:
    (cell,) = changed_cells(sqlite.dialect(), table(), {"size": 0.5}, {"size": 0.25})

    assert (cell.column, cell.expected, cell.actual) == ("size", 0.5, 0.25)


def test_what_a_type_of_the_application_does_to_a_value_is_no_change() -> None:
    written, found = {"name": "Ann", "note": None}, {"name": "ann", "note": "nothing"}

    assert list(changed_cells(sqlite.dialect(), table(), written, found)) == []


def test_what_a_type_of_the_application_gives_back_needs_no_database() -> None:
    assert returned(table().c.name, sqlite.dialect(), "Ann") == "ann"
    assert returned(table().c.note, sqlite.dialect(), None) == "nothing"


def test_a_type_of_sqlalchemy_gives_the_value_back() -> None:
    assert returned(table().c.size, sqlite.dialect(), 0.1) == 0.1


def test_rows_are_paired_by_their_key() -> None:
    written = [{"id": 1, "size": 0.5}, {"id": 2, "size": 0.5}]
    found = [{"id": 2, "size": 0.5}, {"id": 1, "size": 0.25}]

    assert list(paired(table(), written, found)) == list(zip(written, found[::-1], strict=True))


def test_a_row_whose_key_changed_is_paired_with_what_is_left_and_most_like_it() -> None:
    written = [{"id": 1, "size": 0.5}, {"id": 2, "size": 0.75}, {"id": 3, "size": 0.25}]
    found = [{"id": 8, "size": 0.25}, {"id": 2, "size": 0.5}, {"id": 9, "size": 0.5}]

    pairs = {row["id"]: other["id"] for row, other in paired(table(), written, found)}

    assert pairs == {1: 9, 2: 2, 3: 8}


def test_a_column_has_one_finding_with_its_worst_cell() -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "abc"}, {"id": 3, "name": "d"}]
    found = [{"id": 1, "name": "a "}, {"id": 2, "name": "x"}, {"id": 3, "name": "d "}]
    pairs = zip(rows, found, strict=True)
    cells = [c for pair in pairs for c in changed_cells(sqlite.dialect(), table(), *pair)]

    (finding,) = value_changed(table(), cells)

    assert (finding.code, finding.severity) == ("VALUE-CHANGED", Severity.LOST)
    assert (finding.place.table, finding.place.column, finding.place.key) == ("t", "name", "2")
    assert (finding.expected, finding.actual) == ("'abc'", "'x'")


@pytest.mark.parametrize(
    ("expected", "actual", "outcome"),
    [
        (NOON.replace(microsecond=1), NOON, Severity.LOST),
        (NOON.replace(tzinfo=UTC), NOON, Severity.WRONG),
        (NOON.replace(tzinfo=KATHMANDU), NOON, Severity.LOST),
        ("a  ", "a", Severity.WRONG),
        ("abc", "ab", Severity.LOST),
        (None, 0, Severity.LOST),
        (1, "1", Severity.WRONG),
    ],
)
def test_what_is_gone_is_lost_and_what_has_another_form_is_wrong(
    expected: object, actual: object, outcome: Severity
) -> None:
    assert severity(expected, actual) is outcome


@pytest.mark.parametrize(
    ("expected", "actual", "words"),
    [
        (NOON.replace(microsecond=1), NOON, "DATETIME(fsp=6)"),
        (time(1, 2, 3, 4), time(1, 2, 3), "DATETIME(fsp=6)"),
        (timedelta(microseconds=1), timedelta(0), "DATETIME(fsp=6)"),
        (NOON.replace(tzinfo=UTC), NOON, "TypeDecorator"),
        (0.1, 0.10000000149011612, "Double"),
        (Decimal("1.25"), Decimal(1), "scale"),
        (Decimal("1.25"), 1, "scale"),
        (Decimal("1.01"), Decimal("1.0100000001"), "whole numbers"),
        ("a  ", "a", "CHAR"),
        ("abc", "ab", "length"),
        (b"abc", b"ab", "length"),
        ({"a": 1}, None, "TypeDecorator"),
    ],
)
def test_the_cure_fits_the_loss(expected: object, actual: object, words: str) -> None:
    assert words in cure(expected, actual)


def test_a_long_value_is_cut() -> None:
    assert shown("x" * 1000) == "'" + "x" * 499 + "… (1002 characters)"
    assert shown("x") == "'x'"
