"""CrossDatabaseTester: runs every check on every target, and compares the targets."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from dbparity import plugins
from dbparity.conformance.agreement import compare
from dbparity.conformance.base import Check, PairCheck, on, perform
from dbparity.conformance.losses import lost, refused
from dbparity.conformance.population import synthesizer_of
from dbparity.errors import SchemaRefused, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import Outcome, Report, Result, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.applications import Application
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target


# Packages do not keep the order in which they declare their entry points.
_READING_ORDER = (
    "operations",
    "integrity",
    "concurrency",
    "transactions",
    "schema",
    "revisions",
    "migrations",
    "performance",
)


class CrossDatabaseTester:
    """Checks one application on every target of an environment."""

    def __init__(
        self,
        environment: DatabaseTestEnvironment,
        application: Application,
        checks: Sequence[Check | PairCheck],
        progress: Progress | None = None,
    ) -> None:
        """Run ``checks`` for ``application`` on the targets of ``environment``.

        Raises:
            RowsUnsatisfiable: a table needs a row factory, without which nothing can be checked.
        """
        if not all(isinstance(check, Check) and check.empty for check in checks):
            synthesizer_of(application).population(1)
        self.environment, self.application = environment, application
        self.checks, self.progress = tuple(checks), progress or Progress()
        self._interrupted = threading.Event()

    def run(self) -> Report:
        """Run all checks, several targets at once, and compare what the targets answered.

        Checks that run alone come last, one after the other.
        """
        started, clock = datetime.now(UTC), time.perf_counter()
        targets = self.environment.targets
        given_up: list[dict[bool, str]] = [{} for _ in targets]
        workers = max(min(len(targets), os.cpu_count() or 1), 1)
        with ThreadPoolExecutor(workers) as pool:
            try:
                found = list(pool.map(partial(self._on_target, alone=False), targets, given_up))
            except BaseException:
                # The pool waits for its threads: let each end with the check that it is at.
                self._interrupted.set()
                self.progress.interrupted()
                raise
        found += map(partial(self._on_target, alone=True), targets, given_up)
        results = list(chain.from_iterable(found))
        return Report(
            application=self.application.name,
            started=started,
            seconds=time.perf_counter() - clock,
            targets=self.environment.states,
            results=(*results, *compare(results)),
        )

    def _on_target(self, target: Target, given_up: dict[bool, str], *, alone: bool) -> list[Result]:
        results: list[Result] = []
        lease = partial(self.environment.lease, application=self.application)
        every = tuple(on(target, self.environment.targets, self.checks, lease))
        chosen = [check for check in every if check.alone == alone]
        before = len(every) - len(chosen) if alone else 0
        for number, check in enumerate(chosen, start=before + 1):
            if self._interrupted.is_set():
                break
            self.progress.checking(str(target), check.name, number, len(every))
            for result in self._performed(target, check, given_up):
                self.progress.checked(result)
                results.append(result)
        return results

    def _performed(
        self, target: Target, check: Check, given_up: dict[bool, str]
    ) -> Iterator[Result]:
        """The check's result; ``given_up`` has why there are no databases, empty ones or others."""
        if check.empty in given_up:
            bare = Result(str(target), check.category, check.name, Outcome.SKIPPED)
            yield replace(bare, skipped=(Skipped(given_up[check.empty]),))
            return
        try:
            with self.environment.lease(target, self.application, empty=check.empty) as database:
                result = perform(check, database)
        except SchemaRefused as error:
            given_up[False] = "the target refuses the application's schema"
            yield refused(target, error)
            yield from self._performed(target, check, given_up)
        except Exception as error:  # noqa: BLE001  # the other targets go on
            given_up.update(dict.fromkeys((True, False), "the target was lost"))
            yield lost(target, check.category, check.name, error)
        else:
            yield result


def load_checks(categories: Iterable[str] = ()) -> tuple[Check | PairCheck, ...]:
    """The checks of ``categories``, or of all; each category is an entry point of ``checks``.

    Those of our own come first, from what an application does most to what it does seldom.

    Raises:
        TargetUnknown: no package declares such a category.
    """
    declared = plugins.names("checks")
    known = tuple(dict.fromkeys((*filter(declared.__contains__, _READING_ORDER), *declared)))
    wanted = tuple(categories) or known
    for name in wanted:
        if name not in known:
            raise TargetUnknown("category", name, known)
    return tuple(check for name in wanted for check in plugins.load("checks", name))
