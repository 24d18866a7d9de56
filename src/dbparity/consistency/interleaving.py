"""Coroutines that take turns, in one order after the other, until every order has been tried.

    actors + Chooser → Stage.play → Played → branches → the schedules that are still to be tried

An actor is a coroutine that does real work on real servers. A step ends where it has come to a
scheduling point: at `step`, or behind a command that is `under_way`. Nobody else moves meanwhile,
unless the actor waits for one of the others, as for a lock on a row: then they go on without it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from dbparity.errors import ScheduleDiverged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping

T = TypeVar("T")
Schedule = tuple[str, ...]

DIES = " dies"  # behind an actor's name: it makes no further step
_GLANCE = 0.005  # seconds between two looks at somebody who does not come to a step


class Died(BaseException):
    """What an actor meets at its next command when its process is to be dead.

    No error, lest the actor's own handlers go on with it.
    """


@dataclass(frozen=True)
class Patience:
    """For how long an actor that comes to no step is not yet taken to wait for another.

    Attributes:
        idle: seconds outside of any command that is seen: it waits for a lock of this process.
        inside: seconds within a command, unless the database says before that it waits for a lock.
        stuck: seconds after which nobody will go on any more, when all of them wait.
    """

    idle: float = 0.05
    inside: float = 1.0
    stuck: float = 3.0


@dataclass(frozen=True)
class Act:
    """What an actor has done: the point that it came to, or how it ended."""

    actor: str
    did: str
    ends: bool = False


@dataclass(frozen=True)
class End:
    """How an actor ended: by what it returned, or by what it raised."""

    value: object = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Played:
    """A schedule, as it went.

    Attributes:
        schedule: whose turn it was.
        options: whose turn it could have been, each time; who was chosen last comes first.
        moves: what was done each time, by whom it was and by those who had waited for it.
        ends: of those who came to an end.
        stuck: those who wait for each other.
    """

    schedule: Schedule
    options: tuple[tuple[str, ...], ...]
    moves: tuple[tuple[Act, ...], ...]
    ends: Mapping[str, End]
    stuck: tuple[str, ...] = ()

    @property
    def switches(self) -> int:
        """How often somebody went on while another one could have."""
        pairs = zip(self.schedule[1:], self.schedule, self.options[1:], strict=False)
        return sum(now != before and before in could for now, before, could in pairs)


# Says whose turn it is, of those whose turn it can be, by the number of the move; None if it does
# not mind: the first one goes on.
Chooser = Callable[[int, Sequence[str]], str | None]


class _Actor:
    """One coroutine, with the gates at which it, or a task of its own, has stopped."""

    def __init__(
        self,
        name: str,
        call: Callable[[], Awaitable[object]],
        came: Callable[[_Actor, Act], None],
    ) -> None:
        self.name, self._came = name, came
        self._start = asyncio.get_running_loop().create_future()
        self.gates = deque([self._start])
        self.commands = 0  # under way
        self.begun = self.waits = self.dead = self.over = False
        self.task = asyncio.ensure_future(self._run(call))
        self.task.add_done_callback(self._ended)

    @property
    def ended(self) -> bool:
        return not self.gates and self.task.done()

    @property
    def moving(self) -> bool:
        return not self.gates and not self.task.done()

    @property
    def end(self) -> End:
        """How it ended."""
        if self.task.cancelled():
            return End(error=asyncio.CancelledError())
        error = self.task.exception()
        return End(error=error) if error else End(self.task.result())

    async def pause(self, did: str) -> None:
        """Say what is done, and wait for the next turn."""
        self.check()
        if not self.over:
            gate = asyncio.get_running_loop().create_future()
            self.gates.append(gate)
            self._came(self, Act(self.name, did))
            await gate
            self.check()

    def check(self) -> None:
        """Raise `Died` if it is to be dead."""
        if self.dead and not self.over:
            raise Died

    def release(self, *, dead: bool) -> None:
        self.begun, self.dead = True, self.dead or dead
        self.gates.popleft().set_result(None)

    def go_home(self) -> None:
        """Cancel it, and let go of whatever of it has stopped or is still to come."""
        self.over = True
        self.task.cancel()
        for gate in self.gates:
            gate.cancel()

    async def _run(self, call: Callable[[], Awaitable[object]]) -> object:
        _ACTOR.set(self)
        await self._start
        return await call()

    def _ended(self, _: asyncio.Future[object]) -> None:
        end = self.end
        said = f"raises {end.error!r}" if end.error else f"returns {end.value!r}"
        self._came(self, Act(self.name, "dies" if self.dead else said, ends=True))


_ACTOR: ContextVar[_Actor | None] = ContextVar("actor", default=None)


def acting() -> bool:
    """Whether it is an actor who asks, and one who is alive."""
    actor = _ACTOR.get()
    return actor is not None and not actor.dead


async def step(did: str) -> None:
    """A scheduling point: ``did`` is done, and others may go on; nothing outside of a schedule."""
    actor = _ACTOR.get()
    if actor is not None:
        await actor.pause(did)


@contextmanager
def under_way(*, by_the_dead: bool = False) -> Iterator[bool]:
    """Say that a command is sent; yields whether it is one by itself, and no part of another.

    Who is dead sends nothing but what would be done for him, such as the end of a transaction.
    """
    actor = _ACTOR.get()
    if actor is None:
        yield False
        return
    if not by_the_dead:
        actor.check()
    actor.commands += 1
    try:
        yield actor.commands == 1
    finally:
        actor.commands -= 1


async def command(did: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work`` as one step, with whatever it consists of."""
    with under_way() as whole:
        result = await work()
    if whole:
        await step(did)
    return result


