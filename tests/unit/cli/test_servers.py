from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import main
from dbparity.servers.ledger import Owner, Run, host

if TYPE_CHECKING:
    from collections.abc import Iterator

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def leaked(project: Path) -> Iterator[Run]:  # noqa: ARG001  # where records are kept
    """A run whose process is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    run = replace(Run.begin(), owner=Owner(process.pid, 0.0, host()))
    run.write()
    yield run
    run.end()


@pytest.mark.usefixtures("project")
def test_nothing_is_listed_where_nothing_was_made(capsys: Capture) -> None:
    assert main(["servers", "list"]) == 0
    assert capsys.readouterr().out == "0 things found.\n"


def test_leaked_run_is_listed_with_the_cure(leaked: Run, capsys: Capture) -> None:
    assert main(["servers", "list"]) == 0
    text = capsys.readouterr().out
    assert leaked.folder in text
    assert "leaked: its run is gone: `dbparity servers reap` removes it" in text
    assert "1 thing found." in text


def test_list_is_written_as_json(leaked: Run, capsys: Capture) -> None:
    assert main(["servers", "list", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "schema": "dbparity-servers/1",
        "found": [
            {"kind": "run", "name": leaked.folder, "run": leaked.id, "state": "leaked"},
        ],
    }
    assert "1 thing found." in captured.err


def test_run_that_goes_on_is_listed_as_live(leaked: Run, capsys: Capture) -> None:
    run = Run.begin()
    main(["servers", "list", "--json", "-"])
    states = {f["run"]: f["state"] for f in json.loads(capsys.readouterr().out)["found"]}
    run.end()
    assert states == {leaked.id: "leaked", run.id: "live"}


def test_dry_run_removes_nothing(leaked: Run, capsys: Capture) -> None:
    assert main(["servers", "reap", "--dry-run"]) == 0
    assert "1 thing would be removed." in capsys.readouterr().out
    assert Path(leaked.folder).is_dir()


def test_dry_run_shows_only_what_would_be_removed(leaked: Run, capsys: Capture) -> None:
    run = Run.begin()
    main(["servers", "reap", "--dry-run", "--json", "-"])
    run.end()
    found = json.loads(capsys.readouterr().out)["found"]
    assert [each["run"] for each in found] == [leaked.id]


def test_reap_removes_what_is_leaked(leaked: Run, capsys: Capture) -> None:
    assert main(["servers", "reap"]) == 0
    assert "1 thing removed." in capsys.readouterr().out
    assert not Path(leaked.folder).exists()


def test_reap_leaves_a_run_that_goes_on(leaked: Run) -> None:
    run = Run.begin()
    main(["servers", "reap"])
    kept = Path(run.folder).is_dir(), Path(leaked.folder).exists()
    run.end()
    assert kept == (True, False)


def test_file_that_cannot_be_written_is_refused_before_anything_is_removed(
    leaked: Run, capsys: Capture
) -> None:
    assert main(["servers", "reap", "--json", "no/folder"]) == 2
    assert "--json no/folder" in capsys.readouterr().err
    assert Path(leaked.folder).is_dir()
