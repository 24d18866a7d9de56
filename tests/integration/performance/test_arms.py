"""Arms of a gate on every product."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.performance.arms import Launch, Place, Side
from dbparity.settings import Settings

if TYPE_CHECKING:
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

pytestmark = [pytest.mark.server, pytest.mark.any_server]

ROOT = Path(__file__).parents[3]


def test_they_leave_no_database_to_a_server_that_outlives_them(
    database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    def made() -> list[str]:
        names = database_environment.server(target).administration.names()
        return [name for name in names if f"_arm{os.getpid()}x" in name]

    place = Place(database_environment, (str(target),), rows=5, only=("connect",))
    sides = [Side(name, ROOT, Settings.load(ROOT).application_arguments) for name in ("a", "b")]
    with Launch(sides, place) as launch:
        assert launch.workers["a"].held.workloads == {str(target): ["connect"]}
        assert len(made()) >= len(sides)
    assert made() == []
