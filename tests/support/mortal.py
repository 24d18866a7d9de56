"""Servers that can be killed, and come back with what was committed."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import docker
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from dbparity.backends.base import load_backend, quoted
from dbparity.servers.base import free_port, generate_credentials
from dbparity.servers.container import LABEL, ContainerBody
from dbparity.servers.ledger import Run
from tests.support.serving import image_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from dbparity.backends.base import Backend

# What was committed is handed to the machine, which is not killed; it need not be on the disk.
_MYSQL = (
    *("--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--character-set-server=utf8mb4"),
    *("--innodb-buffer-pool-size=64M", "--performance-schema=OFF"),
)
_ARGUMENTS = {
    "postgresql": ("-c", "fsync=off", "-c", "autovacuum=off"),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}
_PATIENCE = 90


@dataclass(frozen=True)
class Mortal:
    """A server in a container that keeps its data.

    Attributes:
        url: of a login that may do anything, with the backend's sync driver; it never changes.
    """

    backend: Backend
    url: URL
    container: Any

    @property
    def body(self) -> ContainerBody:
        """To be frozen."""
        return ContainerBody(self.container)

    def kill(self) -> None:
        """Send SIGKILL to the server; it is gone when this returns."""
        self.body.kill()

    def revive(self) -> None:
        """Start it again, and wait for a login; one that is alive is killed before."""
        self.body.restart()
        self.await_login()

    def await_login(self) -> None:
        """Wait for the first login."""
        engine = create_engine(self.url)
        for attempt in Retrying(
            stop=stop_after_delay(_PATIENCE),
            wait=wait_fixed(0.05),
            retry=retry_if_exception_type(DBAPIError),
            reraise=True,
        ):
            with attempt, engine.connect():
                pass
        engine.dispose()

    def make(self, name: str) -> URL:
        """A new database, or a new one in the place of an old one."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted(connection, name)}")
            self.backend.create_database(connection, name)
        engine.dispose()
        return self.url.set(database=name)


@dataclass(frozen=True)
class Disk:
    """A small disk, which lives as long as the container that fills and frees it.

    Attributes:
        volume: its name.
        folder: where it is mounted.
    """

    volume: str
    folder: str
    keeper: Any

    def fill(self, room: int) -> None:
        """Leave only so many megabytes."""
        self._execute(f"cat /dev/zero > {self._filler} || truncate -s -{room}M {self._filler}")

    def free(self) -> None:
        """Give back what `fill` took."""
        self._execute(f"rm {self._filler}")

    @property
    def _filler(self) -> str:
        return f"{self.folder}/filler"

    def _execute(self, command: str) -> None:
        code, said = self.keeper.exec_run(["sh", "-c", command], user="root")
        assert code == 0, said


@contextmanager
def small_disk(config: pytest.Config, server: str, size: str) -> Iterator[Disk]:
    """A disk for the data of a server; its size is spelled as ``300m``."""
    image = image_of(config, server)
    service = load_backend(server.split("@", maxsplit=1)[0]).service
    assert service is not None
    with ExitStack() as stack:
        run = Run.begin()
        stack.callback(run.end)
        client = docker.from_env()
        stack.callback(client.close)
        options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={size}"}
        volume = client.volumes.create(f"dbparity-{run.id}", driver_opts=options)
        stack.callback(volume.remove, force=True)
        keeper = client.containers.create(
            image,
            entrypoint=["sleep", "infinity"],
            labels={LABEL: run.id},
            volumes=[f"{volume.name}:{service.data}"],
        )
        stack.callback(keeper.remove, force=True, v=True)
        keeper.start()
        yield Disk(volume.name, service.data, keeper)


@contextmanager
def mortal(
    config: pytest.Config, server: str, disk: Disk | None = None, arguments: Sequence[str] = ()
) -> Iterator[Mortal]:
    """A server such as ``postgresql@17``, which is gone at the end, dead or alive."""
    image = image_of(config, server)
    backend = load_backend(server.split("@", maxsplit=1)[0])
    service = backend.service
    assert service is not None
    credentials, port = generate_credentials(service), free_port()
    url = URL.create(
        backend.name,
        credentials.user,
        credentials.password,
        os.environ.get("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"),
        port,
        credentials.database,
    )
    with ExitStack() as stack:
        run = Run.begin()
        stack.callback(run.end)
        client = docker.from_env()
        stack.callback(client.close)
        container = client.containers.create(
            image,
            command=[*_ARGUMENTS[backend.name], *arguments],
            environment=service.environment(credentials),
            labels={LABEL: run.id},
            volumes=[f"{disk.volume}:{disk.folder}"] if disk else [],
            # Of its own choice, so that it is the same when the container starts again.
            ports={f"{service.port}/tcp": ("127.0.0.1", port)},
        )
        stack.callback(container.remove, force=True, v=True)
        made = Mortal(backend, backend.synchronous(url), container)
        made.revive()
        yield made
