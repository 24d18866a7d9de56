"""Running checks on the targets of the settings, from the servers' start to the exit code."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from dbparity import plugins
from dbparity.cli.console import Screen, complain, show, silence
from dbparity.cli.ending import end_at_once
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.live import lines_or_bars
from dbparity.cli.options import AGREED, COULD_NOT_RUN, FINDINGS
from dbparity.errors import DriverMissing
from dbparity.reports.summary import count
from dbparity.results import Outcome
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.tester import CrossDatabaseTester

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.applications import Application
    from dbparity.cli.live import Lines
    from dbparity.cli.output import Output
    from dbparity.conformance.base import Check, PairCheck
    from dbparity.results import Report, Severity
    from dbparity.settings import Settings
    from dbparity.targets import Target


def run_checks(
    settings: Settings, checks: Sequence[Check | PairCheck], files: Sequence[Output]
) -> NoReturn:
    """Run ``checks`` for the application of ``settings``, write ``files``, show, and exit."""
    report = _run(settings, settings.application(), checks)
    conclude(report, settings.fail_on, files, obstacle(report, settings))


def conclude(
    report: Report, fail_on: Severity, files: Sequence[Output], obstacle: str = ""
) -> NoReturn:
    """Write ``files``, show the report, and exit: 2 where an ``obstacle`` makes it no answer."""
    for file in files:
        file.write(plugins.load("reports", file.kind)(report))
    failed = report.fails(fail_on)
    # Standard output is for one thing at a time.
    screen = Screen(stderr=any(file.is_standard for file in files))
    show(report, screen, agreed=not failed and not obstacle)
    if obstacle:
        complain(obstacle)
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(FINDINGS if failed else AGREED)


def transfer(module: str) -> Any:  # noqa: ANN401  # a module
    """A module of `dbparity.transfer`; raise `DriverMissing` without what moves rows."""
    try:
        # Few commands need it, and Arrow is slow to import.
        return importlib.import_module(f"dbparity.transfer.{module}")
    except ModuleNotFoundError as error:
        raise DriverMissing("moving rows", str(error.name), "transfer") from error


@contextmanager
def serving(
    settings: Settings, targets: Iterable[Target | str]
) -> Iterator[tuple[DatabaseTestEnvironment, Lines]]:
    """An environment to be started; whatever ends the block, a signal too, it is stopped.

    A second signal ends the process without awaiting what still runs in other threads.
    """
    with silence(), Interrupts() as interrupts, lines_or_bars(Screen(stderr=True)) as progress:
        environment = DatabaseTestEnvironment(targets, settings.server_options, progress)
        interrupts.again = partial(end_at_once, environment)
        try:
            yield environment, progress
        finally:
            interrupts.hold()
            environment.stop()


def _run(
    settings: Settings, application: Application, checks: Sequence[Check | PairCheck]
) -> Report:
    with serving(settings, settings.targets) as (environment, progress):
        tester = CrossDatabaseTester(environment, application, checks, progress)
        if not usable(settings, environment.start()):
            tester.checks = ()
        return tester.run()


def usable(settings: Settings, environment: DatabaseTestEnvironment) -> tuple[Target, ...]:
    """The targets that something is run on: none where a missing one is an error."""
    return () if settings.require and environment.missing else environment.targets


def obstacle(report: Report, settings: Settings) -> str:
    """Why the report, whatever it found, is no answer; "" if it is one."""
    if settings.require and report.missing:
        return f"{count(len(report.missing), 'required target')} missing; nothing was run"
    if len(report.missing) == len(report.targets):
        return "no target can be used; dbparity doctor tells more"
    if report.success_rate is None:
        return "every check was skipped"
    unknown = report.counts[Outcome.UNKNOWN]
    return f"how {count(unknown, 'check')} ended is unknown" if unknown else ""
