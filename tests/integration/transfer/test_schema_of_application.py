"""A target that gets the application's own schema is what the application would have made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning
from dbparity.settings import Settings
from dbparity.transfer.ends import end
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, unlike

if TYPE_CHECKING:
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = [pytest.mark.server, pytest.mark.untraced]

ROOT = Path(__file__).parents[3]
# What a migration tool leaves in a database, and no model names.
VERSION = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('0007')",
)


def sown(database: Database) -> None:
    assert database.application is not None
    assert database.application.seed is not None
    with database.engine.begin() as connection:
        database.application.seed(connection)
        for statement in VERSION:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "names",
    [(name, to) for place, name in enumerate(BACKENDS) for to in (name, BACKENDS[place - 1])],
    ids="-".join,
)
def test_a_target_gets_the_application_s_tables(
    environment: DatabaseTestEnvironment, tmp_path: Path, names: tuple[str, str]
) -> None:
    application = Settings.load(ROOT).application()
    with leased(environment, *names) as (left, right):
        lease = environment.lease
        with lease(left.target, application) as source, lease(right.target, application) as model:
            source.run(sown)
            wanted = model.run(lambda database: database.snapshot())
            service = DataMigrationService(source.url, right.url, folder=tmp_path, schema=wanted)
            assert failures(service.migrate()) == []
            assert unlike(source.url, right.url) == []
        found = end(right.url).survey().snapshot
        own = tuple(table for table in found.tables if table.name != "alembic_version")
        assert len(found.tables) == len(own) + 1
        differences = diff(wanted, replace(found, tables=own))
        assert [each for each in differences if each.meaning is not Meaning.EQUIVALENT] == []
