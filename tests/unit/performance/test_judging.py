from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table
from sqlalchemy.types import NullType

from dbparity.applications import Application
from dbparity.errors import ApplicationError, DriverMissing
from dbparity.performance.judging import judge_targets
from dbparity.performance.options import BenchOptions
from dbparity.performance.requirements import Effort
from dbparity.progress import Progress
from dbparity.results import Outcome
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from tests.support.timing import taking, working

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dbparity.results import Report, Result
    from dbparity.servers.database import Database

PYSQLITE, AIOSQLITE = "sqlite+pysqlite", "sqlite+aiosqlite"
FILES = ServerOptions(providers=("file",))
WORKLOADS = {"insert.account": taking(0)}


class Told(Progress):
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[Result] = []

    def checking(self, target: str, check: str, number: int, total: int) -> None:
        assert number <= total
        self.begun.append(f"{check} on {target}")

    def checked(self, result: Result) -> None:
        self.ended.append(result)


def judged(application: Application, *targets: str, progress: Progress | None = None) -> Report:
    with DatabaseTestEnvironment(targets or ["sqlite"], FILES) as environment:
        return judge_targets(
            environment,
            environment.targets,
            application,
            BenchOptions(),
            Effort(40, 3.0, 0.95, pause=0),
            progress,
        )


def test_every_workload_is_judged_on_every_target() -> None:
    told = Told()
    report = judged(working(WORKLOADS), progress=told)
    assert [(result.target, result.check) for result in report.results] == [
        (target, check)
        for target in (PYSQLITE, AIOSQLITE)
        for check in ("insert.account", "connect")
    ]
    assert {result.outcome for result in report.results} == {Outcome.PASSED}
    assert tuple(told.ended) == report.results
    assert told.begun[:2] == [f"fill on {PYSQLITE}", f"insert.account on {PYSQLITE}"]


def test_target_that_refuses_the_schema_is_a_finding_with_the_cure() -> None:
    metadata = MetaData()
    untyped = String(20).with_variant(NullType(), "sqlite")
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("x", untyped))
    report = judged(Application("tests:t", metadata, workloads=WORKLOADS), PYSQLITE)
    assert [finding.code for finding in report.findings] == ["SCHEMA-REFUSED"]


def test_rows_that_are_refused_are_a_finding_and_the_other_targets_go_on() -> None:
    def seed(connection: Connection) -> None:
        if connection.dialect.driver == "pysqlite":
            raise LookupError("no rows today")

    report = judged(working(WORKLOADS, seed=seed))
    (finding,) = report.findings
    assert (finding.message, finding.actual) == (
        "fill could not be finished: LookupError",
        "no rows today",
    )
    assert finding.targets == (PYSQLITE,)
    assert "Traceback" in report.results[0].evidence
    assert [result.target for result in report.results[1:]] == [AIOSQLITE] * 2


def test_target_that_is_lost_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def lease(*_: object, **_options: object) -> Database:
        raise OSError("the server is gone")

    monkeypatch.setattr(DatabaseTestEnvironment, "lease", lease)
    (finding,) = judged(working(WORKLOADS), PYSQLITE).findings
    assert (finding.code, finding.actual) == ("TARGET-LOST", "the server is gone")


@pytest.mark.parametrize("failing", ["lease", "fill"])
def test_error_of_whoever_uses_it_is_raised(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    if failing == "lease":

        def lease(*_: object, **_options: object) -> Any:  # noqa: ANN401
            raise DriverMissing("sqlite", "pysqlite", "")

        monkeypatch.setattr(DatabaseTestEnvironment, "lease", lease)
        with pytest.raises(DriverMissing):
            judged(working(WORKLOADS), PYSQLITE)
    else:
        with pytest.raises(ApplicationError, match="it declares a workload 'connect'"):
            judged(working({"connect": taking(0)}), PYSQLITE)


def test_scipy_that_is_missing_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(DriverMissing, match="scipy"):
        judged(working(WORKLOADS), PYSQLITE)
