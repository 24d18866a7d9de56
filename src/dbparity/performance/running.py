"""Run all workloads on targets, in fresh processes, and record what they take."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import starmap
from statistics import fmean, median
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from dbparity.conformance.population import application_of
from dbparity.performance import arms
from dbparity.performance.fingerprints import Fingerprint, fingerprint
from dbparity.performance.measure import counted
from dbparity.performance.records import Launch, Record
from dbparity.performance.workloads import fill, workloads
from dbparity.progress import Progress
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dbparity.applications import Application
    from dbparity.performance.arms import Place, Side, Worker
    from dbparity.performance.measure import Counts, Timing
    from dbparity.performance.workloads import Workload
    from dbparity.servers.database import Database

HARNESS = "dbparity"
_PACE = arms.Pace(seconds=0.02, fewest=4)
_WORK = "measure"

_Key = tuple[str, str]  # target and workload


@dataclass(frozen=True)
class Described:
    """What a record says of a benchmark besides its times."""

    fingerprint: Fingerprint
    counts: Counts
    units: int


def run(
    side: Side,
    place: Place,
    application: Application,
    launches: int,
    progress: Progress | None = None,
) -> tuple[Record, ...]:
    """Measure every workload on every target of ``place``, in ``launches`` fresh processes.

    Each is pinned to the CPU of ``place``. In rounds, each workload has a slice of time.

    Raises:
        WorkerFailed: a process died.
    """
    progress = progress or Progress()
    described = {
        (target, id_): about
        for target in place.targets
        for id_, about in _described(target, place, application).items()
    }
    series: dict[_Key, list[list[Timing]]] = defaultdict(list)
    for number in range(launches):
        progress.measuring(_WORK, number, launches)
        with arms.Launch([side], place) as launch:
            for key, timings in _measured(launch.workers[side.name]).items():
                series[key].append(timings)
    progress.measuring(_WORK, launches, launches)
    return tuple(recorded(*key, described[key], each) for key, each in series.items())


def describe(
    database: Database,
    found: Iterable[Workload],
    harness: str = HARNESS,
    affinity: tuple[int, ...] = (),
) -> dict[str, Described]:
    """What records say of workloads on a database with rows; call it from inside `Database.run`.

    The further arguments are those of `fingerprint`.
    """
    data = _rows(database)
    alike = fingerprint(database, data=data, harness=harness, affinity=affinity)
    return {
        each.id: Described(alike, counted(database.engine, each.prepare(database))[-1], each.units)
        for each in found
    }


def recorded(
    target: str, benchmark: str, about: Described, launches: Sequence[Sequence[Timing]]
) -> Record:
    """The record of a benchmark's timings, by launch."""
    bests = [min(each.best for each in timings) for timings in launches]
    cpus = [median(each.cpu for each in timings) for timings in launches]
    samples = tuple(each.wall for timings in launches for each in timings)
    return Record(
        benchmark,
        target,
        about.fingerprint,
        best=median(bests),
        median=median(samples),
        mean=fmean(samples),
        cpu=median(cpus),
        counts=about.counts,
        units=about.units,
        launches=tuple(starmap(Launch, zip(bests, cpus, strict=True))),
        noise=max(_apart(bests), _apart(cpus)) if len(launches) > 1 else None,
        samples=samples,
    )


def _rows(database: Database) -> str:
    tables = application_of(database).metadata.sorted_tables
    with database.engine.connect() as connection:
        counted = [connection.scalar(select(func.count()).select_from(each)) for each in tables]
    return f"{sum(filter(None, counted)):,} rows in {len(tables)} tables"


def _apart(times: Sequence[float]) -> float:
    return max(times) / min(times)


def _described(target: str, place: Place, application: Application) -> dict[str, Described]:
    def described(database: Database) -> dict[str, Described]:
        found = workloads(database, fill(database, place.rows))
        return describe(database, found, affinity=(place.cpu,))

    with place.environment.lease(Target.parse(target), application) as database:
        return database.run(described)


def _measured(worker: Worker) -> dict[_Key, list[Timing]]:
    keys = [(target, id_) for target, ids in worker.held.workloads.items() for id_ in ids]
    plans = {key: _PACE.plan(worker, *key) for key in keys}
    series: dict[_Key, list[Timing]] = {key: [] for key in keys}
    for turn in range(_PACE.rounds):
        for key, (calls, rounds) in plans.items():
            if turn < rounds:
                series[key].append(worker.timed(*key, calls))
    return series
