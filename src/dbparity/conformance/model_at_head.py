"""Model at head: the migrations, run in one go, make the model's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from dbparity.conformance.inventory import absences
from dbparity.conformance.population import application_of
from dbparity.conformance.walking import brief, walking
from dbparity.results import Finding, Place, Severity, Verified
from dbparity.schema import revisions
from dbparity.schema.revisions import Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.schema.walk import Walk
    from dbparity.servers.database import Database


@walking
def model_at_head(walk: Walk) -> Iterator[Item]:
    """The migrations make the model's schema out of nothing in one run."""
    database, application = walk.database, application_of(walk.database)
    try:
        walk.up(*walk.history.revisions)
    except Exception as error:  # noqa: BLE001  # env.py and the revisions are the user's
        yield _failed(error)
        return
    seen = revisions.differences(database, application.metadata)
    # What Alembic finds different in the model's own schema is its mistake, not the migrations'.
    mistaken = _mistaken(database) if seen else set()
    drifts = [*(drift for drift in seen if drift not in mistaken), *_forgotten_checks(database)]
    yield from map(_drifted, drifts)
    if not drifts:
        yield Verified("the migrations make the model's schema")


def _mistaken(database: Database) -> set[Drift]:
    metadata = application_of(database).metadata
    with database.another() as other:
        try:
            metadata.create_all(other.engine)
        except SQLAlchemyError:  # it has no schema of its own here: the migrations alone make it
            return set()
        return set(revisions.differences(other, metadata))


def _forgotten_checks(database: Database) -> Iterator[Drift]:
    """The check constraints that are missing, which Alembic does not compare."""
    with database.engine.connect() as connection:
        for table in application_of(database).metadata.tables.values():
            for item in absences(connection, table):
                if isinstance(item, Finding) and item.code == "CHECK-CONSTRAINT-MISSING":
                    yield Drift(table.key, "", f"check constraint {item.expected} is missing")


def _failed(error: Exception) -> Finding:
    return Finding(
        code="MIGRATION-FAILED",
        severity=Severity.WRONG,
        message="an empty database cannot be upgraded to the head",
        expected="upgraded to the head",
        actual=brief(error),
        recommendation="make env.py and the revisions run on this backend: alembic upgrade head",
    )


def _drifted(drift: Drift) -> Finding:
    return Finding(
        code="SCHEMA-DRIFT",
        severity=Severity.WRONG,
        message=f"the migrations do not make the model's schema: {drift.message}",
        place=Place(drift.table, drift.column),
        expected="as in the model",
        actual=drift.message,
        recommendation="write the revision that is missing: alembic revision --autogenerate",
    )
