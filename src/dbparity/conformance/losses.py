"""Targets that give no database to be checked."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from dbparity.conformance.base import words
from dbparity.results import Finding, Outcome, Result, Severity
from dbparity.servers.ledger import unnamed

if TYPE_CHECKING:
    from dbparity.errors import SchemaRefused
    from dbparity.targets import Target


def refused(target: Target, error: SchemaRefused) -> Result:
    """The target does not take the application's schema."""
    finding = Finding(
        code="SCHEMA-REFUSED",
        severity=Severity.WRONG,
        message=f"{error.target} refuses {error.subject}",
        expected="the application's schema can be created",
        actual=unnamed(str(error.cause)),
        recommendation=error.cure,
        targets=(str(target),),
    )
    return Result(str(target), "schema", "create_all", Outcome.FAILED, findings=(finding,))


def lost(target: Target, category: str, check: str, error: Exception) -> Result:
    """The target's server was lost before ``check`` had a database, or with it."""
    finding = Finding(
        code="TARGET-LOST",
        severity=Severity.WRONG,
        message=f"{target} gave no database: {type(error).__name__}",
        expected="the server runs until the last check",
        actual=words(error),
        recommendation="look for the reason in the server's log; "
        "the traceback is in the JSON report",
        targets=(str(target),),
    )
    evidence = "".join(traceback.format_exception(error))
    return Result(
        str(target), category, check, Outcome.FAILED, findings=(finding,), evidence=evidence
    )
