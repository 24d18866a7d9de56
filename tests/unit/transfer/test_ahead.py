"""Items come in their order, errors where they are used, and no thread is left."""

from __future__ import annotations

import threading
from queue import Full, Queue
from typing import TYPE_CHECKING

import pytest

from dbparity.transfer import ahead as module
from dbparity.transfer.ahead import ahead

if TYPE_CHECKING:
    from collections.abc import Generator


def numbers(count: int, made: list[int] | None = None) -> Generator[int, None, None]:
    for number in range(count):
        if made is not None:
            made.append(number)
        yield number


def test_items_come_in_their_order() -> None:
    with ahead(numbers(1000)) as coming:
        assert list(coming) == list(range(1000))


def test_no_more_is_made_than_is_wanted_in_advance() -> None:
    made: list[int] = []
    third = threading.Event()

    def watched() -> Generator[int, None, None]:
        for number in numbers(100, made):
            if number == 3:  # two wait, and one is held by who makes them
                third.set()
            yield number

    with ahead(watched(), depth=2) as coming:
        assert next(coming) == 0
        assert third.wait(5)
        assert made == [0, 1, 2, 3]


def test_an_error_is_raised_behind_the_items_before_it() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise ValueError("two")

    with ahead(failing()) as coming:
        assert next(coming) == 1
        with pytest.raises(ValueError, match="two"):
            next(coming)


def test_whoever_leaves_early_leaves_nothing_running() -> None:
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    before = threading.active_count()
    with ahead(endless()) as coming:
        next(coming)
    assert closed.is_set()
    assert threading.active_count() == before


def test_whoever_makes_more_than_is_taken_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = threading.Event()

    class Watched(Queue[object]):
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002  # as Queue has it
            try:
                super().put(item, block, timeout)
            except Full:
                refused.set()
                raise

    monkeypatch.setattr(module, "Queue", Watched)
    monkeypatch.setattr(module, "_PATIENCE", 0.001)
    with ahead(numbers(10), depth=1) as coming:
        assert refused.wait(5)
        assert list(coming) == list(range(10))
