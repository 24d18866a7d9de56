from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select, text

from dbparity.conformance.base import perform
from dbparity.errors import DriverMissing
from dbparity.performance.checks import meets_requirements
from dbparity.performance.options import BenchOptions
from dbparity.performance.requirements import Effort, PerformanceValidator
from dbparity.progress import Progress
from dbparity.results import Outcome, Place, Severity
from tests.support.ledgers import ledger
from tests.support.timing import database_of, raising, taking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from dbparity.results import Report, Result

BRIEF = Effort(samples=40, seconds=3, rarest=0.95, pause=0)
HASTY = Effort(samples=40, seconds=0.3, rarest=0.95, pause=0)
OFTEN = "list.accounts"


def required(**milliseconds: float) -> BenchOptions:
    return BenchOptions(requirements={"list.*": milliseconds})


def reading(engine: Engine) -> Callable[[], object]:
    accounts = ledger().tables["accounts"]

    def operation() -> None:
        with engine.connect() as connection:
            connection.execute(select(accounts)).all()

    return operation


def one_account(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO accounts (id, number, owner, balance) VALUES (1, '1', 'ada', 0)")
    )


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Validating:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        workloads: dict[str, Any],
        options: BenchOptions | None = None,
        effort: Effort = BRIEF,
        driver: str = "pysqlite",
        **application: Any,  # noqa: ANN401  # Application's
    ) -> Report:
        with database_of(self.folder, workloads, driver, **application) as database:
            return PerformanceValidator(database, options, effort).validate()


@pytest.fixture
def validated(tmp_path: Path) -> Validating:
    return Validating(tmp_path)


def result_of(report: Report, workload: str = OFTEN) -> Result:
    return next(result for result in report.results if result.check == workload)


def figures(result: Result) -> dict[str, float]:
    return {measured.subject: measured.value for measured in result.measurements}


def test_workloads_that_meet_their_requirements_pass(validated: Validating, driver: str) -> None:
    report = validated({OFTEN: reading}, seed=one_account, driver=driver)
    assert {result.check for result in report.results} == {OFTEN, "connect", "agents"}
    assert result_of(report).outcome is Outcome.PASSED
    assert report.claim == "Every workload meets its requirements"


def test_report_names_the_target_and_its_version(validated: Validating) -> None:
    (state,) = validated({OFTEN: reading}).targets
    assert state.target == "sqlite+pysqlite"
    assert state.version.startswith("3.")


def test_workload_above_its_limit_is_a_finding_with_its_interval(validated: Validating) -> None:
    result = result_of(validated({OFTEN: taking(3)}, required(p50=2)))
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("REQUIREMENT-MISSED", Severity.DEGRADED)
    assert (finding.place, finding.expected) == (Place(OFTEN), "p50 < 2.00 ms")
    assert "samples), then p50 3." in finding.actual
    assert "EXPLAIN" in finding.recommendation
    assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("kind", "advice"), [("search", "indexed column"), ("agents", "pool"), ("connect", "pool")]
)
def test_advice_is_that_for_the_kind_of_workload(
    validated: Validating, kind: str, advice: str
) -> None:
    options = BenchOptions(requirements={kind: {"p50": 1e-6, "p95": 1e-6, "p99": 1e-6}})
    report = validated({"search.accounts": reading}, options)
    found = [finding for finding in report.findings if finding.place.table.startswith(kind)]
    assert all(advice in finding.recommendation for finding in found)
    assert found


def test_requirement_that_the_samples_do_not_decide_in_time_is_unknown(
    validated: Validating,
) -> None:
    result = result_of(validated({OFTEN: taking(0, 15)}, required(p50=10), HASTY))
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason.startswith("whether p50 < 10.0 ms is undecided: p50 ")
    assert not result.findings


def test_more_samples_are_taken_until_it_is_decided(validated: Validating) -> None:
    few = Effort(samples=8, seconds=30, pause=0)  # of which no interval of p95 has an upper bound
    result = result_of(validated({OFTEN: taking(0)}, required(p50=50, p95=50, p99=50), few))
    assert result.outcome is Outcome.PASSED
    assert figures(result)["samples"] >= 8 * 2**7


def test_requirement_that_is_met_later_is_not_missed(validated: Validating) -> None:
    paces = iter([5, 0, 0])  # the second one's are the agents

    def prepare(engine: Engine) -> Callable[[], object]:
        return taking(next(paces))(engine)

    # The agents prepare it last; they are of no interest.
    result = result_of(validated({OFTEN: prepare}, required(p50=2), HASTY))
    assert result.outcome is Outcome.UNKNOWN


def test_workload_that_takes_longer_than_its_time_is_judged_by_what_there_is(
    validated: Validating,
) -> None:
    result = result_of(
        validated({OFTEN: taking(40)}, required(p50=2), Effort(40, seconds=0.01, pause=0))
    )
    assert result.outcome is Outcome.UNKNOWN
    assert figures(result)["samples"] == 1


