"""The founding document's suite: the example application on every database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.backends.base import load_backend
from dbparity.conformance import base as conformance
from dbparity.performance import checks
from dbparity.performance.measure import counted
from dbparity.performance.options import REQUIREMENTS
from dbparity.performance.workloads import fill, workloads
from dbparity.results import Observation, Outcome, Place, Severity
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target
from dbparity.tester import CrossDatabaseTester, load_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from dbparity.applications import Application
    from dbparity.conformance.base import Check, PairCheck
    from dbparity.results import Item, Report
    from dbparity.servers.database import Database

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[2]
CATEGORIES = {"concurrency", "integrity", "operations", "schema", "transactions"}
# Milliseconds that everything meets, also where other tests run beside.
LENIENT = {"*": {"p50": 5_000.0, "p95": 5_000.0, "p99": 5_000.0}}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.load(ROOT)


@pytest.fixture(scope="module")
def application(settings: Settings) -> Application:
    return replace(settings.application(), requirements=LENIENT)


@pytest.fixture(scope="module")
def environment(
    settings: Settings, pytestconfig: pytest.Config
) -> Iterator[DatabaseTestEnvironment]:
    """All servers of the test run; the targets that were chosen for it, if some were."""
    chosen = tuple(map(Target.parse, pytestconfig.getoption("dbparity_target")))
    targets = chosen or taking_turns(settings.targets)
    with DatabaseTestEnvironment(targets, settings.server_options) as environment:
        assert not (settings.require and environment.missing), environment.missing
        yield environment


def taking_turns(servers: Sequence[Target]) -> list[Target]:
    """One target of each server; those of one product through its drivers in turn."""
    taken: dict[str, list[Target]] = defaultdict(list)
    for server in servers:
        drivers = load_backend(server.backend).drivers
        driver = drivers[len(taken[server.backend]) % len(drivers)]
        taken[server.backend].append(replace(server, driver=driver.name))
    return [target for targets in taken.values() for target in targets]


def check(
    environment: DatabaseTestEnvironment,
    application: Application,
    chosen: Sequence[Check | PairCheck],
) -> Report:
    return CrossDatabaseTester(environment, application, chosen).run()


def assert_agrees(
    report: Report, categories: set[str], of_servers: AbstractSet[str] = frozenset()
) -> None:
    """Nothing found, nothing unknown, and every category proved something on every target.

    Those ``of_servers`` are checked on the first target of each server, migrations from one target
    of each product to one of each other. Targets that are not there prove nothing.
    """
    bad = [f for f in report.findings if f.severity is not Severity.NOTE]
    assert not bad, bad
    assert report.counts[Outcome.UNKNOWN] == 0
    served: set[str] = set()
    present = [state for state in report.targets if not state.missing]
    paired = {Target.parse(state.target).backend: state.target for state in present}
    for state in present:
        proved = {r.category for r in report.results if r.target == state.target and r.verified}
        server = Target.parse(state.target).server
        wanted = categories | (set() if server in served else of_servers)
        if state.target in paired.values() and len(paired) > 1:
            wanted |= {"migrations"}
        assert proved == wanted, state
        served.add(server)


@conformance.check("performance")
def asks_alike(database: Database) -> Iterator[Item]:
    """Each workload asks as much of every database, whatever it takes."""
    for workload in workloads(database, fill(database)):
        # What agents do at once is what the other workloads do.
        if workload.kind != "agents":
            operation = workload.prepare(database)
            asked = " ".join(map(str, counted(database.engine, operation)))
            yield Observation("what a call asks of it", asked, Place(workload.id))


class TestCrossDatabaseCompatibility:
    @pytest.mark.slow
    def test_sqlite_baseline(self, application: Application) -> None:
        with DatabaseTestEnvironment(["sqlite"]) as environment:
            report = check(environment, application, load_checks())
        assert [state.target for state in report.targets] == ["sqlite+pysqlite", "sqlite+aiosqlite"]
        assert_agrees(report, CATEGORIES | {"performance"}, {"revisions"})

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    def test_full_cross_database_suite(
        self, environment: DatabaseTestEnvironment, application: Application
    ) -> None:
        # Performance has a test of its own below, and revisions have theirs in
        # conformance/test_revisions.py, on every server.
        own = {"performance", "revisions"}
        others = [each for each in load_checks() if each.category not in own]
        report = check(environment, application, others)
        assert_agrees(report, CATEGORIES)
        compared = [result for result in report.results if not result.target]
        assert compared
        assert all(result.outcome is Outcome.PASSED for result in compared)


class TestCrossDatabasePerformance:
    @pytest.mark.slow
    @pytest.mark.timeout(600)
    def test_performance_parity(
        self,
        environment: DatabaseTestEnvironment,
        application: Application,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Other tests run beside: a check has not the time to decide everything then, nor does the
        # application reach what it does alone.
        patient = replace(checks._EFFORT, samples=80, seconds=30, pause=0.02)
        monkeypatch.setattr(checks, "_EFFORT", patient)
        lenient = {
            kind: {name: 10 * limit for name, limit in required.items()}
            for kind, required in REQUIREMENTS.items()
        }
        relaxed = replace(application, requirements=lenient)
        report = check(environment, relaxed, [*load_checks(["performance"]), asks_alike])
        assert not report.findings, report.findings
        judged = [each for each in report.results if each.check == "meets_requirements"]
        assert {each.target for each in judged} == {str(each) for each in environment.targets}
        for result in judged:
            # Twelve workloads of its own, connections and agents: each requirement is decided.
            assert (result.outcome, result.skipped) == (Outcome.PASSED, ()), result
            assert result.verified == 25
        (compared,) = (each for each in report.results if not each.target)
        assert (compared.outcome, compared.verified) == (Outcome.PASSED, 13)
