"""All servers that are tested, once for all tests of this folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbparity.backends.base import load_backend
from dbparity.servers.environment import DatabaseTestEnvironment
from tests.support.serving import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """What moves rows has drivers of its own, so each server is served through one."""
    settings = settings_of(pytestconfig)
    targets = dict.fromkeys(
        replace(target, driver=load_backend(target.backend).drivers[0].name)
        for target in settings.targets
    )
    with DatabaseTestEnvironment(targets, settings.server_options) as started:
        yield started
