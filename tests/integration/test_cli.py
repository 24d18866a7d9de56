"""The command line as a program of its own, on real databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
SHOP = '''
import time
from pathlib import Path

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
Table(
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
)


def wait(engine):
    """Stop in the middle of the first check, until the file "go" is there."""
    Path("waiting").touch()
    while not Path("go").exists():
        time.sleep(0.01)
'''
_PATIENCE = 60


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with an application, and without a configuration."""
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Records of its own, and none of the choices of whoever runs the tests."""
    choices = {"DBPARITY_TARGETS", "DBPARITY_REQUIRE", "DBPARITY_REUSE", "PYTHONUNBUFFERED"}
    kept = {name: text for name, text in os.environ.items() if name not in choices}
    return {**kept, "DBPARITY_STATE": str(tmp_path / "state")}


@pytest.fixture
def start(
    shop: Path, environment: dict[str, str]
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``dbparity`` in the application's folder; what still runs in the end is killed."""
    started = []

    def started_with(*arguments: str, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401
        command = [
            sys.executable,
            "-c",
            "import sys; from dbparity.cli import main; sys.exit(main())",
        ]
        settings: dict[str, Any] = {
            "cwd": shop,
            "env": environment,
            "stderr": subprocess.PIPE,
            "text": True,
        }
        process: subprocess.Popen[str] = subprocess.Popen(
            [*command, *arguments], **(settings | options)
        )
        started.append(process)
        return process

    yield started_with
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def waiting(shop: Path, start: Callable[..., subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """A run that is in the middle of its first check."""
    options = ["--metadata", "shop:metadata", "--configure", "shop:wait", "--target", "sqlite"]
    process = start("check", *options, "--json", "report.json", stdout=subprocess.PIPE)
    until((shop / "waiting").exists)
    return process


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def records(shop: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (shop / "state" / "runs").glob("*.json")]


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=_PATIENCE)
    return process.returncode, out, err


@pytest.mark.untraced
def test_example_behaves_alike_on_both_drivers_of_sqlite(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start(
        "check", "--target", "sqlite", "--json", "-", cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    code, out, err = finish(process)
    assert code == 0, err
    document = json.loads(out)
    schema = json.loads(files("dbparity.reports").joinpath("report.schema.json").read_text())
    Draft202012Validator(schema).validate(document)
    assert [target["target"] for target in document["targets"]] == [
        "sqlite+pysqlite",
        "sqlite+aiosqlite",
    ]
    assert {finding["severity"] for finding in document["findings"]} <= {"note"}
    assert document["success_rate"] == 1
    assert "The application behaves alike on both targets" in err


@pytest.mark.server
def test_real_postgresql_and_sqlite_are_compared(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    target = "postgresql+psycopg"
    code, out, _ = finish(
        start("doctor", "--target", target, "--json", "-", stdout=subprocess.PIPE)
    )
    if code:
        pytest.skip(f"no PostgreSQL: {json.loads(out)['targets'][0]['refusals']}")
    chosen = ["--target", target, "--target", "sqlite+pysqlite", "--require"]
    process = start(
        "check",
        "--metadata",
        "shop:metadata",
        *chosen,
        "--category",
        "operations",
        stdout=subprocess.PIPE,
    )
    code, out, err = finish(process)
    assert code == 0, err
    assert "The application behaves alike on both targets" in out
    assert "all targets agree" in out


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
@pytest.mark.parametrize("signals", [1, 2])
def test_signal_ends_a_run_after_its_clean_up(
    waiting: subprocess.Popen[str], shop: Path, number: signal.Signals, code: int, signals: int
) -> None:
    (run,) = records(shop)
    assert Path(run["folder"]).is_dir()
    waiting.send_signal(number)
    assert waiting.stderr is not None
    while "dbparity: stopping" not in waiting.stderr.readline():
        assert waiting.poll() is None
    if signals == 1:
        (shop / "go").touch()
    else:  # the check would wait for ever
        waiting.send_signal(signal.SIGINT)
    ended, out, err = finish(waiting)
    assert ended == code
    assert out == ""
    assert f"dbparity: error: stopped by {number.name}; what was started is removed" in err
    assert "Traceback" not in err
    assert records(shop) == []
    assert not Path(run["folder"]).exists()
    assert not (shop / "report.json").exists()


def test_what_a_killed_run_left_is_listed_and_reaped(
    waiting: subprocess.Popen[str], shop: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (run,) = records(shop)
    waiting.kill()
    waiting.wait()
    _, out, _ = finish(start("servers", "list", "--json", "-", stdout=subprocess.PIPE))
    assert {
        "kind": "run",
        "name": run["folder"],
        "run": run["id"],
        "state": "leaked",
    } in json.loads(out)["found"]
    code, _, _ = finish(start("servers", "reap", stdout=subprocess.PIPE))
    assert code == 0
    assert not Path(run["folder"]).exists()
    assert records(shop) == []


def test_live_run_is_not_reaped(
    waiting: subprocess.Popen[str], shop: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (run,) = records(shop)
    finish(start("servers", "reap", stdout=subprocess.PIPE))
    assert Path(run["folder"]).is_dir()
    (shop / "go").touch()
    assert finish(waiting)[0] == 0


def test_reader_that_goes_away_does_not_change_the_exit_code(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start("doctor", "--target", "sqlite", stdout=writing)
    os.close(writing)
    code, _, err = finish(process)
    assert (code, err) == (0, "")


def test_report_that_nobody_reads_could_not_be_written(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start("doctor", "--target", "sqlite", "--json", "-", stdout=writing)
    os.close(writing)
    code, _, err = finish(process)
    assert code == 2
    assert err.startswith("dbparity: error: --json -: broken pipe; ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["doctor", "--target", "sqlite", "--json", "-"], "--json -"),
        (["doctor", "--target", "sqlite"], "standard output"),
        (["--version"], "standard output"),
    ],
)
def test_what_finds_no_room_could_not_be_written(
    start: Callable[..., subprocess.Popen[str]], arguments: list[str], what: str
) -> None:
    with Path("/dev/full").open("w") as full:
        process = start(*arguments, stdout=full)
    code, _, err = finish(process)
    assert code == 2
    assert err.startswith(f"dbparity: error: {what}: no space left on device; ")
    assert err.count("\n") == 1
