"""The paired gate: is the head slower than the base, measured side by side on this machine?

Fresh processes hold the base, the base once more as a control, and what is judged. For each
benchmark they take turns in random order, slice by slice; several launches of such processes are
made. A launch's statistics are the shortest call and the CPU time of a call; a benchmark is
judged by the median of the launches' ratios, of whichever statistic is worse. The shortest call
is what load on the machine disturbs least, but blind to what happens at some calls only; CPU time
is not. What is beyond its limit is measured again, and fails if it is so again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from glob import escape
from itertools import chain
from statistics import median
from typing import TYPE_CHECKING

from dbparity.performance.arms import Launch, Pace
from dbparity.performance.verdicts import Comparison, Verdict
from dbparity.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dbparity.performance.arms import Place, Side, Worker
    from dbparity.performance.measure import Counts
    from dbparity.performance.options import BenchOptions

    Key = tuple[str, str]  # target and workload

BASE, CONTROL = "base", "control"
_PACE = Pace(seconds=0.015, fewest=2)


@dataclass(frozen=True)
class Taken:
    """What one benchmark took in one launch, in seconds: its shortest call, and a call's CPU."""

    best: float
    cpu: float


@dataclass(frozen=True)
class Launched:
    """One launch: what each benchmark took on each side, and what it asks of the database."""

    taken: Mapping[Key, Mapping[str, Taken]]
    counts: Mapping[Key, Mapping[str, Counts]]


