"""``dbparity check``."""

from __future__ import annotations

from typing import Annotated

import typer

from dbparity.cli.options import (
    Alembic,
    Configure,
    Factory,
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
from dbparity.tester import load_checks


def check(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Metadata = "",
    alembic: Alembic = None,
    factory: Factory = "",
    configure: Configure = "",
    pythonpath: Pythonpath = None,
    target: Targets = None,
    category: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run only the checks of this category. Repeatable."),
    ] = None,
    provider: Providers = None,
    fail_on: FailOn = None,
    require: Require = False,
    reuse: Reuse = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
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
    settings = settings_for(
        metadata,
        pythonpath,
        alembic=alembic,
        target=target,
        provider=provider,
        factory=factory,
        configure=configure,
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    run_checks(settings, load_checks(category or ()), files)
