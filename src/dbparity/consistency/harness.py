"""An application's own cache code, run in every order that its commands can have.

    CacheScenario → CacheHarness.explore → Exploration → Result

The stores are real, and the code is as it is: each command that it sends by the clients which the
harness was given is a step. After each step the harness looks at what is cached and what is
committed; what it has seen is a `History`, for which the invariants must hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from dbparity.consistency.interleaving import (
    DIES,
    Died,
    Patience,
    Schedule,
    Stage,
    branches,
    cannot_tell,
    follow,
    show,
)
from dbparity.consistency.invariants import ALWAYS, Entry, History, Read, Sample, Write
from dbparity.consistency.observing import observing, waiting_on
from dbparity.reports.redaction import hide
from dbparity.results import Finding, Outcome, Result, Severity

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Collection,
        Iterator,
        Mapping,
        Sequence,
    )

    from dbparity.consistency.interleaving import Chooser, End, Played
    from dbparity.consistency.invariants import Invariant
    from dbparity.consistency.observing import Commands

CATEGORY = "caches"
_TRIALS = count(1)
_WIDTH = 30  # characters of a state
# KEYS: any; for each its value and its milliseconds, in one answer.
_PEEK = """
local found = {}
for number, key in ipairs(KEYS) do
  found[number] = {redis.call('GET', key), redis.call('PTTL', key)}
end
return found
"""


@dataclass(frozen=True)
class Actor:
    """Somebody who uses the cache: once, by a call.

    Attributes:
        call: what is done; it is called anew in each schedule.
        reads: the key whose value it returns, if it does.
        writes: the key and the value that are accepted when it returns, if they are.
        may_die: whether its process may die between two of its steps; one does in a schedule.
    """

    call: Callable[[], Awaitable[object]]
    reads: str = ""
    writes: tuple[str, object] | None = None
    may_die: bool = False


class CacheScenario(ABC):
    """Writers and readers of one cache, who are tried again and again.

    Each schedule is a ``trial`` with a number of its own: let it have rows and keys of its own,
    by that number, and nothing has to be cleared.

    Attributes:
        invariants: what must hold.
        loads: how the steps begin in which the database is asked for what is to be cached.
        tolerates: errors that an actor may end with.
    """

    invariants: ClassVar[tuple[Invariant, ...]] = ALWAYS
    loads: ClassVar[tuple[str, ...]] = ("SELECT", "load")
    tolerates: ClassVar[tuple[type[BaseException], ...]] = ()

    @abstractmethod
    async def prepare(self, trial: int) -> None:
        """Make the rows, and what the cache has in the beginning."""

    @abstractmethod
    def actors(self, trial: int) -> Mapping[str, Actor]:
        """Who acts, by name."""

    @abstractmethod
    async def committed(self, trial: int) -> Mapping[str, object]:
        """By cache key, what the database has committed for it now; no key where it has no row."""

    @abstractmethod
    async def cached(self, trial: int) -> Mapping[str, Entry]:
        """By key, what a reader would find in the cache now; `peek` helps."""

    async def queued(self, trial: int) -> Collection[tuple[str, object]]:  # noqa: ARG002
        """Keys and values that have been accepted and wait to be written to the database."""
        return ()

    async def settle(self, trial: int) -> None:  # noqa: B027  # most have nothing to do
        """What is done when all have ended, or died: a restart, a flush."""


@dataclass(frozen=True)
class Run:
    """One schedule, what was seen, and what did not hold, with the schedule as its proof."""

    played: Played
    history: History
    findings: tuple[Finding, ...]

    @property
    def schedule(self) -> Schedule:
        """Whose turn it was; `CacheHarness.replay` takes it."""
        return self.played.schedule


@dataclass(frozen=True)
class Exploration:
    """What became of a scenario in all orders.

    Attributes:
        schedules: how many were run.
        failures: those in which something did not hold, those with the fewest switches first.
        complete: whether there is no other order.
    """

    scenario: str
    schedules: int
    failures: tuple[Run, ...] = ()
    complete: bool = True

    def failing(self, code: str) -> int:
        """In how many schedules there was such a finding."""
        return sum(any(f.code == code for f in run.findings) for run in self.failures)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One for each code, with the simplest schedule that shows it, and how many do."""
        simplest: dict[str, Finding] = {}
        for run in self.failures:
            for finding in run.findings:
                simplest.setdefault(finding.code, finding)
        return tuple(
            replace(f, message=f"{f.message}, in {self.failing(f.code)} of {self._tried}")
            for f in simplest.values()
        )

    @property
    def _tried(self) -> str:
        return f"{self.schedules} schedules" + ("" if self.complete else ", and there are more")

    def result(self, target: str = "", seconds: float = 0.0) -> Result:
        """It as the result of a check."""
        return Result(
            target=target,
            category=CATEGORY,
            check=self.scenario,
            outcome=Outcome.FAILED if self.findings else Outcome.PASSED,
            seconds=seconds,
            verified=self.schedules - len(self.failures),
            findings=self.findings,
            evidence=self._tried,
        )

    def __str__(self) -> str:
        """Everything that was found, each with its schedule step by step."""
        head = f"{self.scenario}: {len(self.failures)} of {self._tried} do not hold"
        parts = (f"{f.code}: {f.place}: {f.message}\n{f.proof}" for f in self.findings)
        return "\n\n".join([head, *parts])


