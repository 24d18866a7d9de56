"""Records of benchmarks, for tests of what compares them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dbparity.performance.fingerprints import Fingerprint
from dbparity.performance.measure import Counts
from dbparity.performance.records import Record, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.performance.verdicts import Comparison

FINGERPRINT = Fingerprint(
    node="alpha",
    processor="Imagined CPU",
    cpus=4,
    system="Linux 6.1 x86_64",
    affinity=(3,),
    python="CPython 3.11.7",
    sqlalchemy="2.1.0",
    driver_version="3.11.7",
    server_version="3.45.1",
    loop="none",
    data="9 rows in 1 tables",
    harness="dbparity",
)
ONE = Counts(statements=1, rows=1, checkouts=1)


def fingerprint(**changes: Any) -> Fingerprint:  # noqa: ANN401  # those of Fingerprint
    return replace(FINGERPRINT, **changes)


def record(
    benchmark: str = "select.user",
    target: str = "sqlite+pysqlite",
    best: float = 0.001,
    **more: Any,  # noqa: ANN401  # those of Record
) -> Record:
    """A record of which mean and median follow from ``best``, and whose launches were alike."""
    known = {"fingerprint": FINGERPRINT, "counts": ONE, "noise": 1.0, "cpu": best, **more}
    return Record(benchmark, target, best=best, median=best * 1.5, mean=best * 2, **known)


def records(*found: Record) -> Records:
    return Records.of(found or [record()])


def verdicts(comparisons: Sequence[Comparison]) -> list[tuple[str, str, str]]:
    return [(each.benchmark, each.target, str(each.verdict)) for each in comparisons]
