"""A comparison of 1,000 benchmarks on four targets by all rules. Aim: below a second for 1,000."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.performance.comparing import baseline, literal
from dbparity.performance.options import BenchOptions
from dbparity.performance.parity import counts, drift, literal_parity
from dbparity.performance.records import Records, read, write
from tests.support.records import record

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

TARGETS = ("sqlite+pysqlite", "postgresql+psycopg@17", "mysql+pymysql@9", "mariadb+pymysql@11")
BENCHMARKS = 1000
OPTIONS = BenchOptions(limits={"b1*": 0.2})


def suite(slower: float) -> Records:
    return Records.of(
        record(f"b{number}", target, best=0.001 * slower)
        for number in range(BENCHMARKS)
        for target in TARGETS
    )


def test_all_rules(benchmark: BenchmarkFixture) -> None:
    head, base = suite(1.05), suite(1)

    def judge() -> int:
        found = (
            baseline(head, base, OPTIONS) + drift(head, base, OPTIONS) + counts(head, base, OPTIONS)
        )
        return len(found + literal(head, base) + literal_parity(head, OPTIONS))

    assert benchmark(judge) == BENCHMARKS * (4 + 3 + 4 + 4 + 1)


def test_reading(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(suite(1).records, tmp_path / "base.json")
    assert len(benchmark(read, tmp_path / "base.json").records) == BENCHMARKS * len(TARGETS)
