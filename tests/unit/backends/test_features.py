"""Claims for versions that the tests have no server of."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import Refusal
from dbparity.backends.mariadb import MariaDB
from dbparity.backends.sqlite import SQLite


@pytest.mark.parametrize(
    ("feature", "since"),
    [
        ("nulls_last_syntax", (3, 30)),
        ("insert_returning", (3, 35)),
        ("update_returning", (3, 35)),
        ("delete_returning", (3, 35)),
        ("full_outer_join", (3, 39)),
    ],
)
def test_sqlite_can_do_it_since_a_version(feature: str, since: tuple[int, int]) -> None:
    major, minor = since
    assert getattr(SQLite().features((major, minor, 0)), feature)
    assert not getattr(SQLite().features((major, minor - 1, 9)), feature)


def test_mariadb_skips_locked_rows_since_10_6() -> None:
    assert MariaDB().features((10, 6, 0)).row_locks
    assert not MariaDB().features((10, 5, 9)).row_locks


def test_error_without_a_code_is_no_known_refusal() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text("SELECT :value"), {"value": object()})
    engine.dispose()
    assert isinstance(refused.value.orig, sqlite3.Error)
    assert SQLite().refusal(refused.value) is Refusal.OTHER
