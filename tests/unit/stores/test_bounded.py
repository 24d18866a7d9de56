from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from dbparity.stores import bounded
from dbparity.stores.bounded import BoundedCaller
from dbparity.stores.checking import DIED, Call, Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WHERE = Call("os:getcwd", {})
NAP = Call("tests.support.calls:nap", {"seconds": 30})
LIMIT = 5  # seconds, for what needs no time


@pytest.fixture
def caller() -> Iterator[BoundedCaller]:
    with BoundedCaller({}) as made:
        assert made.ready(30)
        yield made


def process(caller: BoundedCaller) -> psutil.Process:
    return psutil.Process(caller._process.pid)


def await_that(condition: Callable[[], bool]) -> None:
    retrying = Retrying(
        stop=stop_after_delay(20), wait=wait_fixed(0.01), retry=retry_if_result(lambda x: not x)
    )
    retrying(condition)


def ended(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_what_came_of_each_call_is_told_by_its_name(caller: BoundedCaller) -> None:
    calls = {
        "where": WHERE,
        "down": Call("tests.support.calls:unreachable", {}),
        "wrong": Call("tests.support.calls:misspelt", {}),
        "broken": Call("tests.support.calls:broken", {}),
        "died": Call("os:_exit", {"status": 3}),
    }
    found = {name: said for name, said in caller.call(calls, LIMIT).items() if said}

    assert all(said.ended for said in found.values())
    assert found["where"].value == os.getcwd()  # noqa: PTH109  # as it is spelled
    errors = {name: (said.error, said.unasked) for name, said in found.items()}
    assert errors == {
        "where": ("", False),
        "down": ("cache: refused; start it", False),
        "wrong": ("cache: no such store; name another", True),
        "broken": ("RuntimeError: out of order", False),
        "died": (DIED, True),
    }


def test_a_call_is_over_at_its_limit_and_others_have_ended(caller: BoundedCaller) -> None:
    waiting = process(caller)
    began = time.monotonic()
    found = caller.call({"nap": NAP, "where": WHERE}, 0.5)
    seconds = time.monotonic() - began

    assert 0.5 <= seconds < 2
    assert found["nap"] is not None
    assert not found["nap"].ended
    assert found["where"] is not None
    assert found["where"].ended
    await_that(lambda: not waiting.children(recursive=True))


def test_what_ignores_every_signal_is_killed_with_what_it_has_started(
    caller: BoundedCaller, tmp_path: Path
) -> None:
    path = tmp_path / "child"
    caller.call({"stubborn": Call("tests.support.calls:stubborn", {"path": str(path)})}, 1)

    await_that(lambda: ended(int(path.read_text())))


def test_a_late_answer_is_not_taken_for_that_of_the_next_call(caller: BoundedCaller) -> None:
    late = Order(99, time.monotonic() + LIMIT, {"where": Call("os:getpid", {})})
    caller._orders.send_bytes(msgspec.json.encode(late))
    found = caller.call({"where": WHERE}, LIMIT)["where"]

    assert found is not None
    assert isinstance(found.value, str)


def test_a_process_that_is_killed_by_a_call_is_replaced(caller: BoundedCaller) -> None:
    patricide = Call("tests.support.calls:patricide", {})
    found = caller.call({"patricide": patricide}, LIMIT)["patricide"]

    assert found is not None
    assert (found.ended, found.error, found.unasked) == (True, DIED, True)
    assert caller.call({"where": WHERE}, 30)["where"] is not None


def test_a_process_that_was_killed_is_replaced_and_the_call_is_made(caller: BoundedCaller) -> None:
    lost = process(caller)
    lost.kill()
    found = caller.call({"where": WHERE}, 30)["where"]

    assert found is not None
    assert found.ended
    assert ended(lost.pid)


def test_a_process_that_is_frozen_keeps_nobody_beyond_the_limit(caller: BoundedCaller) -> None:
    lost = process(caller)
    lost.suspend()
    began = time.monotonic()
    found = caller.call({"where": WHERE}, 0.5)
    seconds = time.monotonic() - began

    assert found == {"where": None}
    assert seconds < 2
    assert ended(lost.pid)
    assert caller.call({"where": WHERE}, 30)["where"] is not None


def test_a_process_that_ends_while_it_is_waited_for_is_replaced() -> None:
    with BoundedCaller({}) as caller:
        process(caller).kill()

        assert caller.ready(30)


def test_a_call_is_not_made_before_what_it_needs_is_imported() -> None:
    with BoundedCaller({"slow": Call(NAP.function, {"seconds": 1})}) as caller:
        assert not caller.ready(0.01)
        assert caller.call({"where": WHERE}, 0.01) == {"where": None}
        assert caller.ready(30)


def test_what_cannot_be_imported_beforehand_is_told_when_it_is_called() -> None:
    missing = Call("there_is_none:name", {})
    with BoundedCaller({"missing": missing}) as caller:
        assert caller.ready(30)
        found = caller.call({"missing": missing}, LIMIT)["missing"]

    assert found is not None
    assert "No module named 'there_is_none'" in found.error


def test_a_forked_process_has_a_process_of_its_own(caller: BoundedCaller) -> None:
    before = caller._process
    caller._owner = -1
    found = caller.call({"where": WHERE}, 30)["where"]

    assert found is not None
    assert caller._process.pid != before.pid
    os.waitpid(before.pid, 0)  # nobody gives it orders any more


def test_a_process_that_does_not_end_when_it_is_told_to_is_killed(
    caller: BoundedCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_ENDING", 0.05)
    process(caller).send_signal(signal.SIGSTOP)
    caller.close()

    assert caller._process.returncode == -signal.SIGKILL


def test_calls_that_are_under_way_end_with_the_one_who_gave_the_orders() -> None:
    with BoundedCaller({}) as caller:
        assert caller.ready(30)
        waiting = process(caller)
        order = Order(99, time.monotonic() + 60, {"nap": NAP})
        caller._orders.send_bytes(msgspec.json.encode(order))
        await_that(lambda: len(waiting.children()) == 1)
        (napping,) = waiting.children()

    assert ended(waiting.pid)
    await_that(lambda: ended(napping.pid))
