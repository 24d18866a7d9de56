"""Servers that do not start or do not suit are refused, and none leaves anything."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from dbparity.backends.postgresql import PostgreSQL, PostgreSQLService
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import runs
from tests.support.serving import (
    choose,
    containers,
    image_of,
    options_of,
    password_of,
    processes,
    refusal,
    serving,
    starting,
    wanting,
)

if TYPE_CHECKING:
    from dbparity.backends.base import Service

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("state")]

PROVIDERS = ("container", "embedded")
SEGMENTS = Path("/proc/sysvipc/shm")


class DurableService(PostgreSQLService):
    """As its packagers set it."""

    arguments: ClassVar[tuple[str, ...]] = ()


class DyingService(PostgreSQLService):
    """One that is told what it does not know."""

    arguments: ClassVar[tuple[str, ...]] = ("-c", "no_such_setting=1")


class Durable(PostgreSQL):
    service: ClassVar[Service | None] = DurableService()


class Dying(PostgreSQL):
    service: ClassVar[Service | None] = DyingService()


def own(config: pytest.Config, backend: PostgreSQL, provider: str) -> DatabaseTestEnvironment:
    """An environment with a server as ``backend`` has it started."""
    choose(config, "postgresql")
    if provider == "container":
        image_of(config, "postgresql@17")
    return wanting(backend, options_of(config, provider))


def segments(makers: set[int]) -> list[str]:
    """The segments of shared memory that processes made, by their numbers."""
    lines = SEGMENTS.read_text().splitlines()[1:] if SEGMENTS.exists() else []
    return [line for line in lines if int(line.split()[4]) in makers]


@pytest.mark.parametrize(
    ("provider", "server"),
    [
        ("container", "postgresql@17"),
        ("container", "mariadb@11"),
        ("native", "postgresql"),
        ("native", "mariadb"),
        ("embedded", "postgresql"),
    ],
)
def test_nothing_is_left_of_a_server_that_was_stopped(
    pytestconfig: pytest.Config, provider: str, server: str
) -> None:
    with serving(pytestconfig, starting(pytestconfig, server, provider)) as running:
        run = running.run
        pids = {process.pid for process in processes(run.id)}
        assert containers(run.id) or pids
    assert not containers(run.id)
    assert not processes(run.id)
    assert not segments(pids)
    assert not Path(run.folder).exists()
    assert not runs()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.url.port or 0))


def test_server_that_was_killed_is_stopped_without_a_complaint(
    pytestconfig: pytest.Config,
) -> None:
    with serving(pytestconfig, starting(pytestconfig, "postgresql", "embedded")) as server:
        for process in processes(server.run.id):
            process.kill()
            process.wait(timeout=20)
    assert not runs()


def test_servers_of_one_program_run_side_by_side(pytestconfig: pytest.Config) -> None:
    with (
        serving(pytestconfig, starting(pytestconfig, "postgresql", "embedded")) as one,
        serving(pytestconfig, starting(pytestconfig, "postgresql", "embedded")) as other,
    ):
        assert one.url.port != other.url.port
        assert one.url.password != other.url.password
        name = one._next_name()
        one.administration.create(name)
        assert (name in one.administration.names(), name in other.administration.names()) == (
            True,
            False,
        )


def test_image_of_another_version_is_refused(pytestconfig: pytest.Config) -> None:
    images = {"postgresql@17": image_of(pytestconfig, "postgresql@15")}
    environment = starting(pytestconfig, "postgresql@17", "container", images=images)
    assert "it is 15." in (reason := refusal(environment))
    assert "where 17 is wanted; correct the URL or the image" in reason


def test_image_that_cannot_be_had_is_named(pytestconfig: pytest.Config) -> None:
    images = {"postgresql@17": "127.0.0.1:1/nowhere/postgres:17"}
    environment = starting(pytestconfig, "postgresql@17", "container", images=images)
    reason = refusal(environment)
    assert reason.startswith(f"container: {images['postgresql@17']} did not start")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_server_that_dies_is_refused_with_its_last_words(
    pytestconfig: pytest.Config, provider: str
) -> None:
    reason = refusal(own(pytestconfig, Dying(), provider))
    assert 'unrecognized configuration parameter "no_such_setting"' in reason


@pytest.mark.parametrize("provider", PROVIDERS)
def test_server_that_would_wait_for_a_disk_is_refused(
    pytestconfig: pytest.Config, provider: str
) -> None:
    reason = refusal(own(pytestconfig, Durable(), provider))
    assert "fsync" in reason


@pytest.mark.parametrize("provider", PROVIDERS)
def test_server_that_does_not_answer_in_time_is_refused_without_its_password(
    pytestconfig: pytest.Config, provider: str
) -> None:
    server = "postgresql@17" if provider == "container" else "postgresql"
    environment = starting(pytestconfig, server, provider, patience=timedelta())
    assert "no login to postgresql://dbparity:***@127.0.0.1" in refusal(environment)


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser changes accounts")
def test_program_that_the_servers_account_cannot_reach_is_refused(
    pytestconfig: pytest.Config, mysqld: Path, tmp_path: Path
) -> None:
    (tmp_path / "mysqld").write_bytes((mysqld / "mysqld").read_bytes())
    (tmp_path / "mysqld").chmod(0o755)
    environment = DatabaseTestEnvironment(
        ["mysql@9"], options_of(pytestconfig, "native", folders=(tmp_path,))
    )
    assert "may not run it" in refusal(environment)


def test_account_of_the_server_alone_reads_its_password(pytestconfig: pytest.Config) -> None:
    with serving(pytestconfig, starting(pytestconfig, "postgresql", "embedded")) as server:
        files = [path for path in Path(server.run.folder).glob("postgresql-*/*") if path.is_file()]
        holding = [path for path in files if password_of(server.url) in path.read_text()]
        assert holding
        assert {path.stat().st_mode & 0o077 for path in holding} == {0}