def test_workload_that_raises_is_a_finding_and_the_others_go_on(
    validated: Validating, driver: str
) -> None:
    doing = {"select.ghost": raising(LookupError("no such ghost")), OFTEN: reading}
    report = validated(doing, driver=driver)
    result = result_of(report, "select.ghost")
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("WORKLOAD-FAILED", Severity.WRONG)
    assert finding.message == "it raised LookupError"
    assert finding.actual == "no such ghost"
    assert "Traceback" in result.evidence
    assert result_of(report).outcome is Outcome.PASSED
    # Agents do what all workloads do.
    assert result_of(report, "agents").findings[0].actual == "no such ghost"


def test_workload_that_raises_when_it_is_confirmed_is_a_finding(validated: Validating) -> None:
    operations = iter([taking(3), taking(0), raising(LookupError("gone"))])

    def prepare(engine: Engine) -> Callable[[], object]:
        return next(operations)(engine)

    # Agents prepare it, too.
    (finding,) = result_of(validated({OFTEN: prepare}, required(p50=2), HASTY)).findings
    assert finding.code == "WORKLOAD-FAILED"


def test_mean_quantiles_and_longest_time_are_measured(validated: Validating) -> None:
    found = figures(result_of(validated({OFTEN: taking(1, 1, 1, 4)})))
    assert 1 <= found["p50"] < 4 <= found["p95"] <= found["p99"] <= found["max"]
    assert found["p50"] < found["mean"] < found["max"]
    assert "event loop late max" not in found


def test_work_that_blocks_the_event_loop_is_measured(validated: Validating) -> None:
    doing = {"insert.account": taking(30)}
    found = figures(result_of(validated(doing, None, HASTY, "aiosqlite"), *doing))
    assert found["event loop late max"] > 25


def test_application_that_only_writes_has_no_agents(validated: Validating) -> None:
    report = validated({"insert.account": taking(0)})
    assert {result.check for result in report.results} == {"insert.account", "connect"}


def test_agents_begin_nothing_more_when_the_time_is_over(validated: Validating) -> None:
    report = validated({OFTEN: taking(20)}, None, HASTY, "aiosqlite")
    assert 25 <= figures(result_of(report, "agents"))["samples"] < 250


def test_applications_own_requirements_count_where_no_others_are_given(
    validated: Validating,
) -> None:
    own = {"list.*": {"p50": 2.0}}
    result = result_of(validated({OFTEN: taking(3)}, requirements=own))
    assert [finding.expected for finding in result.findings] == ["p50 < 2.00 ms"]


def test_scipy_that_is_missing_is_told_before_anything_is_measured(
    validated: Validating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(DriverMissing, match="scipy"):
        validated({OFTEN: reading})


def test_workloads_are_told_one_after_the_other(tmp_path: Path) -> None:
    class Told(Progress):
        def __init__(self) -> None:
            self.begun: list[tuple[str, str, int, int]] = []

        def checking(self, target: str, check: str, number: int, total: int) -> None:
            self.begun.append((target, check, number, total))

    told = Told()
    with database_of(tmp_path, {OFTEN: reading}) as database:
        PerformanceValidator(database, effort=BRIEF, progress=told).validate()
    names = [OFTEN, "connect", "agents"]
    assert told.begun == [("sqlite+pysqlite", name, n, 3) for n, name in enumerate(names, 1)]


@contextmanager
def checked(folder: Path, workloads: dict[str, Any], **required: float) -> Iterator[Result]:
    own = {"list.*": required}
    with database_of(folder, workloads, requirements=own) as database:
        yield perform(meets_requirements, database)


def test_check_verifies_each_quantile_up_to_the_95th_percentile(tmp_path: Path) -> None:
    with checked(tmp_path, {OFTEN: taking(0)}, p50=50, p95=50, p99=1e-6) as result:
        assert result.outcome is Outcome.PASSED
        assert result.verified >= 5
        assert figures(result)[f"{OFTEN} p95"] < 50


def test_check_finds_what_is_slower_than_it_must_be(tmp_path: Path) -> None:
    with checked(tmp_path, {OFTEN: taking(3)}, p50=2, p95=2) as result:
        assert {(each.code, each.place) for each in result.findings} == {
            ("REQUIREMENT-MISSED", Place(OFTEN))
        }
        assert result.outcome is Outcome.FAILED


def test_check_skips_what_is_undecided(tmp_path: Path) -> None:
    with checked(tmp_path, {OFTEN: taking(0, 15)}, p50=10) as result:
        assert (Place(OFTEN), True) in {
            (part.place, "p50 < 10.0 ms is undecided" in part.reason) for part in result.skipped
        }
        assert result.outcome is Outcome.PASSED


def test_check_without_scipy_is_skipped_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with checked(tmp_path, {OFTEN: reading}) as result:
        assert result.outcome is Outcome.SKIPPED
        assert "pip install 'dbparity[bench]'" in result.reason
