from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.applications import Application
from dbparity.conformance import concurrency
from dbparity.conformance.base import Check, perform
from dbparity.results import Outcome, Severity
from tests.support.ledgers import ledger
from tests.support.plants import losing

if TYPE_CHECKING:
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]


@pytest.mark.parametrize("check", concurrency.CHECKS, ids=lambda check: check.name)
def test_a_healthy_application_is_clean(lease: Lease, check: Check) -> None:
    with lease(Application("tests:ledger", ledger())) as database:
        result = perform(check, database)

    assert result.findings == ()
    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


@pytest.mark.parametrize("check", [concurrency.writers, concurrency.agents], ids=["10", "25"])
def test_a_commit_that_loses_a_row_under_concurrency_is_found_with_its_key(
    lease: Lease, check: Check
) -> None:
    with lease(Application("tests:ledger", ledger(), configure=losing("INSERT"))) as database:
        result = perform(check, database)

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("ROW-LOST", Severity.LOST)
    assert finding.actual == f"{finding.place.key}: it is not there"


def test_a_lost_increment_is_found_by_the_sum(lease: Lease) -> None:
    with lease(Application("tests:ledger", ledger(), configure=losing("UPDATE"))) as database:
        result = perform(concurrency.increments, database)

    (finding,) = result.findings
    assert finding.code == "UPDATE-LOST"
    assert finding.actual.endswith(" is 99")
