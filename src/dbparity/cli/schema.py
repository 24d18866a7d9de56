"""``dbparity schema``: what databases can hold, refuse and compare."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from sqlalchemy import create_engine

from dbparity.backends.base import load_backend
from dbparity.cli.console import Screen, complain, table
from dbparity.cli.options import (
    AGREED,
    FINDINGS,
    Alembic,
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
from dbparity.cli.running import conclude, run_checks, serving
from dbparity.conformance.schema import parity as parity_check
from dbparity.reports.summary import count
from dbparity.results import Report
from dbparity.schema import sources
from dbparity.schema.applying import apply
from dbparity.schema.ddl import ddl
from dbparity.schema.parity import compared, unshown
from dbparity.schema.proof import prove as proof_of
from dbparity.schema.sources import Around, Migrated, Model
from dbparity.targets import Target, version_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from sqlalchemy import MetaData

    from dbparity.backends.base import Backend
    from dbparity.schema.ddl import Ddl
    from dbparity.schema.differences import Difference
    from dbparity.schema.parity import Show
    from dbparity.schema.sources import Reading
    from dbparity.settings import Settings
    from dbparity.snapshots import Column, Snapshot, Table

_SOURCES = (
    "A URL, shop.models:Base.metadata@mysql@9, schema.sql@postgresql, revision:head@sqlite or a "
    "stored snapshot.json. All but a URL are made in scratch databases; to a URL nothing is "
    "written."
)

app = typer.Typer(
    help="What databases can hold, refuse and compare, whatever their products call it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help=_SOURCES)]


@app.command()
def snapshot(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    source: SourceArgument,
    metadata: Metadata = "",
    alembic: Alembic = None,
    pythonpath: Pythonpath = None,
    provider: Providers = None,
    json: Json = None,
) -> None:
    """Read a schema: its tables, columns, keys, indexes, checks, views and triggers.

    The JSON can be stored and compared later: dbparity schema diff old.json new.json

    Exit codes: 0 read, 1 a part of a DDL file was refused, 2 could not be read.

    Examples:
    ```console
    dbparity schema snapshot postgresql://app@localhost/shop --json shop.json
    dbparity schema snapshot revision:head@mysql
    ```
    """
    files = outputs(json=json)
    (reading,) = read(
        settings_for(metadata, pythonpath, alembic=alembic, provider=provider), [source]
    )
    for file in files:
        file.write(reading.snapshot.to_json())
    _show_snapshot(reading.snapshot, Screen(stderr=any(file.is_standard for file in files)))
    for finding in reading.findings:
        complain(f"{finding.place}: {finding.message}: {finding.actual}")
    raise typer.Exit(FINDINGS if reading.findings else AGREED)


@app.command()
def diff(  # noqa: PLR0913, PLR0917
    left: SourceArgument,
    right: SourceArgument,
    spellings: Annotated[
        bool, typer.Option("--all", help="Also tell what is only spelled otherwise.")
    ] = False,
    prove: Annotated[
        bool,
        typer.Option("--prove", help="Show each difference by rows tried in scratch databases."),
    ] = False,
    metadata: Metadata = "",
    alembic: Alembic = None,
    pythonpath: Pythonpath = None,
    provider: Providers = None,
    fail_on: FailOn = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Compare two schemas by what they mean for data.

    Told of the right side against the left: narrower (it cannot hold what the left can), laxer (it
    accepts what the left refuses), compares differently, missing, extra, renamed, and so on. The
    same meaning in two spellings is no finding.

    Exit codes: 0 they mean the same, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity schema diff postgresql://app@localhost/shop sqlite:///dev.db
    dbparity schema diff shop.sql@postgresql shop.mysql.sql@mysql --prove --markdown drift.md
    dbparity schema diff revision:head@mariadb shop.models:Base.metadata@mariadb
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for(
        metadata, pythonpath, alembic=alembic, provider=provider, fail_on=fail_on
    )
    started, clock = datetime.now(UTC), time.perf_counter()
    readings = read(settings, [left, right])
    with _proving(settings, readings) if prove else nullcontext(unshown) as show:
        results = compared(*readings, spellings=spellings, show=show)
    ours, theirs = (reading.snapshot.source for reading in readings)
    seconds = time.perf_counter() - clock
    report = Report(f"{ours} against {theirs}", started, seconds, results=results)
    conclude(report, settings.fail_on, files)


@app.command()
def parity(  # noqa: PLR0913, PLR0917
    metadata: Metadata = "",
    configure: Configure = "",
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
    """Compare what the application's model comes to on every target.

    Exit codes: 0 agreed, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity schema parity
    dbparity schema parity --target postgresql@17 --target sqlite
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
    run_checks(settings, [parity_check], files)


