"""Servers of their own for the tests of the servers' room."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.pytest_state import STATE
from dbparity.servers.ledger import runs
from tests.support.serving import extract, image_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.servers.server import Server
    from dbparity.targets import Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is about a server, and not about a driver, on one target of each server."""
    if {"server", "target"} <= set(metafunc.fixturenames):
        targets = metafunc.config.stash[STATE].targets
        first = {target.server: target for target in reversed(targets)}
        chosen = [target for target in targets if first[target.server] == target]
        metafunc.parametrize("target", chosen, ids=str, indirect=True, scope="session")


@pytest.fixture
def server(database_environment: DatabaseTestEnvironment, target: Target) -> Server:
    return database_environment.server(target)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records of the test's own runs, apart from those of the run that it is part of."""
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path / "state"))
    assert not runs()
    return tmp_path / "state" / "runs"


@pytest.fixture(scope="session")
def mysqld(pytestconfig: pytest.Config) -> Iterator[Path]:
    """A folder with MySQL's program from its image."""
    image = image_of(pytestconfig, "mysql@9")
    # Not pytest's own folder: the server's account could not pass it.
    with tempfile.TemporaryDirectory(prefix="mysqld-") as folder:
        Path(folder).chmod(0o755)
        extract(image, "mysqld", Path(folder))
        yield Path(folder)
