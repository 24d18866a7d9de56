"""The pytest plugin's fixtures for several databases: ``[tool.dbparity.fleet]``.

The databases are made once for each target and process, and cleaned before each further test.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from dbparity.fleet.inspector import CrossDatabaseInspector
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.responders import echo
from dbparity.pytest_state import STATE, each_of
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.fleet.responders import Responder


class Fleets:
    """The fleets that are there, by target."""

    def __init__(self, config: pytest.Config, stack: ExitStack) -> None:
        """Read the declaration; what is made is dropped by ``stack``."""
        self._state = config.stash[STATE]
        self._fleet = self._state.settings.load_fleet()
        self._stack = stack
        self._managers: dict[Target, MultiDatabaseManager] = {}

    def clean(self, target: Target) -> MultiDatabaseManager:
        """The fleet on a target, without a row; a skip with the reason without a server."""
        manager = self._managers.get(target)
        if manager is not None:
            manager.clean()
            return manager
        for elsewhere in self._state.settings.fleet.targets:
            self._state.find(next(each_of(Target.parse(elsewhere))))
        manager = MultiDatabaseManager(self._fleet, self._state.environment, target)
        self._managers[target] = self._stack.enter_context(manager)
        return manager


@pytest.fixture(scope="session")
def _fleets(request: pytest.FixtureRequest) -> Iterator[Fleets]:
    with ExitStack() as stack:
        yield Fleets(request.config, stack)


@pytest.fixture
def fleet(_fleets: Fleets, target: Target) -> MultiDatabaseManager:
    """The databases of the gateway and of all agents on ``target``, without a row."""
    return _fleets.clean(target)


@pytest.fixture
def fleet_responder() -> Responder:
    """What answers for the agents; override it for other answers."""
    return echo


@pytest.fixture
def cross_database_inspector(fleet: MultiDatabaseManager) -> Iterator[CrossDatabaseInspector]:
    """What tells whether the databases of ``fleet`` fit together."""
    with CrossDatabaseInspector(fleet) as inspector:
        yield inspector


@pytest.fixture
def test_agents_list(fleet: MultiDatabaseManager) -> list[str]:
    """The names of the agents."""
    return list(fleet.fleet.agents)
