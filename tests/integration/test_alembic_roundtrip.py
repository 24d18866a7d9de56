"""The founding document's round trip: the prompt library's revisions, up, down and up again.

Every database here is leased for its test, and dropped after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect

from dbparity.applications import Application, load_application
from dbparity.conformance.base import Check, perform
from dbparity.conformance.revisions import CHECKS
from dbparity.results import Outcome, Severity
from dbparity.schema import revisions
from dbparity.schema.walk import Walk
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.tester import CrossDatabaseTester, load_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.servers.database import Database
    from dbparity.snapshots import Index, Snapshot
    from dbparity.targets import Target
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]

EXAMPLE = Path(__file__).parents[2] / "examples" / "prompt_library"
TABLES = ["prompt_results", "prompt_templates", "prompt_versions"]
ACTIVE = "ux_tpl_org_ws_confighash_active"


@pytest.fixture
def library() -> Application:
    return load_application(
        "prompt_library.models:Base.metadata",
        pythonpath=[EXAMPLE],
        alembic=EXAMPLE / "alembic.ini",
        factory="prompt_library.seed:factories",
    )


@pytest.fixture
def engine() -> None:
    """Let only sync drivers take part: the revisions go through no other."""


@pytest.fixture
def postgresql(
    lease: Lease,
    target: Target,
    library: Application,
    engine: None,  # noqa: ARG001
) -> Iterator[Database]:
    """An empty database on PostgreSQL."""
    if target.backend != "postgresql":
        pytest.skip("the founding document's round trip is one on PostgreSQL")
    with lease(library, empty=True) as database:
        yield database


def active(schema: Snapshot) -> list[Index]:
    """The partial index, where it is there."""
    table = schema.table("prompt_templates")
    return [index for index in table.indexes if index.name == ACTIVE] if table is not None else []


class TestOnPostgreSQL:
    def test_the_head_has_the_tables_and_the_partial_index(self, postgresql: Database) -> None:
        walk = Walk.begin(postgresql)
        revisions.upgrade(postgresql)

        schema = walk.view().schema
        (index,) = active(schema)
        assert [table.name for table in schema.tables] == TABLES
        assert index.unique
        assert "deleted_at IS NULL" in index.predicate
        columns = [part.column for part in index.parts]
        assert columns[:3] == ["org_id", "workspace_id", "config_hash"]

    def test_one_step_down_takes_its_objects_away_and_up_brings_them_back(
        self, postgresql: Database
    ) -> None:
        walk = Walk.begin(postgresql)
        walk.up(*walk.history.revisions)
        head = walk.view()
        for revision in reversed(walk.history.revisions):
            upper = walk.view()
            walk.down(revision)
            assert walk.view().at == revision.before
            assert walk.view().schema != upper.schema
        assert walk.view().schema.tables == ()

        walk.up(*walk.history.revisions)

        assert walk.view() == head
        assert head.at == walk.history.heads

    def test_nothing_but_the_version_table_is_left_at_the_base(self, postgresql: Database) -> None:
        walk = Walk.begin(postgresql)
        walk.up(*walk.history.revisions)
        walk.down(*walk.history.revisions)

        assert inspect(postgresql.engine).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_revision_makes_the_round_trip_on_every_backend(
    lease: Lease,
    library: Application,
    check: Check,
    engine: None,  # noqa: ARG001
) -> None:
    with lease(library, empty=True) as database:
        result = perform(check, database)

    assert [each for each in result.findings if each.severity is not Severity.NOTE] == []
    assert result.outcome is Outcome.PASSED


def test_a_tester_runs_the_whole_category(library: Application) -> None:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        report = CrossDatabaseTester(environment, library, load_checks(["revisions"])).run()

    assert {each.outcome for each in report.results} == {Outcome.PASSED}
    assert {each.check for each in report.results} == {check.name for check in CHECKS}
