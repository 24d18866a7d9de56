from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL, Column, Integer, MetaData, String, Table, inspect, text
from sqlalchemy.types import NullType

from dbparity import plugins
from dbparity.applications import Application
from dbparity.conformance.base import Check, check
from dbparity.errors import RowsUnsatisfiable, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import (
    Finding,
    Item,
    Observation,
    Outcome,
    Result,
    Severity,
    Skipped,
    TargetState,
    Verified,
)
from dbparity.servers.base import Running, ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.tester import CrossDatabaseTester, load_checks
from tests.support.providing import Given, environment_of, offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Report
    from dbparity.servers.database import Database
    from dbparity.servers.ledger import Run

PYSQLITE, AIOSQLITE = "sqlite+pysqlite", "sqlite+aiosqlite"
FILES = ServerOptions(providers=("file",))
UNTYPED = String(20).with_variant(NullType(), "sqlite")


def shop(*columns: Column[object]) -> Application:
    metadata = MetaData()
    Table("goods", metadata, Column("id", Integer, primary_key=True), *columns)
    return Application("tests:shop", metadata)


@check("operations")
def counts_goods(database: Database) -> Iterator[Item]:
    """The table is there, and empty."""
    with database.engine.begin() as connection:
        count = connection.scalar(text("SELECT count(*) FROM goods"))
        connection.execute(text("INSERT INTO goods (id) VALUES (1)"))
    yield Observation("how many goods there are", str(count))


@check("operations")
def tells_its_driver(database: Database) -> Iterator[Item]:
    """Something on which drivers differ."""
    yield Observation("the driver", database.target.driver)


@check("schema")
def finds_fault(database: Database) -> Iterator[Item]:
    """Something is wrong."""
    yield Finding("FAULT", Severity.LOST, f"a row is gone on {database.backend.title}")


@check("schema", needs=("sequences",))
def needs_sequences(_database: Database) -> Iterator[Item]:
    """Something that SQLite cannot do."""
    yield Verified("there are sequences")


class Told(Progress):
    def __init__(self) -> None:
        self.began: list[tuple[str, str, int, int]] = []
        self.ended: list[Result] = []
        self.waited_for = 0

    def checking(self, target: str, check: str, number: int, total: int) -> None:
        self.began.append((target, check, number, total))

    def checked(self, result: Result) -> None:
        self.ended.append(result)

    def interrupted(self) -> None:
        self.waited_for = len(self.began) - len(self.ended)


def run(
    *checks: Check,
    targets: tuple[str, ...] = ("sqlite",),
    application: Application | None = None,
    progress: Progress | None = None,
) -> Report:
    with DatabaseTestEnvironment(targets, FILES) as environment:
        return CrossDatabaseTester(environment, application or shop(), checks, progress).run()


def outcomes(report: Report) -> dict[tuple[str, str], Outcome]:
    return {(result.target, result.check): result.outcome for result in report.results}


def test_every_check_runs_on_every_target() -> None:
    assert outcomes(run(counts_goods)) == {
        (PYSQLITE, "counts_goods"): Outcome.PASSED,
        (AIOSQLITE, "counts_goods"): Outcome.PASSED,
        ("", "counts_goods"): Outcome.PASSED,
    }


def test_check_that_no_driver_changes_runs_once_on_a_server() -> None:
    told = Told()
    report = run(replace(counts_goods, once=True), needs_sequences, progress=told)
    assert outcomes(report) == {
        (PYSQLITE, "counts_goods"): Outcome.PASSED,
        (PYSQLITE, "needs_sequences"): Outcome.SKIPPED,
        (AIOSQLITE, "needs_sequences"): Outcome.SKIPPED,
        ("", "counts_goods"): Outcome.SKIPPED,
    }
    assert (AIOSQLITE, "needs_sequences", 1, 1) in told.began


def test_every_check_has_an_empty_database() -> None:
    again = Check("counts_again", "operations", counts_goods.run)
    values = [
        observation.value
        for result in run(counts_goods, again).results
        for observation in result.observations
    ]
    assert values == ["0"] * 4


