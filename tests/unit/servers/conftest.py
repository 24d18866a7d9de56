"""Records of their own for the tests of the servers' room."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbparity.servers.ledger import Owner, Run, host, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the records; what a test leaves on purpose is removed."""
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path / "state"))
    yield tmp_path / "state" / "runs"
    for run in runs().values():
        run.end()


@pytest.fixture
def dead() -> Owner:
    """A process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return Owner(process.pid, 0.0, host())


@pytest.fixture
def leaked(dead: Owner) -> Callable[..., Run]:
    """Put the run of a killed process on record."""

    def leak(**facts: object) -> Run:
        run = replace(Run.begin(), owner=dead, **facts)  # type: ignore[arg-type]  # some of its own
        run.write()
        return run

    return leak
