"""Real databases arrive in every product from every other, and come back as they were."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.moving import BACKENDS, PAIRS, failures, leased, moved, sample, serving, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    with serving(pytestconfig) as started:
        yield started


@pytest.fixture(params=["chinook", "northwind", "sakila", "employees_small"])
def original(request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{sample(request.param)}"


@pytest.mark.parametrize(("source", "target"), PAIRS, ids="-".join)
def test_a_real_database_arrives_and_comes_back(
    environment: DatabaseTestEnvironment, original: str, source: str, target: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        start, goal = stack.enter_context(leased(environment, source, target))
        origin: str | URL = original
        if source != BACKENDS[0]:
            assert failures(moved(original, start.url, tmp_path)) == []
            origin = start.url
        report = moved(origin, goal.url, tmp_path)
        assert failures(report) == []
        copied = [result for result in report.results if result.category == "copy"]
        compared = [result for result in report.results if result.category == "data"]
        assert sum(result.verified for result in copied) > 0
        assert [each.check for each in copied] == [each.check for each in compared]
        back = f"sqlite:///{tmp_path / 'back.db'}"
        assert failures(moved(goal.url, back, tmp_path)) == []
        assert unlike(original, back) == []