class Play(Protocol):
    """Runs one schedule of a scenario."""

    async def __call__(self, choose: Chooser, only: Collection[str] = ()) -> Run:
        """Let `choose` say whose turn it is, of all actors or of ``only`` some."""


class CacheHarness:
    """Runs scenarios on stores, by whose ``clients`` the code under test sends its commands.

    Clients are those of redis.asyncio, an `AsyncEngine`, or any other object, of which each
    public coroutine method is then one step. Without any, mark steps by `interleaving.step`.
    """

    def __init__(
        self, *clients: object, patience: Patience | None = None, limit: int = 10_000
    ) -> None:
        """Run ``limit`` schedules at most; ``patience`` is for who waits for another."""
        self._clients, self._limit = clients, limit
        unseen = Patience(idle=Patience.inside)
        self._patience = patience or (Patience() if clients else unseen)

    async def explore(self, scenario: CacheScenario) -> Exploration:
        """Run every schedule, each on a trial of its own."""
        failures: list[Run] = []
        pending: list[Schedule] = [()]
        many = 0
        async with self.playing(scenario) as play:
            while pending and many < self._limit:
                given = pending.pop()
                run = await play(follow(given))
                pending += branches(len(given), run.played)
                failures += [run] if run.findings else []
                many += 1
        failures.sort(key=lambda run: run.played.switches)
        name = type(scenario).__name__
        return Exploration(name, many, tuple(failures), complete=not pending)

    async def replay(self, scenario: CacheScenario, schedule: Schedule) -> Run:
        """Run one schedule, such as that of a failure.

        Raises:
            ScheduleDiverged: it is not a schedule of this scenario.
        """
        async with self.playing(scenario) as play:
            return await play(follow(schedule))

    @asynccontextmanager
    async def playing(self, scenario: CacheScenario) -> AsyncIterator[Play]:
        """What runs one schedule, by a `Chooser`, of all actors or of those that are named."""
        engines = [client for client in self._clients if isinstance(client, AsyncEngine)]
        waiting = await waiting_on(engines[0]) if engines else cannot_tell
        crowd = len(scenario.actors(next(_TRIALS)))
        for engine in engines:
            await _connect(engine, crowd)

        async def play(choose: Chooser, only: Collection[str] = ()) -> Run:
            trial = next(_TRIALS)
            await scenario.prepare(trial)
            everybody = scenario.actors(trial).items()
            actors = {name: actor for name, actor in everybody if not only or name in only}
            mortal = frozenset(name for name, actor in actors.items() if actor.may_die)
            stage = Stage(waiting, self._patience, mortal)
            return await _Trial(scenario, trial, actors).run(stage, choose)

        with observing(*self._clients):
            yield play


async def _connect(engine: AsyncEngine, crowd: int) -> None:
    """Have as many connections in the pool, as far as it keeps them, before anybody acts."""
    async with AsyncExitStack() as stack:
        for _ in range(min(crowd, getattr(engine.pool, "size", int)())):
            await stack.enter_async_context(engine.connect())


