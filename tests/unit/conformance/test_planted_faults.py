from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.conformance.integrity import CHECKS as INTEGRITY
from dbparity.conformance.operations import CHECKS as OPERATIONS
from dbparity.results import Outcome, Severity
from tests.support.shops import FAULTS, shop

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Perform

CHECKS = {check.name: check for check in (*OPERATIONS, *INTEGRITY)}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(perform_on_sqlite: Perform, name: str) -> None:
    fault = FAULTS[name]

    result = perform_on_sqlite(CHECKS[fault.check], shop(), schema=shop(**fault.options))

    assert {finding.code for finding in result.findings} == {fault.code}
    assert str(result.findings[0].place) == fault.place


@pytest.mark.parametrize("name", CHECKS)
def test_the_healthy_application_is_clean(perform_on_sqlite: Perform, name: str) -> None:
    result = perform_on_sqlite(CHECKS[name], shop())

    assert [found for found in result.findings if found.severity is not Severity.NOTE] == []
    assert result.outcome is Outcome.PASSED
