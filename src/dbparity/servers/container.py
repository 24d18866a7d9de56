"""Servers in containers, by testcontainers' generic container.

Neither the library's own database containers nor its reaper are used: readiness is a login over
TCP, and leftovers are found by their label, on any image.
"""

from __future__ import annotations

import os
import shlex
import socket
from contextlib import ExitStack, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import URL

from dbparity.errors import ServerFailed
from dbparity.servers.base import (
    OBEYED,
    Body,
    Leftover,
    Offer,
    Provider,
    Running,
    Unavailable,
    configured,
    free_port,
    generate_credentials,
    service_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docker import DockerClient
    from testcontainers.core.container import DockerContainer

    from dbparity.backends.base import Backend, Service
    from dbparity.servers.ledger import Run

LABEL = "dbparity.run"
_REMOVAL_SECONDS = 60


class ContainerProvider(Provider):
    """Starts containers on a Docker engine, published on the loopback only."""

    name: ClassVar[str] = "container"

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """The configured image, or the public one of that version."""
        service, durable = service_of(backend, self.options), self.options.durable
        if service is None:
            return None
        if isinstance(self._engine, Unavailable):
            return self._engine
        image = self._image(backend.name, service, version)
        return Offer(
            self.name,
            image,
            lambda run: _start(backend.name, service, image, run, durable=durable),
            reusable=not durable,
        )

    def leftovers(self) -> Iterable[Leftover]:
        """Every container with dbparity's label."""
        if isinstance(self._engine, Unavailable):
            return
        containers = self._engine.containers
        for container in containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
            remove = partial(_remove, container)
            yield Leftover("container", str(container.name), container.labels[LABEL], remove)

    @cached_property
    def _engine(self) -> DockerClient | Unavailable:
        try:
            import docker  # noqa: PLC0415  # an extra
            import testcontainers  # noqa: F401, PLC0415
            from docker.utils import parse_host  # noqa: PLC0415
        except ImportError:
            return Unavailable(
                "testcontainers is not installed", "pip install 'dbparity[containers]'"
            )
        try:
            _knock(str(parse_host(os.environ.get("DOCKER_HOST"))))
            return docker.from_env(timeout=60)
        except (docker.errors.DockerException, OSError) as error:
            return Unavailable(f"no Docker engine answers: {error}", "start Docker")

    def _image(self, backend: str, service: Service, version: str) -> str:
        for candidate in (version,) if version else service.versions:
            image = configured(self.options.images, backend, candidate)
            if image is not None:
                return image
        return service.image.format(version=version or service.versions[0])


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: Docker's client would leave its socket open then."""
    scheme, _, path = address.partition("://")
    if scheme == "http+unix":
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)


def _remove(container: Any) -> None:  # noqa: ANN401  # docker's, untyped
    from docker.errors import APIError, NotFound  # noqa: PLC0415  # an extra

    with suppress(NotFound):
        try:
            container.remove(force=True, v=True)
        except APIError:
            # Somebody else is removing it.
            container.wait(condition="removed", timeout=_REMOVAL_SECONDS)


class ContainerBody(Body):
    """A server in a container."""

    def __init__(self, container: Any) -> None:  # noqa: ANN401  # docker's, untyped
        """Be the server of a container that runs."""
        self._container = container

    def freeze(self, *, sessions: bool = True) -> None:
        """Pause the container, or stop its first process."""
        if sessions:
            self._container.pause()
        else:
            self._container.kill(signal="STOP")
            OBEYED(self._is_stopped)

    def thaw(self) -> None:
        """Undo either."""
        self._container.reload()
        if self._container.status == "paused":
            self._container.unpause()
        else:
            self._container.kill(signal="CONT")

    def kill(self) -> None:
        """Send SIGKILL to its first process, with which all others end."""
        self._container.kill(signal="KILL")
        self._container.wait()

    def restart(self) -> None:
        """Start the container again; one that is alive is killed before."""
        self._container.restart(timeout=0)

    def _is_stopped(self) -> bool:
        _, status = self._container.exec_run(["cat", "/proc/1/status"])
        return b"State:\tT" in status


def _start(backend: str, service: Service, image: str, run: Run, *, durable: bool) -> Running:
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415  # an extra
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    testcontainers_config.ryuk_disabled = True
    credentials = generate_credentials(service)
    port = f"{service.port}/tcp"
    with ExitStack() as undo:
        try:
            container = DockerContainer(image, command=shlex.join(service.arguments))
            container = container.with_kwargs(labels={LABEL: run.id})
            if not durable:
                container = container.with_tmpfs_mount(service.data)
            undo.callback(container.stop)
            container.env.update(service.environment(credentials))
            # The library knows ports only; the engine also takes an address to publish on. A port
            # of the engine's choice would be another one after a restart.
            wanted = free_port() if durable else None
            cast("dict[str, Any]", container.ports)[port] = ("127.0.0.1", wanted)
            wrapped = container.start().get_wrapped_container()
        except Exception as error:  # whatever the engine, the registry or the library says
            raise ServerFailed(image, "it cannot be started", [str(error)]) from error
        _alive(wrapped, image)
        undo.pop_all()
    url = URL.create(
        backend,
        credentials.user,
        credentials.password,
        testcontainers_config.tc_host_override or "127.0.0.1",
        int(cast("dict[str, Any]", wrapped.ports)[port][0]["HostPort"]),
        credentials.database,
    )
    return Running(
        url,
        partial(_stop, container),
        alive=lambda: _alive(wrapped, image),
        body=ContainerBody(wrapped),
    )


def _stop(container: DockerContainer) -> None:
    _remove(container.get_wrapped_container())
    container.get_docker_client().client.close()


def _alive(container: Any, image: str) -> None:  # noqa: ANN401  # docker's, untyped
    container.reload()
    if container.status in {"exited", "dead"}:
        last = container.logs(tail=3).decode(errors="replace").strip().splitlines()
        raise ServerFailed(image, container.status, last)
