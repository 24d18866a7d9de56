"""``dbparity verify``: whether two databases hold the same rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from dbparity.cli.console import Screen, silence, table
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.live import lines_or_bars
from dbparity.cli.options import Json, Junit, Markdown
from dbparity.cli.output import outputs
from dbparity.cli.running import conclude, transfer
from dbparity.errors import SettingsInvalid
from dbparity.reports.redaction import hide
from dbparity.reports.summary import count, line
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from dbparity.results import Report

_STOPPING, _STOPPED = "stopping", "nothing was written"
_SHOWN, _LONG = 100, 1000  # statements, and characters of each


def verify(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    left: Annotated[
        str, typer.Argument(metavar="LEFT", help="The URL of the database that is believed.")
    ],
    right: Annotated[
        str, typer.Argument(metavar="RIGHT", help="The URL of the one that is compared with it.")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="NAME", help="Only this table of LEFT. Repeatable."),
    ] = None,
    sample: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Compare about N rows of each table; it proves less."
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Chooses other rows of a sample.")] = 0,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make RIGHT equal to LEFT: show the statements, ask, write."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Compare two databases, of whichever products, cell by cell.

    Every row of every table: numbers by their value, floats by their bytes, moments to the
    microsecond, JSON by value, texts and binaries by what they hold; then what rows refer to, and
    the next number of what numbers them. Nothing is written, unless it is to be repaired.

    Exit codes: 0 they are equal, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity verify sqlite:///shop.db postgresql://app@localhost/shop
    dbparity verify mysql://app@db/shop postgresql://app@db/shop --table orders --json report.json
    dbparity verify sqlite:///shop.db mysql://app@db/shop --sample 10000
    dbparity verify sqlite:///shop.db mysql://app@db/shop --repair
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    if repair and sample:
        cure = "leave out --sample"
        raise SettingsInvalid("dbparity verify", "a sample does not say all to be repaired", cure)
    chosen = transfer("sampling").Sample(sample, seed) if sample else None
    validator = transfer("validator").MigrationValidator(
        left, right, tables=only or (), sample=chosen
    )
    report = _validated(validator)
    if repair and report.fails(Severity.DEGRADED) and _repaired(validator, report, yes=yes):
        report = _validated(validator.again())
    _tabulate(report, Screen(stderr=any(file.is_standard for file in files)))
    conclude(report, Severity.DEGRADED, files)


def _validated(validator: Any) -> Report:  # noqa: ANN401  # its module is imported late
    with silence(), Interrupts(_STOPPING, _STOPPED), lines_or_bars(Screen(stderr=True)) as progress:
        validator.progress = progress
        report: Report = validator.validate()
    return report


def _repaired(validator: Any, report: Report, *, yes: bool) -> bool:  # noqa: ANN401  # likewise
    """Whether there was anything to write, and it was wanted."""
    unlike = {
        result.check
        for result in report.results
        if result.category == "data" and result.outcome is Outcome.FAILED
    }
    ways = [way for way in validator.ways if way.source.name in unlike]
    left, right = validator.ends
    repair = transfer("repair").Repair(left, right, ways)
    statements = list(repair.statements())
    screen = Screen(stderr=True)
    for statement in statements[:_SHOWN]:
        screen.print(Text(hide(line(f"{statement};", _LONG))), soft_wrap=True)
    if len(statements) > _SHOWN:
        screen.print(Text(f"and {count(len(statements) - _SHOWN, 'statement')} more", "dim"))
    if not statements or not _is_wanted(right.text, yes=yes):
        return False
    with silence(), Interrupts(_STOPPING, _STOPPED):
        repair.run()
    return True


def _is_wanted(target: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise SettingsInvalid(
            "dbparity verify --repair", "nobody is there to be asked", "give --yes"
        )
    return typer.confirm(f"Write this to {target}?", err=True)


def _tabulate(report: Report, screen: Screen) -> None:
    """How many rows of each table were compared, and how much differs."""
    shown = table("table", "rows", "set aside", "findings", "rows/s")
    for result in report.results:
        figures = {each.subject: each.value for each in result.measurements}
        if "rows" in figures:
            rate = figures["rows"] / result.seconds
            found = sum(each.severity is not Severity.NOTE for each in result.findings)
            cells = (figures["rows"], figures["set aside"], found, rate)
            shown.add_row(Text(result.check), *(f"{cell:,.0f}" for cell in cells))
    screen.print(shown)
