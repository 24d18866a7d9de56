"""What a comparison of benchmarks comes to: a verdict for each, and a report of all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dbparity.results import (
    Finding,
    Measurement,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Skipped,
    TargetState,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Verdict(StrEnum):
    """How a comparison ended."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"  # it ran, and the machine does not let it be decided
    INCOMPARABLE = "incomparable"  # the two sides are not of one kind
    MISSING = "missing"  # the other side has it, and this one has not


OUTCOMES = {
    Verdict.PASS: Outcome.PASSED,
    Verdict.FAIL: Outcome.FAILED,
    Verdict.INCONCLUSIVE: Outcome.UNKNOWN,
    Verdict.INCOMPARABLE: Outcome.SKIPPED,
    Verdict.MISSING: Outcome.FAILED,
}


@dataclass(frozen=True)
class Comparison:
    """One benchmark on one target, judged by one rule.

    Ratios are of times, this side's to the other's: above 1 it has become slower.

    Attributes:
        benchmark: the workload's id.
        target: such as ``postgresql+asyncpg@17``.
        rule: paired, baseline, drift, counts, literal.
        ratio: what was judged, or None where there is no ratio.
        limit: the greatest ratio that passes, such as 1.1; None where there is none.
        launches: the ratio of each launch, where there were several.
        noise: the least and the greatest ratio of what is alike, from the same run.
        reason: why it is so, where it did not simply pass.
        expected, found: what was compared, spelled for people.
        advice: the cure, where it is not the usual one.
        advisory: whether it never fails a run, because the two sides are not quite of one kind.
    """

    benchmark: str
    target: str
    rule: str
    verdict: Verdict
    ratio: float | None = None
    limit: float | None = None
    launches: tuple[float, ...] = ()
    noise: tuple[float, float] | None = None
    reason: str = ""
    expected: str = ""
    found: str = ""
    advice: str = ""
    advisory: bool = False


_CODES = {
    ("counts", Verdict.FAIL): "BENCHMARK-ASKS-MORE",
    ("drift", Verdict.FAIL): "BENCHMARK-DRIFTED",
    ("literal", Verdict.FAIL): "BENCHMARK-UNEVEN",
}
_ADVICE = {
    Verdict.FAIL: "profile the benchmark on both sides; if the change is meant, raise its limit in "
    "[tool.dbparity.bench.limits], or store a new baseline",
    Verdict.MISSING: "if the benchmark was renamed or removed on purpose, store a new baseline or "
    "say --allow-missing",
}


def report_of(
    comparisons: Sequence[Comparison],
    *,
    application: str,
    started: datetime,
    seconds: float,
    targets: tuple[TargetState, ...] = (),
) -> Report:
    """The report of comparisons; failures of advisory ones are notes."""
    results = tuple(map(_result, comparisons))
    return Report(
        application, started, seconds, targets, results, claim="No benchmark became slower"
    )


def _result(comparison: Comparison) -> Result:
    verdict = comparison.verdict
    bad = verdict in {Verdict.FAIL, Verdict.MISSING}
    ratio = comparison.ratio
    return Result(
        target=comparison.target,
        category=comparison.rule,
        check=comparison.benchmark,
        outcome=Outcome.PASSED if comparison.advisory else OUTCOMES[verdict],
        verified=int(verdict is Verdict.PASS),
        findings=(_finding(comparison),) if bad else (),
        skipped=(Skipped(comparison.reason),) if verdict is Verdict.INCOMPARABLE else (),
        measurements=() if ratio is None else (Measurement("ratio", ratio, "times"),),
        evidence="" if bad else comparison.reason,
    )


def _finding(comparison: Comparison) -> Finding:
    verdict = comparison.verdict
    missing = verdict is Verdict.MISSING
    default = "BENCHMARK-MISSING" if missing else "BENCHMARK-SLOWER"
    return Finding(
        code=_CODES.get((comparison.rule, verdict), default),
        severity=Severity.NOTE if comparison.advisory else Severity.DEGRADED,
        message=comparison.reason,
        place=Place(comparison.benchmark),
        expected=comparison.expected,
        actual=comparison.found,
        recommendation=comparison.advice or _ADVICE[verdict],
        targets=(comparison.target,) if comparison.target else (),
    )
