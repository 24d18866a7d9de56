"""``dbparity servers``: what runs made, and what killed runs left."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dbparity.cli.console import Screen, table
from dbparity.cli.options import Json
from dbparity.cli.output import outputs
from dbparity.reports.summary import count
from dbparity.servers import reaper
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from dbparity.cli.output import Output
    from dbparity.servers.reaper import Found

SCHEMA = "dbparity-servers/1"
_REMOVED = "removed"
_STATES = {
    "leaked": "its run is gone: `dbparity servers reap` removes it",
    "live": "its run goes on, or it is kept warm for the next one",
    "unknown": "its run is on record elsewhere, on another machine or account: left alone",
    "kept": "its run made databases on a server whose URL is no longer configured; configure it "
    "again (DBPARITY_URL_...) and reap",
}

app = typer.Typer(
    help="What runs of dbparity made: containers, processes, databases, files.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command("list")
def list_(json: Json = None) -> None:
    """List what runs of dbparity made and what is still there, with its state.

    Examples:
    ```console
    dbparity servers list
    dbparity servers list --json -
    ```
    """
    files = outputs(json=json)
    found = reaper.survey(Settings.load(Path.cwd()).server_options)
    _tell(found, files, "found")


@app.command()
def reap(
    json: Json = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; show what would be removed.")
    ] = False,
) -> None:
    """Remove what killed runs left behind, and only that.

    A server that a run uses, or that is kept warm and not too old, stays; so does whatever was
    made by a run that is not on record on this machine.

    Examples:
    ```console
    dbparity servers reap --dry-run
    dbparity servers reap
    ```
    """
    files = outputs(json=json)
    options = Settings.load(Path.cwd()).server_options
    if dry_run:
        leaked = [found for found in reaper.survey(options) if found.state == "leaked"]
        _tell(leaked, files, "would be removed")
    else:
        _tell(reaper.reap(options), files, _REMOVED)


def _tell(found: Sequence[Found], files: Sequence[Output], what: str) -> None:
    document = {"schema": SCHEMA, "found": list(map(_facts, found))}
    for file in files:
        file.write(json_.dumps(document, indent=2) + "\n")
    _show(found, what, Screen(stderr=any(file.is_standard for file in files)))


def _facts(found: Found) -> dict[str, str]:
    leftover = found.leftover
    return {
        "kind": leftover.kind,
        "name": leftover.name,
        "run": leftover.run,
        "state": found.state,
    }


def _show(found: Sequence[Found], what: str, screen: Console) -> None:
    if found:
        listed = table("kind", "name", "run", "state")
        for one in found:
            listed.add_row(*map(Text, _facts(one).values()))
        screen.print(listed)
        screen.print()
    for state in dict.fromkeys(one.state for one in found if what != _REMOVED):
        screen.print(Text.assemble((state, "bold"), f": {_STATES[state]}"))
    screen.print(f"{count(len(found), 'thing')} {what}.")
