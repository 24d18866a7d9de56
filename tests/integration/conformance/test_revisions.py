from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table

from dbparity.applications import Application, load_application
from dbparity.conformance import revisions as category
from dbparity.conformance.base import Check, perform
from dbparity.conformance.interrupted import interrupted
from dbparity.conformance.model_at_head import model_at_head
from dbparity.conformance.offline_sql import offline_sql
from dbparity.conformance.round_trip import round_trip
from dbparity.results import Severity
from dbparity.schema import revisions
from tests.support.ledgers import pairs
from tests.support.migrations import ASYNC, SYNC, write_migrations
from tests.support.performing import found
from tests.support.scripts import write_scripts

if TYPE_CHECKING:
    from dbparity.servers.database import Database
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]

EXAMPLE = Path(__file__).parents[3] / "examples" / "shared_context"
ENVS = pytest.mark.parametrize("env", [SYNC, ASYNC], ids=["sync", "async"])


@pytest.fixture
def example() -> Application:
    return load_application(
        "shared_context.models:Base.metadata",
        pythonpath=[EXAMPLE],
        alembic=EXAMPLE / "alembic.ini",
        factory="shared_context.seed:factories",
    )


@pytest.mark.parametrize("check", category.CHECKS, ids=lambda check: check.name)
def test_the_example_s_revisions_are_clean(
    lease: Lease, example: Application, check: Check
) -> None:
    with lease(example, empty=True) as database:
        result = perform(check, database)

    assert [each for each in result.findings if each.severity is not Severity.NOTE] == []
    assert result.verified or check is offline_sql


@ENVS
@pytest.mark.parametrize("check", [round_trip, interrupted], ids=lambda check: check.name)
def test_any_env_is_run_through_any_driver(
    lease: Lease, tmp_path: Path, env: str, check: Check
) -> None:
    app = Application("tests:family", MetaData(), write_scripts(tmp_path, env=env))
    with lease(app, empty=True) as database:
        result = perform(check, database)

    assert [each for each in result.findings if each.severity is not Severity.NOTE] == []
    assert result.verified >= 3


@ENVS
def test_any_env_makes_the_model_through_any_driver(lease: Lease, tmp_path: Path, env: str) -> None:
    app = Application("tests:pairs", pairs(), write_migrations(tmp_path, env))
    with lease(app, empty=True) as database:
        result = perform(model_at_head, database)

    assert (result.findings, result.verified) == ((), 1)


CYCLE = """
op.create_table(
    "a",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("b_id", sa.Integer()),
    sa.Column("kind", sa.Enum("x", "y", name="kind")),
)
op.create_table(
    "b",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("a_id", sa.Integer(), sa.ForeignKey("a.id")),
)
"""


def test_cycles_and_types_are_compared(lease: Lease, tmp_path: Path) -> None:
    metadata = MetaData()
    Table(
        "a",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("b_id", ForeignKey("b.id", use_alter=True, name="fk_a_b")),
        Column("kind", Enum("x", "y", name="kind")),
    )
    Table(
        "b",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a_id", ForeignKey("a.id")),
    )
    ini = write_migrations(tmp_path, SYNC, [("1", None, CYCLE)])
    with lease(Application("tests:cycle", metadata, ini), empty=True) as database:
        result = perform(model_at_head, database)

    assert found(result) == [("SCHEMA-DRIFT", "a")]
    assert "fk" in result.findings[0].actual


def test_the_version_is_read_from_a_migrated_database(lease: Lease, tmp_path: Path) -> None:
    def migrated(database: Database) -> tuple[str, ...]:
        revisions.upgrade(database)
        return revisions.current(database)

    app = Application("tests:empty", MetaData(), write_migrations(tmp_path, SYNC))
    with lease(app, empty=True) as database:
        assert database.run(migrated) == ("1",)
