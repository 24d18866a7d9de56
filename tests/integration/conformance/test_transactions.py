from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.applications import Application
from dbparity.conformance import isolation, transactions
from dbparity.conformance.base import Check, perform
from dbparity.results import Outcome
from tests.support.ledgers import ledger
from tests.support.plants import committing_each_statement

if TYPE_CHECKING:
    from dbparity.backends.base import Backend, Features
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]


@pytest.mark.parametrize("check", transactions.CHECKS, ids=lambda check: check.name)
def test_a_healthy_application_is_clean(lease: Lease, check: Check) -> None:
    with lease(Application("tests:ledger", ledger())) as database:
        result = perform(check, database)

    assert result.findings == ()
    assert result.outcome is Outcome.PASSED
    assert result.skipped == ()


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (transactions.rollback_discards, "ROLLBACK-KEPT"),
        (transactions.exception_leaves_nothing, "EXCEPTION-KEPT"),
        (isolation.dirty_reads, "DIRTY-READ"),
    ],
    ids=["rollback", "exception", "dirty read"],
)
def test_an_engine_that_commits_each_statement_is_found(
    lease: Lease, check: Check, code: str
) -> None:
    app = Application("tests:ledger", ledger(), configure=committing_each_statement)
    with lease(app) as database:
        result = perform(check, database)

    assert [(finding.code, finding.place.table) for finding in result.findings] == [
        (code, "accounts"),
        (code, "entries"),
    ]


@pytest.mark.parametrize(
    ("check", "feature", "code"),
    [
        (transactions.error_then_continue, "aborts_on_error", "ERROR-STATE-DIFFERS"),
        (isolation.repeatable_reads, "repeatable_reads", "ISOLATION-DIFFERS"),
    ],
    ids=["error", "isolation"],
)
def test_a_backend_that_claims_the_contrary_is_found(
    lease: Lease, check: Check, feature: str, code: str
) -> None:
    with lease(Application("tests:ledger", ledger())) as database:
        contrary = {feature: not getattr(database.features, feature)}
        result = perform(check, replace(database, backend=_claiming(database.backend, contrary)))

    assert {finding.code for finding in result.findings} == {code}
    assert result.outcome is Outcome.FAILED


def _claiming(backend: Backend, claims: dict[str, Any]) -> Backend:
    class Claiming(type(backend)):  # type: ignore[misc]
        def features(self, version: tuple[int, ...]) -> Features:
            features: Features = replace(super().features(version), **claims)
            return features

    claiming: Backend = Claiming()
    return claiming
