from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
)

from dbparity.applications import Application
from dbparity.backends.sqlite import SQLite
from dbparity.conformance import isolation, transactions
from dbparity.conformance.base import Check, perform
from dbparity.conformance.spares import fill
from dbparity.results import Finding, Outcome, Result, Severity
from dbparity.servers.bridge import Bridge
from dbparity.servers.database import Database, Opening
from dbparity.targets import Target
from tests.support.databases import sqlite_database
from tests.support.ledgers import ledger, pairs
from tests.support.performing import OnFile
from tests.support.plants import committing_each_statement, committing_nothing, refusing, rewriting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def performed(request: pytest.FixtureRequest, tmp_path: Path) -> OnFile:
    return OnFile(tmp_path, request.param)


def codes(result: Result) -> set[str]:
    return {finding.code for finding in result.findings}


@pytest.mark.parametrize("check", transactions.CHECKS, ids=lambda check: check.name)
def test_a_healthy_application_is_clean(performed: OnFile, check: Check) -> None:
    result = performed(check)

    assert result.findings == ()
    assert result.outcome is Outcome.PASSED
    assert result.verified >= 2


def test_a_commit_that_keeps_nothing_is_a_loss(performed: OnFile) -> None:
    result = performed(transactions.commit_is_visible, configure=committing_nothing)

    lost = next(finding for finding in result.findings if finding.place.table == "accounts")
    assert (lost.code, lost.severity) == ("COMMIT-LOST", Severity.LOST)
    assert (lost.expected, lost.actual) == ("the row is there", "it is not")
    assert lost.place.key


def test_a_rollback_that_keeps_something_is_found_on_every_table(performed: OnFile) -> None:
    result = performed(transactions.rollback_discards, configure=committing_each_statement)

    assert [(finding.code, finding.place.table) for finding in result.findings] == [
        ("ROLLBACK-KEPT", "accounts"),
        ("ROLLBACK-KEPT", "entries"),
    ]


def test_what_an_exception_leaves_behind_is_found(performed: OnFile) -> None:
    result = performed(transactions.exception_leaves_nothing, configure=committing_each_statement)

    assert codes(result) == {"EXCEPTION-KEPT"}


def test_a_savepoint_that_is_not_undone_is_found(performed: OnFile) -> None:
    result = performed(
        transactions.savepoint, configure=rewriting("ROLLBACK TO SAVEPOINT", "SELECT 1")
    )

    assert codes(result) == {"SAVEPOINT-WRONG"}


def test_python_s_own_transactions_let_a_released_savepoint_leak(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'legacy.sqlite'}")
    app = Application("tests:metadata", ledger())
    app.metadata.create_all(engine)
    backend = SQLite()
    bridge = Bridge(backend, backend.driver("pysqlite"))
    opening = Opening(lambda: engine, bridge.dispose)
    database = Database(
        Target("sqlite", "pysqlite"),
        engine.url,
        backend,
        (3, 40),
        bridge,
        opening,
        app,
        beside=pytest.fail,
    )

    result = perform(transactions.savepoint, database)
    engine.dispose()

    assert codes(result) == {"SAVEPOINT-LEAKED"}


def test_an_error_that_takes_the_whole_transaction_with_it_is_found(performed: OnFile) -> None:
    result = performed(
        transactions.error_then_continue, configure=rewriting("ROLLBACK TO SAVEPOINT", "ROLLBACK")
    )

    assert codes(result) == {"ERROR-NOT-UNDONE"}


def test_a_table_that_accepts_a_row_twice_says_nothing_about_errors(performed: OnFile) -> None:
    result = performed(transactions.error_then_continue, pairs(), schema=pairs(key=False))

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "a row was accepted twice: nothing is refused"


def test_a_claim_that_errors_abort_transactions_must_hold(performed: OnFile) -> None:
    result = performed(transactions.error_then_continue, claims={"aborts_on_error": True})

    assert codes(result) == {"ERROR-STATE-DIFFERS"}
    assert {finding.actual for finding in result.findings} == {"the next statement is accepted"}


def test_a_row_that_others_see_before_its_commit_is_a_dirty_read(performed: OnFile) -> None:
    result = performed(isolation.dirty_reads, configure=committing_each_statement)

    assert codes(result) == {"DIRTY-READ"}


