from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.text import Text

from dbparity.cli.console import Screen, complain, show, silence
from dbparity.results import (
    Finding,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Side,
    Skipped,
    TargetState,
)

REASON = "container: no Docker engine answers (start Docker)"
ACCEPTED = Finding(
    code="ORPHAN-ACCEPTED",
    severity=Severity.WRONG,
    message="a row that references nothing was accepted",
    place=Place("messages", "session_id"),
    expected="refused by the foreign key",
    actual="inserted with 42",
    recommendation="recreate the constraint in a migration: create_all leaves a table that is "
    "there as it is, and so does an upgrade to the revision that the database is at",
)
GONE = Finding("ROWS-LOST", Severity.LOST, "3 rows are gone")
REPORT = Report(
    application="shop:metadata",
    started=datetime(2025, 5, 17, tzinfo=UTC),
    seconds=1.25,
    targets=(
        TargetState("sqlite+pysqlite", "file", "3.46.1"),
        TargetState("sqlite+aiosqlite", "file", "3.46.1"),
        TargetState("mysql+pymysql@9", missing=REASON),
        TargetState("mysql+asyncmy@9", missing=REASON),
    ),
    results=(
        Result(
            "sqlite+pysqlite",
            "integrity",
            "foreign_keys",
            Outcome.FAILED,
            findings=(ACCEPTED, GONE),
        ),
        Result(
            "sqlite+aiosqlite",
            "integrity",
            "foreign_keys",
            Outcome.FAILED,
            findings=(replace(ACCEPTED, actual="inserted with 43"),),
        ),
        Result(
            "sqlite+pysqlite",
            "transactions",
            "row_locks",
            Outcome.SKIPPED,
            skipped=(Skipped("SQLite lacks row_locks"),),
        ),
        Result("", "integrity", "unique", Outcome.PASSED, verified=7),
    ),
)