def test_targets_that_answer_differently_are_a_finding() -> None:
    report = run(tells_its_driver)
    assert [finding.code for finding in report.findings] == ["DIVERGES-TELLS-ITS-DRIVER"]
    assert outcomes(report)["", "tells_its_driver"] is Outcome.FAILED


def test_finding_is_reported_once_with_all_its_targets() -> None:
    (finding,) = run(finds_fault).findings
    assert (finding.code, finding.targets) == ("FAULT", (PYSQLITE, AIOSQLITE))


def test_check_that_a_backend_cannot_support_is_skipped_with_the_reason() -> None:
    (result,) = run(needs_sequences, targets=(PYSQLITE,)).results
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "SQLite lacks sequences")


def test_report_names_the_application_and_the_targets() -> None:
    report = run(counts_goods, targets=(PYSQLITE, "mysql+pymysql"))
    assert report.application == "tests:shop"
    assert report.seconds > 0
    assert [(state.target, state.provider) for state in report.targets] == [
        (PYSQLITE, "file"),
        ("mysql+pymysql", ""),
    ]


def test_no_target_at_all_is_a_report_without_results() -> None:
    report = run(counts_goods, targets=("mysql+pymysql",))
    assert report.results == ()
    assert isinstance(report.missing[0], TargetState)


def test_what_happens_is_told_check_by_check() -> None:
    told = Told()
    run(counts_goods, finds_fault, targets=(PYSQLITE,), progress=told)
    assert told.began == [(PYSQLITE, "counts_goods", 1, 2), (PYSQLITE, "finds_fault", 2, 2)]
    assert [result.outcome for result in told.ended] == [Outcome.PASSED, Outcome.FAILED]


def test_refused_schema_is_a_finding_with_the_cure_and_skips_the_checks() -> None:
    told = Told()
    application = shop(Column("untyped", UNTYPED))
    report = run(
        counts_goods, finds_fault, targets=(PYSQLITE,), application=application, progress=told
    )
    (finding,) = report.findings
    assert (finding.code, finding.severity) == ("SCHEMA-REFUSED", Severity.WRONG)
    assert "untyped" in finding.actual
    assert "give the column a type" in finding.recommendation
    assert outcomes(report) == {
        (PYSQLITE, "create_all"): Outcome.FAILED,
        (PYSQLITE, "counts_goods"): Outcome.SKIPPED,
        (PYSQLITE, "finds_fault"): Outcome.SKIPPED,
    }
    assert tuple(told.ended) == report.results


@check("operations", empty=True)
def finds_nothing(database: Database) -> Iterator[Item]:
    """There are no tables."""
    yield Verified(", ".join(inspect(database.engine).get_table_names()) or "no tables")


def test_a_check_that_wants_it_gets_an_empty_database_where_the_schema_is_refused() -> None:
    application = shop(Column("untyped", UNTYPED))
    report = run(counts_goods, finds_nothing, targets=(PYSQLITE,), application=application)

    assert outcomes(report) == {
        (PYSQLITE, "create_all"): Outcome.FAILED,
        (PYSQLITE, "counts_goods"): Outcome.SKIPPED,
        (PYSQLITE, "finds_nothing"): Outcome.PASSED,
    }


def test_checks_of_empty_databases_need_no_rows() -> None:
    application = shop(Column("untyped", NullType()))
    report = run(finds_nothing, targets=(PYSQLITE,), application=application)

    assert outcomes(report) == {(PYSQLITE, "finds_nothing"): Outcome.PASSED}


def test_schema_that_several_targets_refuse_is_one_finding() -> None:
    report = run(counts_goods, application=shop(Column("untyped", UNTYPED)))
    assert len(report.findings) == 1
    assert report.findings[0].targets == (PYSQLITE, AIOSQLITE)


def test_table_that_no_row_can_be_made_for_is_named_before_anything_runs() -> None:
    with pytest.raises(RowsUnsatisfiable, match=r"table 'goods'.*give a factory"):
        run(counts_goods, application=shop(Column("untyped", NullType())))


