"""The gate against itself."""

from __future__ import annotations

import pytest

from dbparity.performance.rehearsal import KINDS, caught, injections, noise_of
from dbparity.performance.verdicts import Comparison, Verdict


def compared(name: str, verdict: Verdict, ratio: float | None = None) -> Comparison:
    return Comparison(name, "sqlite", "paired", verdict, ratio, found=f"{ratio} times")


def test_the_noise_is_how_far_apart_alike_things_are_in_either_direction() -> None:
    alike = [compared("a", Verdict.PASS, 1.02), compared("b", Verdict.PASS, 0.96)]
    noise = noise_of([*alike, compared("c", Verdict.MISSING)], limit=0.10)
    assert noise.floor == pytest.approx(1 / 0.96 - 1)
    assert noise.visible == pytest.approx(1.1 / 0.96 - 1)
    assert noise_of([], 0.10).floor == 0


def test_every_kind_is_injected() -> None:
    names = ["a", "b", "c", "d"]
    assert [kind for kind, _ in injections(names).values()] == [*KINDS, next(iter(KINDS))]


def test_what_was_not_seen_to_be_slower_fails() -> None:
    injected = injections(["a", "b", "c"])
    seen, missed, open_ = caught(
        [
            compared("a", Verdict.FAIL, 1.2),
            compared("b", Verdict.PASS, 1.0),
            compared("c", Verdict.INCONCLUSIVE, 1.3),
            Comparison("a", "sqlite", "counts", Verdict.PASS),
        ],
        injected,
    )
    assert (seen.verdict, missed.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert open_.verdict is Verdict.INCONCLUSIVE
    assert missed.reason == "+12 %: 1.0 times"
    assert missed.rule == "power"
