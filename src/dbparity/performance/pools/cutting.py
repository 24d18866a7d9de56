"""Cancellation at every point at which a task can be cancelled: there are few, so all are tried."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

T = TypeVar("T")


class Cut(Generic[T]):
    """Something awaitable whose task is cancelled while it waits for the ``at``-th time.

    Attributes:
        waits: how often it has waited.
    """

    def __init__(self, work: Coroutine[Any, Any, T], at: int = 0) -> None:
        """Await ``work``; with 0, it is not cancelled."""
        self.waits = 0
        self._work, self._at = work, at

    def __await__(self) -> Generator[Any, Any, T]:
        """Hand on what it waits for, and count."""
        steps = self._work.__await__()
        go_on: Callable[[], object] = partial(next, steps)
        while True:
            try:
                awaited = go_on()
            except StopIteration as end:
                result: T = end.value
                return result
            self.waits += 1
            if self.waits == self._at:
                task = asyncio.current_task()
                assert task is not None  # noqa: S101  # whoever awaits is one
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001  # it is the work's to answer
                go_on = partial(steps.throw, error)
            else:
                go_on = partial(next, steps)
