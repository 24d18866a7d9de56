"""Real servers for tests of the room that provides them."""

from __future__ import annotations

import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import docker
import psutil
import pytest
from sqlalchemy import create_engine

from dbparity.backends.base import load_backend
from dbparity.errors import ServerUnavailable
from dbparity.pytest_state import STATE
from dbparity.servers.base import Offer, ServerOptions, Unavailable
from dbparity.servers.container import LABEL, ContainerProvider
from dbparity.servers.environment import DatabaseTestEnvironment, Wish
from dbparity.servers.ledger import RUN_VARIABLE, Run
from dbparity.servers.native import NativeProvider
from dbparity.servers.valkey import valkey
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from dbparity.backends.base import Backend
    from dbparity.servers.database import Database
    from dbparity.servers.server import Server
    from dbparity.settings import Settings

# A program finds its libraries through its loader, and says which before it starts.
_COPY = """
mkdir /programs
cp -L "$(command -v {program})" \
    $(LD_TRACE_LOADED_OBJECTS=1 {program} | grep -o '/[^ ]*') /programs
"""
_WRAPPER = """#!/bin/sh
exec {loader} --library-path {libraries} {libraries}/{program} "$@"
"""
_HAS_PART = {
    "ICU": "SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'",
    "XML": "SELECT 1 FROM pg_config WHERE position('--with-libxml' in setting) > 0",
}


def settings_of(config: pytest.Config) -> Settings:
    """The settings of the test run, with the targets that were chosen for it."""
    return config.stash[STATE].settings


def options_of(config: pytest.Config, *providers: str, **options: Any) -> ServerOptions:  # noqa: ANN401
    """The images of the test run, from ``providers`` alone."""
    made = replace(settings_of(config).server_options, urls={}, folders=(), reuse=False)
    return replace(made, providers=providers, **options)


def lacking(config: pytest.Config, reason: str) -> NoReturn:
    """End a test that lacks its server: as the plugin does for a missing target."""
    if settings_of(config).require:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def needs_part(config: pytest.Config, database: Database, part: str) -> None:
    """End a test whose PostgreSQL was built without XML or ICU, as those of wheels are."""
    if database.backend.name != "postgresql":
        return
    engine = database.backend.writer(database.url)
    try:
        with engine.connect() as connection:
            if not connection.exec_driver_sql(_HAS_PART[part]).first():
                lacking(config, f"{database.target.server} was built without {part}")
    finally:
        engine.dispose()


def choose(config: pytest.Config, server: str) -> Target:
    """The target for ``server``, unless the test run is on other backends only."""
    target = Target.parse(server)
    if target.backend not in {chosen.backend for chosen in settings_of(config).targets}:
        pytest.skip(f"{target.backend} is not among the chosen targets")
    return target


def program_of(config: pytest.Config, target: Target) -> str:
    """The program of this machine for a target; it is a target that is required, not a program."""
    found = NativeProvider(options_of(config)).find(load_backend(target.backend), target.version)
    if not isinstance(found, Offer):
        pytest.skip(str(found))
    return found.description


def starting(
    config: pytest.Config, server: str, *providers: str, **options: object
) -> DatabaseTestEnvironment:
    """An environment that wants a server of its own for a test, and has not begun."""
    wanted = choose(config, server)
    if providers == ("native",):
        program_of(config, wanted)
    if providers == ("container",):
        image_of(config, server)
    return DatabaseTestEnvironment([wanted], options_of(config, *providers, **options))


@contextmanager
def serving(config: pytest.Config, environment: DatabaseTestEnvironment) -> Iterator[Server]:
    """The only server of an environment that has not begun."""
    with environment:
        for reason in environment.missing.values():
            lacking(config, reason)
        yield environment.server(environment.targets[0])


@contextmanager
def serving_valkey(config: pytest.Config) -> Iterator[URL]:
    """A Valkey server of a run of its own."""
    run = Run.begin()
    try:
        with valkey(run, options_of(config, "container", "native")) as url:
            yield url
    except ServerUnavailable as error:
        lacking(config, str(error))
    finally:
        run.end()


def refusal(environment: DatabaseTestEnvironment) -> str:
    """Why there is no server; what was begun for it is gone already."""
    with environment:
        assert not environment.targets
        run = environment._run
        assert run is not None
        assert not containers(run.id)
        assert not processes(run.id)
        (reason,) = set(environment.missing.values())
        return reason


def wanting(backend: Backend, options: ServerOptions) -> DatabaseTestEnvironment:
    """An environment that wants a server of a ``backend`` that no package declares."""
    environment = DatabaseTestEnvironment([], options)
    environment.wishes = (Wish(backend, "", backend.drivers[:1]),)
    return environment


def image_of(config: pytest.Config, server: str) -> str:
    """The image of a server."""
    target = choose(config, server)
    provider = ContainerProvider(options_of(config, "container"))
    offer = provider.find(load_backend(target.backend), target.version)
    if not isinstance(offer, Offer):
        lacking(config, str(offer))
    return offer.description


def needs_engine(config: pytest.Config) -> None:
    """End a test of what Docker says, where there is none."""
    engine = ContainerProvider(ServerOptions())._engine
    if isinstance(engine, Unavailable):
        lacking(config, str(engine))
    engine.close()


def containers(run: str) -> list[Any]:
    """The containers of a run, as Docker's client has them; none where there is no Docker."""
    engine = ContainerProvider(ServerOptions())._engine
    if isinstance(engine, Unavailable):
        return []
    try:
        return list(engine.containers.list(all=True, filters={"label": f"{LABEL}={run}"}))
    finally:
        engine.close()


def processes(run: str) -> list[psutil.Process]:
    """The processes of this machine that are of a run."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_VARIABLE) == run:
                found.append(process)
        except psutil.Error:
            continue
    return found


def extract(image: str, program: str, folder: Path) -> None:
    """Put a program of an image into ``folder``, to run there with the image's libraries."""
    client = docker.from_env()
    script = _COPY.format(program=program)
    container = client.containers.create(image, entrypoint=["sh", "-ec", script])
    try:
        container.start()
        assert container.wait()["StatusCode"] == 0, container.logs()
        with tempfile.TemporaryFile() as file:
            file.writelines(container.get_archive("/programs")[0])
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                archive.extractall(folder, filter="data")
    finally:
        container.remove(force=True, v=True)
        client.close()
    libraries = folder / "programs"
    (loader,) = libraries.glob("ld-*")
    wrapper = _WRAPPER.format(loader=loader, libraries=libraries, program=program)
    (folder / program).write_text(wrapper)
    (folder / program).chmod(0o755)


def password_of(url: URL) -> str:
    """The password, which is to be seen nowhere."""
    assert url.password
    return str(url.password)


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """A connection of somebody else's, through a sync driver, each statement on its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
