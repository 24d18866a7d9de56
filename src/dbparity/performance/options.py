"""What a project configures of its benchmarks: ``[tool.dbparity.bench]``."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # msgspec reads the annotations
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta

_PERCENT = 100
ROWS = 200

_Positive = Annotated[float, Meta(gt=0)]

# Milliseconds, by the kind of workload: what the time at that quantile must stay below.
REQUIREMENTS: Mapping[str, Mapping[str, float]] = {
    "query": {"p50": 30, "p95": 30, "p99": 30},
    "agents": {"p50": 30, "p95": 30, "p99": 30},
    "search": {"p50": 3},
    "connect": {"p95": 5},
}


@dataclass(frozen=True)
class BenchOptions:
    """How benchmarks are run and judged.

    Attributes:
        rows: of each table, where the application has no seed of its own.
        limit: by how much a benchmark may become slower: 0.1 is 10 %.
        limits: the same for single ones, by their id or a pattern of it.
        launches: how many times fresh processes measure.
        reference: the backend that others' times are compared with.
        ratios: by target and benchmark id, how many times as long as on the reference it may take.
        groups: targets whose times are to be alike within the limit.
        uneven: by target, the benchmarks that may ask the database otherwise than on others.
        requirements: by workload id, pattern of it, or kind, milliseconds by quantile (``p95``).
    """

    rows: Annotated[int, Meta(ge=1)] = ROWS
    limit: _Positive = 0.10
    limits: Mapping[str, _Positive] = field(default_factory=dict)
    launches: Annotated[int, Meta(ge=1)] = 4
    reference: str = "sqlite"
    ratios: Mapping[str, Mapping[str, _Positive]] = field(default_factory=dict)
    groups: tuple[tuple[str, ...], ...] = ()
    uneven: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requirements: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` for a requirement that is of no quantile."""
        for required in self.requirements.values():
            for name in required:
                quantile(name)

    def limit_of(self, benchmark: str) -> float:
        """By how much ``benchmark`` may become slower; the last pattern that fits counts."""
        fitting = [limit for id_, limit in self.limits.items() if fnmatchcase(benchmark, id_)]
        return fitting[-1] if fitting else self.limit

    def requirement_of(self, benchmark: str, kind: str) -> Mapping[str, float]:
        """What ``benchmark`` of that kind must reach: milliseconds by quantile."""
        found = {**REQUIREMENTS[kind], **self.requirements.get(kind, {})}
        for id_, required in self.requirements.items():
            if id_ != kind and fnmatchcase(benchmark, id_):
                found |= required
        return found


def quantile(name: str) -> float:
    """What part of all times is at most as long: 0.95 of ``p95``.

    Raises:
        ValueError: it is no name of one.
    """
    try:
        part = float(name.removeprefix("p")) / _PERCENT
    except ValueError:
        part = 0
    if not (name.startswith("p") and 0 < part < 1):
        raise ValueError(f"{name!r} is no quantile: write p50, p95 or p99.9")
    return part
