from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import pytest

from dbparity.consistency.interleaving import (
    Act,
    Died,
    Patience,
    Played,
    Stage,
    branches,
    command,
    follow,
    show,
    step,
    under_way,
)
from dbparity.errors import ScheduleDiverged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from dbparity.consistency.interleaving import Schedule

    Actors = Mapping[str, Callable[[], Awaitable[object]]]
    Look = Callable[[], Awaitable[None]]

HASTY = Stage(patience=Patience(idle=0.02, inside=0.1, stuck=0.05))


async def nothing() -> None:
    """Nobody looks."""


async def play(
    actors: Actors, *schedule: str, stage: Stage = HASTY, look: Look = nothing
) -> Played:
    return await stage.play(actors, follow(schedule), look)


async def explore(
    make: Callable[[], Actors], stage: Stage = HASTY, look: Look = nothing
) -> list[Played]:
    found: list[Played] = []
    pending: list[Schedule] = [()]
    while pending:
        given = pending.pop()
        found.append(await play(make(), *given, stage=stage, look=look))
        pending += branches(len(given), found[-1])
    return found


async def steps(many: int) -> int:
    for number in range(many):
        await step(f"step {number}")
    return many


def walkers(*lengths: int) -> Actors:
    return {f"walker {n}": partial(steps, length) for n, length in enumerate(lengths)}


@pytest.mark.parametrize(
    ("lengths", "schedules"), [((2, 3), 35), ((3, 3), 70), ((1, 1, 1), 90), ((4,), 1)]
)
async def test_every_order_of_all_steps_is_played_once(
    lengths: tuple[int, ...], schedules: int
) -> None:
    found = await explore(lambda: walkers(*lengths))
    assert len(found) == schedules
    assert len({played.schedule for played in found}) == schedules
    assert {played.ends["walker 0"].value for played in found} == {lengths[0]}


async def test_a_lost_update_is_in_the_orders_in_which_one_reads_before_the_other_has_written() -> (
    None
):
    kept = {"value": 0}

    async def increment() -> None:
        read = kept["value"]
        await step("read")
        kept["value"] = read + 1
        await step("wrote")

    def anew() -> Actors:
        kept["value"] = 0
        return {"one": increment, "two": increment}

    async def note() -> None:
        values.append(kept["value"])

    values: list[int] = []
    orders = await explore(anew, look=note)
    ends = [values[(number + 1) * 6 - 1] for number in range(len(orders))]
    # One has written before the other reads in 8 of the 20.
    assert (len(orders), ends.count(1), ends.count(2)) == (20, 12, 8)


