"""The workloads of the configured application, on every target and through every driver.

pytest-benchmark calls an operation where the database's engine works: on an asynchronous driver in
a greenlet on one event loop, so that no call pays for a loop of its own. The whole process is
pinned to one CPU: left alone, an asynchronous driver takes one of two times, by the CPUs that its
threads are on.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from dbparity.performance.arms import quiet_cpu
from dbparity.performance.measure import make_ready, timed
from dbparity.performance.records import extra_info
from dbparity.performance.running import Described, describe, recorded
from dbparity.performance.workloads import fill, workloads
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.performance.workloads import Workload
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

SETTINGS = Settings.load(Path(__file__).parents[1])
APPLICATION = SETTINGS.application()
IDS = (*APPLICATION.workloads, "connect", "agents")
SECONDS = 0.3  # of a benchmark
ROUNDS = range(5, 1000)


@dataclass(frozen=True)
class Filled:
    """A database with rows, and what is done there."""

    database: Database
    about: dict[str, Described]
    workloads: dict[str, Workload]


@pytest.fixture(scope="module")
def filled(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Filled]:
    with pinned(quiet_cpu()), database_environment.lease(target, APPLICATION) as database:
        yield database.run(fill_and_describe)


def fill_and_describe(database: Database) -> Filled:
    found = workloads(database, fill(database, SETTINGS.bench.rows))
    about = describe(database, found, "pytest-benchmark")
    return Filled(database, about, {each.id: each for each in found})


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """Confine all threads of this process to one CPU; those that they start inherit it."""
    before = os.sched_getaffinity(0)
    confine({cpu})
    try:
        yield
    finally:
        confine(before)


def confine(cpus: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cpus)


@pytest.mark.parametrize("workload", IDS)
def test_workload(benchmark: BenchmarkFixture, filled: Filled, workload: str) -> None:
    database = filled.database
    benchmark.group = workload

    def measure(database: Database) -> None:
        operation = filled.workloads[workload].prepare(database)
        first = timed(operation, 3)
        rounds = min(max(round(SECONDS / first.wall), ROUNDS.start), ROUNDS.stop)
        timing = timed(operation, rounds)
        record = recorded(str(database.target), workload, filled.about[workload], [[timing]])
        benchmark.extra_info.update(extra_info(replace(record, launches=())))
        make_ready(operation, rounds)
        cast("Any", benchmark.pedantic)(operation, rounds=rounds)  # untyped

    database.run(measure)
