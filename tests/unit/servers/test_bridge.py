from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL, text
from sqlalchemy.util import await_only

from dbparity.backends.sqlite import SQLite
from dbparity.servers.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

MEMORY = URL.create("sqlite", database=":memory:")


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def bridge(request: pytest.FixtureRequest) -> Iterator[Bridge]:
    backend = SQLite()
    with Bridge(backend, backend.driver(request.param)) as bridge:
        yield bridge


@pytest.fixture
def engine(bridge: Bridge) -> Iterator[Engine]:
    engine = bridge.engine(MEMORY.set(drivername=f"sqlite+{bridge.driver.name}"))
    yield engine
    bridge.dispose(engine)


def test_work_is_the_same_on_sync_and_async_drivers(bridge: Bridge, engine: Engine) -> None:
    def work(factor: int) -> Any:  # noqa: ANN401  # a row's
        with engine.connect() as connection:
            return connection.scalar(text("SELECT 2 * :factor"), {"factor": factor})

    assert bridge.run(work, 21) == 42


def test_what_work_raises_is_raised(bridge: Bridge) -> None:
    def work() -> None:
        raise LookupError("nothing here")

    with pytest.raises(LookupError, match="nothing here"):
        bridge.run(work)


def test_jobs_answer_in_their_order_and_one_that_raises_answers_with_its_error(
    bridge: Bridge,
) -> None:
    def fail() -> str:
        raise LookupError("second")

    answers = bridge.run(bridge.gather, [lambda: "first", fail, lambda: "third"])
    assert [str(answer) for answer in answers] == ["first", "second", "third"]
    assert isinstance(answers[1], LookupError)


def test_jobs_run_at_the_same_time(bridge: Bridge) -> None:
    meeting = threading.Barrier(2) if bridge.driver.name == "pysqlite" else asyncio.Barrier(2)

    def meet() -> None:
        arrived = meeting.wait()
        if not isinstance(arrived, int):
            await_only(arrived)

    assert bridge.run(bridge.gather, [meet, meet]) == [None, None]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_work_does_not_hold_up_the_end() -> None:
    backend = SQLite()
    began = time.perf_counter()
    with Bridge(backend, backend.driver("aiosqlite")) as bridge:

        def work() -> None:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            await_only(asyncio.sleep(60))

        with pytest.raises(KeyboardInterrupt):
            bridge.run(work)
    assert time.perf_counter() - began < 30


def test_loop_that_is_blocked_is_late_by_as_much(bridge: Bridge) -> None:
    def work() -> list[float]:
        with bridge.lag() as late:
            time.sleep(0.05)
        return list(late)

    late = bridge.run(work)
    if bridge.driver.is_async:
        assert 0.04 < max(late) < 5
    else:
        assert late == []


def test_lag_is_noted_until_work_fails_and_no_longer() -> None:
    backend = SQLite()
    with Bridge(backend, backend.driver("aiosqlite")) as bridge:
        noted: list[list[float]] = []

        def work() -> None:
            with bridge.lag() as late:
                noted.append(late)
                raise LookupError("nothing here")

        with pytest.raises(LookupError):
            bridge.run(work)
        (late,) = noted
        before = len(late)
        bridge.run(lambda: await_only(asyncio.sleep(0.02)))
        assert len(late) == before


def test_who_sleeps_lets_others_work(bridge: Bridge) -> None:
    order: list[str] = []

    def sleeper() -> None:
        bridge.sleep(0.05)
        order.append("sleeper")

    bridge.run(bridge.gather, [sleeper, lambda: order.append("other")])
    assert order == ["other", "sleeper"]
