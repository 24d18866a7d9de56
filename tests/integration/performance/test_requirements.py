"""Requirements of the example application with 100,000 messages, on each product."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.performance.options import BenchOptions
from dbparity.performance.requirements import Effort, PerformanceValidator
from dbparity.results import Outcome
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from dbparity.results import Result
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.slow, pytest.mark.untraced]

ROOT = Path(__file__).parents[3]
SEED = "shared_context.seed:hundred_thousand"
INDEXED = "list.messages_by_sender"
EFFORT = Effort(samples=90, seconds=20, rarest=0.95, confidence=0.95)
# Ten times what the application is held to: other tests run beside.
LENIENT = {
    "query": {"p50": 300.0, "p95": 300.0},
    "agents": {"p50": 1000.0, "p95": 2500.0},
    "search": {"p50": 30.0},
    "connect": {"p95": 50.0},
}


@pytest.fixture
def database(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Database]:
    """A database with 100,000 messages."""
    application = replace(Settings.load(ROOT), seed=SEED).application()

    def fill(database: Database) -> None:
        assert application.seed is not None
        with database.engine.begin() as connection:
            application.seed(connection)

    def nothing(_: Connection) -> None:
        """It is filled."""

    with database_environment.lease(target, replace(application, seed=nothing)) as leased:
        leased.run(fill)
        yield leased


def judged(
    database: Database,
    requirements: dict[str, dict[str, float]],
    *only: str,
    effort: Effort = EFFORT,
) -> dict[str, Result]:
    application = database.application
    assert application is not None
    chosen = {
        name: prepare for name, prepare in application.workloads.items() if not only or name in only
    }
    narrowed = replace(database, application=replace(application, workloads=chosen))
    options = BenchOptions(requirements=requirements)
    report = PerformanceValidator(narrowed, options, effort).validate()
    return {result.check: result for result in report.results}


def test_requirements_are_judged_and_a_query_without_its_index_misses_them(
    database: Database,
) -> None:
    found = judged(database, LENIENT)
    assert len(found) == 14
    assert {result.outcome for result in found.values()} == {Outcome.PASSED}, found

    (taken,) = (each.value for each in found[INDEXED].measurements if each.subject == "p50")
    database.run(drop_index)
    limit = 3 * taken
    without = judged(database, {INDEXED: {"p50": limit, "p95": limit}}, INDEXED)[INDEXED]
    assert without.outcome is Outcome.FAILED, without
    assert {finding.code for finding in without.findings} == {"REQUIREMENT-MISSED"}
    assert "EXPLAIN" in without.findings[0].recommendation


def drop_index(database: Database) -> None:
    """The one on the sender."""
    assert database.application is not None
    messages = database.application.metadata.tables["messages"]
    (index,) = (each for each in messages.indexes if "sender" in each.columns)
    with database.engine.begin() as connection:
        index.drop(connection)
