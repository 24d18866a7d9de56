"""Whether workloads are as fast as they must be."""

from __future__ import annotations

import statistics
import time
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbparity.conformance.base import words
from dbparity.conformance.population import application_of
from dbparity.performance import measure
from dbparity.performance.derived import Agents
from dbparity.performance.judged import Judged
from dbparity.performance.options import BenchOptions, quantile
from dbparity.performance.quantiles import CONFIDENCE, binomial, judge
from dbparity.performance.verdicts import Verdict
from dbparity.performance.workloads import fill, workloads
from dbparity.progress import Progress
from dbparity.results import Finding, Place, Report, Severity, TargetState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.performance.derived import Operation
    from dbparity.performance.quantiles import Judgement
    from dbparity.performance.workloads import Workload
    from dbparity.servers.database import Database

CLAIM = "Every workload meets its requirements"
_WARM_UP = 10  # calls, in at most a tenth of the time
_FIRST = 4  # of the time at most what the first look takes


@dataclass(frozen=True)
class Effort:
    """How long each workload is sampled.

    Attributes:
        samples: at first; then as many again, and again, until its requirements are decided.
        seconds: after which they are left undecided.
        rarest: the greatest quantile that is judged: rare ones need many samples.
        confidence: of all looks together at a quantile.
        pause: seconds that each of several agents waits between two operations. What tireless ones
            wait for is one another: it tells how much a process can do, not how long it takes.
    """

    samples: int = 700
    seconds: float = 10.0
    rarest: float = 1.0
    confidence: float = CONFIDENCE
    pause: float = 0.1


class PerformanceValidator:
    """Judges the workloads of the application whose schema a database holds, and fills it first.

    A requirement is met where the whole interval of its quantile is below the limit, and missed
    where it is above it in two series, one of them after all other workloads. What more samples do
    not decide in time is left undecided.
    """

    def __init__(
        self,
        database: Database,
        options: BenchOptions | None = None,
        effort: Effort | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Judge by the ``options``, or else by the application's own requirements.

        Raises:
            DriverMissing: scipy is not installed.
        """
        binomial()
        own = BenchOptions(requirements=application_of(database).requirements)
        self.database, self.options = database, options or own
        self.effort, self.progress = effort or Effort(), progress or Progress()

    def validate(self) -> Report:
        """The report, with one result for each workload."""
        started, clock = datetime.now(UTC), time.perf_counter()
        database = self.database
        judged = database.run(lambda _: self.judged())
        version = ".".join(map(str, database.version))
        return Report(
            application_of(database).name,
            started,
            time.perf_counter() - clock,
            (TargetState(str(database.target), version=version),),
            tuple(each.result() for each in judged),
            claim=CLAIM,
        )

    def judged(self) -> tuple[Judged, ...]:
        """Fill the database, then judge one workload after the other; call it from inside `run`."""
        found = workloads(self.database, fill(self.database, self.options.rows))
        judged = []
        for number, workload in enumerate(found, start=1):
            self.progress.checking(str(self.database.target), workload.id, number, len(found))
            judged.append(self._judged(workload))
        return tuple(self._confirmed(each) if each.is_missed else each for each in judged)

    def _confirmed(self, judged: Judged) -> Judged:
        """A second series after all the first ones: other work comes in bursts."""
        return self._judged(judged.workload).after(judged)

    def _judged(self, workload: Workload) -> Judged:
        target, began = str(self.database.target), time.perf_counter()
        judged = Judged(workload, target)
        try:
            operation = workload.prepare(self.database)
            with self.database.lag() as late, measure.pressure() as share:
                times, judgements = self._sampled(operation, self._required(workload))
        except Exception as error:  # noqa: BLE001  # the other workloads go on
            judged = replace(
                judged, failure=_raised(workload, target, error), evidence=traceback.format_exc()
            )
        else:
            told = tuple(replace(each, pressure=share()) for each in judgements)
            judged = replace(judged, judgements=told, times=times, late=tuple(late))
        return replace(judged, seconds=time.perf_counter() - began)

    def _required(self, workload: Workload) -> Mapping[str, float]:
        required = self.options.requirement_of(workload.id, workload.kind)
        return {
            name: limit for name, limit in required.items() if quantile(name) <= self.effort.rarest
        }

    def _sampled(
        self, operation: Operation, required: Mapping[str, float]
    ) -> tuple[tuple[float, ...], tuple[Judgement, ...]]:
        """The seconds of each call, and what they come to."""
        seconds, began = self.effort.seconds, time.perf_counter()
        pace = _warmed(operation, seconds)
        wanted = min(self.effort.samples, max(int(seconds / _FIRST / pace), 1))
        times: list[float] = []
        look, spent = 0, time.perf_counter() - began
        while True:
            look += 1
            times += _series(operation, wanted, seconds - spent, self.effort.pause)
            judgements = judge(times, required, look, self.effort.confidence)
            spent = time.perf_counter() - began
            wanted = min(len(times), int((seconds - spent) * len(times) / spent))
            if wanted <= 0 or _are_decided(judgements):
                return tuple(times), judgements


def _warmed(operation: Operation, seconds: float) -> float:
    """The seconds of a call, once everything is in its caches."""
    few = seconds / _WARM_UP
    times = _series(operation, 1, few)
    more = min(_WARM_UP - len(times), int(few / times[0]))
    times += _series(operation, max(more, 0), few)
    return statistics.median(times)


def _series(operation: Operation, samples: int, seconds: float, pause: float = 0.0) -> list[float]:
    """The seconds of so many calls.

    Where agents make many at once, of a few more, or of fewer where they take too long.
    """
    if not isinstance(operation, Agents):
        return measure.sample(operation, samples)
    operation.ends, operation.pause = time.perf_counter() + seconds, pause
    times: list[float] = []
    while len(times) < samples:
        operation()
        times += operation.taken
        if time.perf_counter() >= operation.ends:
            break
    return times


def _are_decided(judgements: Sequence[Judgement]) -> bool:
    """Whether no further sample changes what they come to: one that is missed is enough."""
    verdicts = [each.verdict for each in judgements]
    return Verdict.FAIL in verdicts or Verdict.INCONCLUSIVE not in verdicts


def _raised(workload: Workload, target: str, error: Exception) -> Finding:
    return Finding(
        code="WORKLOAD-FAILED",
        severity=Severity.WRONG,
        message=f"it raised {type(error).__name__}",
        place=Place(workload.id),
        expected="the operation can be repeated",
        actual=words(error),
        recommendation="correct the workload, or the seed that it runs on; the traceback is in "
        "the JSON report",
        targets=(target,),
    )
