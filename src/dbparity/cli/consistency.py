"""``dbparity consistency``: whether several stores agree."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dbparity.cli.console import Screen, complain, silence, table
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.live import lines_or_bars
from dbparity.cli.options import FailOn, Json, Junit, Markdown, Pythonpath, settings_for
from dbparity.cli.output import outputs
from dbparity.cli.running import conclude
from dbparity.consistency.repair import Repair, Way
from dbparity.consistency.validator import DatabaseConsistencyValidator
from dbparity.errors import SettingsInvalid
from dbparity.reports.redaction import hide
from dbparity.reports.summary import count
from dbparity.results import Outcome

if TYPE_CHECKING:
    from dbparity.results import Report

_SHOWN = 100  # steps of a repair


def consistency(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    only: Annotated[
        list[str] | None,
        typer.Option("--reference", metavar="NAME", help="Only this reference. Repeatable."),
    ] = None,
    grace: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.001,
            help="What disagrees counts if it is the same after so long.",
            show_default="2",
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Show what would be done, ask, do it, and check again."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    pythonpath: Pythonpath = None,
    fail_on: FailOn = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Hold rows, cached records and vectors against each other, while they are written to.

    The stores and what refers to what are declared in [tool.dbparity.stores] and
    [tool.dbparity.consistency]. Dangling, orphaned, stale, foreign, unreadable records and those
    that never expire are found. A store that is down is told; the rest is checked.

    Exit codes: 0 they agree, 1 findings, 2 could not run, in whole or in part.

    Examples:
    ```console
    dbparity consistency
    dbparity consistency --reference vectors --json report.json
    dbparity consistency --grace 10 --repair
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for("", pythonpath, fail_on=fail_on)
    options = replace(settings.consistency, grace=grace or settings.consistency.grace)
    if not options.references and not options.foreign_keys:
        cure = "declare [[tool.dbparity.consistency.references]]: see docs/consistency.md"
        raise SettingsInvalid("dbparity consistency", "no reference is declared", cure)
    stores = {name: settings.store(name) for name in settings.stores}
    validator = DatabaseConsistencyValidator(stores, options, only=only or ())
    report = _validated(validator)
    mending = Repair(stores, validator.confirmed, options)
    if repair and mending.steps and _is_wanted(mending, yes=yes):
        with silence(), Interrupts("stopping", "what was repaired stays so"):
            done = asyncio.run(mending.run())
        changed = f"{count(done.changed, 'other')} left alone, as they have changed"
        Screen(stderr=True).print(f"{count(done.done, 'record')} repaired, {changed}")
        report = _validated(DatabaseConsistencyValidator(stores, options, only=only or ()))
    _tabulate(report, Screen(stderr=any(file.is_standard for file in files)))
    conclude(report, settings.fail_on, files, _obstacle(report))


def _validated(validator: DatabaseConsistencyValidator) -> Report:
    screen = Screen(stderr=True)
    with silence(), Interrupts("stopping", "nothing was written"), lines_or_bars(screen) as told:
        validator.progress = told
        return asyncio.run(validator.validate())


def _is_wanted(repair: Repair, *, yes: bool) -> bool:
    """Show the steps and ask; what cannot be done is shown too."""
    screen = Screen(stderr=True)
    for step in repair.steps[:_SHOWN]:
        style = "dim" if step.way is Way.NONE else ""
        screen.print(Text(hide(str(step)), style), soft_wrap=True)
    if len(repair.steps) > _SHOWN:
        screen.print(Text(f"and {count(len(repair.steps) - _SHOWN, 'step')} more", "dim"))
    if not repair.doable:
        complain("nothing of it can be repaired from what is declared")
        return False
    if yes:
        return True
    if not sys.stdin.isatty():
        where = "dbparity consistency --repair"
        raise SettingsInvalid(where, "nobody is there to be asked", "give --yes")
    return typer.confirm(f"Do {count(len(repair.doable), 'step')}?", err=True)


def _obstacle(report: Report) -> str:
    """What could not be checked, unless there are findings, which are an answer."""
    if any(result.outcome is Outcome.FAILED for result in report.results):
        return ""
    left = [result for result in report.results if result.skipped]
    if not left:
        return ""
    parts = (part.reason for result in left for part in result.skipped)
    reasons = "; ".join(dict.fromkeys(parts))
    return f"{count(len(left), 'reference')} could not be checked: {reasons}"


def _tabulate(report: Report, screen: Screen) -> None:
    shown = table("reference", "rows", "records", "looked at again", "findings", "seconds")
    for result in report.results:
        figures = {each.subject: f"{each.value:,.0f}" for each in result.measurements}
        cells = [figures.get(name, "") for name in ("rows", "records", "looked at again")]
        found = f"{len(result.findings):,}" if figures else str(result.outcome)
        shown.add_row(Text(result.check), *cells, found, f"{result.seconds:.1f}")
    screen.print(shown)
