"""The generated database arrives whole, and a proof finds whatever is done to a copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.transfer.corpus import CORRUPTIONS, METADATA, fill
from dbparity.transfer.service import DataMigrationService
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.results import Finding, Report
    from dbparity.transfer.corpus import Corruption

SQLITE = load_backend("sqlite")


def filled(path: Path, rows: int = 0, seed: int = 0) -> URL:
    url = URL.create("sqlite", database=str(path))
    engine = SQLITE.writer(url)
    with engine.begin() as connection:
        fill(connection, rows, seed)
    engine.dispose()
    return url


def findings(report: Report) -> list[Finding]:
    return [finding for result in report.results for finding in result.findings]


@pytest.fixture
def source(tmp_path: Path) -> URL:
    return filled(tmp_path / "source.sqlite")


def test_it_is_the_same_for_the_same_seed(source: URL, tmp_path: Path) -> None:
    same, other = filled(tmp_path / "same.sqlite"), filled(tmp_path / "other.sqlite", seed=1)
    assert findings(MigrationValidator(source, same).validate()) == []
    assert findings(MigrationValidator(source, other).validate()) != []


def test_all_tables_but_one_have_rows(source: URL) -> None:
    engine = SQLITE.writer(source)
    with engine.connect() as connection:
        empty = [
            table.name
            for table in METADATA.tables.values()
            if connection.execute(table.select().limit(1)).first() is None
        ]
    engine.dispose()
    assert empty == ["vacant"]


def test_it_arrives_whole(source: URL, tmp_path: Path) -> None:
    target = URL.create("sqlite", database=str(tmp_path / "target.sqlite"))
    report = DataMigrationService(source, target, folder=tmp_path).migrate()
    assert findings(report) == []


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.name)
def test_every_corruption_is_found(source: URL, tmp_path: Path, corruption: Corruption) -> None:
    copy = filled(tmp_path / "copy.sqlite")
    engine = SQLITE.writer(copy)
    with engine.begin() as connection:
        changed = connection.execute(corruption.statement)
        assert changed.rowcount > 0
    engine.dispose()
    found = findings(MigrationValidator(source, copy).validate())
    assert {finding.place.table for finding in found} == {corruption.table}
