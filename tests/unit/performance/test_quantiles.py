from __future__ import annotations

import math
import random
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbparity.errors import DriverMissing
from dbparity.performance.quantiles import Judgement, at, binomial, judge, ranks, spelled
from dbparity.performance.verdicts import Verdict


def verdict(*milliseconds: float, limit: float = 10.0, look: int = 1) -> Verdict:
    (judgement,) = judge([each / 1000 for each in milliseconds], {"p50": limit}, look)
    return judgement.verdict


@pytest.mark.parametrize(
    ("samples", "part", "tail", "found"),
    [
        # Of the sign test: tables give 2 and 9 for ten samples, 6 and 15 for twenty.
        (10, 0.5, 0.025, (2, 9)),
        (20, 0.5, 0.025, (6, 15)),
        (5, 0.5, 0.025, (0, 6)),  # 2 / 2 ** 5 is more than 5 %
        (6, 0.5, 0.025, (1, 6)),
        (58, 0.95, 0.05, (52, 59)),  # 0.95 ** 58 is 5.1 %
        (59, 0.95, 0.05, (53, 59)),  # 0.95 ** 59 is 4.8 %, as Wilks found
        (458, 0.99, 0.01, (448, 459)),
        (459, 0.99, 0.01, (449, 459)),
    ],
)
def test_ranks_are_those_of_the_binomial_distribution(
    samples: int, part: float, tail: float, found: tuple[int, int]
) -> None:
    assert ranks(samples, part, tail) == found


@pytest.mark.parametrize("part", [0.5, 0.95])
def test_true_quantile_is_outside_the_ranks_as_often_as_was_asked_for(part: float) -> None:
    rng = random.Random(5)
    low, high = ranks(200, part, 0.05)
    below = above = 0
    for _ in range(4000):
        times = sorted(rng.expovariate(1) for _ in range(200))
        true = -math.log(1 - part)
        below += true < times[low - 1]
        above += true > times[high - 1]
    assert 40 < below <= 230
    assert 40 < above <= 230


def test_limit_at_the_true_quantile_is_decided_seldom_however_often_one_looks() -> None:
    rng = random.Random(7)
    decided = 0
    for _ in range(300):
        times: list[float] = []
        for look in range(1, 7):
            times += [rng.random() / 1000 for _ in range(max(len(times), 40))]
            (judgement,) = judge(times, {"p90": 0.9}, look)
            if judgement.verdict is not Verdict.INCONCLUSIVE:
                decided += 1
                break
    assert decided <= 9


@given(st.lists(st.floats(0, 100), min_size=1), st.sampled_from(["p1", "p50", "p99.9"]))
def test_interval_is_around_the_quantile_of_the_samples(times: list[float], name: str) -> None:
    (judgement,) = judge(times, {name: 1})
    assert judgement.low <= judgement.point <= judgement.high
    assert judgement.point / 1000 in [pytest.approx(each) for each in times]


def test_interval_below_the_limit_passes() -> None:
    assert verdict(*[9.9] * 20) is Verdict.PASS


def test_interval_at_the_limit_fails() -> None:
    assert verdict(*[10] * 20) is Verdict.FAIL


def test_interval_with_the_limit_in_it_is_inconclusive() -> None:
    assert verdict(*[9, 11] * 20) is Verdict.INCONCLUSIVE


def test_too_few_samples_are_inconclusive_whatever_they_are() -> None:
    assert verdict(*[1] * 8) is Verdict.INCONCLUSIVE
    assert verdict(*[99] * 8) is Verdict.INCONCLUSIVE


def test_later_looks_want_more_samples() -> None:
    assert verdict(*[1] * 9) is Verdict.PASS
    assert verdict(*[1] * 9, look=2) is Verdict.INCONCLUSIVE


def test_part_of_the_samples_is_not_beyond_the_quantile() -> None:
    assert [at(part, [1, 2, 3, 4]) for part in (0.25, 0.26, 0.5, 1)] == [1, 2, 2, 4]


def test_judgement_is_spelled_with_its_interval_and_its_samples() -> None:
    judgement = Judgement("p95", 30, 34.123, 33, 35.17, 4000)
    assert judgement.expected == "p95 < 30.0 ms"
    assert judgement.found == "p95 34.1 ms (33.0 to 35.2 of 4,000 samples)"


def test_judgement_without_an_upper_bound_says_so() -> None:
    assert Judgement("p99", 30, 40, 20, math.inf, 1).found == (
        "p99 40.0 ms (at least 20.0 of 1 sample)"
    )


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0.01234, "0.0123"), (99.95, "100"), (1234.5, "1,234")]
)
def test_times_are_spelled_with_three_digits(milliseconds: float, text: str) -> None:
    assert spelled(milliseconds) == text


def series(first: float, second: float) -> Judgement:
    before, after = (
        Judgement("p50", 10, each, each - 1, each + 1, 100) for each in (first, second)
    )
    return Judgement(
        after.quantile, after.limit, after.point, after.low, after.high, 100, before=before
    )


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (20, 20, Verdict.FAIL),
        (20, 5, Verdict.INCONCLUSIVE),
        (20, 10, Verdict.INCONCLUSIVE),
        (5, 20, Verdict.INCONCLUSIVE),
        (10, 20, Verdict.INCONCLUSIVE),
        (5, 10, Verdict.PASS),
        (10, 5, Verdict.PASS),
        (10, 10, Verdict.INCONCLUSIVE),
    ],
)
def test_two_series_decide_where_they_do_not_contradict_each_other(
    first: float, second: float, found: Verdict
) -> None:
    assert series(first, second).verdict is found


def test_two_series_are_both_spelled() -> None:
    assert series(20, 5).found == (
        "p50 20.0 ms (19.0 to 21.0 of 100 samples), then p50 5.00 ms (4.00 to 6.00 of 100 samples)"
    )


def test_scipy_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(DriverMissing, match=r"judging requirements: .*'dbparity\[bench\]'"):
        binomial()


def test_less_confidence_wants_fewer_samples() -> None:
    times = [0.001] * 86  # 0.95 ** 86 is 1.2 %
    (sure,) = judge(times, {"p95": 10})
    (less,) = judge(times, {"p95": 10}, confidence=0.95)
    assert (sure.verdict, less.verdict) == (Verdict.INCONCLUSIVE, Verdict.PASS)


def test_a_limit_is_not_missed_on_a_busy_machine() -> None:
    (judgement,) = judge([0.02] * 100, {"p50": 10.0})
    assert judgement.verdict is Verdict.FAIL
    busy = replace(judgement, pressure=0.5)
    assert busy.verdict is Verdict.INCONCLUSIVE
    assert "while 50% of the time something waited for a CPU" in busy.found
    assert replace(busy, limit=30.0).verdict is Verdict.PASS
