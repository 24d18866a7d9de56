"""``dbparity revisions``: what the application's migrations do on every target."""

from __future__ import annotations

import typer

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
from dbparity.cli.running import run_checks
from dbparity.errors import SettingsInvalid
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
    if settings.alembic is None:
        cure = "name its alembic.ini: --alembic alembic.ini, or [tool.dbparity] alembic"
        raise SettingsInvalid("alembic", "no migrations are named", cure)
    run_checks(settings, load_checks(["revisions"]), files)