async def cannot_tell() -> int:
    """No session is known to wait for a lock."""
    return 0


@dataclass(frozen=True)
class Stage:
    """Where actors take turns.

    Attributes:
        waiting: tells how many sessions of the database wait for locks.
        mortal: the actors that may die, one in a schedule, wherever they have begun.
        most: moves in a schedule; behind them it has no end.
    """

    waiting: Callable[[], Awaitable[int]] = cannot_tell
    patience: Patience = Patience()
    mortal: frozenset[str] = frozenset()
    most: int = 200

    async def play(
        self,
        actors: Mapping[str, Callable[[], Awaitable[object]]],
        choose: Chooser,
        look: Callable[[], Awaitable[None]],
    ) -> Played:
        """Let ``actors`` take turns until all have ended; ``look`` after each move.

        Raises:
            ScheduleDiverged: somebody was chosen whose turn it cannot be.
        """
        round_ = _Round(self, actors)
        schedule: list[str] = []
        options: list[tuple[str, ...]] = []
        moves: list[tuple[Act, ...]] = []
        try:
            while len(moves) < self.most:
                found, choice = await round_.turn(schedule, choose)
                if choice is None:
                    break
                options.append(found)
                schedule.append(choice)
                moves.append(await round_.go_on(choice))
                await look()
        finally:
            ends, left = await round_.clear()
        return Played(tuple(schedule), tuple(options), tuple(moves), ends, left)


