"""Servers that are left running for the next run."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dbparity.servers import environment, reaper
from dbparity.servers.ledger import database_name, runs
from tests.support.serving import (
    containers,
    options_of,
    password_of,
    processes,
    serving,
    starting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from dbparity.servers.base import ServerOptions
    from dbparity.servers.ledger import Run
    from dbparity.servers.server import Server

    Reuse = Callable[..., AbstractContextManager[Server]]

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("state")]

ROOT = Path(__file__).parents[3]
EMBEDDED = ("embedded", "postgresql")
on_both = pytest.mark.parametrize(
    "reuse", [("container", "postgresql@17"), EMBEDDED], indirect=True, ids="-".join
)
PROGRAM = """
import sys
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment

options = ServerOptions(providers=("embedded",), reuse=True)
with DatabaseTestEnvironment(["postgresql+psycopg"], options) as environment:
    print(environment.server(environment.targets[0]).url.port, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def reuse(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Reuse:
    """Use a server that an earlier run left, or a new one to be left."""
    provider, server = getattr(request, "param", EMBEDDED)

    def use(**options: object) -> AbstractContextManager[Server]:
        wanted = starting(pytestconfig, server, provider, reuse=True, **options)
        return serving(pytestconfig, wanted)

    return use


@pytest.fixture
def options(pytestconfig: pytest.Config) -> ServerOptions:
    return options_of(pytestconfig, "container", "native")


@pytest.fixture(autouse=True)
def _end(state: Path, options: ServerOptions) -> Iterator[None]:  # noqa: ARG001  # before its end
    yield
    for run in runs().values():
        reaper.end(run, options)


def only() -> Run:
    """The run of the only server that was left."""
    (run,) = runs().values()
    return run


def alive(run: Run) -> bool:
    """Whether something of a run is there."""
    return bool(containers(run.id) or processes(run.id))


def kill(run: Run) -> None:
    """Take a server from a run that does not know of it."""
    for container in containers(run.id):
        container.kill()
    for process in processes(run.id):
        process.kill()


@on_both
def test_second_run_joins_the_server_of_the_first(reuse: Reuse) -> None:
    with reuse() as first:
        pass
    assert alive(only())
    with reuse() as second:
        assert second.url == first.url
        assert second.administration.names() == []
        with second.lease("psycopg") as database:
            assert database.version[0] == int(second.version.split(".")[0])


def test_databases_of_a_killed_run_are_dropped_and_no_others(reuse: Reuse) -> None:
    def create(connection: Connection) -> None:
        for name in (database_name("0badcafe", 1), "somebodys"):
            connection.execute(text(f"CREATE DATABASE {name}"))

    with reuse() as server:
        server.administration.run(create)
    with reuse() as server:
        databases = server.administration.run(server.backend.databases)
        assert server.administration.names() == []
        assert "somebodys" in databases


def test_run_that_comes_while_another_uses_the_server_has_its_own(reuse: Reuse) -> None:
    with reuse() as first, reuse() as second:
        assert first.url.port != second.url.port


def test_server_that_is_too_old_is_ended_and_another_is_started(reuse: Reuse) -> None:
    with reuse(max_age=timedelta()) as first:
        pass
    old = only()
    with reuse() as second:
        assert second.url.password != first.url.password
    assert not alive(old)
    assert not Path(old.folder).exists()


@on_both
def test_server_that_was_killed_is_replaced(reuse: Reuse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_RUNNING_PATIENCE", timedelta(seconds=1))
    with reuse() as first:
        pass
    kill(old := only())
    with reuse() as second:
        assert second.url.password != first.url.password
    assert not alive(old)
    assert only().id != old.id


@on_both
def test_reaper_removes_a_server_when_its_time_is_over(
    reuse: Reuse, options: ServerOptions
) -> None:
    with reuse():
        pass
    run = only()
    assert not reaper.reap(options)
    assert alive(run)
    replace(run, expires=time.time()).write()
    assert {found.leftover.run for found in reaper.reap(options)} == {run.id}
    assert not alive(run)
    assert not runs()


def test_password_is_in_no_record_that_others_may_read(reuse: Reuse, state: Path) -> None:
    with reuse() as server:
        files = [path for path in state.iterdir() if path.is_file()]
        holding = [path for path in files if password_of(server.url) in path.read_text()]
    assert [path.stat().st_mode & 0o777 for path in holding] == [0o600]


def test_server_whose_settings_somebody_changed_is_replaced(pytestconfig: pytest.Config) -> None:
    setting = "SET GLOBAL innodb_flush_log_at_trx_commit = 1"

    def reuse() -> AbstractContextManager[Server]:
        wanted = starting(pytestconfig, "mariadb@11", "container", reuse=True)
        return serving(pytestconfig, wanted)

    with reuse() as first:
        first.administration.run(lambda connection: connection.execute(text(setting)))
    with reuse() as second:
        assert second.url.password != first.url.password
        second.assert_volatile()


def test_processes_that_begin_at_once_never_share_a_server(pytestconfig: pytest.Config) -> None:
    wanted = starting(pytestconfig, "postgresql", "embedded", reuse=True)
    with serving(pytestconfig, wanted) as server:
        left = server.url.port
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    try:
        ports = [int(process.stdout.readline()) for process in started if process.stdout]
    finally:
        for process in started:
            process.communicate("\n", timeout=60)
    assert ports.count(left or 0) == 1
    assert len(set(ports)) == 2
