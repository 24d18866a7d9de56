"""Ways to keep a cache beside a database, small enough to be tried in every order.

    CacheAside, WriteThrough, Leases, Versions, WriteBehind, Namespaces, SingleFlight

Some of them leave a stale value behind; in how many orders is in docs/caches.md. They are kept as
canaries: a harness that does not catch them is worth nothing.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from dbparity.consistency.rows import Row, decoded, encoded

if TYPE_CHECKING:
    from dbparity.consistency.observing import Commands
    from dbparity.consistency.rows import Rows

# KEYS: the value, the lease; ARGV: a new lease, its milliseconds. Returns the value, or false and
# the lease, or false twice where another one has it.
_LEASE = """
local value = redis.call('GET', KEYS[1])
if value then return {value} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {false, ARGV[1]} end
return {false, false}
"""
# KEYS: the value, the lease; ARGV: the lease that was given, the value, its milliseconds.
_FILL = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
# KEYS: the lease; ARGV: the lease that was given.
_GIVE_BACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
# KEYS: the value; ARGV: its version, the value, its milliseconds. What is newer stays.
_NEWER = """
local kept = redis.call('GET', KEYS[1])
if kept and cjson.decode(kept)[1] >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
# KEYS: the value, the queue; ARGV: the value, its milliseconds, the order.
_QUEUE = """
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# KEYS: the counter; ARGV: its milliseconds.
_COUNT = """
redis.call('INCR', KEYS[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_BATCH = 1000  # keys of a SCAN


@dataclass(frozen=True)
class Space:
    """The keys of a tenant, and how long what they have may live.

    Attributes:
        ttl: seconds.
        jitter: the part of them by which they vary, lest all that came together goes together.
    """

    tenant: str
    ttl: float = 60
    jitter: float = 0.1
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def key(self, number: int) -> str:
        """Where a document is."""
        return f"tenant:{self.tenant}:document:{number}"

    def milliseconds(self) -> int:
        """A time to live."""
        varied = 1 + self.jitter * self.chance.uniform(-1, 1)
        return round(self.ttl * 1000 * varied)


@dataclass(frozen=True)
class CacheAside:
    """Readers fill the cache; writers write to the database, and then delete from the cache.

    A reader that has loaded before a write, and fills behind its deletion, leaves a stale value.
    """

    redis: Commands
    rows: Rows
    space: Space

    async def read(self, number: int) -> str | None:
        """The value, from the cache if it is there; None where there is no row."""
        key = await self.key(number)
        found = await self.redis.execute_command("GET", key)
        if found is not None:
            return decoded(found).value
        row = await self.rows.load(number)
        if row is None:
            return None
        await self._put(key, row)
        return row.value

    async def write(self, number: int, value: str) -> None:
        """Commit a value."""
        await self.rows.save(number, value)
        await self.forget(number)

    async def remove(self, number: int) -> None:
        """Delete a row."""
        await self.rows.remove(number)
        await self.forget(number)

    async def forget(self, number: int) -> None:
        """Delete from the cache."""
        await self.redis.execute_command("DEL", await self.key(number))

    async def key(self, number: int) -> str:
        """Where a document is now."""
        return self.space.key(number)

    async def _put(self, key: str, row: Row) -> None:
        lives = self.space.milliseconds()
        await self.redis.execute_command("SET", key, encoded(row), "PX", lives)


class DeleteThenWrite(CacheAside):
    """A canary: who reads between the deletion and the write leaves a stale value."""

    async def write(self, number: int, value: str) -> None:
        """Commit a value."""
        await self.forget(number)
        await self.rows.save(number, value)


class DoubleDelete(CacheAside):
    """A canary: the second deletion is too early for a reader that is slow enough."""

    async def write(self, number: int, value: str) -> None:
        """Commit a value."""
        await self.forget(number)
        await self.rows.save(number, value)
        await self.forget(number)


class WriteThrough(CacheAside):
    """A canary: writers put into the cache what they have committed, in whatever order."""

    async def write(self, number: int, value: str) -> None:
        """Commit a value, and put it into the cache."""
        row = await self.rows.save(number, value)
        await self._put(await self.key(number), row)


class Leases(CacheAside):
    """Who misses gets a lease and may fill as long as it is there; a write takes it away.

    Who gets none, since another one has it, reads from the database and fills nothing.
    """

    async def read(self, number: int) -> str | None:
        """The value, from the cache if it is there; None where there is no row."""
        keys, lives = self._keys(number), self.space.milliseconds()
        found, *lease = await self.redis.execute_command(
            "EVAL", _LEASE, 2, *keys, uuid4().hex, lives
        )
        if found is not None:
            return decoded(found).value
        row = await self.rows.load(number)
        if row is None:
            await self.redis.execute_command("EVAL", _GIVE_BACK, 1, keys[1], lease[0] or "")
            return None
        await self.redis.execute_command(
            "EVAL", _FILL, 2, *keys, lease[0] or "", encoded(row), lives
        )
        return row.value

    async def forget(self, number: int) -> None:
        """Delete from the cache, with the lease of whoever is about to fill it."""
        await self.redis.execute_command("DEL", *self._keys(number))

    def _keys(self, number: int) -> tuple[str, str]:
        key = self.space.key(number)
        return key, f"{key}:lease"


class Versions(CacheAside):
    """Readers and writers put what they have into the cache, unless it has a newer version."""

    async def write(self, number: int, value: str) -> None:
        """Commit a value, and put it into the cache."""
        row = await self.rows.save(number, value)
        await self._put(await self.key(number), row)

    async def remove(self, number: int) -> None:
        """Delete a row; a tombstone keeps those who have read it from filling."""
        version = await self.rows.remove(number)
        if version is not None:
            await self._put(await self.key(number), Row(version, None))

    async def _put(self, key: str, row: Row) -> None:
        lives = self.space.milliseconds()
        await self.redis.execute_command("EVAL", _NEWER, 1, key, row.version, encoded(row), lives)


@dataclass(frozen=True)
class SingleFlight:
    """Of those of one process who read at once one does, and the others wait for it.

    Whoever begins behind a write does not join a flight that may have set out before it.
    """

    cache: CacheAside
    _flights: dict[int, asyncio.Future[str | None]] = field(default_factory=dict, repr=False)

    async def read(self, number: int) -> str | None:
        """The value, as the cache has or loads it."""
        flight = self._flights.get(number)
        if flight is None:
            flight = self._flights[number] = asyncio.ensure_future(self.cache.read(number))
            flight.add_done_callback(partial(self._land, number))
        # Who is cancelled shall not take the value from the others.
        return await asyncio.shield(flight)

    async def write(self, number: int, value: str) -> None:
        """Commit a value."""
        await self.cache.write(number, value)
        self._flights.pop(number, None)

    def _land(self, number: int, flight: asyncio.Future[str | None]) -> None:
        if self._flights.get(number) is flight:
            del self._flights[number]


class WriteBehind(CacheAside):
    """Writers write to the cache and to a queue at once; `flush` writes the queue to the database.

    What is being written stays in a list of its own until it is committed, so that `recover`
    finds what a flush has not finished that died. One flush at a time.
    """

    @property
    def queue(self) -> str:
        """Where what is accepted waits."""
        return f"tenant:{self.space.tenant}:queue"

    @property
    def working(self) -> str:
        """Where what is being written stays until it is."""
        return f"{self.queue}:working"

    async def write(self, number: int, value: str) -> None:
        """Accept a value."""
        order, row = msgspec.json.encode((number, value)).decode(), encoded(Row(0, value))
        keys = self.space.key(number), self.queue
        lives = self.space.milliseconds()
        await self.redis.execute_command("EVAL", _QUEUE, 2, *keys, row, lives, order)

    async def flush(self) -> int:
        """Write everything that waits; return how many values."""
        written = 0
        while (order := await self._take()) is not None:
            await self.rows.save(*msgspec.json.decode(order, type=tuple[int, str]))
            await self._finish(order)
            written += 1
        return written

    async def recover(self) -> int:
        """Put back what a flush has left, in its order, and flush."""
        ends = self.working, self.queue, "RIGHT", "LEFT"
        while await self.redis.execute_command("LMOVE", *ends) is not None:
            pass
        return await self.flush()

    async def waiting(self) -> list[tuple[int, str]]:
        """What is accepted and not known to be written, in its order."""
        working = await self.redis.execute_command("LRANGE", self.working, 0, -1)
        queued = await self.redis.execute_command("LRANGE", self.queue, 0, -1)
        return [msgspec.json.decode(order, type=tuple[int, str]) for order in (*working, *queued)]

    async def _take(self) -> str | None:
        ends = self.queue, self.working, "LEFT", "RIGHT"
        order: str | None = await self.redis.execute_command("LMOVE", *ends)
        return order

    async def _finish(self, order: str) -> None:
        await self.redis.execute_command("LREM", self.working, 1, order)


class WriteBehindByPop(WriteBehind):
    """A canary: a flush that dies between the queue and the database loses a value."""

    async def _take(self) -> str | None:
        order: str | None = await self.redis.execute_command("LPOP", self.queue)
        return order

    async def _finish(self, order: str) -> None:
        """It is off the queue already."""


class Namespaces(CacheAside):
    """All keys of a tenant carry the number of its namespace, and go when that is counted up.

    A reader that fills behind that fills a namespace at which nobody looks any more.
    """

    @property
    def counter(self) -> str:
        """Where the namespace's number is. It outlives all that is in the namespaces before."""
        return f"tenant:{self.space.tenant}:namespace"

    async def forget(self, number: int) -> None:  # noqa: ARG002  # all go together
        """Invalidate everything of the tenant."""
        await self.redis.execute_command(
            "EVAL", _COUNT, 1, self.counter, round(2000 * self.space.ttl * (1 + self.space.jitter))
        )

    async def key(self, number: int) -> str:
        """Where a document is now."""
        namespace = await self.redis.execute_command("GET", self.counter)
        return f"{self.space.key(number)}:{namespace or 0}"


async def forget_matching(redis: Commands, pattern: str) -> int:
    """Delete every key that matches a glob; return how many there were.

    A key that is written meanwhile may stay: who has loaded before may fill behind it.
    """
    cursor, gone = "0", 0
    while True:
        cursor, keys = await redis.execute_command(
            "SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH
        )
        if keys:
            gone += await redis.execute_command("UNLINK", *keys)
        if not int(cursor):
            return gone
