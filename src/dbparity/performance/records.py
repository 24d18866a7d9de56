"""Records of benchmarks, and their file: pytest-benchmark's JSON, with what it leaves out."""

from __future__ import annotations

import platform
import statistics
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from dbparity.errors import BaselineInvalid
from dbparity.performance import files
from dbparity.performance.fingerprints import Fingerprint
from dbparity.performance.measure import Counts  # noqa: TC001  # msgspec reads the annotations
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Self

Key = tuple[str, str, str, str]
TargetName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*[+][a-z][a-z0-9_]*(@[0-9.]+)?$")]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
CURE = "write it anew with dbparity bench run --json, or nox -s bench"
_QUARTILES = 4


@dataclass(frozen=True)
class Launch:
    """What one process found: the shortest call, and the CPU's time for a call on average."""

    best: Seconds
    cpu: Seconds | None = None


@dataclass(frozen=True)
class Record:
    """What one benchmark took on one target. Times are seconds for one call.

    Attributes:
        benchmark: the workload's id.
        target: such as ``postgresql+asyncpg@17``.
        best: the shortest call; of several launches, the median of their shortest.
        cpu: of all threads of the process that measured, a call on average.
        counts: what a call asks of the database.
        units: how many units of work a call does.
        launches: what each process found, where fresh ones measured.
        noise: how far apart alike launches are: the slowest's time to the fastest's.
        samples: a call on average, in each of the rounds.
    """

    benchmark: str
    target: str
    fingerprint: Fingerprint
    best: float
    median: float
    mean: float
    cpu: float | None = None
    counts: Counts | None = None
    units: int = 1
    launches: tuple[Launch, ...] = ()
    noise: float | None = None
    samples: tuple[float, ...] = field(default=(), repr=False)

    @property
    def key(self) -> Key:
        """What records are joined by: id, backend, driver, the server's major version."""
        target = Target.parse(self.target)
        major = self.fingerprint.server_version.partition(".")[0]
        return self.benchmark, target.backend, target.driver, major


@dataclass(frozen=True)
class Records:
    """What a file has, or several.

    Attributes:
        records: those of benchmarks that have a logical id.
        means: by pytest-benchmark's full name, the mean of each benchmark, with an id or not.
        source: what they were read from; "" if they were measured just now.
    """

    records: tuple[Record, ...]
    means: Mapping[str, float] = field(default_factory=dict)
    source: str = ""

    @classmethod
    def of(cls, records: Iterable[Record]) -> Self:
        """What was measured just now."""
        found = tuple(records)
        return cls(found, {_full_name(record): record.mean for record in found})

    @property
    def by_key(self) -> dict[Key, Record]:
        """The records by what they are joined by."""
        return {record.key: record for record in self.records}

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target once."""
        return tuple(dict.fromkeys(record.target for record in self.records))

    def matching(self, patterns: Iterable[str]) -> Records:
        """Those on targets that ``patterns`` stand for."""
        wanted = tuple(map(Target.parse, patterns))
        kept = tuple(
            record
            for record in self.records
            if any(Target.parse(record.target).matches(pattern) for pattern in wanted)
        )
        return replace(self, records=kept)


def merged(parts: Iterable[Records]) -> Records:
    """All of several files.

    Raises:
        BaselineInvalid: two have the same benchmark on the same target.
    """
    found: dict[Key, Record] = {}
    means: dict[str, float] = {}
    sources = []
    for part in parts:
        sources.append(part.source)
        for record in part.records:
            if record.key in found:
                reason = f"{record.benchmark} on {record.target} is in {sources[0]} already"
                raise BaselineInvalid(part.source, reason, "name one file of each run")
            found[record.key] = record
        means |= part.means
    return Records(tuple(found.values()), means, ", ".join(sources))


class _Stats(msgspec.Struct):
    min: Seconds
    mean: Seconds
    median: Seconds
    data: list[Seconds] = []


class _Benchmark(msgspec.Struct):
    name: str
    fullname: str
    stats: _Stats
    extra_info: dict[str, Any] = {}


class _Document(msgspec.Struct):
    machine_info: dict[str, Any]
    benchmarks: list[_Benchmark]
    datetime: str
    version: str


class Extra(msgspec.Struct):
    """What ``extra_info`` has of each benchmark, besides backend and driver, for others to read."""

    logical_id: str
    target: TargetName
    driver_version: str
    server_version: str
    sqlalchemy: str
    python: str
    loop: str
    cpu_affinity: tuple[int, ...]
    units: int
    sql: Counts | None
    node: str
    processor: str
    cpus: int
    system: str
    data: str
    harness: str
    cpu_seconds: Seconds | None = None
    launches: tuple[Launch, ...] = ()
    noise: Annotated[float, msgspec.Meta(ge=1)] | None = None


def extra_info(record: Record) -> dict[str, Any]:
    """What a benchmark's ``extra_info`` says, so that `read` finds the record again."""
    told = asdict(record.fingerprint)
    target = Target.parse(record.target)
    return {
        "logical_id": record.benchmark,
        "target": record.target,
        "backend": target.backend,
        "driver": target.driver,
        "cpu_affinity": list(told.pop("affinity")),
        "units": record.units,
        "sql": record.counts.items() if record.counts else None,
        "cpu_seconds": record.cpu,
        "launches": [asdict(launch) for launch in record.launches],
        "noise": record.noise,
        **told,
    }


