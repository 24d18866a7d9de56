"""Programs of writers and readers of one document, to be run in every order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import select, update

from dbparity.consistency.caches import CacheAside, Leases, SingleFlight, Space, forget_matching
from dbparity.consistency.harness import Actor, CacheScenario, peek
from dbparity.consistency.invariants import ALWAYS, Entry, loads_are_bounded
from dbparity.consistency.rows import DOCUMENTS, Row, SqlRows, decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.consistency.invariants import Invariant

Client = Any  # of redis.asyncio, whose types leave open what decode_responses decides
OLD, VALUES = "old", ("new", "newer", "newest")


def value(text: str) -> str | None:
    return decoded(text).value


@dataclass
class Documents(CacheScenario):
    """So many writers and readers of one document, whose cache is kept in one way."""

    redis: Client
    rows: SqlRows
    make: Callable[[Any, SqlRows, Space], Any]
    writers: int = 1
    readers: int = 1
    warm: bool = False

    def cache(self, trial: int) -> Any:  # noqa: ANN401  # whatever reads and writes
        return self.make(self.redis, self.rows, self.space(trial))

    def space(self, trial: int) -> Space:
        return Space(f"tenant{trial}")

    def key(self, trial: int) -> str:
        return self.space(trial).key(trial)

    async def prepare(self, trial: int) -> None:
        await self.rows.add(trial, OLD)
        if self.warm:
            await self.cache(trial).read(trial)

    def actors(self, trial: int) -> Mapping[str, Actor]:
        cache, key = self.cache(trial), self.key(trial)
        return {
            **{
                f"writer of {new}": Actor(partial(cache.write, trial, new), writes=(key, new))
                for new in VALUES[: self.writers]
            },
            **{
                f"reader {number}": Actor(partial(cache.read, trial), reads=key)
                for number in range(1, self.readers + 1)
            },
        }

    async def committed(self, trial: int) -> Mapping[str, object]:
        row = await self.rows.load(trial)
        return {self.key(trial): row.value} if row else {}

    async def cached(self, trial: int) -> Mapping[str, Entry]:
        found = await peek(self.redis, [self.key(trial)], value)
        # A tombstone is as good as nothing.
        return {key: entry for key, entry in found.items() if entry.value is not None}


class Deletions(Documents):
    """The document is deleted rather than written to."""

    def actors(self, trial: int) -> Mapping[str, Actor]:
        cache, key = self.cache(trial), self.key(trial)
        readers = super().actors(trial)
        return {
            "deleter": Actor(partial(cache.remove, trial)),
            **{name: actor for name, actor in readers.items() if actor.reads == key},
        }


class Namespaced(Documents):
    """All keys of a tenant go together, by the number of their namespace."""

    async def cached(self, trial: int) -> Mapping[str, Entry]:
        key = await self.cache(trial).key(trial)
        found = await peek(self.redis, [key], value)
        return {self.key(trial): entry for entry in found.values()}


class ByPattern(CacheAside):
    """A writer deletes all keys of the tenant."""

    async def forget(self, number: int) -> None:
        pattern = self.space.key(number).rpartition(":")[0] + ":*"
        await forget_matching(self.redis, pattern)


class Queued(Documents):
    """A write-behind cache whose flush may die anywhere, and is then begun anew."""

    invariants: ClassVar[tuple[Invariant, ...]] = ALWAYS

    def actors(self, trial: int) -> Mapping[str, Actor]:
        flush = Actor(self.cache(trial).flush, may_die=True)
        return {**super().actors(trial), "flush": flush}

    async def queued(self, trial: int) -> Collection[tuple[str, object]]:
        waiting = await self.cache(trial).waiting()
        return [(self.space(trial).key(number), new) for number, new in waiting]

    async def settle(self, trial: int) -> None:
        await self.cache(trial).recover()


class Stampede(Documents):
    """Readers who all miss."""

    invariants: ClassVar[tuple[Invariant, ...]] = (*ALWAYS, partial(loads_are_bounded, most=1))


def single_flight(redis: Client, rows: SqlRows, space: Space) -> SingleFlight:
    return SingleFlight(Leases(redis, rows, space))


def joining(redis: Client, rows: SqlRows, space: Space) -> SingleFlight:
    """A canary: its writers leave flights that set out before them to those who come later."""

    class Joining(SingleFlight):
        async def write(self, number: int, value: str) -> None:
            await self.cache.write(number, value)

    return Joining(Leases(redis, rows, space))


@dataclass(frozen=True)
class Handwritten:
    """A cache as an application has it: statements, transactions, and what it thinks of both."""

    redis: Client
    rows: SqlRows
    space: Space

    @property
    def engine(self) -> AsyncEngine:
        return self.rows.engine

    async def read(self, number: int) -> str | None:
        key = self.space.key(number)
        found = await self.redis.get(key)
        if found is not None:
            return value(found)
        async with self.engine.connect() as connection:
            asked = select(DOCUMENTS.c.version, DOCUMENTS.c.value).where(DOCUMENTS.c.id == number)
            row = Row(*(await connection.execute(asked)).one())
        await self.redis.set(key, encoded(row), px=60_000)
        return row.value

    async def write(self, number: int, new: str) -> None:
        async with self.engine.begin() as connection:
            change = update(DOCUMENTS).where(DOCUMENTS.c.id == number).values(value=new)
            await connection.execute(change)
        await self.redis.delete(self.space.key(number))
