"""What holds of every server that dbparity starts, whichever provider starts it."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import psutil
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError

from dbparity.applications import Application
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import records
from dbparity.targets import Target, covers
from tests.support.serving import (
    choose,
    connected,
    containers,
    lacking,
    options_of,
    password_of,
    processes,
    program_of,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.servers.database import Database
    from dbparity.servers.environment import Served

pytestmark = pytest.mark.server

PLACES = (
    ("container", "postgresql@15"),
    ("container", "postgresql@17"),
    ("container", "postgresql@18"),
    ("container", "mysql@9"),
    ("container", "mariadb@10"),
    ("container", "mariadb@11"),
    ("native", "postgresql"),
    ("native", "mariadb"),
    ("extracted", "mysql@9"),
    ("embedded", "postgresql"),
)
metadata = MetaData()
notes = Table("notes", metadata, Column("id", Integer, primary_key=True))
application = Application("tests:notes", metadata)
contained, running = (
    pytest.mark.parametrize("place", places, indirect=True, ids="-".join)
    for places in (
        [place for place in PLACES if place[0] == "container"],
        [place for place in PLACES if place[0] != "container"],
    )
)


@dataclass(frozen=True)
class Place:
    """A server that a test looks at, and all that run beside it."""

    environment: DatabaseTestEnvironment
    served: Served
    targets: tuple[Target, ...]

    @property
    def run(self) -> str:
        """The run in whose name it was started."""
        return self.served.server.run.id


@pytest.fixture(scope="module")
def start(
    pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], DatabaseTestEnvironment]]:
    """Start all servers of a provider at once, at the first test of one."""
    backends = {target.backend for target in settings_of(pytestconfig).targets}

    @cache
    def started(provider: str) -> DatabaseTestEnvironment:
        options = options_of(pytestconfig, provider)
        if provider == "extracted":
            folder = request.getfixturevalue("mysqld")
            options = options_of(pytestconfig, "native", folders=(folder,))
        wanted = [
            server
            for place, server in PLACES
            if place == provider and Target.parse(server).backend in backends
        ]
        return stack.enter_context(DatabaseTestEnvironment(wanted, options))

    with ExitStack() as stack:
        yield started


@pytest.fixture(scope="module", params=PLACES, ids="-".join)
def place(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    start: Callable[[str], DatabaseTestEnvironment],
) -> Place:
    provider, server = request.param
    wanted = choose(pytestconfig, server)
    if provider == "native":
        program_of(pytestconfig, wanted)
    environment = start(provider)
    for target, reason in environment.missing.items():
        if target.matches(wanted):
            lacking(pytestconfig, reason)
    targets = tuple(target for target in environment.targets if target.matches(wanted))
    return Place(environment, environment._served[targets[0]], targets)


def port_of(place: Place) -> int:
    return place.served.running.url.port or 0


def container_of(place: Place) -> dict[str, object]:
    """What Docker tells of the container that publishes the server's port."""
    for container in containers(place.run):
        inspected: dict[str, object] = container.attrs
        if f'"HostPort": "{port_of(place)}"' in json.dumps(inspected["NetworkSettings"]):
            return inspected
    raise LookupError(place.run)


def outside() -> list[str]:
    """This machine's addresses, but for the loopback's."""
    every = [one for addresses in psutil.net_if_addrs().values() for one in addresses]
    found = [one.address for one in every if one.family == socket.AF_INET]
    return [address for address in found if not address.startswith("127.")]


def add(database: Database) -> int:
    with database.engine.begin() as connection:
        connection.execute(insert(notes).values(id=7))
        return int(connection.scalars(select(notes.c.id)).one())


def test_server_is_of_the_version_that_was_wanted(place: Place) -> None:
    for target in place.targets:
        assert covers(target.version, place.served.server.version)


def test_every_driver_reaches_it(place: Place) -> None:
    assert {target.driver for target in place.targets} == {
        driver.name for driver in place.served.server.backend.drivers
    }
    for target in place.targets:
        with place.environment.lease(target, application) as database:
            assert database.run(add) == 7, target


