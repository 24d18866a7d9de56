from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dbparity.results import Outcome
from dbparity.schema import revisions
from dbparity.schema.sources import Around
from dbparity.schema.status import glance, migrations, see, status
from tests.support.scripts import write_scripts

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.results import Result
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server]


def plant(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_database_at_the_head_has_its_schema_until_somebody_changes_it(
    lease: Lease, database_environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    ini = str(write_scripts(tmp_path))
    application = migrations(ini, (), {}, ())

    def asked() -> tuple[Result, ...]:
        return status(see(url, application), Around(database_environment))

    with lease(application, empty=True) as database:
        url = database.url.render_as_string(hide_password=False)
        database.run(revisions.upgrade)
        healthy = asked()
        database.run(lambda each: plant(each, "ALTER TABLE parents DROP COLUMN note"))
        changed = asked()
        glanced = glance(url, ini)

    assert [result.outcome for result in healthy] == [Outcome.PASSED, Outcome.PASSED]
    assert [result.outcome for result in changed] == [Outcome.PASSED, Outcome.FAILED]
    assert "parents.note" in {str(finding.place) for finding in changed[1].findings}
    assert changed[1].findings[0].actual == "the schema of 2"
    assert glanced["outcome"] == "passed"
