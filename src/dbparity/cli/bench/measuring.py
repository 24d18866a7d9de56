"""Measuring the workloads of the settings' application on the settings' targets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbparity.cli.running import serving
from dbparity.performance import running
from dbparity.performance.arms import Place, Side, quiet_cpu

if TYPE_CHECKING:
    from dbparity.performance.records import Record
    from dbparity.results import TargetState
    from dbparity.settings import Settings


@dataclass(frozen=True)
class Measured:
    """What was measured, when, and on which of the targets."""

    records: tuple[Record, ...]
    targets: tuple[TargetState, ...]
    started: datetime
    seconds: float


def measure(settings: Settings) -> Measured:
    """Start the servers, and run every workload on every target that can be had.

    Where a missing target is an error, nothing is run.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    application = settings.application()
    records: tuple[Record, ...] = ()
    with serving(settings, settings.targets) as (environment, progress):
        environment.start()
        targets = environment.targets
        if targets and not (settings.require and environment.missing):
            side = Side("the head", Path.cwd(), settings.application_arguments)
            place = Place(
                environment,
                environment.server(targets[0]).run,
                tuple(map(str, targets)),
                settings.bench.rows,
                quiet_cpu(),
            )
            launches = settings.bench.launches
            records = running.run(side, place, application, launches, progress)
        states = environment.states
    return Measured(records, states, started, time.perf_counter() - clock)
