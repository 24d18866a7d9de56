from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import SnapshotInvalid
from dbparity.snapshots import Column, Family, Snapshot, Table, Type
from tests.support.catalogues import mysql, postgresql, sqlite
from tests.support.catalogues.sqlite import BINARY

if TYPE_CHECKING:
    from tests.support.catalogues.cases import Case

CASES = {
    f"{product} {name}": case
    for product, cases in {
        "SQLite": sqlite.CASES,
        "PostgreSQL": postgresql.CASES,
        "MySQL": mysql.MYSQL,
        "MariaDB": mysql.MARIADB,
    }.items()
    for name, case in cases.items()
}
TABLE = Table("t", (Column("a", Type("INTEGER", Family.INTEGER)),))
SNAPSHOT = Snapshot("", "sqlite", "3.40.1", (TABLE,))


def snapshot_of(case: Case) -> Snapshot:
    expected = case.expected(BINARY, (99,))
    tables = tuple(each for each in expected if isinstance(each, Table))
    views = tuple(each for each in expected if not isinstance(each, Table))
    return Snapshot("a database", "a backend", "1.2", tables, views)


@pytest.mark.parametrize("name", CASES)
def test_json_keeps_every_attribute(name: str) -> None:
    snapshot = snapshot_of(CASES[name])
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


def test_json_is_made_to_be_read_by_line() -> None:
    assert '\n      "name": "t",\n' in SNAPSHOT.to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": 1}', "no JSON"])
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(SnapshotInvalid):
        Snapshot.from_json(text)


def test_snapshot_of_a_later_format_is_refused_with_both_numbers() -> None:
    later = json.loads(SNAPSHOT.to_json()) | {"format": 2}
    with pytest.raises(SnapshotInvalid, match=r"format 2, not 1"):
        Snapshot.from_json(json.dumps(later))


def test_tables_and_columns_are_found_by_their_names() -> None:
    assert SNAPSHOT.table("t") is TABLE
    assert SNAPSHOT.table("T") is None
    assert TABLE.column("a") is TABLE.columns[0]
    assert TABLE.column("b") is None
