from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dbparity.cli import main
from dbparity.performance import measure

Capture = pytest.CaptureFixture[str]

COMMAND = ["bench", "requirements", "--target", "sqlite+pysqlite", "--budget", "0.5"]
WORKLOADS = """
import itertools
import time

def taking(*seconds):
    def prepare(engine):
        turns = itertools.cycle(seconds)
        return lambda: time.sleep(next(turns))
    return prepare

fast = {"insert.fast": taking(0)}
slow = {"insert.slow": taking(0.004)}
unsteady = {"insert.unsteady": taking(0, 0.004)}
broken = {"insert.broken": lambda engine: lambda: 1 / 0}

def picky(connection):
    if connection.dialect.driver == "pysqlite":
        raise LookupError

def seed(connection):
    connection.exec_driver_sql("INSERT INTO users (id, name) VALUES (1, 'ada')")
"""
LIMITS = """
[tool.dbparity.bench.requirements]
"insert.*" = { p50 = 2, p95 = 1000, p99 = 1000 }
connect = { p95 = 1000 }
"""


@pytest.fixture(autouse=True)
def _not_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is slow is found all the same where other tests run beside."""
    monkeypatch.setattr(measure, "_PRESSURE", Path("/nowhere"))


@pytest.fixture
def doing(project: Path, module: str) -> str:
    """A module with workloads, for which there are limits."""
    name = f"{module}_workloads"
    (project / f"{name}.py").write_text(WORKLOADS)
    with (project / "pyproject.toml").open("a") as file:
        file.write(LIMITS)
    return name


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_requirements_that_are_met_exit_with_0(doing: str, capsys: Capture) -> None:
    assert main([*COMMAND, "--budget", "10", "--workloads", f"{doing}:fast"]) == 0
    said = capsys.readouterr().out
    assert "Every workload meets its requirements." in said
    assert "p95 in milliseconds" in said


def test_requirement_that_is_missed_exits_with_1(doing: str, capsys: Capture) -> None:
    assert main([*COMMAND, "--budget", "10", "--workloads", f"{doing}:slow"]) == 1
    said = capsys.readouterr().out
    assert "DEGRADED REQUIREMENT-MISSED" in said
    assert "missed" in said


def test_missed_requirement_milder_than_fail_on_exits_with_0(doing: str) -> None:
    asked = ["--budget", "10", "--workloads", f"{doing}:slow", "--fail-on", "wrong"]
    assert main([*COMMAND, *asked]) == 0


def test_requirement_that_is_undecided_exits_with_2(doing: str, capsys: Capture) -> None:
    assert main([*COMMAND, "--workloads", f"{doing}:unsteady"]) == 2
    captured = capsys.readouterr()
    assert "how 1 check ended is unknown" in captured.err
    assert "undecided" in captured.out


def test_workload_that_raises_is_told_in_the_errors_words(doing: str, capsys: Capture) -> None:
    assert main([*COMMAND, "--workloads", f"{doing}:broken"]) == 1
    assert "division by zero" in capsys.readouterr().out


def test_report_has_every_workload(doing: str, project: Path) -> None:
    main([*COMMAND, "--workloads", f"{doing}:fast", "--seed", f"{doing}:seed", "--json", "r.json"])
    results = written(project / "r.json")["results"]
    assert [result["check"] for result in results] == ["insert.fast", "connect"]


def test_table_goes_to_standard_error_where_the_report_is_on_standard_output(
    doing: str, capsys: Capture
) -> None:
    main([*COMMAND, "--workloads", f"{doing}:fast", "--json", "-"])
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema"] == "dbparity-report/1"
    assert "p95 in milliseconds" in captured.err


def test_target_without_rows_has_a_dash_for_what_others_do(doing: str, capsys: Capture) -> None:
    chosen = ["--workloads", f"{doing}:fast", "--seed", f"{doing}:picky"]
    main(["bench", "requirements", "--budget", "0.5", *chosen])
    assert "–" in capsys.readouterr().out  # noqa: RUF001


@pytest.mark.usefixtures("doing")
def test_nothing_runs_where_a_required_target_is_missing(capsys: Capture) -> None:
    asked = ["bench", "requirements", "--target", "sqlite", "--target", "mysql", "--require"]
    assert main(asked) == 2
    assert "required targets missing; nothing was run" in capsys.readouterr().err


@pytest.mark.usefixtures("doing")
def test_scipy_that_is_missing_is_told_before_servers_start(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    assert main(COMMAND) == 2
    said = capsys.readouterr().err
    assert "try: pip install 'dbparity[bench]'" in said
    assert "ready" not in said


def test_another_application_has_no_workloads_and_no_limits_of_the_configured_one(
    doing: str, project: Path
) -> None:
    settings = (project / "pyproject.toml").read_text()
    configured = f'[tool.dbparity]\nworkloads = "{doing}:broken"\n'
    (project / "pyproject.toml").write_text(settings.replace("[tool.dbparity]\n", configured, 1))
    (project / "theirs.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "metadata = MetaData()\n"
        "Table('things', metadata, Column('id', Integer, primary_key=True))\n"
    )
    main([*COMMAND, "--metadata", "theirs:metadata", "--json", "r.json"])
    names = {result["check"] for result in written(project / "r.json")["results"]}
    assert "select.things" in names
    assert "insert.broken" not in names