def test_a_claim_that_reads_are_not_repeatable_must_hold(performed: OnFile) -> None:
    result = performed(isolation.repeatable_reads, claims={"repeatable_reads": False})

    assert [(finding.code, finding.actual) for finding in result.findings] == [
        ("ISOLATION-DIFFERS", "it is read as before")
    ] * 2


def test_a_row_that_vanishes_between_two_reads_is_found(performed: OnFile) -> None:
    result = performed(
        isolation.repeatable_reads,
        configure=committing_each_statement,
        claims={"concurrent_writers": True},
    )

    assert {(finding.code, finding.actual) for finding in result.findings} == {
        ("ISOLATION-DIFFERS", "it is gone from one read to the next")
    }


def test_a_writer_that_fails_ends_the_check(performed: OnFile) -> None:
    result = performed(
        isolation.repeatable_reads,
        configure=refusing("DELETE"),
        claims={"concurrent_writers": True},
    )

    assert [finding.actual for finding in result.findings] == ["no such table: nowhere"]


def test_tables_without_a_key_are_left_out_and_named(performed: OnFile) -> None:
    metadata = MetaData()
    Table("log", metadata, Column("line", String(20)))

    result = performed(transactions.commit_is_visible, metadata)

    assert result.outcome is Outcome.SKIPPED
    assert [skipped.place.table for skipped in result.skipped] == ["log"]


def test_a_table_that_can_have_few_rows_only_is_left_out(performed: OnFile) -> None:
    metadata = MetaData()
    Table("switches", metadata, Column("on", Boolean, primary_key=True))

    result = performed(transactions.commit_is_visible, metadata)

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "1 spare rows are needed, and there are 0"


def test_every_row_of_a_joined_child_table_has_a_parent_of_its_own(performed: OnFile) -> None:
    metadata = MetaData()
    Table("people", metadata, Column("id", Integer, primary_key=True))
    Table("staff", metadata, Column("id", ForeignKey("people.id"), primary_key=True))
    Table("heads", metadata, Column("id", ForeignKey("staff.id"), primary_key=True))

    result = performed(transactions.savepoint, metadata)

    assert (result.verified, result.skipped) == (6, ())


def test_rows_of_a_tree_can_be_inserted_in_any_order(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "nodes",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("nodes.id")),
    )

    result = performed(transactions.rollback_discards, metadata)

    assert result.outcome is Outcome.PASSED


def test_a_table_whose_rows_are_refused_is_left_out_with_its_children(performed: OnFile) -> None:
    wanted, there = ledger(), ledger()
    there.tables["accounts"].append_column(Column("extra", Integer, nullable=False))

    result = performed(transactions.commit_is_visible, wanted, schema=there)

    reasons = {skipped.place.table: skipped.reason for skipped in result.skipped}
    assert result.outcome is Outcome.SKIPPED
    assert "NOT NULL constraint failed: accounts.extra" in reasons["accounts"]
    assert reasons["entries"] == "rows that its rows reference were refused"


class _Stamped(TypeDecorator[str]):
    """Text that is another one each time that it is sent."""

    impl = String(40)
    cache_ok = True
    sent = 0

    def process_bind_param(self, value: str | None, dialect: object) -> str:  # noqa: ARG002
        type(self).sent += 1
        return f"{value} {self.sent}"


def test_a_key_that_does_not_find_its_row_is_left_out(performed: OnFile) -> None:
    metadata = MetaData()
    Table("stamps", metadata, Column("stamp", _Stamped, primary_key=True))

    result = performed(transactions.commit_is_visible, metadata)

    assert result.reason == "its keys do not find the rows that were written with them"


def test_a_finding_says_what_to_do(performed: OnFile) -> None:
    result = performed(isolation.dirty_reads, configure=committing_each_statement)

    finding: Finding = result.findings[0]
    assert "isolation_level" in finding.recommendation


def test_a_table_without_rows_is_left_out(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, Application("tests:metadata", ledger())) as database:
        filled = list(fill(database, lambda _: ()))

    assert [(table.name, reason) for table, reason in filled] == [
        ("accounts", "it can have no rows"),
        ("entries", "rows that its rows reference were refused"),
    ]
