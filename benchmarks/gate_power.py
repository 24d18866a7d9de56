"""How often the paired gate is wrong on this machine: false alarms, and slowdowns that it misses.

    python benchmarks/gate_power.py --runs 60 --injected 40 --output power.json
    python benchmarks/gate_power.py --read power.json

Each run is a whole gate: a base, the same as a control, and the same once more as the head, where
every red is a false alarm. The first runs have a further head, into which +20 %, +12 % and a
doubling of every fifth call are injected, each into another benchmark. Every second run has a
process beside it that loads a core. With ``--bare``, pytest-benchmark runs the same benchmarks as
often, and its ``mean:10%`` is applied to disjoint pairs of runs. An output that is there already is
gone on with; a run whose process died is counted, and none of its figures.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dbparity.errors import WorkerFailed
from dbparity.performance.arms import Place, Side
from dbparity.performance.paired import Gate
from dbparity.performance.rehearsal import KINDS
from dbparity.servers import reaper
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.performance.worker import Slowdown


TARGETS = ["sqlite+pysqlite", "postgresql+asyncpg@17"]
SUITE = (
    "select.message",
    "list.messages",
    "search.messages",
    "join.three_tables",
    "aggregate.messages",
    "insert.message",
)


def spin(parent: int) -> None:
    """Load a core for as long as the parent lives."""
    while os.getppid() == parent:
        pass


@contextmanager
def loaded(*, wanted: bool) -> Iterator[None]:
    """A process that loads a core, for the block."""
    process = multiprocessing.get_context("spawn").Process(target=spin, args=[os.getpid()])
    if wanted:
        process.start()
    try:
        yield
    finally:
        if wanted:
            process.terminate()
            process.join()


def experiment(runs: int, injected: int, output: Path) -> None:
    settings = Settings.load(Path.cwd())
    run = Run.begin()
    environment = DatabaseTestEnvironment(TARGETS, settings.server_options).start(run)
    try:
        targets = tuple(map(str, environment.targets))
        place = Place(environment, targets, settings.bench.rows, only=SUITE)
        found: list[dict[str, Any]] = json.loads(output.read_text()) if output.exists() else []
        for number in range(len(found), runs):
            try:
                with loaded(wanted=number % 2 == 1):
                    found.append(trial(settings, place, number, with_slow=number < injected))
            except WorkerFailed as error:
                found.append({"run": number, "died": str(error)})
            output.write_text(json.dumps(found, indent=1))
            show(found)
    finally:
        environment.stop()
        reaper.end(run, settings.server_options)


def trial(settings: Settings, place: Place, number: int, *, with_slow: bool) -> dict[str, Any]:
    chance = random.Random(number)
    arguments = settings.application_arguments
    chosen = dict(zip(chance.sample(SUITE, len(KINDS)), KINDS, strict=True)) if with_slow else {}

    def side(name: str, **slowdowns: Slowdown) -> Side:
        return Side(name, Path.cwd(), arguments, slowdowns)

    heads = [side("same")]
    if with_slow:
        heads.append(side("slow", **{id_: KINDS[kind] for id_, kind in chosen.items()}))
    gate = Gate(side("base"), side("control"), heads, place, settings.bench, chance)
    began = time.perf_counter()
    results = gate.run()
    return {
        "run": number,
        "loaded": number % 2 == 1,
        "seconds": time.perf_counter() - began,
        "injected": chosen,
        **{
            name: [asdict(each) for each in results.get(name, []) if each.rule == "paired"]
            for name in ("same", "slow")
        },
    }


def show(found: list[dict[str, Any]]) -> None:
    """Print what all runs so far come to."""
    died = [run for run in found if "died" in run]
    found = [run for run in found if "died" not in run]
    verdicts = Counter(each["verdict"] for run in found for each in run["same"])
    suites = Counter(any(each["verdict"] == "fail" for each in run["same"]) for run in found)
    caught: dict[str, Counter[str]] = defaultdict(Counter)
    for run in found:
        for each in run["slow"]:
            kind = run["injected"].get(each["benchmark"], "none, beside others")
            caught[kind][each["verdict"]] += 1
    seconds = sum(run["seconds"] for run in found) / len(found)
    print(f"{len(found)} runs of {seconds:.0f} s on average, {len(died)} more died")  # noqa: T201
    print(f"  alike: {dict(verdicts)}; suites with a false alarm: {suites[True]}")  # noqa: T201
    for kind, counter in sorted(caught.items()):
        print(f"  {kind}: {dict(counter)}", flush=True)  # noqa: T201


def bare(runs: int) -> None:
    """The same benchmarks in pytest-benchmark, and its own rule for disjoint pairs of runs.

    Both of a pair have the load beside them, or neither.
    """
    with TemporaryDirectory() as folder:
        means = []
        for number in range(runs):
            path = Path(folder) / f"{number}.json"
            command = [sys.executable, "-m", "pytest", "benchmarks/test_workloads.py", "-q"]
            command += [f"--benchmark-json={path}", "-p", "no:xdist", "--benchmark-disable-gc"]
            command += [f"--dbparity-target={target}" for target in TARGETS]
            with loaded(wanted=number // 2 % 2 == 1):
                subprocess.run(command, check=True, capture_output=True)
            read = json.loads(path.read_text())["benchmarks"]
            alike = (each for each in read if each["extra_info"]["logical_id"] in SUITE)
            means.append({each["fullname"]: each["stats"]["mean"] for each in alike})
    pairs = list(zip(means[::2], means[1::2], strict=True))
    alarms = [
        [after[name] > 1.1 * mean for name, mean in before.items()] for before, after in pairs
    ]
    each = [alarm for pair in alarms for alarm in pair]
    print(  # noqa: T201
        f"mean:10% in {len(pairs)} pairs: {sum(each)} of {len(each)} benchmarks alarmed falsely, "
        f"{sum(map(any, alarms))} of {len(pairs)} suites"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--injected", type=int, default=40)
    parser.add_argument("--output", type=Path, default=Path("gate_power.json"))
    parser.add_argument("--read", type=Path)
    parser.add_argument("--bare", action="store_true")
    arguments = parser.parse_args()
    if arguments.read:
        show(json.loads(arguments.read.read_text()))
    elif arguments.bare:
        bare(arguments.runs)
    else:
        experiment(arguments.runs, arguments.injected, arguments.output)


if __name__ == "__main__":
    main()
