"""What the steps of a migration come to, as results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dbparity.results import Finding, Measurement, Outcome, Place, Result, Severity
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.errors import RowsSetAside
    from dbparity.snapshots import Snapshot
    from dbparity.transfer.aside import SetAside
    from dbparity.transfer.journal import Standing
    from dbparity.transfer.plan import Plan

SHOWN = 100  # of a table; all are counted, and all are in the file
SET_ASIDE = "DATA-SET-ASIDE"
_CURE = "Correct the rows at their source, or the target's schema, and migrate again."
_ASIDE_CURE = "They are in the file and in the table dbparity_quarantine: correct them by hand."


def unheld(plan: Plan) -> Result:
    """The tables that the target cannot have, and whose rows would stay behind."""
    loaded = {load.table for load in plan.loads}
    findings = tuple(
        Finding(
            "DATA-TABLE-UNHELD",
            Severity.LOST,
            remark.obstacle,
            remark.place,
            recommendation=remark.answer,
        )
        for remark in plan.refusals
        if remark.subject == "table" and remark.place.table not in loaded
    )
    return _result("plan", "tables", findings, len(loaded))


def made(plan: Plan, found: Snapshot) -> Result:
    """The target's schema as it has become, against the one that was planned."""
    differences = (each for each in diff(plan.target_schema, found))
    findings = tuple(
        each.finding() for each in differences if each.meaning is not Meaning.EQUIVALENT
    )
    return _result("schema", "as planned", findings, len(plan.target_schema.tables))


def refused(error: RowsSetAside) -> Result:
    """Why a migration stopped; the target is as it was."""
    findings = [_finding(row, "DATA-REFUSED", _CURE) for row in error.rows]
    return _result("copy", "refused", tuple(findings[:SHOWN]), 0)


def copied(standing: Standing, away: Sequence[SetAside]) -> list[Result]:
    """How many rows of each table arrived, and those that were set aside."""
    lost: dict[str, list[Finding]] = {}
    counted = Counter(row.table for row in away if row.cell == 1)
    for row in away:
        shown = lost.setdefault(row.table, [])
        if len(shown) < SHOWN:
            shown.append(_finding(row, SET_ASIDE, _ASIDE_CURE))
    return [
        _result(
            "copy",
            load.table,
            tuple(lost.get(load.table, ())),
            rows := _seen(standing, load.table) - counted[load.table],
            Measurement("rows", rows, "rows"),
            Measurement("set aside", counted[load.table], "rows"),
        )
        for load in standing.begun.plan.loads
    ]


def _seen(standing: Standing, table: str) -> int:
    """How many rows the source has, by the journal."""
    done = standing.of(table)
    return done.rows + done.aside


def undone(original: Snapshot) -> Result:
    """A rollback: every table of the target is what it was."""
    return _result("rollback", "target", (), len(original.tables) or 1)


def _finding(row: SetAside, code: str, cure: str) -> Finding:
    place = Place(row.table, row.column, ", ".join(row.key))
    return Finding(code, Severity.LOST, row.reason, place, actual=row.value, recommendation=cure)


def _result(
    category: str,
    check: str,
    findings: tuple[Finding, ...],
    verified: int,
    *measurements: Measurement,
) -> Result:
    failed = any(finding.severity is not Severity.NOTE for finding in findings)
    return Result(
        target="",
        category=category,
        check=check,
        outcome=Outcome.FAILED if failed else Outcome.PASSED,
        verified=verified,
        findings=findings,
        measurements=measurements,
    )
