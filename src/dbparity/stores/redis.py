"""Redis, Valkey, and whatever else speaks their protocol."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import DecodeError, Struct, ValidationError, defstruct
from msgspec.json import Decoder, decode, encode
from msgspec.structs import astuple

from dbparity.errors import DriverMissing, RecordsUnusable, StoreInvalid, StoreUnreachable
from dbparity.stores.base import PAGE, Greeting, Key, Record, Records, Store
from dbparity.stores.patterns import KeyPattern

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence

    from redis.asyncio import Redis

FORMS = ("json", "hash", "text")
_SECONDS = 10  # for a login, and for an answer
_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}
# One reply for many keys, each with its value and its time to live in milliseconds.
_READ = """
local found = {}
for number, key in ipairs(KEYS) do
  local value
  if ARGV[1] == 'hash' then
    value = redis.pcall('HMGET', key, unpack(ARGV, 2))
  else
    value = redis.pcall('GET', key)
  end
  if type(value) == 'table' and value.err then value = 0 end
  found[number] = {redis.call('PTTL', key), value}
end
return found
"""
_ABSENT, _FOR_EVER = -2, -1
_Reply = tuple[Key, int, Any]  # a key, the milliseconds that it has left, its value


def connect(url: str) -> Redis:
    """A client for ``url``, whose answers are texts; nothing is connected to yet.

    Raises:
        StoreInvalid: the URL cannot be read.
        DriverMissing: redis is not installed.
    """
    if importlib.util.find_spec("redis") is None:
        raise DriverMissing("redis", "redis", "redis")
    from redis.asyncio import Redis  # noqa: PLC0415  # an extra

    scheme, _, rest = url.partition(":")
    try:
        return Redis.from_url(
            f"{_SCHEMES.get(scheme, scheme)}:{rest}",
            decode_responses=True,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
        )
    except ValueError as error:
        cure = "write redis://user:password@host:port/0, or rediss:// for TLS"
        raise StoreInvalid(scheme, f"the URL cannot be read: {error}", cure) from None


class RedisStore(Store):
    """The keys of one database. `Records.name` is a pattern of keys."""

    extra: ClassVar[str] = "redis"
    ordered: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        """Be the database at ``url``; raise as `connect` does."""
        super().__init__(url)
        # Its types leave open what decode_responses decides.
        self._redis: Any = connect(url)

    async def greet(self) -> Greeting:
        """Ask INFO, over a connection of its own."""
        with self._told():
            async with connect(self.url) as client:
                said = await client.info()
        product = next((name for name in ("valkey", "dragonfly") if f"{name}_version" in said), "")
        version = said[f"{product or 'redis'}_version"]
        is_replica = said["role"] == "slave"
        silent = float(said.get("master_last_io_seconds_ago", -1))  # less than 0: no link
        return Greeting(
            f"{product or 'redis'} {version}",
            read_only=is_replica and bool(said.get("slave_read_only", 1)),
            role="replica" if is_replica else "primary",
            lag=silent if silent >= 0 else None,
            facts={
                "connections": f"{said['connected_clients']} of {said['maxclients']}",
                "memory": str(said["used_memory_human"]),
            },
        )

    async def check(self, records: Records) -> None:
        """Raise `RecordsUnusable` for a pattern without a hole, or a form that there is not."""
        if not KeyPattern(records.name).names:
            cure = "write where the key stands: doc:{id}"
            raise RecordsUnusable(self.address, records.name, "the pattern has no key", cure)
        if records.form not in FORMS:
            cure = f"write one of: {', '.join(FORMS)}"
            raise RecordsUnusable(self.address, records.name, f"no form {records.form!r}", cure)
        if records.form == "text" and set(records.fields) - {"text"}:
            cure = "name the field text"
            raise RecordsUnusable(self.address, records.name, "a text has no other fields", cure)
        with self._told():
            await self._redis.ping()

    async def scan(self, records: Records, size: int = PAGE) -> AsyncIterator[Sequence[Record]]:
        """By SCAN: what is there from beginning to end comes at least once.

        Without `Records.fields` neither values nor times to live are read.
        """
        pattern, cursor = KeyPattern(records.name), 0
        fits = pattern.read(pattern.names[0])
        while True:
            with self._told():
                cursor, found = await self._redis.scan(cursor, match=pattern.glob, count=size)
            keys = [key for key in dict.fromkeys(found) if fits(key) is not None]
            if records.fields:
                yield list((await self.fetch(records, keys)).values())
            else:
                yield [Record(key) for key in keys]
            if cursor == 0:
                return

    async def fetch(self, records: Records, keys: Collection[Key]) -> dict[Key, Record]:
        """Values and times to live, by one script."""
        if not keys:
            return {}
        with self._told():
            answers = await self._reading(list(keys), [records.form, *records.fields])
        there = [
            (key, left, value)
            for key, (left, value) in zip(keys, answers, strict=True)
            if left != _ABSENT
        ]
        if records.form == "json":
            read = _decoder(records.fields)
            return {key: _document(key, left, value, records, read) for key, left, value in there}
        return {key: _record(key, left, value, records) for key, left, value in there}

    async def write(self, records: Records, new: Sequence[Record]) -> None:
        """Set what is told of each key; a time to live that is not told stays as it is."""
        for record in new:
            key = str(record.key)
            values = dict(zip(records.fields, record.values, strict=True))
            with self._told():
                async with self._redis.pipeline(transaction=True) as pipe:
                    await pipe.watch(key)
                    old = await pipe.get(key) if records.form == "json" and values else None
                    pipe.multi()
                    _queue(pipe, key, records.form, values, old)
                    if record.seconds_left is not None:
                        pipe.pexpire(key, int(record.seconds_left * 1000))
                    await pipe.execute()

    async def delete(self, records: Records, old: Sequence[Record]) -> int:
        """Delete each key whose fields are as they were read; another writer's change stays."""
        from redis.exceptions import WatchError  # noqa: PLC0415  # an extra

        count = 0
        for record in old:
            with self._told():
                async with self._redis.pipeline(transaction=True) as pipe:
                    await pipe.watch(str(record.key))
                    now = (await self.fetch(records, [record.key])).get(record.key)
                    if now is None or now.values != record.values:
                        continue
                    pipe.multi()
                    pipe.delete(str(record.key))
                    try:
                        count += sum(await pipe.execute())
                    except WatchError:
                        continue
        return count

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @cached_property
    def _reading(self) -> Any:  # noqa: ANN401  # redis' script
        return self._redis.register_script(_READ)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from redis.exceptions import AuthenticationError, RedisError  # noqa: PLC0415  # an extra

        try:
            yield
        except AuthenticationError as error:
            cure = "write the password into the URL: redis://user:password@host"
            raise StoreUnreachable(self.address, error, cure) from error
        except (RedisError, OSError) as error:
            cure = "check that it runs there, and whether it wants TLS (rediss://)"
            raise StoreUnreachable(self.address, error, cure) from error


