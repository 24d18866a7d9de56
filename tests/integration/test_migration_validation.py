"""MigrationValidator on live databases, whichever driver their URLs name."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import main
from dbparity.results import Outcome, Severity
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dbparity.results import Report
    from dbparity.servers.database import Database

    Lease = Callable[..., AbstractContextManager[Database]]

pytestmark = pytest.mark.server

SHOP = (
    "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))",
    (
        "CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER, "
        "CONSTRAINT by_user FOREIGN KEY (user_id) REFERENCES users (id))"
    ),
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Bo')",
    "INSERT INTO posts VALUES (1, 1), (2, NULL)",
)


def execute(database: Database, statements: tuple[str, ...]) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def validated(left: Database, right: Database) -> Report:
    return MigrationValidator(left.url, right.url).validate()


def test_a_url_of_every_driver_leads_to_the_same_rows(lease: Lease) -> None:
    with lease(empty=True) as left, lease(empty=True) as right:
        for database in (left, right):
            database.run(partial(execute, statements=SHOP))
        report = validated(left, right)
        assert report.findings == ()
        assert {result.outcome for result in report.results} == {Outcome.PASSED}
        right.run(partial(execute, statements=("UPDATE users SET name = 'bo' WHERE id = 2",)))
        (finding,) = validated(left, right).findings
        assert str(finding.place) == "users.name[id=2]"
        assert (finding.expected, finding.actual) == ("'Bo'", "'bo'")


@pytest.mark.any_driver
def test_what_an_application_does_not_see_is_compared(lease: Lease) -> None:
    with lease(empty=True) as left, lease(empty=True) as right:
        for database in (left, right):
            database.run(partial(execute, statements=SHOP))
        right.run(partial(execute, statements=("DELETE FROM posts WHERE id = 2",)))
        found = {finding.code: finding for finding in validated(left, right).findings}
        assert found["DATA-ROW-MISSING"].expected == "id=2, user_id=NULL"
        assert found["DATA-COUNT"].severity is Severity.LOST


@pytest.mark.parametrize("name", ["chinook", "northwind", "sakila", "employees_small"])
def test_a_database_is_equal_to_its_copy(name: str, tmp_path: Path) -> None:
    folder = os.environ.get("DBPARITY_SAMPLE_DATA")
    if folder is None:
        pytest.skip("DBPARITY_SAMPLE_DATA names no folder with the sample databases")
    source = Path(folder) / f"{name}.sqlite"
    copied = Path(shutil.copy(source, tmp_path / "copied.sqlite"))
    assert main(["verify", f"sqlite:///{source}", f"sqlite:///{copied}"]) == 0