@dataclass(frozen=True)
class Judged:
    """The ratios of a benchmark's launches, of the statistic that is worse."""

    statistic: str
    launches: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Their median."""
        return median(self.launches)


@dataclass
class Gate:
    """A base, what is compared with it, and where."""

    base: Side
    control: Side
    candidates: Sequence[Side]
    place: Place
    options: BenchOptions
    random: random.Random = field(default_factory=random.Random)
    progress: Progress = field(default_factory=Progress)

    def run(self) -> dict[str, list[Comparison]]:
        """Measure all, then again what is not as it should be; by candidate, what it comes to.

        Raises:
            WorkerFailed: an arm died.
        """
        launches = list(self._launches("measure", self.candidates, None))
        return {each.name: list(self._judged(each, launches)) for each in self.candidates}

    def _judged(self, side: Side, launches: Sequence[Launched]) -> Iterator[Comparison]:
        first = {key: self._compared(key, side, launches) for key in _keys(launches, BASE)}
        open_ = {
            key
            for key, each in first.items()
            if each.verdict not in {Verdict.PASS, Verdict.MISSING}
        }
        second: dict[Key, Comparison] = {}
        if open_:
            again = list(self._launches("measure again", [side], open_))
            second = {key: self._compared(key, side, again) for key in open_}
        for key, comparison in first.items():
            yield second.get(key, comparison)
            if comparison.verdict is not Verdict.MISSING:
                yield _asked(key, side, launches[0].counts[key])
        for target, workload in _keys(launches, side.name):
            if (target, workload) in first:
                continue
            reason = "the base has no such benchmark"
            yield Comparison(workload, target, "paired", Verdict.INCOMPARABLE, reason=reason)

    def _compared(self, key: Key, side: Side, launches: Sequence[Launched]) -> Comparison:
        target, workload = key
        if side.name not in launches[0].taken[key]:
            reason = "the head has no such benchmark any more"
            return Comparison(workload, target, "paired", Verdict.MISSING, reason=reason)
        limit = 1 + self.options.limit_of(workload)
        verdict, found, control = judge(key, side.name, launches, limit)
        reason = ""
        if verdict is Verdict.FAIL:
            reason = f"{found.ratio:.2f} times as long"
        elif verdict is Verdict.INCONCLUSIVE:
            reason = f"the base itself took {control.ratio:.2f} times as long as the base"
        return Comparison(
            workload,
            target,
            "paired",
            verdict,
            ratio=found.ratio,
            limit=limit,
            launches=found.launches,
            noise=(min(control.launches), max(control.launches)),
            reason=reason,
            expected=f"at most {limit:.2f} times the base's {_NAMES[found.statistic]}",
            found=_spelled(found),
        )

    def _launches(
        self, work: str, candidates: Sequence[Side], only: set[Key] | None
    ) -> Iterator[Launched]:
        place = self.place
        if only is not None:
            place = replace(place, only=tuple({escape(workload) for _, workload in only}))
        for number in range(self.options.launches):
            self.progress.measuring(work, number, self.options.launches)
            sides = [self.base, self.control, *candidates]
            self.random.shuffle(sides)
            with Launch(sides, place) as launch:
                yield self._measured(launch.workers, only)
        self.progress.measuring(work, self.options.launches, self.options.launches)

    def _measured(self, workers: Mapping[str, Worker], only: set[Key] | None) -> Launched:
        having = {key: names for key, names in _having(workers) if only is None or key in only}
        counts = {
            key: {name: workers[name].counted(*key) for name in names}
            for key, names in having.items()
        }
        plans = {key: _PACE.plan(workers[names[0]], *key) for key, names in having.items()}
        series: dict[Key, dict[str, list[Taken]]] = {
            key: {name: [] for name in names} for key, names in having.items()
        }
        for turn in range(_PACE.rounds):
            for key, names in having.items():
                calls, rounds = plans[key]
                if turn < rounds:
                    for name in self.random.sample(names, len(names)):
                        timing = workers[name].timed(*key, calls)
                        series[key][name].append(Taken(timing.best, timing.cpu))
        taken = {
            key: {name: _statistics(each) for name, each in sides.items()}
            for key, sides in series.items()
        }
        return Launched(taken, counts)


def _asked(key: Key, side: Side, counts: Mapping[str, Counts]) -> Comparison:
    """Whether a call asks no more of the database, which no clock has a part in."""
    target, workload = key
    base, found = counts[BASE], counts[side.name]
    changes = base.changes_to(found)
    grown = any(found.items()[name] > number for name, number in base.items().items())
    return Comparison(
        workload,
        target,
        "counts",
        Verdict.FAIL if grown else Verdict.PASS,
        reason=f"a call asks otherwise than the base's: {', '.join(changes)}" if changes else "",
        expected=str(base),
        found=str(found),
        advice="look for a query in a loop" if grown else "",
    )


def judge(
    key: Key, name: str, launches: Sequence[Launched], limit: float
) -> tuple[Verdict, Judged, Judged]:
    """How a side does against the base in one benchmark: by which statistic, and its control's.

    It fails by a statistic in which the base is like itself. It is open where it would fail by
    another one, or where the base is like itself in none.
    """
    found = [_series(key, name, statistic, launches) for statistic in _NAMES]
    controls = {each.statistic: _series(key, CONTROL, each.statistic, launches) for each in found}
    found.sort(key=lambda each: each.ratio, reverse=True)
    steady = [each for each in found if 1 / limit <= controls[each.statistic].ratio <= limit]
    if steady and steady[0].ratio > limit:
        verdict, shown = Verdict.FAIL, steady[0]
    elif not steady or found[0].ratio > limit:
        verdict, shown = Verdict.INCONCLUSIVE, found[0]
    else:
        verdict, shown = Verdict.PASS, found[0]
    return verdict, shown, controls[shown.statistic]


def _series(key: Key, name: str, statistic: str, launches: Sequence[Launched]) -> Judged:
    return Judged(statistic, tuple(_ratio(each.taken[key], name, statistic) for each in launches))


_NAMES = {"best": "shortest call", "cpu": "CPU time"}


def _ratio(taken: Mapping[str, Taken], name: str, statistic: str) -> float:
    ratio: float = getattr(taken[name], statistic) / getattr(taken[BASE], statistic)
    return ratio


def _statistics(series: Iterable[Taken]) -> Taken:
    rounds = tuple(series)
    return Taken(min(each.best for each in rounds), median(each.cpu for each in rounds))


def _having(workers: Mapping[str, Worker]) -> Iterator[tuple[Key, list[str]]]:
    """The benchmarks of all sides, in the order of the base's, and the sides that have each."""
    held = {
        name: [(target, id_) for target, ids in worker.held.workloads.items() for id_ in ids]
        for name, worker in workers.items()
    }
    for key in dict.fromkeys(chain(held[BASE], *held.values())):
        yield key, [name for name in workers if key in held[name]]


def _keys(launches: Sequence[Launched], name: str) -> list[Key]:
    return [key for key, sides in launches[0].taken.items() if name in sides]


def _spelled(judged: Judged) -> str:
    each = ", ".join(f"{ratio:.2f}" for ratio in sorted(judged.launches))
    return f"{judged.ratio:.2f} times its {_NAMES[judged.statistic]} (launches: {each})"
