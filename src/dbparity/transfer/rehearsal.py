"""A rehearsal: the generated database moved to a server and back, and copies of it corrupted."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.results import Finding, Outcome, Place, Result, Severity
from dbparity.transfer.corpus import CORRUPTIONS, fill
from dbparity.transfer.service import DataMigrationService
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Report
    from dbparity.servers.database import Database
    from dbparity.transfer.corpus import Corruption

_ORIGIN = "sqlite"


def rehearse(database: Database, rows: int = 1000) -> Iterator[Result]:
    """Move a generated database into an empty one and back; find every way to corrupt the copy.

    Raises:
        DbparityError: it could not be done at all.
    """
    with TemporaryDirectory(prefix="dbparity-") as name:
        folder = Path(name)
        source, back = (_file(folder / each) for each in ("source.db", "back.db"))
        engine = load_backend(_ORIGIN).writer(source)
        with engine.begin() as connection:
            fill(connection, rows)
        engine.dispose()
        yield _moved("there", database, DataMigrationService(source, database.url, folder=folder))
        yield _moved("back", database, DataMigrationService(database.url, back, folder=folder))
        yield _result("as it was", database, MigrationValidator(source, back).validate().findings)
        yield from _corrupted(database, source)


def _corrupted(database: Database, source: URL) -> Iterator[Result]:
    validator = MigrationValidator(source, database.url)
    known = _told(validator.validate())
    engine = database.backend.writer(database.url)
    for corruption in CORRUPTIONS:
        with engine.begin() as connection:
            connection.execute(corruption.statement)
        found = _told(validator.again().validate())
        seen = any(place.table == corruption.table for place, _ in found - known)
        yield _result(corruption.name, database, () if seen else (_missed(corruption),))
        known |= found
    engine.dispose()


def _file(path: Path) -> URL:
    return URL.create(_ORIGIN, database=str(path))


def _moved(check: str, database: Database, service: DataMigrationService) -> Result:
    clock = time.perf_counter()
    report = service.migrate()
    return _result(check, database, report.findings, time.perf_counter() - clock)


def _told(report: Report) -> set[tuple[Place, str]]:
    return {(finding.place, finding.actual) for finding in report.findings}


def _missed(corruption: Corruption) -> Finding:
    return Finding(
        "CORRUPTION-MISSED",
        Severity.LOST,
        f"{corruption.name} was not found",
        Place(corruption.table),
        recommendation="This is a bug of dbparity: please report it.",
    )


def _result(
    check: str, database: Database, findings: tuple[Finding, ...], seconds: float = 0
) -> Result:
    failed = any(finding.severity is not Severity.NOTE for finding in findings)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    target = str(database.target)
    return Result(target, "rehearsal", check, outcome, seconds, 1 - failed, findings)
