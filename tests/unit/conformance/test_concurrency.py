from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import Enum as PlainEnum
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Engine,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
)

from dbparity.applications import Application
from dbparity.conformance import concurrency
from dbparity.conformance.clients import Operations, Script, Tally, work
from dbparity.results import Outcome, Severity
from tests.support.databases import sqlite_database
from tests.support.ledgers import pairs
from tests.support.performing import OnFile
from tests.support.plants import committing_nothing, doubling, losing, refusing

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.conformance.base import Check
    from dbparity.servers.database import Database


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def performed(request: pytest.FixtureRequest, tmp_path: Path) -> OnFile:
    return OnFile(tmp_path, request.param)


@pytest.mark.parametrize("check", concurrency.CHECKS, ids=lambda check: check.name)
def test_a_healthy_application_is_clean(performed: OnFile, check: Check) -> None:
    result = performed(check)

    assert result.findings == ()
    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


@pytest.mark.parametrize("check", [concurrency.writers, concurrency.agents], ids=["10", "25"])
def test_a_commit_that_loses_a_row_under_concurrency_is_found_with_its_key(
    performed: OnFile, check: Check
) -> None:
    result = performed(check, configure=losing("INSERT"))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("ROW-LOST", Severity.LOST)
    assert finding.actual == f"{finding.place.key}: it is not there"
    assert result.outcome is Outcome.FAILED


def test_other_tables_are_clean_when_one_loses_a_row(performed: OnFile) -> None:
    result = performed(concurrency.writers, configure=losing("INSERT"))

    assert result.verified == 1


def test_a_lost_update_is_found_with_what_is_there_instead(performed: OnFile) -> None:
    result = performed(concurrency.agents, configure=losing("UPDATE"))

    (finding,) = result.findings
    assert finding.code == "UPDATE-LOST"
    assert f"{finding.place.key}: " in finding.actual
    assert " is " in finding.actual


def test_a_lost_delete_is_found(performed: OnFile) -> None:
    result = performed(concurrency.agents, configure=losing("DELETE"))

    (finding,) = result.findings
    assert finding.code == "DELETE-LOST"
    assert finding.actual == f"{finding.place.key}: it is there"


def test_a_lost_increment_is_found_by_the_sum(performed: OnFile) -> None:
    result = performed(concurrency.increments, configure=losing("UPDATE"))

    (finding,) = result.findings
    assert finding.code == "UPDATE-LOST"
    assert finding.actual.endswith(" is 99")


def test_a_row_that_is_written_twice_is_found(performed: OnFile) -> None:
    result = performed(concurrency.writers, pairs(), schema=pairs(key=False), configure=doubling)

    (finding,) = result.findings
    assert finding.code == "ROW-DOUBLED"
    assert finding.actual == f"{finding.place.key}: it is there 2 times"


@pytest.mark.parametrize("check", [concurrency.agents, concurrency.increments], ids=["25", "10"])
def test_what_is_refused_only_beside_others_is_found_with_the_reason(
    performed: OnFile, check: Check
) -> None:
    result = performed(check, configure=refusing("UPDATE"))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("WRITE-REFUSED", Severity.WRONG)
    assert finding.actual == f"{finding.place.key}: no such table: nowhere"


def test_a_finding_names_ten_rows_and_counts_the_others(performed: OnFile) -> None:
    result = performed(concurrency.writers, pairs(), configure=committing_nothing)

    (finding,) = result.findings
    assert finding.actual.count("it is not there") == 10
    assert finding.actual.endswith("; and 90 more")


def test_a_number_that_may_not_be_zero_is_counted_from_where_it_is(performed: OnFile) -> None:
    result = performed(concurrency.increments, _counted("n >= 500", nullable=False))

    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize("check", ["n BETWEEN 1 AND 9", "n IS NULL"])
def test_a_number_that_cannot_be_counted_up_is_left_out(performed: OnFile, check: str) -> None:
    result = performed(concurrency.increments, _counted(check))

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "it has no number that could be counted up"


def _counted(check: str, *, nullable: bool = True) -> MetaData:
    metadata = MetaData()
    Table(
        "counted",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer, nullable=nullable),
        CheckConstraint(check),
    )
    return metadata


def test_columns_of_keys_and_values_of_other_classes_are_not_changed(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "colours",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(20), unique=True),
        Column("base", Enum(Colour)),
        Column("mixed_of", ForeignKey("colours.id")),
    )

    result = performed(concurrency.agents, metadata, configure=refusing("UPDATE"))

    assert result.findings == ()


class Colour(PlainEnum):
    RED = 1
    BLUE = 2


def test_with_more_tables_than_agents_every_table_has_one(performed: OnFile) -> None:
    metadata = MetaData()
    for number in range(26):
        Table(f"t{number}", metadata, Column("id", Integer, primary_key=True))

    assert performed(concurrency.agents, metadata).verified == 26


def test_without_tables_nothing_is_claimed(performed: OnFile) -> None:
    metadata = MetaData()
    Table("log", metadata, Column("line", String(20)))

    assert performed(concurrency.agents, metadata).outcome is Outcome.SKIPPED


class Blocker:
    """Holds the write lock of a SQLite file until so many statements were refused for it."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._connection: sqlite3.Connection | None = None

    def configure(self, engine: Engine) -> None:
        event.listen(engine, "handle_error", self._refused)

    def block(self, database: Database) -> None:
        with database.engine.connect() as connection:
            database.backend.lock_timeout(connection, 0)
        self._connection = sqlite3.connect(str(database.url.database), check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    def _refused(self, _: object) -> None:
        self._patience -= 1
        if not self._patience:
            self.close()


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_conflicts_are_repeated_and_counted(tmp_path: Path, driver: str) -> None:
    tally = _insert_against(Blocker(3), tmp_path, driver)

    assert (tally.conflicts, tally.problems) == (3, ())


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_a_conflict_that_does_not_end_is_a_refusal(tmp_path: Path, driver: str) -> None:
    tally = _insert_against(Blocker(21), tmp_path, driver)

    (problem,) = tally.problems
    assert (problem.code, problem.said) == (
        "WRITE-REFUSED",
        "in conflict 20 times: database is locked",
    )


def _insert_against(blocker: Blocker, folder: Path, driver: str) -> Tally:
    app = Application("tests:metadata", pairs(), configure=blocker.configure)
    insert = Operations(app.metadata.tables["pairs"]).insert({"a": 1, "b": 1})

    def attempt(database: Database) -> Tally:
        blocker.block(database)
        return work(database, [Script([insert])])

    with sqlite_database(folder, app, driver) as database, closing(blocker):
        return database.run(attempt)