class _Trial:
    """One schedule of a scenario, and what is seen of it."""

    def __init__(self, scenario: CacheScenario, trial: int, actors: Mapping[str, Actor]) -> None:
        self._scenario, self._trial, self._actors = scenario, trial, actors
        self._samples: list[Sample] = []

    async def run(self, stage: Stage, choose: Chooser) -> Run:
        """Let the actors take turns, and judge."""
        await self._look()
        calls = {name: actor.call for name, actor in self._actors.items()}
        played = await stage.play(calls, choose, self._look)
        if played.stuck:
            history, findings = History(tuple(self._samples)), [_stuck(played, stage.most)]
        else:
            await self._scenario.settle(self._trial)
            await self._look()
            history = self._history(played)
            findings = [f for holds in self._scenario.invariants for f in holds(history)]
            findings += _raised(played.ends, (Died, *self._scenario.tolerates))
        proof = _shown(played, self._samples) if findings else ""
        return Run(played, history, tuple(replace(f, proof=proof) for f in findings))

    async def _look(self) -> None:
        scenario, trial = self._scenario, self._trial
        self._samples.append(
            Sample(
                len(self._samples),
                dict(await scenario.committed(trial)),
                dict(await scenario.cached(trial)),
                tuple(await scenario.queued(trial)),
            )
        )

    def _history(self, played: Played) -> History:
        returned = {
            act.actor: float(number)
            for number, acts in enumerate(played.moves, 1)
            for act in acts
            if act.ends and not played.ends[act.actor].error
        }
        acting = [(), *([act.actor for act in acts] for acts in played.moves)]
        told = [max((returned.get(name, inf) for name in names), default=-inf) for names in acting]
        told.append(self._samples[-1].at)  # what is done in the end is awaited
        loads = self._scenario.loads
        return History(
            tuple(replace(s, acknowledged=at) for s, at in zip(self._samples, told, strict=True)),
            tuple(self._reads(played, returned)),
            tuple(
                Write(*actor.writes, returned[name])
                for name, actor in self._actors.items()
                if actor.writes and name in returned
            ),
            tuple(
                float(number)
                for number, acts in enumerate(played.moves, 1)
                for act in acts
                if act.did.startswith(loads)
            ),
            tuple(float(n) for n, who in enumerate(played.schedule, 1) if who.endswith(DIES)),
        )

    def _reads(self, played: Played, returned: Mapping[str, float]) -> Iterator[Read]:
        for name, actor in self._actors.items():
            if actor.reads and name in returned:
                began, value = float(played.schedule.index(name)), played.ends[name].value
                yield Read(actor.reads, value, began, returned[name])


async def peek(
    redis: Commands, keys: Sequence[str], decode: Callable[[Any], object] = msgspec.json.decode
) -> dict[str, Entry]:
    """What is cached under ``keys`` now, as far as they are there, in one command."""
    answers = await redis.execute_command("EVAL", _PEEK, len(keys), *keys)
    return {
        key: Entry(decode(value), left / 1000 if left >= 0 else None)
        for key, (value, left) in zip(keys, answers, strict=True)
        if value is not None
    }


def _stuck(played: Played, most: int) -> Finding:
    endless = len(played.moves) == most
    return Finding(
        code="cache.endless" if endless else "cache.deadlock",
        severity=Severity.WRONG,
        message=f"no end after {most} steps" if endless else "all who have not ended wait for ever",
        expected="everybody comes to an end",
        actual=", ".join(played.stuck),
        recommendation="bound how often it is tried again"
        if endless
        else "take locks in one order, and let each wait have a limit",
    )


def _raised(
    ends: Mapping[str, End], tolerated: tuple[type[BaseException], ...]
) -> Iterator[Finding]:
    for name, end in ends.items():
        if end.error is not None and not isinstance(end.error, tolerated):
            yield Finding(
                code="cache.raised",
                severity=Severity.WRONG,
                message=f"{name} ends with an error",
                expected="an answer",
                actual=hide(repr(end.error)),
                recommendation="handle it where it is raised, or let the scenario tolerate it",
            )


def _shown(played: Played, samples: Sequence[Sample]) -> str:
    """The schedule, beside what was cached, committed and queued."""
    cached = [{key: entry.value for key, entry in s.cached.items()} for s in samples]
    committed = [s.committed for s in samples]
    queued = [s.queued for s in samples]
    titles = ["cache", "database", *(["queue"] if any(queued) else [])]
    columns = [_spelled(cached), _spelled(committed), [_listed(queue) for queue in queued]]
    states = list(zip(*columns[: len(titles)], strict=True))
    return hide(show(played, states, titles))


def _spelled(states: Sequence[Mapping[str, object]]) -> list[str]:
    """Values, with their keys where there are several."""
    several = len({key for state in states for key in state}) > 1
    texts = [[f"{k}: {v}" if several else str(v) for k, v in s.items()] for s in states]
    return [", ".join(text)[:_WIDTH] or "-" for text in texts]


def _listed(queue: Sequence[tuple[str, object]]) -> str:
    return ", ".join(str(value) for _, value in queue)[:_WIDTH] or "-"
