"""What is shown on a terminal."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dbparity.reports import summary
from dbparity.reports.redaction import hide, redacted
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbparity.reports.summary import Absence, Cell, Group, Matrix
    from dbparity.results import Report, Side

_WIDTH = 120
_REASON = 1000  # characters; the cure comes last
_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.UNKNOWN: "bold magenta",
    None: "dim",
}
_SEVERITIES = {
    Severity.LOST: "bold white on red",
    Severity.WRONG: "bold red",
    Severity.DEGRADED: "bold yellow",
    Severity.NOTE: "bold cyan",
}


class Screen(Console):
    """A console 120 columns wide, or as narrow as its terminal; it outlives whoever reads it."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Write to standard output, or to standard error."""
        super().__init__(stderr=stderr, highlight=False)
        if "COLUMNS" not in os.environ:
            self.width = min(self.width, _WIDTH) if self.is_watched else _WIDTH

    @property
    def is_watched(self) -> bool:
        """Whether somebody sees it as it comes; colours may be forced into files too."""
        return self.is_interactive and self.file.isatty()

    def on_broken_pipe(self) -> None:
        """Fall silent; the exit code is still to come."""
        self.quiet = True
        abandon(self.file)

    def paragraph(self, text: Text, *, lead: Text) -> None:
        """Print ``text`` behind ``lead``, its further lines as far to the right as the first."""
        blank = Text(" " * lead.cell_len)
        for number, line in enumerate(text.wrap(self, self.width - lead.cell_len)):
            line.rstrip()
            self.print(blank + line if number else lead + line, soft_wrap=True)


def abandon(stream: IO[str]) -> None:
    """Let go nowhere what ``stream`` still holds: Python, ending, writes it or exits with 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def silence() -> Iterator[None]:
    """Keep from the terminal what libraries log and warn of: drivers pass servers' words on."""
    nowhere = logging.NullHandler()
    logging.root.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.removeHandler(nowhere)


def complain(message: str) -> None:
    """Print an error: what happened and the cure."""
    text = Text.assemble(("dbparity: error: ", "bold red"), hide(message))
    # Not wrapped: it may be searched for.
    Screen(stderr=True).print(text, soft_wrap=True)


def show(report: Report, screen: Screen, *, agreed: bool) -> None:
    """Print the matrix, the findings worst first, what was not checked, and what it comes to."""
    report = redacted(report)
    if report.targets and not _is_of_two_sides(report):
        matrix = summary.matrix(report)
        whole = _matrix(matrix)
        for part in [whole] if _fits(whole, screen) else _parts(matrix, screen):
            screen.print(part)
            screen.print()
    for group in summary.groups(report):
        _show_group(group, screen)
    for absence in summary.absences(report):
        _show_absence(absence, screen)
    _show_skips(report, screen)
    screen.paragraph(Text(summary.counts(report)), lead=Text())
    screen.print(Text(summary.verdict(report), "bold green" if agreed else "bold red"))


def _is_of_two_sides(report: Report) -> bool:
    """Whether two databases were compared, and no target was checked."""
    return bool(report.results) and not any(result.target for result in report.results)


def table(*columns: str) -> Table:
    """An empty table in the style of all."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def explain(reasons: Iterable[tuple[str, str]], screen: Screen) -> None:
    """Print reasons, each beside the name of whose it is."""
    for name, reason in reasons:
        screen.paragraph(Text(summary.line(reason, _REASON)), lead=Text(f"    {name:<11}", "dim"))
    screen.print()


def _fits(shown: Table, screen: Screen) -> bool:
    unbounded = screen.options.update(max_width=1000)
    return screen.measure(shown, options=unbounded).maximum <= screen.width


def _parts(matrix: Matrix, screen: Screen) -> list[Table]:
    """Without versions, in as many tables as the screen is too narrow for."""
    shown, middle = _matrix(matrix, versions=False), len(matrix.categories) // 2
    if _fits(shown, screen) or not middle:
        return [shown]
    halves = (slice(None, middle), slice(middle, None))
    return [part for half in halves for part in _parts(matrix.columns(half), screen)]


def _matrix(matrix: Matrix, *, versions: bool = True) -> Table:
    """The matrix; without ``versions`` where it would be too wide."""
    shown = table("target", *(["version"] if versions else []))
    for column in shown.columns:
        column.no_wrap = True
    for category in matrix.categories:
        shown.add_column(category, justify="right", no_wrap=True)
    backend = ""
    for row in matrix.rows:
        first = row.name.partition("+")[0].partition("@")[0]
        if backend not in {"", first}:
            shown.add_section()
        backend = first
        style = "bold" if row.name == summary.AGREEMENT else ""
        version = Text(row.version, "yellow" if row.version == summary.MISSING else "dim")
        told = [version] if versions else []
        shown.add_row(Text(row.name, style), *told, *map(_cell, row.cells))
    return shown


def _cell(cell: Cell) -> Text:
    return Text(str(cell), _STYLES[cell.outcome])


def _show_group(group: Group, screen: Screen) -> None:
    severity = Text(group.severity.upper(), _SEVERITIES[group.severity])
    where = f" on {group.targets}" if group.targets else ""
    title = Text.assemble((group.code, "bold"), (where, "dim"))
    screen.paragraph(title, lead=severity + Text(" "))
    for told in group.told:
        for places, message in told.headlines:
            where = f"{places}: " if places else ""
            screen.paragraph(Text.assemble((where, "bold"), message), lead=Text("  "))
        if told.expected:
            screen.paragraph(Text(told.expected), lead=Text("    expected  ", "dim"))
        for found, targets in (each for each in told.found if each[0]):
            where = f" on {targets}" if targets else ""
            text = Text.assemble(found, (where, "dim"))
            screen.paragraph(text, lead=Text("    found     ", "dim"))
        if told.more:
            others = summary.count(told.more, "other value")
            screen.print(Text(f"              and {others}", "dim"))
        for number, part in enumerate(told.proof):
            lead = "              " if number else "    proof     "
            screen.paragraph(Text(part), lead=Text(lead, "dim"))
        if told.sides:
            screen.print(Padding(_side_by_side(told.sides), (0, 0, 0, 4)))
    if group.recommendation:
        advice = Text(summary.line(group.recommendation, _REASON))
        screen.paragraph(advice, lead=Text("  → ", "bold green"))
    screen.print()


def _side_by_side(sides: Iterable[Side]) -> Table:
    shown = table("", "expected", "found")
    for side in sides:
        style = "" if side.expected == side.found else "bold yellow"
        shown.add_row(Text(side.attribute, "dim"), Text(side.expected), Text(side.found, style))
    return shown


def _show_absence(absence: Absence, screen: Screen) -> None:
    title = Text.assemble(("NOT CHECKED ", "bold yellow"), absence.targets)
    screen.paragraph(title, lead=Text())
    explain(absence.reasons, screen)


def _show_skips(report: Report, screen: Screen) -> None:
    skips = [skip for skip in summary.skips(report) if skip.whole]
    for skip in skips:
        where = Text.assemble(("SKIPPED ", "yellow"), skip.check, (f" on {skip.targets}", "dim"))
        screen.paragraph(Text.assemble(where, f": {summary.line(skip.reason)}"), lead=Text())
    if skips:
        screen.print()
