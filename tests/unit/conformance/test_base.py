from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData
from sqlalchemy.exc import OperationalError

from dbparity.conformance.base import check
from dbparity.results import Finding, Item, Observation, Place, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.servers.database import Database
    from tests.unit.conformance.conftest import Perform

LEASED = "dbparity_0badf00d_main_3"


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