class _Round:
    """One schedule under way."""

    def __init__(self, stage: Stage, calls: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self.actors = {name: _Actor(name, call, self.note) for name, call in calls.items()}
        self._stage, self._came = stage, False
        self._done: list[Act] = []  # since the last move
        self._waiter: asyncio.Future[None] | None = None

    def note(self, actor: _Actor, act: Act) -> None:
        actor.waits = False
        self._done.append(act)
        self._came = True
        self._wake()

    async def turn(
        self, schedule: Sequence[str], choose: Chooser
    ) -> tuple[tuple[str, ...], str | None]:
        """Whose turn it can be, and whose it is; nobody's where all have ended, or are stuck."""
        found = self._options(schedule)
        wanted = choose(len(schedule), found)
        while (wanted not in found) if wanted else not found:
            coming = [name for name, actor in self.actors.items() if not actor.ended]
            if wanted and wanted.removesuffix(DIES) not in coming:
                break
            if not coming or not await self._somebody_comes(self._stage.patience.stuck):
                break
            await self._settle()
            found = self._options(schedule)
        if wanted and wanted not in found:
            raise ScheduleDiverged(wanted, (*schedule, wanted), found)
        return found, wanted or next(iter(found), None)

    async def go_on(self, choice: str) -> tuple[Act, ...]:
        """Let somebody make a step; return what has been done since."""
        name = choice.removesuffix(DIES)
        self.actors[name].release(dead=name != choice)
        await self._settle()
        done, self._done = self._done, []
        return tuple(sorted(done, key=lambda act: act.actor != name))

    async def clear(self) -> tuple[dict[str, End], tuple[str, ...]]:
        """Send everybody home: how those ended who had by themselves, and who had not."""
        ends = {name: actor.end for name, actor in self.actors.items() if actor.ended}
        for actor in self.actors.values():
            actor.go_home()
        await asyncio.gather(*(a.task for a in self.actors.values()), return_exceptions=True)
        return ends, tuple(name for name in self.actors if name not in ends)

    def _options(self, schedule: Sequence[str]) -> tuple[str, ...]:
        last = schedule[-1] if schedule else ""
        ready = sorted((n for n, a in self.actors.items() if a.gates), key=lambda n: n != last)
        mortal = self._stage.mortal if not any(a.dead for a in self.actors.values()) else ()
        dying = [name + DIES for name in ready if name in mortal and self.actors[name].begun]
        return (*ready, *dying)

    async def _settle(self) -> None:
        """Return when nobody moves but those who wait for another."""
        # Looks are counted rather than seconds: a machine that is busy may be late with all alike.
        looks = 0
        while moving := [actor for actor in self.actors.values() if actor.moving]:
            if await self._somebody_comes(_GLANCE):
                looks = 0
                continue
            looks += 1
            if await self._all_wait(moving, looks * _GLANCE) and not self._came:
                for actor in moving:
                    actor.waits = True
                return

    async def _all_wait(self, moving: Sequence[_Actor], seconds: float) -> bool:
        patience, inside = self._stage.patience, [actor for actor in moving if actor.commands]
        if seconds < patience.idle and not all(a.waits or a.commands for a in moving):
            return False
        if not inside or seconds >= patience.inside:
            return True
        return await self._stage.waiting() >= len(inside)

    async def _somebody_comes(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        self._came, self._waiter = False, loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        await self._waiter
        timer.cancel()
        return self._came

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def follow(schedule: Schedule) -> Chooser:
    """Choose as ``schedule`` says, and behind its end nobody in particular."""
    return lambda number, _: schedule[number] if number < len(schedule) else None


def branches(given: int, played: Played) -> list[Schedule]:
    """The schedules that part from one of which so many choices were given, behind these.

    Whoever plays an empty schedule, and then all that branch off, has played each once.
    """
    return [
        (*played.schedule[:number], other)
        for number in range(given, len(played.schedule))
        for other in played.options[number]
        if other != played.schedule[number]
    ]


def show(played: Played, states: Sequence[Sequence[str]], titles: Sequence[str]) -> str:
    """A schedule as a table: a line for each act, a column for each actor, and for each state.

    ``states`` are those before all, after each move, and when all is done; ``titles`` name them.
    """
    names = list(dict.fromkeys(name.removesuffix(DIES) for name in played.schedule))
    blank = [""] * len(names)
    rows = [["", *names, *titles], ["", *blank, *states[0]]]
    for number, (who, acts) in enumerate(zip(played.schedule, played.moves, strict=True), 1):
        for act in acts or (Act(who, "waits"),):
            did = [act.did if name == act.actor else "" for name in names]
            rows.append([str(number), *did, *[""] * len(titles)])
        rows[-1][-len(titles) :] = states[number]
    if played.stuck:
        rows.append(["", *("never goes on" if name in played.stuck else "" for name in names)])
    elif states[-1] != states[-2]:
        rows.append(["then", *blank, *states[-1]])
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)
