from __future__ import annotations

import asyncio

import pytest

from dbparity.performance.pools.cutting import Cut


class Nap:
    """Work that waits three times, and cleans up after itself."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    async def work(self) -> str:
        try:
            for number in range(3):
                self.steps.append(f"step {number}")
                await asyncio.sleep(0)
        finally:
            self.steps.append("end")
        return "done"


async def test_work_that_is_not_cut_returns_what_it_does_and_its_waits_are_counted() -> None:
    cutting = Cut(Nap().work())
    assert await cutting == "done"
    assert cutting.waits == 3


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_work_is_cancelled_while_it_waits_for_that_time(at: int) -> None:
    nap = Nap()
    task = asyncio.ensure_future(Cut(nap.work(), at))
    await asyncio.wait([task])
    assert task.cancelled()
    assert nap.steps == [*(f"step {number}" for number in range(at)), "end"]


async def test_work_that_waits_less_often_is_not_cancelled() -> None:
    assert await asyncio.ensure_future(Cut(Nap().work(), 4)) == "done"


async def test_work_may_wait_while_it_cleans_up() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    task = asyncio.ensure_future(Cut(work(), 1))
    await asyncio.wait([task])
    assert task.cancelled()
    assert cleaned == ["up"]


async def test_what_work_raises_is_raised() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Cut(fail())
