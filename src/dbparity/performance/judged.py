"""What the requirements of one workload came to, as a result and as what a check yields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.performance.quantiles import at
from dbparity.performance.verdicts import OUTCOMES, Verdict
from dbparity.results import (
    Finding,
    Measurement,
    Outcome,
    Place,
    Result,
    Severity,
    Skipped,
    Verified,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.performance.quantiles import Judgement
    from dbparity.performance.workloads import Workload
    from dbparity.results import Item

CATEGORY = "requirements"
_SHOWN = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
_LIMITS = "give it limits of its own in [tool.dbparity.bench.requirements]"
_ADVICE = {
    "query": "look at the statement's EXPLAIN for a scan that an index would spare, and count its "
    f"statements; or {_LIMITS}",
    "search": "narrow what is searched by an indexed column, since LIKE '%...' reads every row; "
    f"or {_LIMITS}",
    "connect": "look at the pool: whether connections stay open, and what is done with each one "
    f"that is taken; or {_LIMITS}",
    "agents": "look at what the agents wait for: connections of the pool, locks, the processor; "
    f"or {_LIMITS}",
}


@dataclass(frozen=True)
class Judged:
    """One workload on one target.

    Attributes:
        times: of each call, in seconds.
        late: by how many seconds the event loop was late, each time that it was asked.
        seconds: that all of it took.
        failure: what the workload raised, in its stead.
        evidence: the failure's traceback.
    """

    workload: Workload
    target: str
    judgements: tuple[Judgement, ...] = ()
    times: tuple[float, ...] = ()
    late: tuple[float, ...] = ()
    seconds: float = 0.0
    failure: Finding | None = None
    evidence: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What it raised, or the requirements that it misses."""
        missed = (each for each in self.judgements if each.verdict is Verdict.FAIL)
        return (self.failure,) if self.failure else tuple(map(self._missed, missed))

    @property
    def is_missed(self) -> bool:
        """Whether it is slower than it must be."""
        return any(each.verdict is Verdict.FAIL for each in self.judgements)

    def after(self, before: Judged) -> Judged:
        """This series and the one ``before`` it: a requirement is missed where both miss it."""
        if self.failure:
            return self
        pairs = zip(self.judgements, before.judgements, strict=True)
        return replace(
            self,
            judgements=tuple(replace(each, before=earlier) for each, earlier in pairs),
            times=before.times + self.times,
            late=before.late + self.late,
            seconds=before.seconds + self.seconds,
        )

    def result(self) -> Result:
        """Failed where a requirement is missed; unknown where none is, and one is undecided."""
        failed = bool(self.findings)
        outcomes = [OUTCOMES[each.verdict] for each in self.judgements]
        return Result(
            self.target,
            CATEGORY,
            self.workload.id,
            Outcome.FAILED if failed else worst(outcomes),
            self.seconds,
            verified=sum(outcome is Outcome.PASSED for outcome in outcomes),
            findings=self.findings,
            skipped=() if failed else tuple(self._undecided()),
            measurements=tuple(self._measurements()),
            evidence=self.evidence,
        )

    def items(self) -> Iterator[Item]:
        """The same for a check of all workloads, where what is undecided counts as skipped."""
        place = Place(self.workload.id)
        yield from self.findings
        for each in self.judgements:
            if each.verdict is Verdict.PASS:
                yield Verified(each.expected, place)
        if not self.findings:
            yield from self._undecided()
        yield from self._measurements(f"{self.workload.id} ")

    def _missed(self, judgement: Judgement) -> Finding:
        return Finding(
            code="REQUIREMENT-MISSED",
            severity=Severity.DEGRADED,
            message="slower than it must be",
            place=Place(self.workload.id),
            expected=judgement.expected,
            actual=judgement.found,
            recommendation=_ADVICE[self.workload.kind],
            targets=(self.target,),
        )

    def _undecided(self) -> Iterator[Skipped]:
        for each in self.judgements:
            if each.verdict is Verdict.INCONCLUSIVE:
                reason = f"whether {each.expected} is undecided: {each.found}"
                yield Skipped(reason, Place(self.workload.id))

    def _measurements(self, of: str = "") -> Iterator[Measurement]:
        """Of all calls, then of the event loop."""
        yield Measurement(f"{of}samples", len(self.times), "calls")
        if self.times:
            yield Measurement(f"{of}mean", 1000 * sum(self.times) / len(self.times), "ms")
        for name, times in ((of, self.times), (f"{of}event loop late ", self.late)):
            ordered = sorted(times)
            for shown, part in _SHOWN.items() if times else ():
                yield Measurement(f"{name}{shown}", 1000 * at(part, ordered), "ms")
