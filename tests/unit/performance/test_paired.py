"""How the launches of a paired gate are judged; tests/integration/performance has real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbparity.performance.arms import Place, Side
from dbparity.performance.measure import Counts
from dbparity.performance.options import BenchOptions
from dbparity.performance.paired import Gate, Launched, Taken, judge
from dbparity.performance.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEY = ("sqlite", "select.a")
PLACE = cast("Place", SimpleNamespace())


def side(name: str) -> Side:
    return Side(name, Path(), {})


def launched(head: float, *, cpu: float = 1.0, control: float = 1.0, asks: int = 1) -> Launched:
    """One launch, in which the base takes 1 ms."""
    taken = {
        "base": Taken(0.001, 0.001),
        "control": Taken(0.001 * control, 0.001 * control),
        "head": Taken(0.001 * head, 0.001 * cpu),
    }
    counts = dict.fromkeys(taken, Counts(1, 0, 10, 1)) | {"head": Counts(asks, 0, 10, 1)}
    return Launched({KEY: taken}, {KEY: counts})


@dataclass
class Rehearsed(Gate):
    """A gate whose launches are given."""

    given: Sequence[Sequence[Launched]] = ()
    asked: list[Any] = field(default_factory=list)

    def _launches(self, work: str, candidates: object, only: object) -> Iterator[Launched]:  # noqa: ARG002
        yield from self.given[len(self.asked)]
        self.asked.append(only)


def run(*given: Sequence[Launched]) -> tuple[list[Comparison], list[Any]]:
    options = BenchOptions()
    sides = (side("base"), side("control"), [side("head")])
    gate = Rehearsed(*sides, PLACE, options, given=given)
    return gate.run()["head"], gate.asked


def test_the_median_of_the_launches_is_judged() -> None:
    (times, _), asked = run([launched(ratio) for ratio in (1.5, 1.02, 1.04, 1.08)])
    assert times.verdict is Verdict.PASS
    assert times.ratio == pytest.approx(1.06)
    assert sorted(times.launches) == pytest.approx([1.02, 1.04, 1.08, 1.5])
    assert asked == [None]


def test_what_is_slower_only_once_passes() -> None:
    (times, _), asked = run([launched(1.3)] * 4, [launched(1.01)] * 4)
    assert times.verdict is Verdict.PASS
    assert asked == [None, {KEY}]


def test_what_is_slower_again_fails() -> None:
    (times, _), _ = run([launched(1.3)] * 4, [launched(1.2)] * 4)
    assert times.verdict is Verdict.FAIL
    assert times.reason == "1.20 times as long"
    assert times.expected == "at most 1.10 times the base's shortest call"
    assert times.found == "1.20 times its shortest call (launches: 1.20, 1.20, 1.20, 1.20)"


def test_what_only_some_calls_do_shows_in_the_cpu_time() -> None:
    (times, _), _ = run([launched(1.0, cpu=1.2)] * 4, [launched(1.0, cpu=1.2)] * 4)
    assert times.verdict is Verdict.FAIL
    assert "CPU time" in times.found


@pytest.mark.parametrize("control", [1.2, 0.8])
def test_nothing_is_decided_where_the_base_differs_from_itself(control: float) -> None:
    unsteady = [launched(1.3, control=control)] * 4
    (times, _), _ = run(unsteady, unsteady)
    assert times.verdict is Verdict.INCONCLUSIVE
    assert times.reason == f"the base itself took {control:.2f} times as long as the base"


def test_what_asks_more_fails_without_a_clock() -> None:
    (_, asked), _ = run([launched(1.0, asks=11)] * 4)
    assert (asked.rule, asked.verdict) == ("counts", Verdict.FAIL)
    assert asked.reason == "a call asks otherwise than the base's: statements 1 → 11"


def test_what_asks_less_passes_and_is_told() -> None:
    (_, asked), _ = run([launched(1.0, asks=0)] * 4)
    assert asked.verdict is Verdict.PASS
    assert "statements 1 → 0" in asked.reason


def test_a_benchmark_that_is_gone_is_missing_and_a_new_one_is_not_judged() -> None:
    one = launched(1.0)
    gone = {name: taken for name, taken in one.taken[KEY].items() if name != "head"}
    new = {"head": Taken(1, 1)}
    other = ("sqlite", "new")
    counts: dict[tuple[str, str], dict[str, Counts]] = {KEY: {}, other: {}}
    found, _ = run([Launched({KEY: gone, other: new}, counts)])
    assert [(each.benchmark, each.verdict) for each in found] == [
        ("select.a", Verdict.MISSING),
        ("new", Verdict.INCOMPARABLE),
    ]


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=9), st.floats(0.5, 2))
def test_a_benchmark_is_judged_by_its_worse_statistic(ratios: list[float], cpu: float) -> None:
    launches = [launched(ratio, cpu=cpu) for ratio in ratios]
    verdict, found, _ = judge(KEY, "head", launches, 1.1)
    assert found.ratio == pytest.approx(max(median(ratios), cpu))
    assert (verdict is Verdict.FAIL) == (found.ratio > 1.1)


def test_a_statistic_in_which_the_base_is_steady_decides() -> None:
    taken = {
        "base": Taken(0.001, 0.001),
        "control": Taken(0.001, 0.0013),
        "head": Taken(0.0012, 0.0015),
    }
    verdict, found, control = judge(KEY, "head", [Launched({KEY: taken}, {})], 1.1)
    assert (verdict, found.statistic, control.ratio) == (Verdict.FAIL, "best", 1.0)


def test_a_limit_of_its_own_is_what_a_benchmark_is_judged_by() -> None:
    options = BenchOptions(limits={"select.*": 0.5})
    sides = (side("base"), side("control"), [side("head")])
    gate = Rehearsed(*sides, PLACE, options, given=[[launched(1.4)]])
    times, _ = gate.run()["head"]
    assert times.verdict is Verdict.PASS
    assert times.limit == 1.5
