"""The command line: ``dbparity``. Here errors become messages, and reports become exit codes."""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from dbparity.cli import (
    bench,
    check,
    consistency,
    doctor,
    health,
    migrate,
    revisions,
    schema,
    servers,
    verify,
)
from dbparity.cli.console import abandon, complain
from dbparity.cli.interrupts import Stopped
from dbparity.cli.options import COULD_NOT_RUN
from dbparity.errors import DbparityError
from dbparity.reports.redaction import hide

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="dbparity",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check.check)
app.command()(doctor.doctor)
app.command()(consistency.consistency)
app.command()(health.health)
app.command()(migrate.migrate)
app.command()(verify.verify)
app.add_typer(bench.app, name="bench")
app.add_typer(schema.app, name="schema")
app.add_typer(revisions.app, name="revisions")
app.add_typer(servers.app, name="servers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all agreed, 1 for findings, 2 if it could not be run."""
    try:
        app(arguments, prog_name="dbparity")
    except SystemExit as end:
        return int(end.code or 0)
    except Stopped as stopped:
        complain(str(stopped))
        return stopped.code
    except DbparityError as error:
        complain(str(error))
    except Exception as error:  # noqa: BLE001  # Python's own 1 would say that there are findings
        if reason := _unwritten():
            complain(f"standard output: {reason}; have it written elsewhere")
            return COULD_NOT_RUN
        complain(f"{type(error).__name__}: {error}; this is a bug of dbparity: please report it")
        sys.stderr.write(hide(traceback.format_exc()))
    return COULD_NOT_RUN


def _unwritten() -> str:
    """Why standard output does not take what it was given, if so."""
    try:
        sys.stdout.flush()
    except OSError as error:
        abandon(sys.stdout)
        return (error.strerror or str(error)).lower()
    return ""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dbparity {version('dbparity')}")
        raise typer.Exit


@app.callback()
def _dbparity(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Prove that one SQLAlchemy application behaves the same on every database it supports.

    Exit codes: 0 agreed, 1 findings, 2 could not run.
    """