def read(path: Path) -> Records:
    """Read a file, or all files ``*.json`` of a folder.

    Raises:
        BaselineInvalid: it is not there, is truncated, or is something else.
    """
    if path.is_dir():
        inside = sorted(path.glob("*.json"))
        if not inside:
            raise BaselineInvalid(str(path), "the folder has no *.json", CURE)
        return merged(map(read, inside))
    try:
        content = path.read_bytes()
        msgspec.json.decode(content)  # or half a number would be judged as a whole one
        document = msgspec.json.decode(content, type=_Document)
    except OSError as error:
        raise BaselineInvalid(str(path), (error.strerror or "").lower(), CURE) from error
    except msgspec.ValidationError as error:
        raise BaselineInvalid(str(path), f"it is no record of benchmarks: {error}", CURE) from error
    except msgspec.DecodeError as error:
        raise BaselineInvalid(str(path), f"it is no whole JSON: {error}", CURE) from error
    means = {each.fullname: each.stats.mean for each in document.benchmarks}
    with_id = [each for each in document.benchmarks if "logical_id" in each.extra_info]
    return Records(tuple(_record(path, each) for each in with_id), means, str(path))


def _record(path: Path, found: _Benchmark) -> Record:
    try:
        extra = msgspec.convert(found.extra_info, Extra)
    except msgspec.ValidationError as error:
        raise BaselineInvalid(str(path), f"{found.name}: extra_info: {error}", CURE) from error
    return Record(
        benchmark=extra.logical_id,
        target=extra.target,
        fingerprint=Fingerprint(
            node=extra.node,
            processor=extra.processor,
            cpus=extra.cpus,
            system=extra.system,
            affinity=extra.cpu_affinity,
            python=extra.python,
            sqlalchemy=extra.sqlalchemy,
            driver_version=extra.driver_version,
            server_version=extra.server_version,
            loop=extra.loop,
            data=extra.data,
            harness=extra.harness,
        ),
        best=found.stats.min,
        median=found.stats.median,
        mean=found.stats.mean,
        cpu=extra.cpu_seconds,
        counts=extra.sql,
        units=extra.units,
        launches=extra.launches,
        noise=extra.noise,
        samples=tuple(found.stats.data),
    )


def write(records: Iterable[Record], path: Path) -> None:
    """Write a file; it has its old content until it has all of the new.

    Raises:
        SettingsInvalid: it cannot be written.
    """
    files.write(path, render(records).encode())


def render(records: Iterable[Record]) -> str:
    """The JSON of ``records``, as pytest-benchmark writes its own."""
    machine = {
        "node": platform.node(),
        "machine": platform.machine(),
        "system": platform.system(),
        "release": platform.release(),
        "python_implementation": platform.python_implementation(),
        "python_version": platform.python_version(),
    }
    document = {
        "machine_info": machine,
        "commit_info": {},
        "benchmarks": [_benchmark(record) for record in records],
        "datetime": datetime.now(UTC).isoformat(),
        "version": f"dbparity {version('dbparity')}",
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _full_name(record: Record) -> str:
    return f"dbparity::{record.benchmark}[{record.target}]"


def _benchmark(record: Record) -> dict[str, Any]:
    return {
        "group": record.benchmark,
        "name": _full_name(record).removeprefix("dbparity::"),
        "fullname": _full_name(record),
        "params": {"target": record.target},
        "param": record.target,
        "extra_info": extra_info(record),
        "options": {},
        "stats": _stats(record),
    }


def _stats(record: Record) -> dict[str, Any]:
    """All that pytest-benchmark's own commands ask for."""
    samples = record.samples or (record.median,)
    quartiles = (
        statistics.quantiles(samples, n=_QUARTILES) if len(samples) > 1 else [record.median] * 3
    )
    return {
        "min": record.best,
        "max": max(samples),
        "mean": record.mean,
        "median": record.median,
        "stddev": statistics.pstdev(samples),
        "q1": quartiles[0],
        "q3": quartiles[2],
        "iqr": quartiles[2] - quartiles[0],
        "ops": 1 / record.mean,
        "total": sum(samples),
        "rounds": len(samples),
        "iterations": 1,
        "outliers": "0;0",
        "data": list(record.samples),
    }
