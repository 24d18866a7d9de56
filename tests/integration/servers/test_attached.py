"""Servers of somebody else, which are named by a URL."""

from __future__ import annotations

import secrets
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text

from dbparity.applications import Application
from dbparity.backends.base import load_backend, quoted
from dbparity.backends.postgresql import PostgreSQL, PostgreSQLService
from dbparity.errors import DatabaseForeign
from dbparity.servers import reaper
from dbparity.servers.base import ServerOptions
from dbparity.servers.embedded import EmbeddedProvider
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Owner, Run, database_name, host, runs
from tests.support.serving import choose, options_of, password_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from dbparity.servers.base import Running
    from dbparity.servers.server import Server

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("state")]

metadata = MetaData()
Table("notes", metadata, Column("id", Integer, primary_key=True))
application = Application("tests:notes", metadata)


class DurableService(PostgreSQLService):
    """As its packagers set it."""

    arguments: ClassVar[tuple[str, ...]] = ()


@pytest.fixture
def foreign(server: Server) -> Server:
    """A server that is somebody else's as far as the runs of the test know."""
    if server.backend.service is None:
        pytest.skip("no server")
    return server


def options(server: Server, url: URL | None = None, **more: object) -> ServerOptions:
    """Attach to a server, by its own URL or another."""
    text = (url or server.url).render_as_string(hide_password=False)
    made = ServerOptions(urls={server.backend.name: text}, providers=("url",))
    return replace(made, **more)  # type: ignore[arg-type]  # its own fields


def attached(server: Server) -> DatabaseTestEnvironment:
    return DatabaseTestEnvironment([server.backend.name], options(server))


def databases(server: Server) -> list[str]:
    return server.administration.run(server.backend.databases)


@pytest.fixture
def create(foreign: Server) -> Iterator[Callable[[str], None]]:
    """Create a database as its owner would, and drop it in the end if it is still there."""
    made: list[str] = []

    def execute(words: str, name: str) -> None:
        def work(connection: Connection) -> None:
            connection.execute(text(f"{words} {quoted(connection, name)}"))

        foreign.administration.run(work)

    def created(name: str) -> None:
        execute("CREATE DATABASE", name)
        made.append(name)

    yield created
    for name in made:
        execute("DROP DATABASE IF EXISTS", name)


def dead() -> Owner:
    """A process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return Owner(process.pid, 0.0, host())


def test_every_driver_leases_there_and_nothing_stays(foreign: Server) -> None:
    with attached(foreign) as environment:
        run = next(iter(runs()))
        assert {target.driver for target in environment.targets} == {
            driver.name for driver in foreign.backend.drivers
        }
        for target in environment.targets:
            with environment.lease(target, application) as database:
                assert database.url.database in databases(foreign)
        assert [name for name in databases(foreign) if run in name]
    assert not [name for name in databases(foreign) if run in name]
    assert not runs()


def test_databases_of_others_stay(foreign: Server, create: Callable[[str], None]) -> None:
    others = {f"shop_{secrets.token_hex(4)}", database_name(secrets.token_hex(4), 1)}
    for name in others:
        create(name)
    with attached(foreign) as environment:
        with environment.lease(environment.targets[0], application):
            pass
        assert not reaper.reap(environment.options)
    assert others <= set(databases(foreign))


def test_database_of_somebody_else_is_never_dropped(
    foreign: Server, create: Callable[[str], None]
) -> None:
    name = f"shop_{secrets.token_hex(4)}"
    create(name)
    with attached(foreign) as environment:
        administration = environment.server(environment.targets[0]).administration
        with pytest.raises(DatabaseForeign, match=f"'{name}' was not made by dbparity"):
            administration.drop(name)
    assert name in databases(foreign)


def test_databases_of_a_killed_run_are_reaped(
    foreign: Server, create: Callable[[str], None]
) -> None:
    run = replace(Run.begin(), owner=dead())
    run.write()
    run.attach(foreign.url.render_as_string(hide_password=True))
    name, other = database_name(run.id, 1), database_name(secrets.token_hex(4), 1)
    create(name)
    create(other)
    found = [(one.leftover.kind, one.leftover.run) for one in reaper.reap(options(foreign))]
    assert found == [("database", run.id), ("run", run.id)]
    assert name not in databases(foreign)
    assert other in databases(foreign)


def test_server_runs_on_when_the_run_ends(foreign: Server) -> None:
    for _ in range(2):
        with attached(foreign) as environment:
            assert environment.states[0].provider == "url"
    assert databases(foreign)


def test_password_is_neither_on_record_nor_in_what_is_shown(foreign: Server, state: Path) -> None:
    with attached(foreign) as environment:
        (record,) = state.glob("*.json")
        written = record.read_text()
        shown = [repr(vars(environment)), repr(environment.options), repr(environment.states)]
    assert foreign.url.render_as_string(hide_password=True) in written
    assert password_of(foreign.url) not in "".join([written, *shown])


def test_refused_login_is_a_reason_without_the_password(foreign: Server) -> None:
    url = foreign.url.set(password="guessed")
    wanted = [foreign.backend.name]
    with DatabaseTestEnvironment(wanted, options(foreign, url, patience=timedelta())) as made:
        reasons = set(made.missing.values())
        assert not made.targets
        assert [run.attached for run in runs().values()] == [()]
    (reason,) = reasons
    assert reason.startswith("url: no login to ")
    assert "guessed" not in reason


def test_server_of_another_version_is_refused(foreign: Server) -> None:
    wanted = [f"{foreign.backend.name}@1"]
    with DatabaseTestEnvironment(wanted, options(foreign)) as environment:
        (reason,) = set(environment.missing.values())
    assert reason == (
        f"url: it is {foreign.version} where 1 is wanted; correct the URL or the image"
    )


@pytest.fixture
def durable(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server with the settings of its packagers."""
    choose(pytestconfig, "postgresql")
    with ExitStack() as stack, monkeypatch.context() as patched:
        patched.setattr(PostgreSQL, "service", DurableService())
        offer = EmbeddedProvider(options_of(pytestconfig)).find(load_backend("postgresql"), "")
        run = Run.begin()
        stack.callback(run.end)
        running = offer.start(run)  # type: ignore[union-attr]  # the wheel is a test dependency
        stack.callback(running.stop)
        patched.undo()
        yield running


def test_server_that_waits_for_a_disk_is_used_as_it_is(durable: Running) -> None:
    url = durable.url.render_as_string(hide_password=False)
    made = ServerOptions(urls={"postgresql": url}, providers=("url",))
    with DatabaseTestEnvironment(["postgresql+psycopg"], made) as environment:
        (target,) = environment.targets
        server = environment.server(target)
        assert server.administration.run(server.backend.volatile)["fsync"] == ("off", "on")
        with environment.lease(target, application) as database:
            assert database.safe_url.endswith(str(database.url.database))