@app.command("ddl")
def ddl_(
    backend: Annotated[
        str, typer.Option(metavar="TARGET", help="Such as sqlite, mysql@9 or postgresql@17.")
    ],
    metadata: Metadata = "",
    pythonpath: Pythonpath = None,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Write the statements there.", show_default="-")
    ] = Path("-"),
) -> None:
    """Write the application's model as DDL of a backend.

    What the backend cannot express is emulated, left out or delegated, and said on standard error;
    a promise that could not be kept is refused, and nothing is written.

    Exit codes: 0 written, 1 refused, 2 could not run.

    Examples:
    ```console
    dbparity schema ddl --backend sqlite
    dbparity schema ddl --backend mysql@9 --output mysql.sql
    ```
    """
    (file,) = outputs(output=output)
    target = Target.parse(backend)
    product = load_backend(target.backend)
    made = ddl(_metadata(metadata, pythonpath), product, version_tuple(_version(product, target)))
    _remark(made)
    if made.refused:
        raise typer.Exit(FINDINGS)
    file.write(made.script)


@app.command("apply")
def apply_(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", envvar="DB_URL", help="The development database.", show_default=True
        ),
    ] = "sqlite:///./dev.db",
    metadata: Metadata = "",
    pythonpath: Pythonpath = None,
    provider: Providers = None,
) -> None:
    """Make the application's tables in a development database.

    Nothing that exists is changed: where tables of the same names are there already they must be as
    in the model, or the command refuses and says how they differ.

    Exit codes: 0 the tables are there, 2 refused.

    Examples:
    ```console
    dbparity schema apply
    DB_URL=postgresql://app@localhost/dev dbparity schema apply
    ```
    """
    model = _metadata(metadata, pythonpath)
    options = settings_for("", None, provider=provider).server_options
    applied = apply(url, model, options)
    _remark(applied.ddl)
    tables = count(len(model.tables), "table")
    said = "made" if applied.created else "there already, as in the model"
    Screen().print(Text(f"{applied.url}: {tables} {said}."), soft_wrap=True)


def _metadata(metadata: str, pythonpath: Sequence[Path] | None) -> MetaData:
    return settings_for(metadata, pythonpath).application().metadata


def _version(backend: Backend, target: Target) -> str:
    """The wanted version, or else the newest that is known; a file's is its library's."""
    if backend.service is not None:
        return target.version or backend.service.versions[0]
    engine = create_engine(f"{backend.name}+{backend.drivers[0].name}://")
    with engine.connect() as connection:
        return backend.server_version(connection)


def _remark(made: Ddl) -> None:
    screen = Screen(stderr=True)
    for remark in made.remarks:
        style = "bold red" if remark in made.refused else "bold yellow"
        lead = Text(f"{remark.handling.upper()} ", style)
        screen.paragraph(Text(str(remark)), lead=lead)


def read(settings: Settings, texts: Sequence[str]) -> list[Reading]:
    """The schemas of sources, with scratch databases where they need such."""
    wanted = [sources.parse(text) for text in texts]
    application = None
    if settings.metadata and any(isinstance(source, Model | Migrated) for source in wanted):
        application = settings.application()
    targets = [target for source in wanted for target in source.targets]
    with serving(settings, targets) as (environment, _):
        environment.start()
        return [
            sources.read(source, environment, application, settings.pythonpath) for source in wanted
        ]


@contextmanager
def _proving(settings: Settings, readings: Sequence[Reading]) -> Iterator[Show]:
    """Scratch databases of both sides' products, and what tries differences in them."""
    wanted = [sources.scratch_target(reading.snapshot) for reading in readings]
    with ExitStack() as stack:
        environment, _ = stack.enter_context(serving(settings, wanted))
        around = Around(environment.start())
        ours, theirs = (stack.enter_context(around.lease(target)) for target in wanted)

        def show(difference: Difference, left: Snapshot, right: Snapshot) -> str:
            proof = proof_of(difference, left, right, ours, theirs)
            return proof.text if proof else ""

        yield show


def _show_snapshot(snapshot: Snapshot, screen: Console) -> None:
    for one in snapshot.tables:
        shown = table(one.name, "type", "", "default")
        for column in one.columns:
            shown.add_row(*map(Text, _described(column)))
        screen.print(shown)
        for line in _lines(one):
            screen.print(Text(f"  {line}", "dim"), soft_wrap=True)
        screen.print()
    counted = count(len(snapshot.tables), "table"), count(len(snapshot.views), "view")
    screen.print(f"{snapshot.backend} {snapshot.version}: {', '.join(counted)}.")


def _described(column: Column) -> tuple[str, ...]:
    numbered = "numbered by the database" if column.automatic else ""
    made = f"as {column.computed.expression}" if column.computed else ""
    return (
        column.name,
        column.type.native,
        "" if column.nullable else "not null",
        column.default or numbered or made,
    )


def _lines(one: Table) -> Iterator[str]:
    if one.primary_key:
        yield f"primary key {', '.join(one.primary_key.columns)}"
    yield from (f"unique {key.name}: {', '.join(key.columns)}" for key in one.uniques)
    for key in one.foreign_keys:
        yield f"foreign key {', '.join(key.columns)} → {key.table} ({', '.join(key.referred)})"
    for index in one.indexes:
        parts = ", ".join(part.column or part.expression for part in index.parts)
        where = f" where {index.predicate}" if index.predicate else ""
        yield f"{'unique index' if index.unique else 'index'} {index.name}: {parts}{where}"
    yield from (f"check {check.name}: {check.expression}" for check in one.checks)
    yield from (f"trigger {trigger.name}" for trigger in one.triggers)
