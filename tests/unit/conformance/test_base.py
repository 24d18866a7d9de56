from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, event
from sqlalchemy.exc import OperationalError

from dbparity.conformance import indexes, integrity, operations, schema, transactions
from dbparity.conformance.base import Check, PairCheck, check, perform
from dbparity.conformance.model_at_head import model_at_head
from dbparity.results import (
    Finding,
    Item,
    Observation,
    Outcome,
    Place,
    Result,
    Severity,
    Skipped,
    Verified,
)
from tests.support.databases import application, sqlite_database
from tests.support.performing import OnFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from dbparity.servers.database import Database
    from dbparity.targets import Target
    from tests.unit.conformance.conftest import Perform

LEASED = "dbparity_0badf00d_main_3"


CHECKS = (*operations.CHECKS, *integrity.CHECKS, *transactions.CHECKS)


def without_savepoints(engine: Engine) -> None:
    event.listen(engine, "savepoint", lambda *_: pytest.fail("a savepoint was asked for"))


class Adapted(Exception):
    """What SQLAlchemy's adapter of a driver raises."""

    orig = ValueError(f"`{LEASED}`.`posts` refuses\nmore of it")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("SELECT 1", {}, ValueError("refused")), "refused"),
        (OperationalError("SELECT 1", {}, Adapted("adapted: refused")), "`posts` refuses"),
        (ValueError("one\ntwo"), "one"),
        (KeyError(), "KeyError"),
    ],
)
def test_check_that_died_is_told_in_the_drivers_words(
    perform_on_sqlite: Perform, error: Exception, said: str
) -> None:
    @check("operations")
    def dies(_database: Database) -> Iterator[Item]:
        """Cannot be finished."""
        raise error
        yield

    result = perform_on_sqlite(dies, MetaData())
    (finding,) = result.findings
    assert (finding.code, finding.actual) == ("CHECK-DIED", said)
    assert "Traceback" in result.evidence


def test_nothing_that_is_found_names_its_database(perform_on_sqlite: Perform) -> None:
    @check("operations")
    def names(_database: Database) -> Iterator[Item]:
        """Tells all that it sees."""
        place = Place("posts")
        yield Finding("FAULT", Severity.NOTE, f"in {LEASED}.posts", place, actual=f"in {LEASED}")
        yield Observation("an error", f"no `{LEASED}`.`posts`", place)
        yield Skipped(f"{LEASED}.posts is empty", place)

    result = perform_on_sqlite(names, MetaData())
    (finding,), (observation,), (skipped,) = result.findings, result.observations, result.skipped
    assert (finding.message, finding.actual) == ("in posts", "in database")
    assert finding.severity is Severity.NOTE
    assert observation.value == "no `posts`"
    assert skipped.reason == "posts is empty"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_no_savepoint_is_asked_for_where_there_are_none(check: Check, tmp_path: Path) -> None:
    perform = OnFile(tmp_path, "pysqlite")
    result = perform(check, configure=without_savepoints, claims={"savepoints": False})
    assert result.findings == ()
    assert ("SQLite lacks savepoints" in result.reason) is ("savepoints" in check.needs)


@pytest.mark.parametrize(
    "check",
    [schema.objects, model_at_head, indexes.indexes_used, indexes.foreign_keys_indexed],
    ids=lambda check: check.name,
)
def test_nothing_is_read_back_where_that_cannot_be(check: Check, tmp_path: Path) -> None:
    result = OnFile(tmp_path, "pysqlite")(check, claims={"reflects_schema": False})
    assert result.reason == "SQLite lacks reflects_schema"


def test_pairs_that_want_a_database_of_each_other_at_once_both_get_one(tmp_path: Path) -> None:
    """Each is asked for on the loop of the other one, which goes on meanwhile."""
    both_have_begun = threading.Barrier(2, timeout=30)
    results: list[Result] = []

    def pair(here: Database, there: Database) -> Iterator[Item]:
        yield Verified(f"{here.target} and {there.target}")

    def work(here: Database, there: Database) -> None:
        @contextmanager
        def lease(_target: Target) -> Iterator[Database]:
            both_have_begun.wait()
            yield there.run(lambda database: database)

        checks = PairCheck("pair", "migrations", pair).onto(there.target, lease)
        results.append(perform(checks, here))

    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    empty = application(MetaData())
    with (
        sqlite_database(folders[0], empty, "aiosqlite") as one,
        sqlite_database(folders[1], empty, "aiosqlite") as other,
    ):
        threads = [
            threading.Thread(target=work, args=each, daemon=True)
            for each in ((one, other), (other, one))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [result.outcome for result in results] == [Outcome.PASSED] * 2
