"""The founding document's suite: the example application on every database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.results import Outcome, Severity
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target
from dbparity.tester import CrossDatabaseTester, load_checks

if TYPE_CHECKING:
    from dbparity.applications import Application
    from dbparity.results import Report

ROOT = Path(__file__).parents[2]
CATEGORIES = {"concurrency", "integrity", "operations", "schema", "transactions"}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.load(ROOT)


@pytest.fixture(scope="module")
def application(settings: Settings) -> Application:
    return settings.application()


def check(environment: DatabaseTestEnvironment, application: Application) -> Report:
    return CrossDatabaseTester(environment, application, load_checks()).run()


def assert_agrees(report: Report) -> None:
    """Nothing found, nothing unknown, and every category proved something on every target.

    Revisions are checked on the first target of each server, migrations from one target of each
    product to one of each other.
    """
    bad = [f for f in report.findings if f.severity is not Severity.NOTE]
    assert not bad, bad
    assert report.counts[Outcome.UNKNOWN] == 0
    served: set[str] = set()
    paired = {Target.parse(state.target).backend: state.target for state in report.targets}
    for state in report.targets:
        proved = {r.category for r in report.results if r.target == state.target and r.verified}
        server = Target.parse(state.target).server
        wanted = CATEGORIES | (set() if server in served else {"revisions"})
        if state.target in paired.values() and len(paired) > 1:
            wanted |= {"migrations"}
        assert proved == wanted, state
        served.add(server)


class TestCrossDatabaseCompatibility:
    def test_sqlite_baseline(self, application: Application) -> None:
        with DatabaseTestEnvironment(["sqlite"]) as environment:
            report = check(environment, application)
        assert [state.target for state in report.targets] == ["sqlite+pysqlite", "sqlite+aiosqlite"]
        assert_agrees(report)

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    def test_full_cross_database_suite(
        self, application: Application, settings: Settings, pytestconfig: pytest.Config
    ) -> None:
        chosen = tuple(map(Target.parse, pytestconfig.getoption("dbparity_target")))
        targets = chosen or settings.targets
        with DatabaseTestEnvironment(targets, settings.server_options) as environment:
            assert not (settings.require and environment.missing), environment.missing
            report = check(environment, application)
        assert_agrees(report)
        compared = [result for result in report.results if not result.target]
        assert compared
        assert all(result.outcome is Outcome.PASSED for result in compared)
