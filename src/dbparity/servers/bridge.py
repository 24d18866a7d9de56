"""One way to run work over sync and async drivers.

Checks are written once, against SQLAlchemy's sync API. On an async driver they run inside a
greenlet on an event loop of the bridge's own, where the sync facade of an async engine works.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import anyio.to_thread
from anyio.from_thread import start_blocking_portal
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only, greenlet_spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from anyio.from_thread import BlockingPortal
    from sqlalchemy import URL, Engine

    from dbparity.backends.base import Backend, Driver

T = TypeVar("T")

_NAP = 0.001  # seconds


class Bridge:
    """Runs work over the engines of one driver. Close it when its engines are disposed."""

    def __init__(self, backend: Backend, driver: Driver) -> None:
        """Serve ``driver`` of ``backend``; its event loop, if it needs one, starts here."""
        self.backend, self.driver = backend, driver
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        if driver.is_async:
            self._portal = self._stack.enter_context(start_blocking_portal())

    def engine(self, url: URL, **options: Any) -> Engine:  # noqa: ANN401  # create_engine's
        """An engine for `run`: of an async driver, the sync facade that works inside `run`."""
        options["connect_args"] = self.backend.connect_arguments(self.driver)
        if self.driver.is_async:
            return create_async_engine(url, **options).sync_engine
        return create_engine(url, **options)

    def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Call ``work(*arguments)`` where the bridge's engines work, and return what it does."""
        if self._portal is None:
            return work(*arguments)
        future = self._portal.start_task_soon(greenlet_spawn, work, *arguments)
        try:
            return cast("T", future.result())
        finally:
            # After ctrl-C nobody waits for it any more, and `close` would have to.
            future.cancel()

    def gather(self, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """From inside `run`, run all ``jobs`` at once: as tasks, or as threads.

        Returns each job's result, or the exception that it raised, in the order of the jobs.
        """
        if self._portal is None:
            with ThreadPoolExecutor(len(jobs)) as pool:
                return list(pool.map(_outcome, jobs))
        return await_only(self._gather(jobs))

    async def _gather(self, jobs: Sequence[Callable[[], T]]) -> list[T | Exception]:
        tasks = (greenlet_spawn(_outcome, job) for job in jobs)
        done: list[T | Exception] = await asyncio.gather(*tasks)
        return done

    @contextmanager
    def lag(self) -> Iterator[list[float]]:
        """From inside `run`: by how many seconds a task on the event loop wakes too late meanwhile.

        The list grows with each time it wakes; it is empty where the driver needs no loop.
        """
        late: list[float] = []
        if self._portal is None:
            yield late
            return
        napping = asyncio.get_running_loop().create_task(_nap(late))
        try:
            await_only(asyncio.sleep(0))
            yield late
            # Work that never waits has kept it from waking until now.
            await_only(asyncio.sleep(2 * _NAP))
        finally:
            napping.cancel()

    def sleep(self, seconds: float) -> None:
        """From inside `run` or a job of `gather`, let all others work meanwhile."""
        if self._portal is None:
            time.sleep(seconds)
        else:
            await_only(asyncio.sleep(seconds))

    def outside(self, work: Callable[..., T], *arguments: object) -> T:
        """From inside `run`, call ``work(*arguments)`` where `run` can be called again."""
        if self._portal is None:
            return work(*arguments)
        return await_only(anyio.to_thread.run_sync(work, *arguments))

    @contextmanager
    def held(self, resource: AbstractContextManager[T]) -> Iterator[T]:
        """From inside `run`, hold ``resource``, got and given back where `run` can be called again.

        The loop goes on meanwhile: two checks may each want what the other one's loop has to give.
        """
        got = self.outside(resource.__enter__)
        try:
            yield got
        finally:
            self.outside(resource.__exit__, None, None, None)

    def dispose(self, engine: Engine) -> None:
        """Close an engine's connections on the loop that opened them."""
        self.run(engine.dispose)

    def close(self) -> None:
        """End the event loop."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


async def _nap(late: list[float]) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + _NAP
        await asyncio.sleep(_NAP)
        late.append(clock() - due)


def _outcome(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:  # noqa: BLE001  # handed on to the caller
        return error
