from __future__ import annotations

from dbparity.conformance.migrations import _items
from dbparity.results import Finding, Outcome, Result, Severity, Verified


def result(*findings: Finding, verified: int) -> Result:
    return Result("", "content", "users", Outcome.PASSED, verified=verified, findings=findings)


def test_what_was_not_verified_is_no_claim() -> None:
    assert list(_items(result(verified=0))) == []


def test_notes_are_left_out_and_findings_are_not() -> None:
    note, lost = (Finding("X", severity, "it is") for severity in (Severity.NOTE, Severity.LOST))
    assert list(_items(result(note, lost, verified=1))) == [lost]
    (claim,) = _items(result(note, verified=3))
    assert isinstance(claim, Verified)
    assert claim.claim == "content: 3 alike"