def test_server_would_not_wait_for_a_disk(place: Place) -> None:
    server = place.served.server
    settings = server.administration.run(server.backend.volatile)
    assert settings
    assert {name: actual for name, (_, actual) in settings.items()} == {
        name: wanted for name, (wanted, _) in settings.items()
    }


def test_server_is_reached_on_the_loopback_only(place: Place) -> None:
    for address in outside():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port_of(place)), timeout=5)
    socket.create_connection(("127.0.0.1", port_of(place)), timeout=5).close()


def test_password_is_in_nothing_that_is_shown(place: Place) -> None:
    server = place.served.server
    shown = [
        repr(vars(place.environment)),
        repr(vars(server)),
        repr(place.environment.states),
        repr(place.environment.urls),
        (records() / f"{place.run}.json").read_text(),
    ]
    with place.environment.lease(place.targets[0]) as database:
        shown += [repr(database), database.safe_url]
    assert str(place.targets[0]) in repr(place.environment.states)
    assert password_of(server.url) not in "".join(shown)


def test_server_answers_nobody_without_its_password(place: Place) -> None:
    server = place.served.server
    driver = server.backend.drivers[0]
    url = server.url.set(drivername=f"{server.backend.name}+{driver.name}", password="guessed")
    with pytest.raises(DBAPIError):
        connected(url).__enter__()


def test_password_is_on_no_command_line(place: Place) -> None:
    words = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert password_of(place.served.server.url) not in str(words)


@contained
def test_container_tells_its_password_to_its_server_alone(place: Place) -> None:
    inspected = container_of(place)
    inspected["Config"] = {**inspected["Config"], "Env": []}  # type: ignore[dict-item]
    assert password_of(place.served.server.url) not in json.dumps(inspected)


@contained
def test_container_publishes_one_port_on_the_loopback(place: Place) -> None:
    network = container_of(place)["NetworkSettings"]
    published = [one for each in network["Ports"].values() for one in each or ()]  # type: ignore[index]
    assert published == [{"HostIp": "127.0.0.1", "HostPort": str(port_of(place))}]


@contained
def test_data_of_a_container_is_in_memory(place: Place) -> None:
    server = place.served.server
    assert server.backend.service is not None
    query = "SHOW data_directory" if server.backend.name == "postgresql" else "SELECT @@datadir"
    data = server.administration.run(lambda connection: connection.scalar(text(query)))
    assert str(data).startswith(server.backend.service.data)
    host = container_of(place)["HostConfig"]
    assert list(host["Tmpfs"]) == [server.backend.service.data]  # type: ignore[index]


@contained
def test_versions_of_one_product_run_side_by_side(place: Place) -> None:
    beside = [
        served.server
        for served in dict.fromkeys(place.environment._served.values())
        if served.server.backend.name == place.served.server.backend.name
    ]
    name = place.served.server._next_name()
    place.served.server.administration.create(name)
    holding = [server for server in beside if name in server.administration.names()]
    place.served.server.administration.drop(name)
    assert holding == [place.served.server]
    assert len({server.version for server in beside}) == len(beside)


@running
def test_process_is_marked_with_its_run(place: Place) -> None:
    listening = {
        connection.laddr.port
        for process in processes(place.run)
        for connection in process.net_connections("inet")
    }
    assert port_of(place) in listening


@running
def test_process_has_not_the_rights_of_a_superuser(place: Place) -> None:
    owners = {process.uids().effective for process in processes(place.run)}
    assert owners
    assert 0 not in owners


@running
def test_data_of_a_process_is_in_the_folder_of_its_run(place: Place) -> None:
    server = place.served.server
    query = "SHOW data_directory" if server.backend.name == "postgresql" else "SELECT @@datadir"
    data = server.administration.run(lambda connection: connection.scalar(text(query)))
    assert str(data).startswith(f"{server.run.folder}/")
