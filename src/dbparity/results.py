"""What a run comes to: findings, results, and the report that every run ends in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Outcome(StrEnum):
    """How a check ended. Skipped is a state of its own and never counts as passed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    LOST = "lost"  # data is gone or doubled
    WRONG = "wrong"  # an answer differs, or a promise of the model does not hold
    DEGRADED = "degraded"  # right, but not as it was meant: an index that is not used
    NOTE = "note"  # worth knowing; never fails a run by itself

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Place:
    """Where a finding is; empty parts do not apply."""

    table: str = ""
    column: str = ""
    key: str = ""

    def __str__(self) -> str:
        """Spell ``table.column[key]``."""
        column = f".{self.column}" if self.column else ""
        return f"{self.table}{column}" + (f"[{self.key}]" if self.key else "")


@dataclass(frozen=True)
class Side:
    """One attribute of an object that both sides have: as expected, and as found."""

    attribute: str
    expected: str
    found: str


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, with its evidence and what to do about it.

    ``sides`` has the object that differs, attribute by attribute; ``proof`` what was tried to show
    the difference, and both answers.
    """

    code: str
    severity: Severity
    message: str
    place: Place = Place()
    expected: str = ""
    actual: str = ""
    recommendation: str = ""
    targets: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    proof: str = ""


@dataclass(frozen=True)
class Observation:
    """An answer that the model does not promise, but that every target must give alike.

    ``subject`` names the question at its place, which it need not repeat; ``value`` is the answer,
    spelled canonically.
    Answers that may differ in spelling name the entry point of ``dbparity.comparisons`` that
    judges them.
    """

    subject: str
    value: str
    place: Place = Place()
    severity: Severity = Severity.WRONG
    recommendation: str = ""
    comparison: str = ""


@dataclass(frozen=True)
class Skipped:
    """A part of a check, or all of it, that could not run, and why."""

    reason: str
    place: Place = Place()


@dataclass(frozen=True)
class Verified:
    """A claim that was tried and holds. Only a check that verified something can pass."""

    claim: str
    place: Place = Place()


@dataclass(frozen=True)
class Measurement:
    """How much of something there was, or how long it took; never compared, never judged."""

    subject: str
    value: float
    unit: str


Item = Finding | Observation | Skipped | Verified | Measurement


@dataclass(frozen=True)
class Result:
    """What one check came to on one target (``target`` is "" for a comparison of all)."""

    target: str
    category: str
    check: str
    outcome: Outcome
    seconds: float = 0.0
    verified: int = 0
    findings: tuple[Finding, ...] = ()
    observations: tuple[Observation, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    evidence: str = ""

    @property
    def reason(self) -> str:
        """Why the check, or a part of it, did not run."""
        return "; ".join(dict.fromkeys(part.reason for part in self.skipped))


@dataclass(frozen=True)
class TargetState:
    """A target that was asked for: what served it, or why it is missing."""

    target: str
    provider: str = ""
    version: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that a run came to. Every command ends in one.

    ``claim`` is what it comes to where nothing was found, if that is not about targets.
    """

    application: str
    started: datetime
    seconds: float
    targets: tuple[TargetState, ...] = ()
    results: tuple[Result, ...] = ()
    tool: str = field(default="dbparity")
    claim: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding once, worst first, with all the targets that it was found on."""
        found: dict[Finding, list[str]] = {}
        for result in self.results:
            for finding in result.findings:
                bare = replace(finding, targets=())
                found.setdefault(bare, []).extend(finding.targets or filter(None, (result.target,)))
        merged = (replace(f, targets=tuple(dict.fromkeys(where))) for f, where in found.items())
        return tuple(sorted(merged, key=lambda f: (f.severity.rank, f.code, str(f.place))))

    @property
    def counts(self) -> dict[str, int]:
        """How many results ended in each outcome."""
        counted = Counter(result.outcome for result in self.results)
        return {str(outcome): counted[outcome] for outcome in Outcome}

    @property
    def success_rate(self) -> float | None:
        """Passed ÷ (passed + failed + unknown), or None where nothing ran."""
        ran = [r for r in self.results if r.outcome is not Outcome.SKIPPED]
        passed = sum(r.outcome is Outcome.PASSED for r in ran)
        return passed / len(ran) if ran else None

    @property
    def missing(self) -> tuple[TargetState, ...]:
        """The targets that were asked for and not there."""
        return tuple(state for state in self.targets if state.missing)

    def fails(self, at: Severity) -> bool:
        """Whether a finding is as bad as ``at`` or worse."""
        return any(finding.severity.rank <= at.rank for finding in self.findings)


def concluded(
    target: str, category: str, check: str, items: Iterable[Item], seconds: float = 0.0
) -> Result:
    """What ``items`` come to: failed by a finding, passed by a claim that holds, or skipped."""
    found = tuple(items)
    findings = tuple(item for item in found if isinstance(item, Finding))
    verified = sum(isinstance(item, Verified) for item in found)
    outcome = Outcome.PASSED if verified else Outcome.SKIPPED
    if any(finding.severity is not Severity.NOTE for finding in findings):
        outcome = Outcome.FAILED
    return Result(
        target,
        category,
        check,
        outcome,
        seconds,
        verified,
        findings,
        skipped=tuple(item for item in found if isinstance(item, Skipped)),
        measurements=tuple(item for item in found if isinstance(item, Measurement)),
    )


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for several: failed, unknown, passed, and skipped only if all were."""
    present = set(outcomes)
    order = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED)
    return next((outcome for outcome in order if outcome in present), Outcome.SKIPPED)
