"""Health of three stores of which one is frozen. Aim: within the limit and a tenth of it."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest

from dbparity.stores.health import DatabaseHealthChecker, State
from dbparity.stores.options import HealthOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.stores.health import Health

LIMIT = 1.0
ROUNDS = 10


def measured(benchmark: BenchmarkFixture, work: Callable[[], object], rounds: int) -> None:
    cast("Any", benchmark.pedantic)(work, rounds=rounds)


@pytest.fixture
def healthy(tmp_path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(tmp_path / "main.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER)")
    (tmp_path / "vectors.db").mkdir()
    return {
        "main": f"sqlite:///{tmp_path}/main.db",
        "vectors": f"milvus:///{tmp_path}/vectors.db",
    }


@pytest.fixture
def frozen() -> Iterator[str]:
    """What a stopped process leaves: its port takes connections, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_one_frozen(benchmark: BenchmarkFixture, healthy: dict[str, str], frozen: str) -> None:
    with DatabaseHealthChecker({**healthy, "cache": frozen}, HealthOptions(limit=LIMIT)) as checker:
        found: list[Health] = []
        measured(benchmark, lambda: found.append(checker.check()), ROUNDS)

    for health in found:
        states = [store.state for store in health.stores]
        assert states == [State.HEALTHY, State.HEALTHY, State.DOWN]
        assert LIMIT <= health.seconds < LIMIT * 1.1


def test_all_healthy(benchmark: BenchmarkFixture, healthy: dict[str, str]) -> None:
    with DatabaseHealthChecker(healthy, HealthOptions(limit=LIMIT)) as checker:
        found: list[Health] = []
        measured(benchmark, lambda: found.append(checker.check()), ROUNDS)

    assert {health.state for health in found} == {State.HEALTHY}


def test_making_ready(benchmark: BenchmarkFixture, healthy: dict[str, str], frozen: str) -> None:
    """What is imported once, before the first check."""

    def ready() -> None:
        with DatabaseHealthChecker({**healthy, "cache": frozen}):
            pass

    measured(benchmark, ready, 3)
