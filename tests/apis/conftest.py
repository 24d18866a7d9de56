"""Fixtures of the fleet that refuses nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from dbparity.fleet.inspector import CrossDatabaseInspector
from tests.support.meshes import Writer, mesh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.fleet.manager import MultiDatabaseManager
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

Meshes = dict["Target", "MultiDatabaseManager"]


@pytest.fixture(scope="session")
def made() -> Iterator[Callable[[DatabaseTestEnvironment, Target], MultiDatabaseManager]]:
    """A function that makes the careless fleet once for each target."""
    meshes: Meshes = {}
    with ExitStack() as stack:

        def make(environment: DatabaseTestEnvironment, target: Target) -> MultiDatabaseManager:
            if target in meshes:
                meshes[target].clean()
            else:
                meshes[target] = stack.enter_context(mesh(environment, target))
            return meshes[target]

        yield make


@pytest.fixture
def careless(
    made: Callable[[DatabaseTestEnvironment, Target], MultiDatabaseManager],
    database_environment: DatabaseTestEnvironment,
    target: Target,
) -> MultiDatabaseManager:
    """A fleet without constraints, clean."""
    return made(database_environment, target)


@pytest.fixture
def writer(careless: MultiDatabaseManager) -> Writer:
    return Writer(careless.databases)


@pytest.fixture
def inspector(careless: MultiDatabaseManager) -> Iterator[CrossDatabaseInspector]:
    with CrossDatabaseInspector(careless) as inspector:
        yield inspector
