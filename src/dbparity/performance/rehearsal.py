"""The gate against itself: how far apart it finds what is alike, and which slowdowns it sees."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.performance.verdicts import Verdict
from dbparity.performance.worker import Slowdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dbparity.performance.verdicts import Comparison

KINDS: Mapping[str, Slowdown] = {
    "+20 %": Slowdown(0.20),
    "+12 %": Slowdown(0.12),
    "every fifth call doubled": Slowdown(1.0, every=5),
}


@dataclass(frozen=True)
class Noise:
    """What an A/A comparison shows: ``floor`` is by how much what is alike differed at most.

    A slowdown of ``visible`` is beyond the limit, however the noise falls.
    """

    floor: float
    visible: float


def noise_of(comparisons: Iterable[Comparison], limit: float) -> Noise:
    """The noise in the comparison of a base with itself, of which each is judged by ``limit``."""
    ratios = [each.ratio for each in comparisons if each.ratio is not None]
    floor = max((max(ratio, 1 / ratio) - 1 for ratio in ratios), default=0.0)
    return Noise(floor, (1 + limit) * (1 + floor) - 1)


def injections(workloads: Sequence[str]) -> dict[str, tuple[str, Slowdown]]:
    """A kind of slowdown for each workload, one kind after the other."""
    return dict(zip(workloads, itertools.cycle(KINDS.items()), strict=False))


def caught(
    comparisons: Iterable[Comparison], injected: Mapping[str, tuple[str, Slowdown]]
) -> list[Comparison]:
    """The same, turned round: what was seen to be slower passes, and what was not fails."""
    turned = {Verdict.FAIL: Verdict.PASS, Verdict.PASS: Verdict.FAIL}
    return [
        replace(
            each,
            rule="power",
            verdict=turned.get(each.verdict, each.verdict),
            reason=f"{injected[each.benchmark][0]}: {each.found}",
            expected=f"{injected[each.benchmark][0]} is seen",
            advice="measure more: --launches, or a machine with less noise; see --self-test",
        )
        for each in comparisons
        if each.rule == "paired"
    ]
