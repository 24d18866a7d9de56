"""``dbparity revisions``: what the application's migrations do on every target."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from dbparity.cli.console import silence
from dbparity.cli.options import (
    Alembic,
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
from dbparity.cli.running import conclude, run_checks, serving
from dbparity.errors import SettingsInvalid
from dbparity.results import Outcome, Report
from dbparity.schema.sources import Around
from dbparity.settings import Settings
from dbparity.tester import load_checks

app = typer.Typer(
    help="What the application's migrations do: up, down, and up again.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.callback()
def _revisions() -> None:
    pass


@app.command()
def check(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Metadata = "",
    alembic: Alembic = None,
    pythonpath: Pythonpath = None,
    target: Targets = None,
    provider: Providers = None,
    fail_on: FailOn = None,
    require: Require = False,
    reuse: Reuse = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Prove that every revision goes up, down and up again, on every target.

    One head; after a downgrade the schema is what it was before the upgrade; rows survive; a
    killed upgrade is noticed; the head is the model. Only databases that dbparity makes are used.

    Exit codes: 0 agreed, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity revisions check
    dbparity revisions check --alembic alembic.ini --metadata shop.models:Base.metadata
    dbparity revisions check --target postgresql@17 --json revisions.json
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for(
        metadata,
        pythonpath,
        alembic=alembic,
        target=target,
        provider=provider,
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    alembic_of(settings)
    run_checks(settings, load_checks(["revisions"]), files)


@app.command()
def status(  # noqa: PLR0913, PLR0917
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The database; nothing is written to it.")
    ],
    alembic: Alembic = None,
    pythonpath: Pythonpath = None,
    provider: Providers = None,
    fail_on: FailOn = None,
    require: Annotated[
        bool, typer.Option("--require", help="Exit with 2 where its schema cannot be compared.")
    ] = False,
    reuse: Reuse = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Say where a database stands in the history of the application's migrations.

    Whether it has a table of versions, at a revision that is known, at the head or how far behind;
    and whether its schema is that of the revision: the migrations are run in a scratch database,
    and the two are compared. Where there is no server for one, that is skipped.

    Exit codes: 0 at the head, with its schema, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity revisions status postgresql://app@localhost/shop
    dbparity revisions status sqlite:///shop.db --alembic alembic.ini --json status.json
    ```
    """
    # Alembic is slow to import, and few commands need it.
    from dbparity.schema import status as statuses  # noqa: PLC0415

    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for(
        "",
        pythonpath,
        alembic=alembic,
        provider=provider,
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    started, clock = datetime.now(UTC), time.perf_counter()
    with silence():
        seen = statuses.see(url, statuses.migrations(**migrations_of(settings)))
    with serving(settings, [seen.target]) as (environment, _):
        results = statuses.status(seen, Around(environment.start()))
    seconds = time.perf_counter() - clock
    known = results[-1].outcome is Outcome.PASSED
    claim = "It is at the head" + (", and has its schema" if known else "")
    report = Report(str(settings.alembic), started, seconds, results=results, claim=claim)
    skipped = settings.require and results[-1].outcome is Outcome.SKIPPED
    conclude(report, settings.fail_on, files, results[-1].reason if skipped else "")


def alembic_of(settings: Settings) -> str:
    """The configured alembic.ini; raise `SettingsInvalid` where there is none."""
    if settings.alembic is None:
        cure = "name its alembic.ini: --alembic alembic.ini, or [tool.dbparity] alembic"
        raise SettingsInvalid("alembic", "no migrations are named", cure)
    return str(settings.alembic)


def migrations_of(settings: Settings) -> dict[str, Any]:
    """The arguments of `dbparity.schema.status.migrations`, as JSON has them."""
    return {
        "ini": alembic_of(settings),
        "x": list(settings.alembic_x),
        "environment": dict(settings.alembic_environment),
        "pythonpath": [str(folder) for folder in settings.pythonpath],
    }
