"""``dbparity health``: whether every store is there, and as it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dbparity.cli.console import Screen, silence, table
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.options import Alembic, FailOn, Json, Junit, Markdown, Pythonpath, settings_for
from dbparity.cli.output import outputs
from dbparity.cli.revisions import migrations_of
from dbparity.cli.running import conclude
from dbparity.reports.summary import count
from dbparity.results import Outcome
from dbparity.stores.base import Greeting
from dbparity.stores.checking import Call
from dbparity.stores.health import DatabaseHealthChecker, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.settings import Settings
    from dbparity.stores.health import Health, StoreHealth

_STYLES = {
    State.HEALTHY: "green",
    State.DEGRADED: "bold yellow",
    State.DOWN: "bold red",
    State.UNKNOWN: "bold magenta",
}


def health(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    stores: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=URL]...",
            help="The stores; or names of [tool.dbparity.stores]. All of those if none is given.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.001,
            help="What has not answered by then is down.",
            show_default="5",
        ),
    ] = None,
    optional: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="The application goes on without this store. Repeatable."
        ),
    ] = None,
    revisions: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The store that the application's migrations are of.",
            show_default="",
        ),
    ] = "",
    alembic: Alembic = None,
    pythonpath: Pythonpath = None,
    fail_on: FailOn = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Ask every store whether it is there, by a new connection, and never longer than a limit.

    All are asked at once, each by a process of its own, which is killed when its time is up. A
    store is degraded where it is slow, takes no writes, or is far behind its primary, and where
    migrations are pending. Limits and which stores are optional are configured in
    [tool.dbparity.health].

    Exit codes: 0 healthy, 1 degraded or down, 2 could not run.

    Examples:
    ```console
    dbparity health
    dbparity health main=postgresql://app@db/shop cache=redis://cache:6379/0 --optional cache
    dbparity health main cache --limit 2 --json -
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for("", pythonpath, alembic=alembic, fail_on=fail_on)
    chosen = dict(_named(settings, text) for text in stores or settings.stores)
    configured = settings.health
    options = replace(
        configured,
        limit=limit or configured.limit,
        optional=tuple(optional or filter(chosen.__contains__, configured.optional)),
        read_only=tuple(filter(chosen.__contains__, configured.read_only)),
    )
    asked = revisions or configured.revisions
    questions = {}
    if revisions or asked in chosen:
        arguments = {"url": chosen.get(asked, ""), **migrations_of(settings)}
        questions[asked] = Call("dbparity.schema.status:glance", arguments)
    checking = DatabaseHealthChecker(chosen, options, questions=questions)
    with silence(), Interrupts("stopping", "nothing was written"), checking:
        found = checking.check()
    _tabulate(found, Screen(stderr=any(file.is_standard for file in files)))
    conclude(found.report, settings.fail_on, files, _obstacle(found, settings))


def _named(settings: Settings, text: str) -> tuple[str, str]:
    """A store by its name, and its URL if that is not configured."""
    name, given, url = text.partition("=")
    return name, url if given else settings.store(name)


def _obstacle(found: Health, settings: Settings) -> str:
    """Why there is no answer; what was found is one."""
    unknown = found.report.counts[Outcome.UNKNOWN]
    if not unknown or found.report.fails(settings.fail_on):
        return ""
    reasons = "; ".join(
        f"{result.target}: {result.reason}"
        for result in found.report.results
        if result.outcome is Outcome.UNKNOWN
    )
    return f"{count(unknown, 'question')} could not be asked: {reasons}"


def _tabulate(found: Health, screen: Screen) -> None:
    """What each store said of itself."""
    shown = table("store", "", "seconds", "version", "role", "also", "address")
    for store in found.stores:
        shown.add_row(store.name, Text(store.state, _STYLES[store.state]), *_cells(store))
    screen.print(shown)
    screen.print()


def _cells(store: StoreHealth) -> Iterator[Text]:
    greeting = store.greeting or Greeting("")
    lag = [] if greeting.lag is None else [f"{greeting.lag:.1f} s behind"]
    facts = (f"{value} {name}" for name, value in greeting.facts.items())
    yield Text("" if store.seconds is None else f"{store.seconds:.3f}")
    yield Text(greeting.version)
    yield Text(" ".join(filter(None, [greeting.role, "read-only" * greeting.read_only])))
    yield Text(", ".join((*lag, *facts)), "dim")
    yield Text(store.address, "dim")