def test_target_that_is_lost_is_a_finding_and_the_others_go_on() -> None:
    def start(run: Run, server: str) -> Running:
        folder = Path(run.folder) / server
        folder.mkdir()
        return Running(URL.create("sqlite", database=str(folder)), stop=lambda: None)

    @check("operations")
    def removes_the_server(database: Database) -> Iterator[Item]:
        """The server dies while it is checked."""
        yield Verified("it was there")
        if database.target.driver == "pysqlite":
            folder = Path(database.url.database or "").parent
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    told = Told()
    targets = (PYSQLITE, f"{AIOSQLITE}@3")
    provider = Given(lambda server: offer(lambda run: start(run, server)))
    with environment_of(provider, targets=targets) as environment:
        checks = (removes_the_server, counts_goods, finds_fault)
        report = CrossDatabaseTester(environment, shop(), checks, told).run()
    (lost,) = (finding for finding in report.findings if finding.code == "TARGET-LOST")
    assert lost.targets == (PYSQLITE,)
    assert "gave no database" in lost.message
    found = outcomes(report)
    assert found[PYSQLITE, "counts_goods"] is Outcome.FAILED
    assert found[PYSQLITE, "finds_fault"] is Outcome.SKIPPED
    assert found[AIOSQLITE, "finds_fault"] is Outcome.FAILED
    (evidence,) = (result.evidence for result in report.results if result.evidence)
    assert "Traceback" in evidence
    assert len(told.ended) == 6


def test_interrupted_run_ends_with_the_check_that_it_is_at() -> None:
    begun: list[str] = []

    @check("operations")
    def waits(database: Database) -> Iterator[Item]:
        """The signal comes while it runs."""
        begun.append(str(database.target))
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        interrupted.wait(30)
        yield Skipped("interrupted")

    interrupted = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        threading.Timer(0.1, interrupted.set).start()
        raise KeyboardInterrupt

    before, told = signal.signal(signal.SIGINT, interrupt), Told()
    began = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(waits, waits, waits, targets=(PYSQLITE,), progress=told)
    finally:
        signal.signal(signal.SIGINT, before)
    assert begun == [PYSQLITE]
    assert told.waited_for == 1
    assert time.perf_counter() - began < 25


def test_check_that_runs_alone_comes_after_all_others_and_never_beside_another() -> None:
    running: set[str] = set()
    done: list[str] = []

    def noting(name: str, *, alone: bool) -> Check:
        def run(database: Database) -> Iterator[Item]:
            who = f"{name} on {database.target.driver}"
            running.add(who)
            if alone:
                assert running == {who}
            yield Verified(who)
            running.remove(who)
            done.append(who)

        return Check(name, "operations", run, alone=alone)

    told = Told()
    report = run(noting("timed", alone=True), noting("usual", alone=False), progress=told)
    assert {result.outcome for result in report.results} == {Outcome.PASSED}
    assert set(done[:2]) == {"usual on pysqlite", "usual on aiosqlite"}
    assert done[2:] == ["timed on pysqlite", "timed on aiosqlite"]
    assert told.began[2:] == [(PYSQLITE, "timed", 2, 2), (AIOSQLITE, "timed", 2, 2)]


def test_checks_of_all_categories_are_loaded() -> None:
    assert {check.category for check in load_checks()} == set(plugins.names("checks"))


def test_own_categories_come_in_the_order_of_reading_and_others_after_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [Check(name, name, finds_fault.run) for name in ("audit", "integrity", "operations")]
    loaded = {check.name: [check] for check in made}
    monkeypatch.setattr(plugins, "names", lambda _: tuple(loaded))
    monkeypatch.setattr(plugins, "load", lambda _, name: loaded[name])
    assert [check.name for check in load_checks()] == ["operations", "integrity", "audit"]


def test_checks_of_one_category_are_loaded() -> None:
    assert {check.category for check in load_checks(["schema"])} == {"schema"}


def test_unknown_category_is_named_with_those_that_are_known() -> None:
    with pytest.raises(TargetUnknown, match=r"unknown category 'speed'; known: concurrency, int"):
        load_checks(["speed"])
