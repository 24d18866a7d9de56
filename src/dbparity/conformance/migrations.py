"""Migrations: the application's rows move from any product to any other, and every cell arrives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dbparity.conformance.base import PairCheck
from dbparity.conformance.population import populate
from dbparity.errors import DriverMissing
from dbparity.results import Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item, Result
    from dbparity.servers.database import Database

_ROWS = 20  # of each table


def arrives(source: Database, target: Database) -> Iterator[Item]:
    """Rows made up for the model, copied into the model's own tables of another product."""
    try:
        from dbparity.transfer.service import DataMigrationService  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        yield Skipped(str(DriverMissing("moving rows", str(error.name), "transfer")))
        return
    populate(source, _ROWS)
    with TemporaryDirectory(prefix="dbparity-") as folder:
        service = DataMigrationService(source.url, target.url, folder=Path(folder))
        for result in service.migrate().results:
            yield from _items(result)


def _items(result: Result) -> Iterator[Item]:
    """Notes are of the source, whose rows were made up: they are left out."""
    found = [each for each in result.findings if each.severity is not Severity.NOTE]
    yield from found
    if not found and result.verified:
        yield Verified(f"{result.category}: {result.verified} alike", Place(result.check))


CHECKS: tuple[PairCheck, ...] = (PairCheck("arrives", "migrations", arrives),)
