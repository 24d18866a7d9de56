"""``dbparity check``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbparity import plugins
from dbparity.cli.console import Screen, complain, show, silence
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.live import lines_or_bars
from dbparity.cli.options import (
    AGREED,
    COULD_NOT_RUN,
    FINDINGS,
    Json,
    Providers,
    Targets,
    narrowed,
)
from dbparity.cli.output import outputs
from dbparity.reports.summary import count
from dbparity.results import Outcome, Severity
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.tester import CrossDatabaseTester, load_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.applications import Application
    from dbparity.conformance.base import Check
    from dbparity.results import Report

_APPLICATION, _REPORTS = "Application", "Reports"


def check(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Annotated[
        str,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            help="The MetaData, such as shop.models:Base.metadata; the current folder is "
            "importable. Another application than the configured one has none of its settings.",
            rich_help_panel=_APPLICATION,
        ),
    ] = "",
    alembic: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its alembic.ini.", rich_help_panel=_APPLICATION),
    ] = None,
    factory: Annotated[
        str,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            help="A mapping of table names to functions of a row's number that return the values "
            "which made-up rows cannot have.",
            rich_help_panel=_APPLICATION,
        ),
    ] = "",
    configure: Annotated[
        str,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            help="A function that attaches to an Engine what the application attaches to its own.",
            rich_help_panel=_APPLICATION,
        ),
    ] = "",
    pythonpath: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Import from this folder first. Repeatable.",
            rich_help_panel=_APPLICATION,
        ),
    ] = None,
    target: Targets = None,
    category: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run only the checks of this category. Repeatable."),
    ] = None,
    provider: Providers = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option(help="The mildest severity that fails the run.", show_default="degraded"),
    ] = None,
    require: Annotated[
        bool,
        typer.Option("--require", help="Run nothing, and exit with 2, where a target is missing."),
    ] = False,
    reuse: Annotated[
        bool,
        typer.Option("--reuse", help="Use the servers that the last run left, and leave them."),
    ] = False,
    json: Json = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write JUnit XML.", rich_help_panel=_REPORTS),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a Markdown page.", rich_help_panel=_REPORTS),
    ] = None,
) -> None:
    """Check that the application behaves the same on every target.

    Starts the servers that are wanted, runs every check on every target, and compares what the
    targets answer. A target that cannot be had is named with the reason; the others go on.
    Options come before environment variables, and these before `[tool.dbparity]`.

    Exit codes: 0 agreed, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity check
    dbparity check --metadata shop.models:Base.metadata --target sqlite --target postgresql@17
    dbparity check --category schema --fail-on lost --json - | jq .findings
    dbparity check --require --junit parity.xml --markdown "$GITHUB_STEP_SUMMARY"
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = _settings(metadata, pythonpath).with_options(
        alembic=Path.cwd() / alembic if alembic else None,
        factory=factory,
        configure=configure,
        providers=tuple(provider or ()),
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    settings = replace(settings, targets=narrowed(settings.targets, target))
    report = _run(settings, settings.application(), load_checks(category or ()))
    for file in files:
        file.write(plugins.load("reports", file.kind)(report))
    obstacle = _obstacle(report, settings)
    failed = report.fails(settings.fail_on)
    # Standard output is for one thing at a time.
    screen = Screen(stderr=any(file.is_standard for file in files))
    show(report, screen, agreed=not failed and not obstacle)
    if obstacle:
        complain(obstacle)
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(FINDINGS if failed else AGREED)


def _settings(metadata: str, pythonpath: Sequence[Path] | None) -> Settings:
    """The configured settings; without those of the configured application for another one."""
    here = Path.cwd()
    settings = Settings.load(here)
    folders = [here / folder for folder in pythonpath or ()]
    if metadata:
        folders.append(here)
    if metadata not in {"", settings.metadata}:
        settings = replace(settings, alembic=None, factory="", configure="")
    return settings.with_options(metadata=metadata, pythonpath=(*folders, *settings.pythonpath))


def _run(settings: Settings, application: Application, checks: Sequence[Check]) -> Report:
    with silence(), Interrupts() as interrupts, lines_or_bars(Screen(stderr=True)) as progress:
        environment = DatabaseTestEnvironment(settings.targets, settings.server_options, progress)
        tester = CrossDatabaseTester(environment, application, checks, progress)
        try:
            environment.start()
            if settings.require and environment.missing:
                tester.checks = ()
            return tester.run()
        finally:
            interrupts.hold()
            environment.stop()


def _obstacle(report: Report, settings: Settings) -> str:
    """Why the report, whatever it found, is no answer; "" if it is one."""
    if settings.require and report.missing:
        return f"{count(len(report.missing), 'required target')} missing; nothing was run"
    if len(report.missing) == len(report.targets):
        return "no target can be used; dbparity doctor tells more"
    if report.success_rate is None:
        return "every check was skipped"
    unknown = report.counts[Outcome.UNKNOWN]
    return f"how {count(unknown, 'check')} ended is unknown" if unknown else ""
