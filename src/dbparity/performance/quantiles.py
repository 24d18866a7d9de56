"""Whether a quantile of times keeps its limit, judged by an interval.

The interval is of order statistics: how many of n times are below the true quantile is binomial,
whatever the times' distribution is.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from dbparity.errors import DriverMissing
from dbparity.performance.options import quantile
from dbparity.performance.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Distribution = Callable[[int, int, float], float]

CONFIDENCE = 0.99
# Of the time, in which something waited for a CPU: a client and its server alone are at 0.2.
BUSY = 0.3


@dataclass(frozen=True)
class Judgement:
    """A quantile of times, and the limit that it must stay below, in milliseconds.

    Attributes:
        quantile: such as ``p95``.
        point: the quantile of the samples.
        low, high: what the true one is between; 0 and infinite where there are too few samples.
        samples: how many there were.
        before: what an earlier series came to.
        pressure: the share of the time in which something on the machine waited for a CPU.
    """

    quantile: str
    limit: float
    point: float
    low: float
    high: float
    samples: int
    before: Judgement | None = None
    pressure: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Fail and pass where the whole interval is on one side of the limit.

        Where an earlier series came to the opposite, neither; nor does it fail where the machine
        was busy with something else.
        """
        series = {self._alone} | ({self.before.verdict} if self.before else set())
        if series == {Verdict.FAIL}:
            return Verdict.FAIL
        decided = Verdict.FAIL not in series and Verdict.PASS in series
        return Verdict.PASS if decided else Verdict.INCONCLUSIVE

    @property
    def _alone(self) -> Verdict:
        if self.high < self.limit:
            return Verdict.PASS
        missed = self.low >= self.limit and self.pressure < BUSY
        return Verdict.FAIL if missed else Verdict.INCONCLUSIVE

    @property
    def expected(self) -> str:
        """Spell ``p95 < 30 ms``."""
        return f"{self.quantile} < {spelled(self.limit)} ms"

    @property
    def found(self) -> str:
        """Spell ``p95 34.1 ms (33.0 to 35.2 of 4,000 samples)``."""
        bounds = f"{spelled(self.low)} to {spelled(self.high)}"
        if math.isinf(self.high):
            bounds = f"at least {spelled(self.low)}"
        times = f"of {self.samples:,} samples" if self.samples > 1 else "of 1 sample"
        busy = "" if self.pressure < BUSY else f", while {self.pressure:.0%} of the time "
        busy += "something waited for a CPU" if busy else ""
        before = f"{self.before.found}, then " if self.before else ""
        return f"{before}{self.quantile} {spelled(self.point)} ms ({bounds} {times}{busy})"


def judge(
    seconds: Sequence[float],
    required: Mapping[str, float],
    look: int = 1,
    confidence: float = CONFIDENCE,
) -> tuple[Judgement, ...]:
    """Judge those times by each quantile that is ``required``, in milliseconds.

    Whoever looks again after more samples says for which time, counted from 1: all looks together
    are right about a quantile with that confidence, and wrong as often on either side.
    """
    ordered = sorted(1000 * each for each in seconds)
    samples = len(ordered)
    bounded = [0, *ordered, math.inf]
    # The sum over all looks is the first one's without the denominator.
    tail = (1 - confidence) / 2 / (look * (look + 1))
    judged = []
    for name, limit in required.items():
        part = quantile(name)
        low, high = ranks(samples, part, tail)
        judged.append(
            Judgement(name, limit, at(part, ordered), bounded[low], bounded[high], samples)
        )
    return tuple(judged)


def at(part: float, ordered: Sequence[float]) -> float:
    """The first of ``ordered`` that so large a part of all is not beyond."""
    return ordered[math.ceil(part * len(ordered)) - 1]


def ranks(samples: int, part: float, tail: float) -> tuple[int, int]:
    """The samples, counted from the smallest as 1, that the quantile ``part`` is between.

    It is below the first or above the second with a probability of at most ``tail`` each. They are
    0 and ``samples + 1`` where none of so few is a bound.
    """
    least, more = binomial()
    low = bisect_left(range(samples), tail, key=lambda count: least(count, samples, part))
    high = bisect_left(range(samples), -tail, key=lambda count: -more(count, samples, part))
    return low, high + 1


def binomial() -> tuple[Distribution, Distribution]:
    """With what probability at most so many of n are below a quantile, and more than so many.

    Raises:
        DriverMissing: scipy is not installed.
    """
    try:
        from scipy.special import bdtr, bdtrc  # noqa: PLC0415  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise DriverMissing("judging requirements", str(error.name), "bench") from error
    return cast("Distribution", bdtr), cast("Distribution", bdtrc)


def spelled(milliseconds: float) -> str:
    """Three digits, or all before the decimal point."""
    return f"{milliseconds:,.0f}" if milliseconds >= 99.95 else f"{milliseconds:#.3g}"  # noqa: PLR2004