async def test_a_schedule_is_played_again_as_it_was() -> None:
    first = await play(walkers(2, 2), "walker 1", "walker 0", "walker 1")
    assert first.schedule[:4] == ("walker 1", "walker 0", "walker 1", "walker 1")
    again = await play(walkers(2, 2), *first.schedule)
    assert again == first
    assert first.switches == 2


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (("nobody",), "the turn of 'nobody' in nobody, but of: walker 0, walker 1"),
        (("walker 0",) * 3, "in walker 0, walker 0, walker 0, but of: walker 1"),
        (("walker 0",) * 2 + ("walker 1",) * 3, "but of: nobody"),
    ],
)
async def test_a_schedule_of_other_actors_is_refused(
    schedule: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(ScheduleDiverged, match=reason):
        await play(walkers(1, 1), *schedule)


async def test_who_waits_for_a_lock_lets_the_others_go_on_and_comes_after_them() -> None:
    def lockers() -> Actors:
        lock = asyncio.Lock()

        async def locked() -> None:
            async with lock:
                await step("has it")

        return {"one": locked, "two": locked}

    found = await explore(lockers)
    assert {tuple(played.schedule) for played in found} == {
        ("one", "one", "two", "two"),
        ("one", "two", "one", "two"),
        ("two", "two", "one", "one"),
        ("two", "one", "two", "one"),
    }
    waited = next(played for played in found if played.schedule == ("one", "two", "one", "two"))
    assert waited.moves == (
        (Act("one", "has it"),),
        (),
        (Act("one", "returns None", ends=True), Act("two", "has it")),
        (Act("two", "returns None", ends=True),),
    )


async def test_locks_that_are_taken_in_two_orders_stop_all_who_have_one() -> None:
    def lockers() -> Actors:
        locks = asyncio.Lock(), asyncio.Lock()

        async def locked(first: int, second: int) -> None:
            async with locks[first]:
                await step(f"has {first}")
                async with locks[second]:
                    await step(f"has {second}")

        return {"one": partial(locked, 0, 1), "two": partial(locked, 1, 0)}

    found = await explore(lockers)
    stuck = [played for played in found if played.stuck]
    assert {played.stuck for played in stuck} == {("one", "two")}
    assert 0 < len(stuck) < len(found)
    assert "never goes on" in show(stuck[0], [[""]] * 9, [""])


async def test_a_program_without_an_end_is_cut_off() -> None:
    async def spin() -> None:
        for number in count():
            await step(f"try {number}")

    played = await play({"one": spin}, stage=Stage(most=5))
    assert (len(played.moves), played.stuck) == (5, ("one",))


async def test_who_is_wanted_is_waited_for_though_it_is_slow() -> None:
    gate = asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        await step("late")

    async def opens() -> None:
        await step("begins")
        asyncio.get_running_loop().call_later(0.03, gate.set)

    actors = {"slow": slow, "opens": opens}
    played = await play(actors, "slow", "opens", "opens", "slow", stage=Stage())
    assert played.schedule == ("slow", "opens", "opens", "slow")
    assert not played.stuck


async def test_an_error_is_the_end_of_its_actor_alone() -> None:
    async def fails() -> None:
        await step("begins")
        raise ValueError("no")

    played = await play({"fails": fails, **walkers(1)})
    assert isinstance(played.ends["fails"].error, ValueError)
    assert played.ends["walker 0"].error is None
    assert played.moves[1] == (Act("fails", "raises ValueError('no')", ends=True),)


async def test_who_is_dead_sends_nothing_more() -> None:
    sent: list[str] = []

    async def send(what: str) -> None:
        sent.append(what)

    async def works() -> None:
        try:
            await command("first", partial(send, "first"))
            await command("second", partial(send, "second"))
        finally:
            await command("tidies up", partial(send, "tidies up"))

    stage = Stage(mortal=frozenset({"works"}))
    played = await play({"works": works}, "works", "works dies", stage=stage)
    assert sent == ["first"]
    assert isinstance(played.ends["works"].error, Died)
    assert played.moves[-1] == (Act("works", "dies", ends=True),)
    sent.clear()
    found = await explore(lambda: {"works": works}, stage)
    assert [played.schedule[-1] for played in found].count("works dies") == 3
    assert len(found) == 4


async def test_tasks_of_an_actor_are_parts_of_it() -> None:
    done: list[str] = []

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            for name in "ab":
                group.create_task(part(name))

    async def part(name: str) -> None:
        await step(name)
        done.append(name)

    played = await play({"both": both}, stage=Stage())
    assert done == ["a", "b"]
    assert [act.did for moves in played.moves for act in moves] == ["a", "b", "returns None"]


async def test_what_an_actor_has_left_behind_is_not_kept_at_a_step() -> None:
    gate, left = asyncio.Event(), []

    async def late() -> None:
        await gate.wait()
        await step("late")

    async def leaves() -> None:
        left.append(asyncio.create_task(late()))
        await asyncio.get_running_loop().create_future()

    played = await play({"leaves": leaves})
    assert played.stuck == ("leaves",)
    gate.set()
    async with asyncio.timeout(5):
        await left[0]


async def test_a_step_consists_of_what_it_does() -> None:
    async def outer() -> str:
        return await command("outer", lambda: command("inner", inner))

    async def inner() -> str:
        return "done"

    played = await play({"one": outer})
    assert [act.did for moves in played.moves for act in moves] == ["outer", "returns 'done'"]


async def test_who_is_within_a_command_waits_if_the_database_says_so() -> None:
    asked: list[None] = []

    async def waiting() -> int:
        asked.append(None)
        return min(len(asked) - 1, 1)

    gate = asyncio.Event()

    async def waits() -> None:
        await command("a row", gate.wait)

    async def holds() -> None:
        await step("has it")
        gate.set()

    stage = Stage(waiting, Patience(inside=60))
    played = await play({"waits": waits, "holds": holds}, "waits", "holds", "holds", stage=stage)
    assert len(asked) >= 2
    assert played.moves[0] == ()
    assert Act("waits", "a row") in played.moves[2]


async def test_outside_of_a_schedule_a_step_is_nothing() -> None:
    await step("nothing")
    with under_way() as whole:
        assert not whole


async def test_a_cancelled_actor_has_ended_with_that() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    played = await play({"one": gives_up})
    assert isinstance(played.ends["one"].error, asyncio.CancelledError)


def test_a_schedule_is_shown_step_by_step_with_a_column_for_each() -> None:
    played = Played(
        ("one", "two", "one"),
        (("one", "two"),) * 3,
        ((Act("one", "GET a"),), (), (Act("one", "returns 1", ends=True), Act("two", "DEL a"))),
        {},
    )
    states = [("-", "0"), ("1", "0"), ("1", "0"), ("-", "0"), ("-", "2")]
    assert show(played, states, ["cache", "database"]).splitlines() == [
        "      one        two    cache  database",
        "                        -      0",
        "1     GET a             1      0",
        "2                waits  1      0",
        "3     returns 1",
        "3                DEL a  -      0",
        "then                    -      2",
    ]