def _queue(pipe: Any, key: str, form: str, values: dict[str, object], old: str | None) -> None:  # noqa: ANN401  # redis' pipeline
    if not values:
        return
    if form == "hash":
        pipe.hset(key, mapping={name: str(value) for name, value in values.items()})
    elif form == "text":
        pipe.set(key, str(values["text"]), keepttl=True)
    else:
        document = decode(old) if old is not None else {}
        merged = document | values
        pipe.set(key, encode(merged).decode(), keepttl=True)


def _document(
    key: Key,
    left: int,
    value: Any,  # noqa: ANN401  # a reply
    records: Records,
    read: Callable[[str], Struct],
) -> Record:
    try:
        told = astuple(read(value)) if value != 0 else value
    except ValidationError:
        return _unreadable(key, left, records, "its JSON is no object")
    except DecodeError as error:
        return _unreadable(key, left, records, f"it is not JSON: {error}")
    return _record(key, left, told, records)


@cache
def _decoder(fields: tuple[str, ...]) -> Callable[[str], Struct]:
    """What reads these fields of a document and no others."""
    names = [f"field_{number}" for number in range(len(fields))]
    shape = defstruct(
        "Document",
        [(name, Any, None) for name in names],
        rename=dict(zip(names, fields, strict=True)),
    )
    return Decoder(shape).decode


def _record(key: Key, left: int, value: Any, records: Records) -> Record:  # noqa: ANN401  # a reply
    if value == 0:
        return _unreadable(key, left, records, f"it is of another type than {records.form}")
    told = (value,) * len(records.fields) if records.form == "text" else tuple(value)
    return Record(key, told, None if left == _FOR_EVER else left / 1000)


def _unreadable(key: Key, left: int, records: Records, problem: str) -> Record:
    nothing = (None,) * len(records.fields)
    return Record(key, nothing, None if left == _FOR_EVER else left / 1000, problem)
