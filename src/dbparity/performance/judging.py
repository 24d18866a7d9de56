"""Requirements on all targets of an environment."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbparity.conformance.base import died
from dbparity.conformance.losses import lost, refused
from dbparity.errors import SchemaRefused, UsageError
from dbparity.performance.judged import CATEGORY
from dbparity.performance.quantiles import binomial
from dbparity.performance.requirements import CLAIM, PerformanceValidator
from dbparity.progress import Progress
from dbparity.results import Outcome, Report, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbparity.applications import Application
    from dbparity.performance.options import BenchOptions
    from dbparity.performance.requirements import Effort
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

_FILLING = "fill"


def judge_targets(  # noqa: PLR0913, PLR0917  # who is judged, by what, and who is told
    environment: DatabaseTestEnvironment,
    targets: Sequence[Target],
    application: Application,
    options: BenchOptions,
    effort: Effort,
    progress: Progress | None = None,
) -> Report:
    """Judge the application's workloads on one target after the other.

    A target that is lost, and rows that it refuses, are findings; the other targets go on.

    Raises:
        DriverMissing: scipy is not installed.
    """
    binomial()
    started, clock = datetime.now(UTC), time.perf_counter()
    told = progress or Progress()

    def judged(database: Database) -> tuple[Result, ...]:
        return PerformanceValidator(database, options, effort, told).validate().results

    results: list[Result] = []
    for target in targets:
        told.checking(str(target), _FILLING, 1, 1)
        for result in _judged(environment, target, application, judged):
            told.checked(result)
            results.append(result)
    return Report(
        application.name,
        started,
        time.perf_counter() - clock,
        environment.states,
        tuple(results),
        claim=CLAIM,
    )


def _judged(
    environment: DatabaseTestEnvironment,
    target: Target,
    application: Application,
    judge: Callable[[Database], tuple[Result, ...]],
) -> tuple[Result, ...]:
    try:
        with environment.lease(target, application) as database:
            try:
                return judge(database)
            except UsageError:
                raise
            except Exception as error:  # noqa: BLE001  # the other targets go on
                return (_unfilled(target, error),)
    except UsageError:
        raise
    except SchemaRefused as error:
        return (refused(target, error),)
    except Exception as error:  # noqa: BLE001  # likewise
        return (lost(target, CATEGORY, _FILLING, error),)


def _unfilled(target: Target, error: Exception) -> Result:
    found = replace(died(_FILLING, error), targets=(str(target),))
    evidence = traceback.format_exc()
    return Result(
        str(target), CATEGORY, _FILLING, Outcome.FAILED, findings=(found,), evidence=evidence
    )
