from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from dbparity.cli import main, verify
from tests.support.sides import Make, make, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make"]

Capture = pytest.CaptureFixture[str]
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"
ROWS = "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"


@pytest.fixture
def sides(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    return make("left", TABLE, ROWS), make("right", TABLE, ROWS)


def test_equal_databases_exit_with_0(sides: tuple[str, str], capsys: Capture) -> None:
    assert main(["verify", *sides]) == 0
    captured = capsys.readouterr()
    assert "t      3     0          0" in captured.out
    assert "Both sides hold the same." in captured.out
    assert captured.err == ""  # nobody had to wait


def test_a_difference_exits_with_1_and_is_named(sides: tuple[str, str], capsys: Capture) -> None:
    write(sides[1], "UPDATE t SET v = 'x' WHERE id = 2")
    assert main(["verify", *sides]) == 1
    shown = capsys.readouterr().out
    assert "LOST DATA-CELL-DIFFERS" in shown
    assert "t.v[id=2]" in shown


def test_what_cannot_be_compared_exits_with_2(sides: tuple[str, str], capsys: Capture) -> None:
    assert main(["verify", sides[0], "postgresql://me:secret@127.0.0.1:1/shop"]) == 2
    assert main(["verify", sides[0], sides[0]]) == 2
    assert main(["verify", *sides, "--table", "x"]) == 2
    assert main(["verify", *sides, "--sample", "2", "--repair"]) == 2
    complaints = capsys.readouterr().err
    assert complaints.count("dbparity: error: ") == 4
    assert "secret" not in complaints


def test_a_table_can_be_chosen(sides: tuple[str, str], tmp_path: Path) -> None:
    write(sides[1], "CREATE TABLE more (id INTEGER PRIMARY KEY)")
    assert main(["verify", *sides]) == 1
    assert main(["verify", *sides, "--table", "t", "--json", "r.json"]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert {result["check"] for result in report["results"]} == {"t"}


def test_a_sample_that_agrees_exits_with_0_and_says_so(
    sides: tuple[str, str], capsys: Capture
) -> None:
    assert main(["verify", *sides, "--sample", "1", "--seed", "3"]) == 0
    assert "NOTE DATA-SAMPLED" in capsys.readouterr().out


def test_reports_are_written(sides: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    files = ["--junit", "r.xml", "--markdown", "r.md", "--json", "-"]
    assert main(["verify", *sides, *files]) == 0
    assert (tmp_path / "r.xml").exists()
    assert (tmp_path / "r.md").exists()
    assert json.loads(capsys.readouterr().out)["schema"] == "dbparity-report/1"


def test_a_repair_shows_its_statements_and_ends_equal(
    sides: tuple[str, str], capsys: Capture
) -> None:
    write(sides[1], "UPDATE t SET v = 'x' WHERE id = 2")
    assert main(["verify", *sides, "--repair", "--yes"]) == 0
    assert """UPDATE "t" SET "v" = 'b' WHERE "id" = 2;""" in capsys.readouterr().err
    assert main(["verify", *sides]) == 0


def test_a_repair_of_equal_databases_does_nothing(sides: tuple[str, str], capsys: Capture) -> None:
    assert main(["verify", *sides, "--repair"]) == 0
    assert "UPDATE" not in capsys.readouterr().err


def test_nothing_is_repaired_where_nobody_can_be_asked(
    sides: tuple[str, str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    write(sides[1], "DELETE FROM t")
    assert main(["verify", *sides, "--repair"]) == 2
    assert "nobody is there to be asked; give --yes" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1])
def test_a_repair_asks_first(
    sides: tuple[str, str], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: code == 0)
    write(sides[1], "DELETE FROM t WHERE id = 1")
    assert main(["verify", *sides, "--repair"]) == code


def test_what_a_repair_cannot_write_stays_a_finding(sides: tuple[str, str]) -> None:
    write(sides[1], "CREATE TABLE more (id INTEGER PRIMARY KEY)")
    assert main(["verify", *sides, "--repair", "--yes"]) == 1


def test_many_statements_are_cut(
    sides: tuple[str, str], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_SHOWN", 1)
    write(sides[1], "UPDATE t SET v = 'x'")
    assert main(["verify", *sides, "--repair", "--yes"]) == 0
    assert "and 2 statements more" in capsys.readouterr().err


def test_help_has_examples(capsys: Capture) -> None:
    assert main(["verify", "--help"]) == 0
    assert (
        "dbparity verify sqlite:///shop.db postgresql://app@localhost/shop"
        in capsys.readouterr().out
    )


def test_a_statement_is_shown_in_one_line_without_what_a_terminal_would_obey(
    sides: tuple[str, str], capsys: Capture
) -> None:
    write(sides[0], "UPDATE t SET v = char(27) || '[2J' || char(10) || 'x' WHERE id = 1")
    assert main(["verify", *sides, "--repair", "--yes"]) == 0
    shown = capsys.readouterr().err
    assert """UPDATE "t" SET "v" = '\\x1b[2J x' WHERE "id" = 1;""" in shown
    assert "\x1b[2J" not in shown
