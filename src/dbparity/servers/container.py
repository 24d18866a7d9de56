"""Servers in containers, by testcontainers' generic container.

Neither the library's own database containers nor its reaper are used: readiness is a login over
TCP, and leftovers are found by their label, on any image.
"""

from __future__ import annotations

import shlex
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import URL

from dbparity.errors import ServerFailed
from dbparity.servers.base import (
    Leftover,
    Offer,
    Provider,
    Running,
    Unavailable,
    configured,
    generate_credentials,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docker import DockerClient

    from dbparity.backends.base import Backend, Service
    from dbparity.servers.ledger import Run

LABEL = "dbparity.run"


class ContainerProvider(Provider):
    """Starts containers on a Docker engine, published on the loopback only."""

    name: ClassVar[str] = "container"

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """The configured image, or the public one of that version."""
        if backend.service is None:
            return None
        if isinstance(self._engine, Unavailable):
            return self._engine
        image = self._image(backend.name, backend.service, version)
        service = backend.service
        return Offer(
            self.name,
            image,
            lambda run: _start(backend.name, service, image, run),
            reusable=True,
        )

    def leftovers(self) -> Iterable[Leftover]:
        """Every container with dbparity's label."""
        if isinstance(self._engine, Unavailable):
            return
        for container in self._engine.containers.list(all=True, filters={"label": LABEL}):
            remove = _Removal(container)
            yield Leftover("container", str(container.name), container.labels[LABEL], remove)

    @cached_property
    def _engine(self) -> DockerClient | Unavailable:
        try:
            import docker  # noqa: PLC0415  # an extra
        except ImportError:
            return Unavailable(
                "testcontainers is not installed", "pip install 'dbparity[containers]'"
            )
        try:
            client = docker.from_env(timeout=60)
            client.ping()
        except docker.errors.DockerException as error:
            return Unavailable(f"no Docker engine answers: {error}", "start Docker")
        return client

    def _image(self, backend: str, service: Service, version: str) -> str:
        for candidate in (version,) if version else service.versions:
            image = configured(self.options.images, backend, candidate)
            if image is not None:
                return image
        return service.image.format(version=version or service.versions[0])


class _Removal:
    def __init__(self, container: Any) -> None:  # noqa: ANN401  # docker's, untyped
        self.container = container

    def __call__(self) -> None:
        self.container.remove(force=True, v=True)


def _start(backend: str, service: Service, image: str, run: Run) -> Running:
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415  # an extra
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    testcontainers_config.ryuk_disabled = True
    credentials = generate_credentials(service)
    container = (
        DockerContainer(image, command=shlex.join(service.arguments))
        .with_kwargs(labels={LABEL: run.id})
        .with_tmpfs_mount(service.data)
    )
    container.env.update(service.environment(credentials))
    # The library knows ports only; the engine also takes an address to publish on.
    cast("dict[str, Any]", container.ports)[f"{service.port}/tcp"] = ("127.0.0.1", None)
    try:
        container.start()
    except Exception as error:  # whatever the engine, the registry or the library says
        container.stop()
        raise ServerFailed(image, "it cannot be started", [str(error)]) from error
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    url = URL.create(
        backend,
        credentials.user,
        credentials.password,
        testcontainers_config.tc_host_override or "127.0.0.1",
        int(cast("dict[str, Any]", wrapped.ports)[f"{service.port}/tcp"][0]["HostPort"]),
        credentials.database,
    )
    return Running(url, container.stop, alive=lambda: _alive(wrapped, image))


def _alive(container: Any, image: str) -> None:  # noqa: ANN401  # docker's, untyped
    container.reload()
    if container.status in {"exited", "dead"}:
        last = container.logs(tail=3).decode(errors="replace").strip().splitlines()
        raise ServerFailed(image, container.status, last)
