"""What the pytest plugin knows of one pytest process."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from dbparity.backends.base import Driver, load_backend
from dbparity.errors import ServerUnavailable
from dbparity.servers import reaper
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run, runs
from dbparity.settings import Settings
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.applications import Application

STATE = pytest.StashKey["State"]()


class State:
    """What the plugin knows of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the settings of the project that ``config`` is of."""
        self.config = config
        chosen = config.getoption("dbparity_target")
        settings = Settings.load(config.rootpath).with_options(
            targets=tuple(map(Target.parse, chosen)),
            reuse=config.getoption("dbparity_reuse"),
            require=config.getoption("dbparity_require"),
        )
        self.settings = settings
        # Every chosen one, with its driver named; "" for a version that was left open.
        self.targets = tuple(target for chosen in settings.targets for target in each_of(chosen))
        self.used: list[Target] = []
        self.run: Run | None = None

    @cached_property
    def application(self) -> Application | None:
        """The configured application, if one is."""
        return self.settings.application() if self.settings.metadata else None

    @cached_property
    def environment(self) -> DatabaseTestEnvironment:
        """The servers of the targets that the selected tests use, started at the first need."""
        environment = DatabaseTestEnvironment(self.used, self.settings.server_options)
        worker = getattr(self.config, "workerinput", None)
        if worker is None:
            return environment.start()
        run = runs()[worker["dbparity_run"]]
        # Whichever worker comes first starts the servers for all; the controller ends them.
        shared = Path(run.folder) / "shared.json"
        with FileLock(f"{shared}.lock", mode=0o600):
            if not shared.exists():
                environment.start(run)
                shared.touch(mode=0o600)
                shared.write_text(json.dumps(environment.share()))
                return environment
        return environment.join(json.loads(shared.read_text()), run)

    def lease(self, target: Target, *, empty: bool = False) -> Any:  # noqa: ANN401  # a context
        """A fresh database on ``target``, or a skip with the reason why it is missing."""
        found = self.find(target)
        return self.environment.lease(found, self.application, empty=empty)

    def find(self, target: Target) -> Target:
        """The running target that ``target`` stands for."""
        for running in self.environment.targets:
            if running.matches(target):
                return running
        reason = str(ServerUnavailable(str(target), [self.environment.missing[target]]))
        if self.settings.require:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    def close(self) -> None:
        """Stop what runs."""
        if "environment" in vars(self):
            self.environment.stop()
        if self.run is not None:
            reaper.end(self.run, self.settings.server_options)


def each_of(chosen: Target) -> Iterator[Target]:
    """The targets that a chosen one stands for; raise `TargetUnknown` if it is none."""
    backend = load_backend(chosen.backend)
    for driver in (backend.driver(chosen.driver),) if chosen.driver else backend.drivers:
        yield Target(chosen.backend, driver.name, chosen.version)


def driver_of(target: Target) -> Driver:
    """The driver that a target names."""
    return load_backend(target.backend).driver(target.driver)
