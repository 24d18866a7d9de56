from __future__ import annotations

import sys

import pytest
from docker.errors import APIError

from dbparity.backends.postgresql import PostgreSQL
from dbparity.backends.sqlite import SQLite
from dbparity.servers.base import ServerOptions, Unavailable
from dbparity.servers.container import ContainerProvider, _remove


@pytest.fixture
def provider() -> ContainerProvider:
    return ContainerProvider(ServerOptions())


@pytest.mark.parametrize("module", ["docker", "testcontainers"])
def test_missing_package_is_named_with_the_extra_that_brings_it(
    provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert provider.find(PostgreSQL(), "17") == Unavailable(
        "testcontainers is not installed", "pip install 'dbparity[containers]'"
    )


@pytest.mark.parametrize(
    "host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense://"]
)
def test_engine_that_does_not_answer_is_a_reason_to_go_on(
    provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    found = provider.find(PostgreSQL(), "17")
    assert isinstance(found, Unavailable)
    assert found.reason.startswith("no Docker engine answers: ")
    assert found.cure == "start Docker"


def test_nothing_is_left_where_no_engine_answers(
    provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert not list(provider.leftovers())


def test_files_have_no_container(provider: ContainerProvider) -> None:
    assert provider.find(SQLite(), "") is None


@pytest.mark.parametrize(
    ("images", "version", "image"),
    [
        ({}, "17", "postgres:17"),
        ({}, "", "postgres:18"),
        ({"postgresql@17": "mine:17"}, "17", "mine:17"),
        ({"postgresql": "mine"}, "17", "mine"),
        ({"postgresql@15": "mine:15"}, "", "mine:15"),
        ({"postgresql@15": "mine:15"}, "17", "postgres:17"),
    ],
)
def test_image_is_the_configured_one_or_the_public_one(
    images: dict[str, str], version: str, image: str
) -> None:
    provider = ContainerProvider(ServerOptions(images=images))
    service = PostgreSQL.service
    assert service is not None
    assert provider._image("postgresql", service, version) == image


class Leaving:
    """A container that somebody else has begun to remove."""

    def __init__(self) -> None:
        self.awaited = ""

    def remove(self, **_: bool) -> None:
        message = "removal of container is already in progress"
        raise APIError(message)

    def wait(self, *, condition: str, timeout: int) -> None:
        assert timeout > 0
        self.awaited = condition


def test_a_container_that_is_being_removed_is_waited_for() -> None:
    container = Leaving()
    _remove(container)
    assert container.awaited == "removed"
