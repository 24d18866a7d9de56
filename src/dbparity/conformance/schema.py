"""Schema: the objects of the model are there, indexes are used, migrations make the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, inspect
from sqlalchemy.schema import DropConstraint, DropTable

from dbparity.conformance.base import Check, check
from dbparity.conformance.indexes import foreign_keys_indexed, indexes_used
from dbparity.conformance.inventory import absences
from dbparity.conformance.population import application_of
from dbparity.results import Finding, Place, Severity, Skipped, Verified
from dbparity.schema import revisions
from dbparity.schema.revisions import Drift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.servers.database import Database


@check("schema", needs=("reflects_schema",))
def objects(database: Database) -> Iterator[Item]:
    """Every table, column, key, constraint and index of the model is in the database."""
    with database.engine.connect() as connection:
        for table in application_of(database).metadata.tables.values():
            found = tuple(absences(connection, table))
            yield from found
            if not any(isinstance(item, Finding) for item in found):
                yield Verified("everything that the model says of it is there", Place(table.key))


@check("schema", needs=("reflects_schema",))
def migrations(database: Database) -> Iterator[Item]:
    """The migrations make the model's schema out of nothing, and say which revision it is at."""
    if application_of(database).alembic is None:
        yield Skipped("the application has no migrations")
        return
    try:
        yield from _migrated(database)
    except Exception as error:  # noqa: BLE001  # env.py and the revisions are the user's
        yield _failed(error)


def _migrated(database: Database) -> Iterator[Item]:
    application = application_of(database)
    heads = revisions.heads(application)
    if len(heads) != 1:
        yield _not_one(heads)
        return
    # What Alembic finds different in the model's own schema is its mistake, not the migrations'.
    mistaken = set(revisions.differences(database, application.metadata))
    _empty(database)
    revisions.upgrade(database)
    yield _version(heads, revisions.current(database))
    seen = revisions.differences(database, application.metadata)
    drifts = [*(drift for drift in seen if drift not in mistaken), *_forgotten_checks(database)]
    yield from map(_drifted, drifts)
    if not drifts:
        yield Verified("the migrations make the model's schema")


def _forgotten_checks(database: Database) -> Iterator[Drift]:
    """The check constraints that are missing, which Alembic does not compare."""
    with database.engine.connect() as connection:
        for table in application_of(database).metadata.tables.values():
            for item in absences(connection, table):
                if isinstance(item, Finding) and item.code == "CHECK-CONSTRAINT-MISSING":
                    yield Drift(table.key, "", f"check constraint {item.expected} is missing")


def _empty(database: Database) -> None:
    with database.engine.begin() as connection:
        inspector = inspect(connection)
        tables = [Table(name, MetaData()) for name in inspector.get_table_names()]
        if connection.dialect.supports_alter:
            for table in tables:
                for found in inspector.get_foreign_keys(table.name):
                    foreign_key = ForeignKeyConstraint([], [], name=found["name"])
                    table.append_constraint(foreign_key)
                    connection.execute(DropConstraint(foreign_key))
        for table in tables:
            connection.execute(DropTable(table))
        # With no table left, this drops what else the model makes: types, sequences.
        application_of(database).metadata.drop_all(connection)


def _not_one(heads: tuple[str, ...]) -> Finding:
    return Finding(
        code="HEADS-NOT-ONE",
        severity=Severity.WRONG,
        message=f"the migrations end in {len(heads)} heads",
        expected="one head",
        actual=", ".join(heads) or "no revisions",
        recommendation="merge the branches (alembic merge heads), or write the first revision",
    )


def _failed(error: Exception) -> Finding:
    return Finding(
        code="MIGRATION-FAILED",
        severity=Severity.WRONG,
        message="an empty database cannot be upgraded to the head",
        expected="upgraded to the head",
        actual=f"{type(error).__name__}: {error}".splitlines()[0],
        recommendation="make env.py and the revisions run on this backend: alembic upgrade head",
    )


def _version(heads: tuple[str, ...], current: tuple[str, ...]) -> Finding | Verified:
    if current == heads:
        return Verified(f"the schema says that it is at {heads[0]}")
    return Finding(
        code="VERSION-UNKNOWN",
        severity=Severity.WRONG,
        message="after the upgrade the database does not say that it is at the head",
        expected=heads[0],
        actual=", ".join(current) or "no revision",
        recommendation="let env.py commit, and name the same version table each time that it runs",
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


CHECKS: tuple[Check, ...] = (objects, indexes_used, foreign_keys_indexed, migrations)
