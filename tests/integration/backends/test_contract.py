from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.testing import BackendContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database
    from dbparity.targets import Target


@pytest.mark.any_driver
class TestBuiltIn(BackendContract):
    @pytest.fixture
    def database(self, lease: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
        with lease() as database:
            yield database


@pytest.mark.server
def test_settings_of_a_server_that_is_somebodys_own_are_left_to_them(
    database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    if database_environment.server(target).backend.service is None:
        pytest.skip("a database is a file")
    url = database_environment.urls[str(target)].render_as_string(hide_password=False)
    options = ServerOptions(providers=("url",), urls={target.backend: url})
    with (
        DatabaseTestEnvironment([target], options) as environment,
        environment.lease(target) as database,
        pytest.raises(pytest.skip.Exception, match="dbparity did not start the server"),
    ):
        BackendContract().test_settings_are_volatile(database)
