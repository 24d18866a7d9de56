"""Real databases arrive in every product from every other, and come back as they were."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support.moving import BACKENDS, PAIRS, failures, leased, moved, sample, unlike

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.untraced]

SQLITE, POSTGRESQL, MYSQL, MARIADB = BACKENDS
# From each product to each other one, once.
TOUR = (
    *(SQLITE, POSTGRESQL, SQLITE, MYSQL, SQLITE, MARIADB, POSTGRESQL),
    *(MYSQL, POSTGRESQL, MARIADB, MYSQL, MARIADB, SQLITE),
)


def test_the_tour_goes_from_each_product_to_each_other() -> None:
    assert sorted(pairwise(TOUR)) == sorted(PAIRS)


@pytest.mark.parametrize("name", ["chinook", "northwind", "sakila", "employees_small"])
def test_a_real_database_arrives_everywhere_and_comes_back(
    environment: DatabaseTestEnvironment, name: str, tmp_path: Path
) -> None:
    original = f"sqlite:///{sample(name)}"
    with ExitStack() as stack:
        here: str | URL = original
        for number, backend in enumerate(TOUR[1:]):
            (database,) = stack.enter_context(leased(environment, backend))
            report = moved(here, database.url, tmp_path / str(number))
            assert failures(report) == [], backend
            copied = [result for result in report.results if result.category == "copy"]
            compared = [result for result in report.results if result.category == "data"]
            assert sum(result.verified for result in copied) > 0
            assert [each.check for each in copied] == [each.check for each in compared]
            here = database.url
            if backend == SQLITE:
                assert unlike(original, here) == []
