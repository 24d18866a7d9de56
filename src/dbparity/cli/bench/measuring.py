"""Measuring the workloads of the settings' application on the settings' targets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dbparity.cli.running import serving, usable
from dbparity.performance import running
from dbparity.performance.arms import Place, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.performance.records import Record
    from dbparity.progress import Progress
    from dbparity.results import TargetState
    from dbparity.settings import Settings


T = TypeVar("T")


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
    side = Side("the head", Path.cwd(), settings.application_arguments)

    def work(place: Place, progress: Progress) -> tuple[Record, ...]:
        return running.run(side, place, application, settings.bench.launches, progress)

    records, states = in_place(settings, work)
    return Measured(records or (), states, started, time.perf_counter() - clock)


def in_place(
    settings: Settings, work: Callable[[Place, Progress], T]
) -> tuple[T | None, tuple[TargetState, ...]]:
    """Start the servers, and do ``work`` where it can be done; else there is None of it."""
    with serving(settings, settings.targets) as (environment, progress):
        targets = usable(settings, environment.start())
        found = None
        if targets:
            place = Place(environment, tuple(map(str, targets)), settings.bench.rows)
            found = work(place, progress)
        return found, environment.states
