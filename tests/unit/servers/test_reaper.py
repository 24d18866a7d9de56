from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.backends.base import Driver
from dbparity.servers import reaper
from dbparity.servers.base import Leftover, ServerOptions
from dbparity.servers.ledger import Run, runs

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = ServerOptions(providers=())
GONE = "postgresql://dbparity:secret@127.0.0.1:1/postgres"
HIDDEN = "postgresql://dbparity:***@127.0.0.1:1/postgres"


def test_record_and_folder_of_a_killed_run_are_removed(leaked: Callable[..., Run]) -> None:
    run = leaked()
    reaped = reaper.reap(NOBODY)
    assert [(found.leftover.kind, found.leftover.run) for found in reaped] == [("run", run.id)]
    assert not Path(run.folder).exists()
    assert not runs()


def test_run_that_goes_on_is_left_alone() -> None:
    run = Run.begin()
    reaped, there = reaper.reap(NOBODY), Path(run.folder).exists()
    run.end()
    assert not reaped
    assert there


def test_run_on_a_server_that_is_not_configured_any_more_is_kept(
    leaked: Callable[..., Run],
) -> None:
    run = leaked(attached=(HIDDEN,))
    (found,) = reaper.survey(NOBODY)
    kept = runs()
    run.end()
    assert found.state == "kept"
    assert list(kept) == [run.id]


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_run_on_a_server_that_does_not_answer_is_kept(
    leaked: Callable[..., Run], driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Driver, "installed", property(lambda one: one.name == driver))
    run = leaked(attached=(HIDDEN,))
    reaped = reaper.reap(ServerOptions(providers=(), urls={"postgresql": GONE}))
    there = runs()
    run.end()
    assert not reaped
    assert list(there) == [run.id]


def test_end_removes_what_other_processes_of_the_run_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, other = Run.begin(), Run.begin()
    removed: list[str] = []
    made = [
        Leftover("process", "1", mine.id, lambda: removed.append("mine")),
        Leftover("process", "2", other.id, lambda: removed.append("other")),
    ]
    monkeypatch.setattr(reaper, "_started", lambda _options: made)
    reaper.end(mine, NOBODY)
    remaining = list(runs())
    other.end()
    assert removed == ["mine"]
    assert remaining == [other.id]


def test_end_keeps_the_record_of_a_run_whose_databases_cannot_be_looked_for() -> None:
    run = Run.begin()
    run.attach(HIDDEN)
    reaper.end(run, ServerOptions(providers=(), urls={"postgresql": GONE}))
    there = runs()
    run.end()
    assert list(there) == [run.id]