def shown(report: Report, capsys: pytest.CaptureFixture[str], *, agreed: bool = False) -> list[str]:
    show(report, Screen(), agreed=agreed)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_matrix_has_a_row_per_target_and_one_for_their_agreement(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(REPORT, capsys)
    assert [line.split() for line in lines[:8] if line.split() and "─" not in line] == [
        ["target", "version", "integrity", "transactions"],
        ["sqlite+pysqlite", "3.46.1", "2", "findings", "skipped"],
        ["sqlite+aiosqlite", "3.46.1", "1", "finding", "–"],  # noqa: RUF001
        ["mysql@9", "missing", "–", "–"],  # noqa: RUF001
        ["all", "targets", "agree", "ok", "7", "–"],  # noqa: RUF001
    ]


def test_findings_are_told_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(REPORT, capsys)
    start = lines.index("LOST ROWS-LOST on sqlite+pysqlite")
    assert lines[start : start + 8] == [
        "LOST ROWS-LOST on sqlite+pysqlite",
        "  3 rows are gone",
        "",
        "WRONG ORPHAN-ACCEPTED on both targets",
        "  messages.session_id: a row that references nothing was accepted",
        "    expected  refused by the foreign key",
        "    found     inserted with 42 on sqlite+pysqlite",
        "    found     inserted with 43 on sqlite+aiosqlite",
    ]
    assert lines[start + 8].startswith("  → recreate the constraint in a migration: ")
    assert lines[start + 9].startswith("    the revision that")
    assert lines[start + 10] == ""


def test_many_cells_of_a_column_are_told_by_their_keys(capsys: pytest.CaptureFixture[str]) -> None:
    findings = tuple(
        Finding("DATA-REFUSED", Severity.LOST, "no", Place("a", "x", key), actual=key)
        for key in "12345"
    )
    result = Result("sqlite+pysqlite", "migrations", "move", Outcome.FAILED, findings=findings)
    lines = shown(replace(REPORT, results=(result,)), capsys)
    start = lines.index("LOST DATA-REFUSED on sqlite+pysqlite")
    assert lines[start + 1 : start + 4] == [
        "  a.x[1], [2], [3], [4], [5]: no",
        "    found     1",
        "              and 4 other values",
    ]


def test_missing_targets_are_told_with_reason_and_cure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(REPORT, capsys)
    start = lines.index("NOT CHECKED mysql@9")
    assert lines[start + 1] == "    container  no Docker engine answers (start Docker)"


def test_skipped_check_is_told_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert ("SKIPPED transactions.row_locks on sqlite+pysqlite: SQLite lacks row_locks") in shown(
        REPORT, capsys
    )


def test_last_lines_are_counts_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(REPORT, capsys)[-2:] == [
        "4 checks: 1 passed, 2 failed, 1 skipped · 7 claims verified · success rate 33.3 % · 1.2 s",
        "3 findings: 1 lost, 2 wrong.",
    ]


def test_agreement_is_told_in_two_lines_below_the_matrix(
    capsys: pytest.CaptureFixture[str],
) -> None:
    passed = Result("sqlite+pysqlite", "operations", "insert", Outcome.PASSED)
    lines = shown(
        replace(REPORT, targets=REPORT.targets[:1], results=(passed,)), capsys, agreed=True
    )
    assert len(lines) == 6
    assert lines[-1].startswith("sqlite+pysqlite does what the model promises")


@pytest.mark.parametrize(("agreed", "colour"), [(True, "1;32"), (False, "1;31")])
def test_verdict_is_green_only_for_an_agreement(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    agreed: bool,  # noqa: FBT001
    colour: str,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert f"\x1b[{colour}m3 findings" in shown(REPORT, capsys, agreed=agreed)[-1]


def test_no_line_is_wider_than_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert max(map(len, shown(REPORT, capsys))) <= 120


def test_versions_are_left_out_where_the_matrix_would_be_too_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "version" in shown(REPORT, capsys)[0]
    widest = len(shown(REPORT, capsys)[0])
    monkeypatch.setenv("COLUMNS", str(widest - 3))
    first = shown(REPORT, capsys)[0]
    assert first.split()[0] == "target"
    assert "version" not in first


def test_matrix_is_in_several_tables_where_the_screen_is_too_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "34")
    lines = shown(REPORT, capsys)
    headers = [line.split()[1:] for line in lines if line.startswith("target ")]
    assert len(headers) > 1
    categories = dict.fromkeys(result.category for result in REPORT.results)
    assert [name for header in headers for name in header] == list(categories)
    assert max(map(len, lines)) <= 34


def test_passwords_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    finding = replace(ACCEPTED, actual="mysql://app:s3cret@host/db")
    result = replace(REPORT.results[0], findings=(finding,))
    text = "\n".join(shown(replace(REPORT, results=(result,)), capsys))
    assert "s3cret" not in text
    assert "mysql://app:***@host/db" in text


def test_markup_and_control_characters_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    finding = replace(ACCEPTED, message="[bold]\x1b[2J[/bold]")
    result = replace(REPORT.results[0], findings=(finding,))
    lines = shown(replace(REPORT, results=(result,)), capsys)
    assert r"  messages.session_id: [bold]\x1b[2J[/bold]" in lines


def test_columns_of_the_environment_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert Screen().width == 70


def test_no_colour_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    complain("wrong")
    assert capsys.readouterr().err == "dbparity: error: wrong\n"


def test_no_colour_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    complain("wrong")
    assert "\x1b[31" not in capsys.readouterr().err


def test_password_in_an_error_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    complain("no login to mysql://app:s3cret@host/db")
    assert "mysql://app:***@host/db" in capsys.readouterr().err


def test_long_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("word " * 100)
    assert capsys.readouterr().err.count("\n") == 1


def test_words_of_libraries_are_kept_from_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with silence():
        logging.getLogger("driver").warning("a server's note")
        warnings.warn("a library's note", stacklevel=1)
    assert capsys.readouterr().err == ""


def test_logging_is_as_before_afterwards() -> None:
    before = list(logging.root.handlers)
    with pytest.raises(ValueError, match="mine"), silence():
        raise ValueError("mine")
    assert logging.root.handlers == before


def test_screen_outlives_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        screen = Screen()
        screen.print(Text("nobody reads this"))
        assert screen.quiet


def test_paragraph_is_indented_by_its_lead(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().paragraph(Text("word " * 30), lead=Text("lead  "))
    first, second = io.StringIO(capsys.readouterr().out)
    assert first.startswith("lead  word")
    assert second.startswith("      word")
    assert not first.endswith(" \n")


def test_differing_object_is_shown_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    sides = (Side("type", "bigint", "integer"), Side("nullable", "yes", "yes"))
    finding = Finding(
        "TYPE-NARROWER", Severity.LOST, "narrower", sides=sides, proof="2147483648: refused"
    )
    result = Result("", "schema", "diff", Outcome.FAILED, findings=(finding,))
    report = Report("left against right", datetime.now(UTC), 1.0, results=(result,))
    lines = shown(report, capsys)
    assert lines[0] == "LOST TYPE-NARROWER"
    assert "    proof     2147483648: refused" in lines
    assert [line.split() for line in lines if "yes" in line or "bigint" in line] == [
        ["type", "bigint", "integer"],
        ["nullable", "yes", "yes"],
    ]
