from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.cli import main

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]

COMMAND = [
    *("bench", "pool", "--target", "sqlite+aiosqlite", "--size", "2", "--overflow", "1"),
    *("--burst", "5", "--workers", "2", "--seconds", "0.05", "--timeout", "0.1"),
]
WORK = """
from sqlalchemy import select


async def drop(engine):
    connection = await engine.connect()
    await connection.execute(select(1))
"""


@pytest.fixture
def work(project: Path, module: str) -> str:
    name = f"{module}_work"
    (project / f"{name}.py").write_text(WORK)
    return f"{name}:drop"


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_pools_that_lose_nothing_exit_with_0(project: Path, capsys: Capture) -> None:
    patient = ["--timeout", "2"]  # also where the machine does something else for a while
    assert main([*COMMAND, *patient, "--markdown", "pools.md"]) == 0
    said = capsys.readouterr().out
    assert "burst of 5" in said
    assert "Every pool served its clients, and has lost no connection." in said
    assert "| exhaustion | sqlite+aiosqlite | 6 | 3 | 3 |" in (project / "pools.md").read_text()


@pytest.mark.filterwarnings("ignore:The garbage collector:sqlalchemy.exc.SAWarning")
def test_work_that_leaks_exits_with_1(work: str, project: Path, capsys: Capture) -> None:
    assert main([*COMMAND, "--work", work, "--json", "r.json"]) == 1
    assert "WRONG pool.leaked" in capsys.readouterr().out
    codes = {finding["code"] for finding in written(project / "r.json")["findings"]}
    assert {"pool.leaked", "pool.timed_out"} == codes


@pytest.mark.usefixtures("project")
def test_table_goes_to_standard_error_where_the_report_is_on_standard_output(
    capsys: Capture,
) -> None:
    main([*COMMAND, "--json", "-"])
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["results"]) == 5
    assert "burst of 5" in captured.err


@pytest.mark.usefixtures("project")
def test_work_that_is_not_there_is_told_before_servers_start(capsys: Capture) -> None:
    assert main([*COMMAND, "--work", "nowhere:checkout"]) == 2
    said = capsys.readouterr().err
    assert "module 'nowhere' cannot be imported" in said
    assert "ready" not in said


@pytest.mark.usefixtures("project")
def test_work_that_is_not_asynchronous_is_told_before_servers_start(capsys: Capture) -> None:
    assert main([*COMMAND, "--work", "json:dumps"]) == 2
    said = capsys.readouterr().err
    assert "json:dumps: it is no coroutine function; write async def" in said
    assert "ready" not in said


@pytest.mark.usefixtures("project")
def test_drivers_that_are_not_asynchronous_alone_are_no_answer(capsys: Capture) -> None:
    assert main(["bench", "pool", "--target", "sqlite+pysqlite"]) == 2
    assert "every check was skipped" in capsys.readouterr().err
