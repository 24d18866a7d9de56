"""The generated database goes through every product, and comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.transfer.corpus import CORRUPTIONS, fill
from dbparity.transfer.service import DataMigrationService
from dbparity.transfer.validator import MigrationValidator
from tests.support.rows import writer_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.results import Finding, Place, Report
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server


@pytest.fixture(params=["postgresql", "mysql", "mariadb"])
def database(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    """An empty database on a server."""
    found = [target for target in environment.targets if target.backend == request.param]
    if not found:
        pytest.skip(f"no {request.param} is tested")
    with environment.lease(found[0], empty=True) as leased:
        yield leased


@pytest.fixture
def source(tmp_path: Path) -> URL:
    url = URL.create("sqlite", database=str(tmp_path / "source.sqlite"))
    engine = load_backend("sqlite").writer(url)
    with engine.begin() as connection:
        fill(connection, 300)
    engine.dispose()
    return url


def findings(report: Report) -> list[Finding]:
    return [finding for result in report.results for finding in result.findings]


def moved(source: URL, target: URL, folder: Path) -> list[Finding]:
    return findings(DataMigrationService(source, target, folder=folder).migrate())


def test_it_goes_there_and_back(source: URL, database: Database, tmp_path: Path) -> None:
    back = URL.create("sqlite", database=str(tmp_path / "back.sqlite"))
    assert moved(source, database.url, tmp_path) == []
    assert moved(database.url, back, tmp_path) == []
    assert findings(MigrationValidator(source, back).validate()) == []


def test_every_corruption_of_the_copy_is_found(
    source: URL, database: Database, tmp_path: Path
) -> None:
    assert moved(source, database.url, tmp_path) == []
    known: set[tuple[Place, str]] = set()
    with writer_of(database) as engine:
        for corruption in CORRUPTIONS:
            with engine.begin() as connection:
                assert connection.execute(corruption.statement).rowcount != 0, corruption.name
            found = findings(MigrationValidator(source, database.url).validate())
            told = {(finding.place, finding.actual) for finding in found}
            assert corruption.table in {place.table for place, _ in told - known}, corruption.name
            known |= told
