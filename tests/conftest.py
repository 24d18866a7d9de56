"""Fixtures of dbparity's own tests, on top of its own plugin."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage

from dbparity.servers.database import Database

if TYPE_CHECKING:
    from dbparity.applications import Application
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

Lease = Callable[..., AbstractContextManager[Database]]

pytest_plugins = ["pytester"]


@pytest.fixture
def lease(database_environment: DatabaseTestEnvironment, target: Target) -> Lease:
    """Lease a database on the target for any application, or an empty one."""

    def leased(
        application: Application | None = None, *, empty: bool = False
    ) -> AbstractContextManager[Database]:
        return database_environment.lease(target, application, empty=empty)

    return leased


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save what coverage has measured: pytest-xdist kills a worker that is slow to end."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.save()
