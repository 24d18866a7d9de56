from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.testing import BackendContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database


class TestBuiltIn(BackendContract):
    @pytest.fixture
    def database(self, lease: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
        with lease() as database:
            yield database
