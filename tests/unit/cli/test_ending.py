from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import ending
from dbparity.servers import reaper
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ServerOptions(providers=("file",))


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What would have taken the place of this process."""
    kept: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _path, arguments: kept.append(arguments[-1]))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield kept
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@pytest.fixture
def stuck() -> Iterator[tuple[DatabaseTestEnvironment, Run]]:
    """An environment that serves, and its run."""
    with DatabaseTestEnvironment(["sqlite+pysqlite"], FILES) as environment:
        assert environment.endable is not None
        yield environment, environment.endable


def handle_in(program: str) -> int:
    match = re.search(r"main\((\d+)\)", program)
    assert match is not None
    return int(match[1])


def test_program_that_takes_the_place_removes_what_the_run_made(
    stuck: tuple[DatabaseTestEnvironment, Run],
    programs: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    environment, run = stuck
    ending.end_at_once(environment, signal.SIGTERM)
    (program,) = programs
    assert "ending what still runs" in capfd.readouterr().err
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) >= {signal.SIGINT, signal.SIGTERM}
    assert Path(run.folder).exists()
    assert ending.main(handle_in(program)) == 128 + signal.SIGTERM
    assert capfd.readouterr().err.endswith("SIGTERM; what was started is removed\n")
    assert not Path(run.folder).exists()
    assert run.id not in runs()


def test_what_cannot_be_removed_is_told(
    stuck: tuple[DatabaseTestEnvironment, Run],
    programs: list[str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refusing(_run: Run, _options: ServerOptions) -> None:
        message = "the engine is gone"
        raise OSError(message)

    environment, run = stuck
    ending.end_at_once(environment, signal.SIGINT)
    monkeypatch.setattr(reaper, "end", refusing)
    assert ending.main(handle_in(programs[0])) == 128 + signal.SIGINT
    told = capfd.readouterr().err
    assert "error: the engine is gone" in told
    assert "`dbparity servers list` tells what is left" in told
    assert run.id in runs()


def test_nothing_is_ended_that_has_not_begun(programs: list[str]) -> None:
    ending.end_at_once(DatabaseTestEnvironment(["sqlite"], FILES), signal.SIGINT)
    assert not programs
