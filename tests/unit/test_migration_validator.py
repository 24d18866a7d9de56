"""MigrationValidator finds whatever two databases hold differently, and nothing where they do not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL, create_engine

from dbparity.errors import DatabaseUnreachable, SourceInvalid, TargetIsSource, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import Finding, Outcome, Place, Severity
from dbparity.transfer.aside import SetAside
from dbparity.transfer.ends import end
from dbparity.transfer.sampling import Sample
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from pathlib import Path

Make = Callable[..., str]
SHOP = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(20), born DATETIME)",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, price DECIMAL)",
    "CREATE TABLE notes (words TEXT)",
    "INSERT INTO users VALUES (1, 'Ada', '1815-12-10 00:00:00'), (2, 'Bo', NULL)",
    "INSERT INTO posts VALUES (1, 1, 1.5), (2, 2, NULL), (3, NULL, 7)",
    "INSERT INTO notes VALUES ('a'), ('a'), (NULL)",
)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make the shop in a file, and more of it by further statements; return its URL."""

    def made(name: str, *statements: str, shop: tuple[str, ...] = SHOP) -> str:
        url = f"sqlite:///{tmp_path / name}"
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in (*shop, *statements):
                connection.exec_driver_sql(statement)
        engine.dispose()
        return url

    return made


def found(make: Make, *statements: str, left: tuple[str, ...] = ()) -> list[Finding]:
    """What a shop that was changed differs in from one that was not."""
    validator = MigrationValidator(make("left", *left), make("right", *statements))
    return list(validator.validate().findings)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.code, str(each.place)) for each in findings]


def test_equal_databases_have_no_findings(make: Make) -> None:
    report = MigrationValidator(make("left"), make("right")).validate()
    assert report.findings == ()
    assert {result.category for result in report.results} == {
        "schema",
        "data",
        "relations",
        "numbers",
    }
    assert {result.outcome for result in report.results} == {Outcome.PASSED}


def test_a_cell_is_told_with_its_table_column_key_and_both_values(make: Make) -> None:
    (finding,) = found(make, "UPDATE users SET name = 'ada' WHERE id = 1")
    assert finding.code == "DATA-CELL-DIFFERS"
    assert finding.place == Place("users", "name", "id=1")
    assert (finding.expected, finding.actual) == ("'Ada'", "'ada'")
    assert finding.severity is Severity.LOST
