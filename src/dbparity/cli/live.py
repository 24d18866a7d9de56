"""What happens while it happens: lines for what has ended, bars for what is under way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from rich import progress as rich_progress
from rich.text import Text

from dbparity.progress import Progress
from dbparity.reports.summary import count

if TYPE_CHECKING:
    from typing import Self

    from rich.console import Console

    from dbparity.cli.console import Screen
    from dbparity.results import Result


_WAITED = 2  # seconds for a table, from which on it is worth a line


class Lines(Progress):
    """A line for every server that is ready or missing, and every target or table that is done."""

    def __init__(self, screen: Console) -> None:
        """Print on ``screen``."""
        self.screen = screen
        self._lock = threading.Lock()
        self._totals: dict[str, int] = {}
        self._began: dict[str, float] = {}
        self._checked: Counter[str] = Counter()
        self._findings: Counter[str] = Counter()
        self._begun: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def server_ready(self, server: str, provider: str, seconds: float) -> None:
        """Say so."""
        self._line(server, f"ready in {seconds:.1f} s ({provider})")

    def server_missing(self, server: str, reason: str) -> None:  # noqa: ARG002
        """Say so; the reasons come with the report."""
        self._line(server, "not available")

    def checking(self, target: str, check: str, number: int, total: int) -> None:  # noqa: ARG002
        """Know how many checks there will be, and which one has begun."""
        self._totals[target] = total
        with self._lock:
            self._begun[target] = check
        self._began.setdefault(target, time.perf_counter())

    def checked(self, result: Result) -> None:
        """Count; after the last one, say how many."""
        target, total = result.target, self._totals[result.target]
        with self._lock:
            self._begun.pop(target, None)
            self._checked[target] += 1
            self._findings[target] += len(result.findings)
        if self._checked[target] == total:
            seconds = time.perf_counter() - self._began[target]
            found = count(self._findings[target], "finding")
            self._line(target, f"{count(total, 'check')}, {found}, {seconds:.1f} s")

    def table_done(self, work: str, table: str, rows: int, seconds: float) -> None:
        """Say how many rows there were, and how fast it went, if anybody had to wait."""
        if seconds >= _WAITED:
            said = f"{count(rows, 'row')}, {seconds:.1f} s{_rate(rows, seconds)}"
            self._line(f"{work} {table}", said)

    def measuring(self, work: str, done: int, total: int) -> None:
        """Say how long all parts took together."""
        began = self._began.setdefault(work, time.perf_counter())
        if done == total:
            self._line(work, f"{time.perf_counter() - self._began.pop(work, began):.1f} s")

    def interrupted(self) -> None:
        """Say what is waited for."""
        with self._lock:
            begun = ", ".join(f"{check} on {target}" for target, check in self._begun.items())
        if begun:
            waiting = f"waiting for the end of {begun}; ctrl-C again ends them at once"
            self.screen.print(Text(waiting), soft_wrap=True)

    def _line(self, name: str, what: str) -> None:
        self.screen.print(Text.assemble((name, "bold"), f": {what}"), soft_wrap=True)


class Bars(Lines):
    """Below the lines, a bar for every server that is starting and every target under check."""

    def __init__(self, screen: Console) -> None:
        """Draw on ``screen``; the bars are gone afterwards."""
        super().__init__(screen)
        self._bars = rich_progress.Progress(
            rich_progress.SpinnerColumn(),
            rich_progress.TextColumn("{task.description}", style="bold", markup=False),
            rich_progress.BarColumn(),
            rich_progress.TextColumn("{task.fields[doing]}", markup=False),
            console=screen,
            transient=True,
        )
        self._tasks: dict[str, rich_progress.TaskID] = {}

    def __enter__(self) -> Self:
        """Draw."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines alone on the terminal."""
        self._bars.stop()

    def server_starting(self, server: str, provider: str) -> None:
        """Draw a bar that goes to and fro."""
        self._draw(server, None, f"starting {provider}")

    def checking(self, target: str, check: str, number: int, total: int) -> None:
        """Draw how far the target is."""
        super().checking(target, check, number, total)
        self._draw(target, total, f"{number}/{total} {check}")
        self._bars.update(self._tasks[target], completed=number - 1)

    def table_begins(self, work: str, table: str, rows: int) -> None:
        """Draw a bar of so many rows."""
        name = f"{work} {table}"
        self._began[name], self._totals[name] = time.perf_counter(), rows
        self._draw(name, rows or None, count(rows, "row") if rows else "")

    def rows_done(self, work: str, table: str, rows: int) -> None:
        """Draw how far the table is, how fast it goes, and how long it will take."""
        name = f"{work} {table}"
        seconds, total = time.perf_counter() - self._began[name], self._totals[name]
        left = seconds * max(total - rows, 0) / rows if rows else 0
        of = (
            f"/{total:,}{_rate(rows, seconds)}, {left:.0f} s left"
            if total
            else _rate(rows, seconds)
        )
        self._draw(name, total or None, f"{rows:,}{of}")
        self._bars.update(self._tasks[name], completed=rows)

    def table_done(self, work: str, table: str, rows: int, seconds: float) -> None:
        """Take the bar away."""
        super().table_done(work, table, rows, seconds)
        self._remove(f"{work} {table}")

    def measuring(self, work: str, done: int, total: int) -> None:
        """Draw how far the measurement is."""
        if done < total:
            self._draw(work, total, f"{done}/{total}")
            self._bars.update(self._tasks[work], completed=done)
        super().measuring(work, done, total)

    def _remove(self, name: str) -> None:
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))

    def _draw(self, name: str, total: int | None, doing: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, doing=doing)
        self._bars.update(self._tasks[name], doing=doing)

    def _line(self, name: str, what: str) -> None:
        """Replace the bar by the line."""
        self._remove(name)
        super()._line(name, what)


def _rate(rows: int, seconds: float) -> str:
    return f", {rows / seconds:,.0f} rows/s" if rows and seconds else ""


def lines_or_bars(screen: Screen) -> Lines:
    """Bars where somebody watches, or else lines alone."""
    return Bars(screen) if screen.is_watched else Lines(screen)
