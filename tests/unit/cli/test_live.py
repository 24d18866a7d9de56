from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from dbparity.cli.console import Screen
from dbparity.cli.live import Bars, Lines, lines_or_bars
from dbparity.results import Finding, Outcome, Result, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

FINDING = Finding("CODE", Severity.WRONG, "message")


def result(target: str, check: str, findings: tuple[Finding, ...] = ()) -> Result:
    return Result(target, "operations", check, Outcome.PASSED, findings=findings)


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(written: io.StringIO) -> Lines:
    return Lines(Console(file=written, width=100))


@pytest.fixture
def bars(written: io.StringIO) -> Iterator[Bars]:
    with Bars(Console(file=written, width=100, force_terminal=True)) as drawn:
        yield drawn


def test_server_that_is_ready_gets_a_line(lines: Lines, written: io.StringIO) -> None:
    with lines:
        lines.server_starting("mysql@9", "mysql:9")
        lines.server_ready("mysql@9", "container", 2.345)
    assert written.getvalue() == "mysql@9: ready in 2.3 s (container)\n"


def test_server_that_is_missing_gets_a_line(lines: Lines, written: io.StringIO) -> None:
    lines.server_missing("mysql@9", "no Docker engine answers")
    assert written.getvalue() == "mysql@9: not available\n"


def test_target_gets_a_line_when_its_last_check_has_ended(
    lines: Lines, written: io.StringIO
) -> None:
    for number, check in enumerate(("insert", "select"), start=1):
        lines.checking("sqlite+pysqlite", check, number, 2)
        assert written.getvalue() == ""
        lines.checked(result("sqlite+pysqlite", check, (FINDING,)))
    assert re.fullmatch(r"sqlite\+pysqlite: 2 checks, 2 findings, \d+\.\d s\n", written.getvalue())


def test_interruption_says_what_is_waited_for(lines: Lines, written: io.StringIO) -> None:
    for check, target in (("insert", "sqlite+pysqlite"), ("select", "sqlite+aiosqlite")):
        lines.checking(target, check, 1, 2)
    lines.checking("mysql+pymysql@9", "insert", 1, 2)
    lines.checked(result("mysql+pymysql@9", "insert"))
    lines.interrupted()
    assert written.getvalue() == (
        "waiting for the end of insert on sqlite+pysqlite, select on sqlite+aiosqlite; "
        "ctrl-C again ends them at once\n"
    )


def test_interruption_that_waits_for_nothing_says_nothing(
    lines: Lines, written: io.StringIO
) -> None:
    lines.interrupted()
    assert written.getvalue() == ""


def test_targets_are_counted_apart(lines: Lines, written: io.StringIO) -> None:
    lines.checking("sqlite+pysqlite", "insert", 1, 2)
    lines.checking("sqlite+aiosqlite", "insert", 1, 1)
    lines.checked(result("sqlite+pysqlite", "insert", (FINDING,)))
    lines.checked(result("sqlite+aiosqlite", "insert"))
    assert written.getvalue().startswith("sqlite+aiosqlite: 1 check, 0 findings, ")


def test_bar_is_drawn_for_a_server_that_starts(bars: Bars, written: io.StringIO) -> None:
    bars.server_starting("mysql@9", "registry/mysql:9[x]")
    bars._bars.refresh()
    assert "starting registry/mysql:9[x]" in written.getvalue()


def test_bar_is_drawn_with_the_check_in_progress(bars: Bars, written: io.StringIO) -> None:
    bars.checking("sqlite+pysqlite", "insert", 1, 2)
    bars.checking("sqlite+pysqlite", "select", 2, 2)
    bars._bars.refresh()
    assert "2/2 select" in written.getvalue()


def test_bar_gives_way_to_the_line(bars: Bars, written: io.StringIO) -> None:
    bars.server_starting("mysql@9", "mysql:9")
    bars.server_ready("mysql@9", "container", 2.0)
    assert "ready in 2.0 s (container)" in written.getvalue()
    written.truncate(0)
    bars._bars.refresh()
    assert "mysql:9" not in written.getvalue()


def test_server_that_never_started_gets_its_line(bars: Bars, written: io.StringIO) -> None:
    bars.server_missing("mysql@9", "no Docker engine answers")
    assert "not available" in written.getvalue()


def test_bars_are_drawn_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        assert isinstance(lines_or_bars(Screen(stderr=True)), Bars)


def test_lines_alone_are_written_to_a_file_even_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert type(lines_or_bars(Screen(stderr=True))) is Lines


def test_table_that_is_done_gets_a_line(lines: Lines, written: io.StringIO) -> None:
    lines.table_begins("verify", "users", 3_000)
    lines.rows_done("verify", "users", 1_000)
    lines.table_done("verify", "users", 3_000, 3)
    lines.table_done("verify", "notes", 0, 3)
    lines.table_done("verify", "quick", 1, 0.5)
    assert written.getvalue() == (
        "verify users: 3,000 rows, 3.0 s, 1,000 rows/s\nverify notes: 0 rows, 3.0 s\n"
    )


def test_table_has_a_bar_with_its_speed_and_the_time_left(bars: Bars, written: io.StringIO) -> None:
    bars.table_begins("copy", "users", 3_000)
    bars.rows_done("copy", "users", 0)
    bars.rows_done("copy", "users", 1_500)
    bars._bars.refresh()
    assert re.search(r"1,500/3,000, [\d,]+ rows/s, \d+ s left", written.getvalue())
    bars.table_done("copy", "users", 3_000, 0.5)
    assert not bars._tasks


def test_measurement_is_a_bar_and_then_a_line(bars: Bars, written: io.StringIO) -> None:
    bars.measuring("measure", 0, 4)
    bars.measuring("measure", 3, 4)
    assert [(task.completed, task.fields["doing"]) for task in bars._bars.tasks] == [(3, "3/4")]
    bars.measuring("measure", 4, 4)
    assert bars._bars.tasks == []
    assert re.search(r"measure.*: \d+\.\d s", written.getvalue())
