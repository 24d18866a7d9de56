"""A key that collides on one backend and not on another is found by comparing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from dbparity.conformance.agreement import compare
from dbparity.conformance.base import perform
from dbparity.conformance.uniqueness import unique_collation
from tests.support.databases import application, sqlite_database

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.results import Result
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.untraced]


def users(collation: str | None = None) -> MetaData:
    metadata = MetaData()
    name = Column("name", String(30, collation=collation), nullable=False, unique=True)
    Table("users", metadata, Column("id", Integer, primary_key=True), name)
    return metadata


def on_sqlite(folder: Path, driver: str, collation: str | None = None) -> Result:
    app, schema = application(users()), users(collation)
    with sqlite_database(folder, app, driver, schema) as database:
        return perform(unique_collation, database)


def differing(*results: Result) -> set[str]:
    return {
        finding.message.removeprefix("the targets do not agree on ").partition(" under ")[0]
        for result in compare(results)
        for finding in result.findings
    }


def test_each_backend_collides_as_its_features_say(lease: Lease, tmp_path: Path) -> None:
    with lease(application(users())) as database:
        result = perform(unique_collation, database)
        features = database.features

    told_apart = {
        "another case": features.case_sensitive,
        "another accent": features.accent_sensitive,
        "another space at the end": features.trailing_space_sensitive,
    }
    reference = on_sqlite(tmp_path, "pysqlite")
    assert differing(result, reference) == {name for name, apart in told_apart.items() if not apart}


def test_one_database_that_collides_by_case_is_named(tmp_path: Path) -> None:
    healthy, planted = on_sqlite(tmp_path, "pysqlite"), on_sqlite(tmp_path, "aiosqlite", "NOCASE")

    (result,) = compare([healthy, planted])

    (finding,) = result.findings
    assert finding.code == "DIVERGES-UNIQUE-COLLATION"
    assert finding.targets == ("sqlite+aiosqlite",)
    assert finding.expected == "another key: accepted on sqlite+pysqlite"
    assert finding.actual == "the same key: refused on sqlite+aiosqlite"
