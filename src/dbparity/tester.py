"""CrossDatabaseTester: runs every check on every target, and compares the targets."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbparity import plugins
from dbparity.conformance.agreement import compare
from dbparity.conformance.base import Check, perform
from dbparity.errors import SchemaRefused, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import Finding, Outcome, Report, Result, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.applications import Application
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target


class CrossDatabaseTester:
    """Checks one application on every target of an environment."""

    def __init__(
        self,
        environment: DatabaseTestEnvironment,
        application: Application,
        checks: Sequence[Check],
        progress: Progress | None = None,
    ) -> None:
        """Run ``checks`` for ``application`` on the targets of a started ``environment``."""
        self.environment, self.application = environment, application
        self.checks, self.progress = tuple(checks), progress or Progress()
        self._interrupted = threading.Event()

    def run(self) -> Report:
        """Run all checks, several targets at once, and compare what the targets answered."""
        started, clock = datetime.now(UTC), time.perf_counter()
        targets = self.environment.targets
        workers = max(min(len(targets), os.cpu_count() or 1), 1)
        with ThreadPoolExecutor(workers) as pool:
            try:
                results = [result for each in pool.map(self._on_target, targets) for result in each]
            except BaseException:
                # The pool waits for its threads: let each end with the check that it is at.
                self._interrupted.set()
                raise
        return Report(
            application=self.application.name,
            started=started,
            seconds=time.perf_counter() - clock,
            targets=self.environment.states,
            results=(*results, *compare(results)),
        )

    def _on_target(self, target: Target) -> list[Result]:
        results: list[Result] = []
        for number, check in enumerate(self.checks, start=1):
            if self._interrupted.is_set():
                break
            self.progress.checking(str(target), check.name, number, len(self.checks))
            try:
                with self.environment.lease(target, self.application) as database:
                    result = perform(check, database)
            except SchemaRefused as error:
                for result in _refused(target, error, self.checks):
                    self.progress.checked(result)
                    results.append(result)
                break
            self.progress.checked(result)
            results.append(result)
        return results


def load_checks(categories: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks of ``categories``, or of all; each category is an entry point of ``checks``.

    Raises:
        TargetUnknown: no package declares such a category.
    """
    known = plugins.names("checks")
    wanted = tuple(categories) or known
    for name in wanted:
        if name not in known:
            raise TargetUnknown("category", name, known)
    return tuple(check for name in wanted for check in plugins.load("checks", name))


def _refused(target: Target, error: SchemaRefused, checks: Sequence[Check]) -> Iterator[Result]:
    """A finding for the schema, and every check skipped for want of it."""
    finding = Finding(
        code="SCHEMA-REFUSED",
        severity=Severity.WRONG,
        message=f"{error.target} refuses {error.subject}",
        expected="the application's schema can be created",
        actual=str(error.cause),
        recommendation=error.cure,
        targets=(str(target),),
    )
    yield Result(str(target), "schema", "create_all", Outcome.FAILED, findings=(finding,))
    skipped = (Skipped("the target refuses the application's schema"),)
    for check in checks:
        yield Result(str(target), check.category, check.name, Outcome.SKIPPED, skipped=skipped)
