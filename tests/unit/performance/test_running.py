from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.errors import WorkerFailed
from dbparity.performance.arms import Place, Side
from dbparity.performance.measure import Counts, Timing
from dbparity.performance.records import Launch
from dbparity.performance.running import _PACE, Described, describe, recorded, run
from dbparity.performance.workloads import fill, workloads
from dbparity.progress import Progress
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from tests.support.databases import application, sqlite_database
from tests.support.ledgers import pairs
from tests.support.records import FINGERPRINT, ONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.servers.database import Database

ABOUT = Described(FINGERPRINT, ONE, 3)
MODULE = """
import time
from sqlalchemy import Column, Integer, MetaData, Table, select

metadata = MetaData()
table = Table("pairs", metadata, Column("a", Integer, primary_key=True), Column("b", Integer))


def one(engine):
    def operation():
        with engine.connect() as connection:
            connection.execute(select(table).where(table.c.a == 1)).all()

    return operation


def slow(engine):
    return lambda: time.sleep(0.03)


workloads = {"select.one": one, "update.slow": slow}


def seed(connection):
    connection.execute(table.insert(), [{"a": 1, "b": 2}])
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    module = f"pairs_{abs(hash(tmp_path)):x}"
    (tmp_path / f"{module}.py").write_text(MODULE)
    return Settings(
        metadata=f"{module}:metadata",
        workloads=f"{module}:workloads",
        seed=f"{module}:seed",
        pythonpath=(tmp_path,),
    )


@pytest.fixture
def place() -> Iterator[Place]:
    options = ServerOptions(providers=("file",))
    with DatabaseTestEnvironment(["sqlite+aiosqlite"], options) as environment:
        targets = tuple(map(str, environment.targets))
        yield Place(environment, targets, rows=5)


class Told(Progress):
    def __init__(self) -> None:
        self.parts = list[tuple[int, int]]()

    def measuring(self, work: str, done: int, total: int) -> None:
        assert work == "measure"
        self.parts.append((done, total))


def test_every_workload_is_measured_in_fresh_processes_on_one_cpu(
    tmp_path: Path, settings: Settings, place: Place
) -> None:
    side = Side("here", tmp_path, settings.application_arguments)
    told, before = Told(), os.sched_getaffinity(0)
    found = run(side, place, settings.application(), 2, told)
    ids = ("select.one", "update.slow", "connect", "agents")
    assert {each.key for each in found} == {(id_, "sqlite", "aiosqlite", "3") for id_ in ids}
    for each in found:
        assert each.launches[0].best <= max(each.samples)
        assert len(each.launches) == 2
        assert each.noise is not None
        assert each.noise >= 1
        assert each.fingerprint.affinity == (place.cpu,)
        assert each.fingerprint.data == "1 rows in 1 tables"
    slow = next(each for each in found if each.benchmark == "update.slow")
    assert 0.03 <= slow.best < 1
    assert slow.counts == Counts()
    assert told.parts == [(0, 2), (1, 2), (2, 2)]
    assert os.sched_getaffinity(0) == before


def test_record_has_the_median_of_its_launches() -> None:
    launches = [[Timing(1, best, 2, cpu), Timing(1, 9, 4, cpu)] for best, cpu in _LAUNCHES]
    found = recorded("sqlite+pysqlite", "connect", ABOUT, launches)
    assert (found.best, found.cpu) == (2, 0.5)
    assert found.launches == (Launch(1, 0.5), Launch(2, 0.25), Launch(3, 1))
    assert (found.median, found.mean, found.samples) == (3, 3, (2, 4) * 3)
    assert (found.counts, found.units, found.fingerprint) == (ONE, 3, FINGERPRINT)


_LAUNCHES = ((1, 0.5), (2, 0.25), (3, 1))


def test_noise_is_how_far_launches_are_apart_by_the_worse_of_both_times() -> None:
    assert recorded("s", "c", ABOUT, [[Timing(1, b, 2, c)] for b, c in _LAUNCHES]).noise == 4


def test_one_launch_knows_no_noise() -> None:
    assert recorded("s", "c", ABOUT, [[Timing(1, 1, 1, 1)]]).noise is None


class Fake:
    """A worker whose calls take so long, and which tells how many it was asked for."""

    def __init__(self, wall: float) -> None:
        self.wall, self.asked = wall, list[int]()

    def timed(self, _target: str, _workload: str, calls: int) -> Timing:
        self.asked.append(calls)
        return Timing(calls, self.wall, self.wall, self.wall)


@pytest.mark.parametrize(
    ("wall", "plan", "asked"),
    [
        (0.00002, (1000, 6), [1, 3]),
        (0.02, (1, 6), [1, 1]),
        (0.025, (1, 5), [1, 1]),
        (3, (1, 4), [1, 1]),
    ],
)
def test_slices_are_alike_and_what_is_long_has_fewer(
    wall: float, plan: tuple[int, int], asked: list[int]
) -> None:
    worker: Any = Fake(wall)
    assert _PACE.plan(worker, "target", "workload") == plan
    assert worker.asked == asked


def test_description_has_what_a_call_asks_and_does(tmp_path: Path) -> None:
    def described(database: Database) -> dict[str, Described]:
        return describe(database, workloads(database, fill(database, 4)), "tests", (1, 2))

    with sqlite_database(tmp_path, application(pairs())) as database:
        found = database.run(described)
    assert found["insert_ten.pairs"].counts == Counts(10, 1, 0, 1)
    assert found["insert_ten.pairs"].units == 10
    about = found["connect"].fingerprint
    assert (about.data, about.harness, about.affinity) == ("4 rows in 1 tables", "tests", (1, 2))


def test_worker_that_dies_is_told(tmp_path: Path, settings: Settings, place: Place) -> None:
    arguments = {**settings.application_arguments, "seed": "gone:seed"}
    with pytest.raises(WorkerFailed, match="the benchmarks of here"):
        run(Side("here", tmp_path, arguments), replace(place), settings.application(), 1)
