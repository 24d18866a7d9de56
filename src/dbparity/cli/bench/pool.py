"""``dbparity bench pool``."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dbparity.applications import load_function
from dbparity.cli.console import Screen, table
from dbparity.cli.options import (
    Configure,
    FailOn,
    Json,
    Junit,
    Markdown,
    Metadata,
    Providers,
    Pythonpath,
    Require,
    Reuse,
    Targets,
    settings_for,
)
from dbparity.cli.output import outputs
from dbparity.cli.running import conclude, obstacle, serving, usable
from dbparity.errors import ApplicationError
from dbparity.performance.pools.base import PoolOptions
from dbparity.performance.pools.stress import stress_targets
from dbparity.reports import pools
from dbparity.results import Outcome

if TYPE_CHECKING:
    from dbparity.results import Report
    from dbparity.settings import Settings

# The columns are many, and a terminal is narrow.
_HEADINGS = {
    "wait p50": "p50",
    "wait p95": "p95",
    "wait max": "max",
    "leaked in the pool": "leaked",
    "left on the server": "left",
}


def pool(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Metadata = "",
    configure: Configure = "",
    pythonpath: Pythonpath = None,
    work: Annotated[
        str,
        typer.Option(
            metavar="MODULE:ATTRIBUTE",
            help="An async function of an AsyncEngine: what each client does once.",
            show_default="a row of one table after the other is read",
            rich_help_panel="Application",
        ),
    ] = "",
    target: Targets = None,
    provider: Providers = None,
    size: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Connections that stay open.")
    ] = PoolOptions.size,
    overflow: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="Connections more at most.")
    ] = PoolOptions.overflow,
    timeout: Annotated[
        float,
        typer.Option(min=0.01, metavar="SECONDS", help="How long a client waits for one."),
    ] = PoolOptions.timeout,
    burst: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="How many clients come at once. Repeatable.",
            show_default="25, 100, 400",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="How many work without a pause.")
    ] = PoolOptions.workers,
    seconds: Annotated[
        float, typer.Option(min=0.01, metavar="SECONDS", help="For how long they do.")
    ] = PoolOptions.seconds,
    latency: Annotated[
        float,
        typer.Option(
            min=0.001, metavar="SECONDS", help="How long all bytes wait where connections are slow."
        ),
    ] = PoolOptions.latency,
    fail_on: FailOn = None,
    require: Require = False,
    reuse: Reuse = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Put pools of connections to the application's database under stress.

    Clients come in bursts, work without a pause, find all connections taken, are cancelled at
    every point at which they can be, and meet a slow network. Who waited, who timed out and who
    did not give a connection back is told, by what the pool says and by what the server does. It
    is for asynchronous drivers.

    Exit codes: 0 all served and none lost, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity bench pool --target postgresql+asyncpg
    dbparity bench pool --work shop.testing:checkout --size 20 --overflow 0 --timeout 5
    dbparity bench pool --burst 1000 --markdown pools.md
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for(
        metadata,
        pythonpath,
        target=target,
        provider=provider,
        configure=configure,
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    bursts = tuple(burst) if burst else PoolOptions.bursts
    options = PoolOptions(size, overflow, timeout, bursts, workers, seconds, latency)
    report = _stressed(settings, options, work)
    _tabulate(report, Screen(stderr=any(file.is_standard for file in files)))
    conclude(report, settings.fail_on, files, obstacle(report, settings))


def _stressed(settings: Settings, options: PoolOptions, work: str) -> Report:
    application = settings.application()
    doing = load_function(work, "checkout") if work else None
    if doing is not None and not iscoroutinefunction(doing):
        cure = "write async def, with an AsyncEngine for its parameter"
        raise ApplicationError(work, "it is no coroutine function", cure)
    with serving(settings, settings.targets) as (environment, progress):
        targets = usable(settings, environment.start())
        return stress_targets(environment, targets, application, options, doing, progress)


def _tabulate(report: Report, screen: Screen) -> None:
    """Who waited, who timed out, who leaked: a table for each scenario."""
    by_scenario: dict[str, list[pools.Row]] = {}
    for row in pools.rows(report):
        by_scenario.setdefault(row.scenario, []).append(row)
    for scenario, rows in by_scenario.items():
        shown = table(scenario, *(_HEADINGS.get(column, column) for column in pools.COLUMNS))
        shown.columns[0].no_wrap = True
        for column in shown.columns[1:]:
            column.justify = "right"
        for row in rows:
            style = "bold red" if row.outcome is Outcome.FAILED else ""
            shown.add_row(Text(row.target, style), *row.cells)
        screen.print(shown)
        screen.print()
