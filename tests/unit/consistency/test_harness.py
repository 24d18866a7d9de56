"""The harness on programs whose stores are dictionaries, and whose steps are marked by hand."""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest

from dbparity.consistency import shrinking
from dbparity.consistency.harness import Actor, CacheHarness, CacheScenario
from dbparity.consistency.interleaving import Patience, step
from dbparity.consistency.invariants import Entry
from dbparity.errors import DriverMissing
from dbparity.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

HASTY = Patience(idle=0.01, stuck=0.05)


@dataclass
class Memory(CacheScenario):
    """Actors of one key, by which they are called."""

    calls: Mapping[str, Callable[[Memory, str], Awaitable[object]]]
    database: dict[str, object] = field(default_factory=dict)
    cache: dict[str, object] = field(default_factory=dict)

    async def prepare(self, trial: int) -> None:
        self.database[f"key {trial}"] = "old"

    def actors(self, trial: int) -> Mapping[str, Actor]:
        key = f"key {trial}"
        return {name: Actor(partial(call, self, key)) for name, call in self.calls.items()}

    async def committed(self, trial: int) -> Mapping[str, object]:
        return {key: value for key, value in self.database.items() if key == f"key {trial}"}

    async def cached(self, trial: int) -> Mapping[str, Entry]:
        return {key: Entry(value, 1) for key, value in self.cache.items() if key == f"key {trial}"}


async def write(memory: Memory, key: str) -> None:
    memory.database[key] = "new"
    await step("write")
    memory.cache.pop(key, None)
    await step("forget")


async def read(memory: Memory, key: str) -> object:
    await step("look")
    value = memory.database[key]
    await step("load")
    memory.cache[key] = value
    await step("fill")
    return value


async def test_steps_may_be_marked_by_hand() -> None:
    found = await CacheHarness().explore(Memory({"writer": write, "reader": read}))
    assert (found.failing("cache.stale"), found.schedules) == (3, 35)
    assert found.complete
    text = str(found)
    assert text.startswith("Memory: 3 of 35 schedules do not hold\n\ncache.stale: [key ")
    assert "in 3 of 35 schedules\n" in text
    lines = found.findings[0].proof.splitlines()
    assert lines[0].split() == ["reader", "writer", "cache", "database"]
    assert [line.split()[1] for line in lines[2:]] == [
        "look",
        "load",
        "write",
        "forget",
        "returns",
        "fill",
        "returns",
    ]


async def test_what_holds_in_all_orders_has_passed() -> None:
    result = (await CacheHarness().explore(Memory({"writer": write}))).result("sqlite", 0.5)
    assert (result.outcome, result.verified, result.target) == (Outcome.PASSED, 1, "sqlite")
    assert result.evidence == "1 schedules"


async def test_who_waits_for_ever_is_found_and_does_not_stop_the_harness() -> None:
    async def hangs(_: Memory, __: str) -> None:
        await step("begins")
        await asyncio.get_running_loop().create_future()

    found = await CacheHarness(patience=HASTY).explore(Memory({"hangs": hangs}))
    (finding,) = found.findings
    assert (finding.code, finding.actual) == ("cache.deadlock", "hangs")
    assert "never goes on" in finding.proof


async def test_a_loop_without_an_end_is_found() -> None:
    async def spins(_: Memory, __: str) -> None:
        while True:
            await step("tries")

    (finding,) = (await CacheHarness(limit=1).explore(Memory({"spins": spins}))).findings
    assert finding.code == "cache.endless"


async def fails(_: Memory, __: str) -> None:
    await step("begins")
    raise ConnectionError("redis://:secret@localhost is away")


async def test_an_error_is_found_unless_it_is_tolerated() -> None:
    class Tolerant(Memory):
        tolerates: ClassVar[tuple[type[BaseException], ...]] = (OSError,)

    (finding,) = (await CacheHarness().explore(Memory({"fails": fails}))).findings
    assert finding.code == "cache.raised"
    assert finding.message.startswith("fails ends with an error, in 1 of 1 schedules")
    assert "secret" not in finding.actual + finding.proof
    assert not (await CacheHarness().explore(Tolerant({"fails": fails}))).findings


async def test_several_keys_are_shown_with_their_names() -> None:
    async def spoils(memory: Memory, key: str) -> None:
        memory.cache[key] = "other"
        memory.database[f"{key}!"] = "more"
        await step("spoil")

    class Two(Memory):
        async def committed(self, trial: int) -> Mapping[str, object]:
            return {k: v for k, v in self.database.items() if k.startswith(f"key {trial}")}

    found = await CacheHarness().explore(Two({"spoils": spoils}))
    key = found.findings[0].place.key
    assert f"{key}: old, {key}!: more" in found.findings[0].proof


async def test_shrinking_needs_hypothesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DriverMissing, match="hypothesis is not installed"):
        await shrinking.shrink(CacheHarness(), Memory({"writer": write}))


@pytest.mark.untraced
async def test_a_failing_schedule_is_shrunk_to_one_switch_between_two() -> None:
    scenario = Memory({"writer": write, "reader": read, "more": read})
    run = await shrinking.shrink(CacheHarness(), scenario, code="cache.stale")
    assert run is not None
    assert len(set(run.schedule)) == 2
    assert run.played.switches == 1
    assert await shrinking.shrink(CacheHarness(), scenario, examples=5, code="cache.lost") is None
