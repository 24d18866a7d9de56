from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import main
from dbparity.performance.records import read

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]

WORK = """
from sqlalchemy import text


def touch(engine):
    def operation():
        with engine.begin() as connection:
            connection.execute(text("UPDATE users SET name = 'b' WHERE id = 1"))

    return operation


workloads = {"update.user": touch}


def seed(connection):
    connection.execute(text("INSERT INTO users (id, name) VALUES (1, 'a')"))
"""


@pytest.fixture
def measured(project: Path, module: str) -> list[str]:
    """The beginning of a command that measures little."""
    (project / f"work_{module}.py").write_text(WORK)
    work = [f"--{name}=work_{module}:{name}" for name in ("workloads", "seed")]
    return ["bench", "run", "--launches", "1", *work]


def test_records_of_all_targets_are_one_file_or_one_for_each(
    project: Path, measured: list[str], capsys: Capture
) -> None:
    assert main([*measured, "--json", "all.json", "--output", "each"]) == 0
    found = read(project / "all.json")
    assert {(each.benchmark, each.target) for each in found.records} == {
        (id_, target)
        for id_ in ("update.user", "connect")
        for target in ("sqlite+pysqlite", "sqlite+aiosqlite")
    }
    assert sorted(path.name for path in (project / "each").iterdir()) == [
        "sqlite+aiosqlite.json",
        "sqlite+pysqlite.json",
    ]
    assert set(read(project / "each").records) == set(found.records)
    shown = capsys.readouterr()
    row = next(line.split() for line in shown.out.splitlines() if "update.user" in line)
    assert row[1] == "sqlite+pysqlite"
    assert row[-1] == "1"  # statement
    assert "measure: " in shown.err


def test_standard_output_has_json_alone(measured: list[str], capsys: Capture) -> None:
    assert main([*measured, "--target", "sqlite+pysqlite", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["benchmarks"]) == 2
    assert "update.user" in captured.err


@pytest.mark.parametrize("options", [["--target", "mysql"], ["--target", "mysql", "--require"]])
def test_nothing_measured_exits_with_2_and_says_why(
    measured: list[str], options: list[str], capsys: Capture
) -> None:
    assert main([*measured, *options]) == 2
    captured = capsys.readouterr()
    assert "missing; nothing was run" in captured.err
    assert "no provider that is asked (file) serves this backend" in captured.out


def test_required_target_that_is_missing_leaves_all_unmeasured(
    measured: list[str], capsys: Capture
) -> None:
    required = ["--target", "sqlite", "--target", "mysql+pymysql", "--require"]
    assert main([*measured, *required]) == 2
    assert "1 target missing; nothing was run" in capsys.readouterr().err


def test_target_that_is_missing_is_named_beside_the_others(
    measured: list[str], capsys: Capture
) -> None:
    assert main([*measured, "--target", "sqlite+pysqlite", "--target", "mysql+pymysql"]) == 0
    assert "mysql+pymysql" in capsys.readouterr().out


def test_launches_are_at_least_one(measured: list[str], capsys: Capture) -> None:
    assert main([*measured, "--launches", "0"]) == 2
    assert "--launches" in capsys.readouterr().err
