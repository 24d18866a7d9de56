"""DatabaseHealthChecker: is every store there, and is it as it should be."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

import msgspec

from dbparity.errors import SettingsInvalid
from dbparity.results import Outcome, Report, Result, Skipped, concluded
from dbparity.stores import conditions
from dbparity.stores.base import URL_PARTS, Greeting, address
from dbparity.stores.bounded import BoundedCaller
from dbparity.stores.checking import Call
from dbparity.stores.options import HealthOptions
from dbparity.stores.pools import pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbparity.results import Item
    from dbparity.stores.checking import Said
    from dbparity.stores.pools import Pool

_NAME = re.compile("[a-z][a-z0-9_]*")
_IMPORTS = 60  # seconds
_LONG = 500  # characters of an error
_QUESTION = "?"  # begins the name of a call that is not a greeting


class State(StrEnum):
    """How a store is, or all of them together."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"  # it could not be asked


@dataclass(frozen=True)
class StoreHealth:
    """How one store is.

    Attributes:
        address: its URL without a password.
        required: whether the application cannot do without it.
        seconds: from the login to the answer; None where there was none.
        greeting: what it said of itself, likewise.
        pool: how far the application's pool is used, if it was given.
        result: what was verified and found.
    """

    name: str
    address: str
    state: State
    required: bool
    seconds: float | None
    greeting: Greeting | None
    pool: Pool | None
    result: Result


@dataclass(frozen=True)
class Health:
    """How all stores are.

    Attributes:
        started: when they were asked.
        seconds: how long that took.
        stores: in the order in which they were named.
        further: what else was asked for, such as the state of migrations.
    """

    started: datetime
    seconds: float
    stores: tuple[StoreHealth, ...]
    further: tuple[Result, ...] = ()

    @property
    def state(self) -> State:
        """Down or unknown as a required store is, degraded if anything is not healthy."""
        states = {store.state for store in self.stores if store.required}
        for state in (State.DOWN, State.UNKNOWN):
            if state in states:
                return state
        healthy = all(store.state is State.HEALTHY for store in self.stores)
        passed = all(result.outcome is not Outcome.FAILED for result in self.further)
        return State.HEALTHY if healthy and passed else State.DEGRADED

    @property
    def report(self) -> Report:
        """The same as a report; stores stand where others have targets."""
        results = (*(store.result for store in self.stores), *self.further)
        named = f"{len(self.stores)} store{'s' if len(self.stores) > 1 else ''}"
        claim = "Every store is healthy"
        return Report(named, self.started, self.seconds, results=results, claim=claim)


class DatabaseHealthChecker:
    """Asks all stores at once, each over a new connection, and never longer than the limit.

    Each is asked by a process of its own, which is killed when its time is up. Between checks one
    process waits, with what the stores need imported: entering the context waits for it.
    Close it, or use it as a context manager, of either kind.
    """

    def __init__(
        self,
        stores: Mapping[str, str],
        options: HealthOptions | None = None,
        *,
        pools: Mapping[str, object] | None = None,
        questions: Mapping[str, Call] | None = None,
    ) -> None:
        """Watch ``stores``, by name their URLs.

        Args:
            stores: names are of small letters, digits and _.
            options: see `HealthOptions`.
            pools: of some of the stores the application's own pool: see `pool_of`.
            questions: of some of them something further to be asked within the limit; the function
                returns a `Result`, as JSON has it.

        Raises:
            SettingsInvalid: no stores, a name that cannot be used, or one of no store.
        """
        self.stores, self.options = dict(stores), options or HealthOptions()
        self._pools, self._questions = dict(pools or {}), dict(questions or {})
        self._known()
        self._secrets = {secret for url in self.stores.values() for secret in _secrets(url)}
        self._calls = {
            name: Call("dbparity.stores.greeting:greet", {"url": url})
            for name, url in self.stores.items()
        } | {_QUESTION + name: call for name, call in self._questions.items()}
        self._lock = threading.Lock()
        self._under_way: Future[Health] | None = None
        self._caller = BoundedCaller(self._preparations())

    def check(self) -> Health:
        """Ask all stores now; who asks while others do gets the same answer.

        It takes no longer than the limit, from this call on: where it is the first one and the
        context was not entered, imports are part of that.
        """
        with self._lock:
            mine = self._under_way is None
            future = self._under_way = self._under_way or Future()
        if mine:
            try:
                future.set_result(self._asked())
            except BaseException as error:  # noqa: BLE001  # or others would wait for ever
                future.set_exception(error)
            finally:
                self._under_way = None
        return future.result()

    async def acheck(self) -> Health:
        """The same in a coroutine: the event loop goes on."""
        return await asyncio.to_thread(self.check)

    def close(self) -> None:
        """End the process that waits."""
        self._caller.close()

    def __enter__(self) -> Self:
        """Wait until everything is imported; no store is asked."""
        self._caller.ready(_IMPORTS)
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    async def __aenter__(self) -> Self:
        """Wait until everything is imported, as `__enter__` does."""
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await asyncio.to_thread(self.close)

    def _known(self) -> None:
        if not self.stores:
            cure = "give it a name and a URL, or [tool.dbparity.stores]"
            raise SettingsInvalid("health", "no store is named", cure)
        for name in self.stores:
            if not _NAME.fullmatch(name):
                cure = "name it by small letters, digits and _"
                raise SettingsInvalid(f"stores {name!r}", "no name of a store", cure)
        named = {*self._pools, *self._questions, *self.options.optional, *self.options.read_only}
        for name in sorted(named - self.stores.keys()):
            cure = f"the stores are: {', '.join(self.stores)}"
            raise SettingsInvalid(f"health {name!r}", "there is no such store", cure)

    def _preparations(self) -> dict[str, Call]:
        """What imports that which the calls need."""
        modules = [call.function.partition(":")[0] for call in self._questions.values()]
        return {
            name: Call("dbparity.stores.greeting:prepare", {"url": url})
            for name, url in self.stores.items()
        } | {module: Call("importlib:import_module", {"name": module}) for module in modules}

    def _asked(self) -> Health:
        started, began = datetime.now(UTC), time.perf_counter()
        answers = self._caller.call(self._calls, self.options.limit)
        seconds = time.perf_counter() - began
        stores = tuple(self._health(name, answers[name]) for name in self.stores)
        further = tuple(
            self._further(store, answers[_QUESTION + store.name])
            for store in stores
            if store.name in self._questions
        )
        return Health(started, seconds, stores, further)

    def _health(self, name: str, said: Said | None) -> StoreHealth:
        required, where = name not in self.options.optional, address(self.stores[name])
        reason, error = self._reason(said), ""
        seconds, greeting = None, None
        items: list[Item] = []
        if not reason and said is not None:
            error = self._safe(said.error)
            if said.ended and not error:
                seconds, greeting = said.value["seconds"], Greeting(**said.value["greeting"])
                items += conditions.greeted(name, greeting, seconds, self.options)
            else:
                items.append(conditions.down(error, self.options.limit, required=required))
        pool = pool_of(self._pools[name]) if name in self._pools else None
        if pool is not None:
            items += conditions.pooled(pool)
        result = concluded(name, "health", "answers", items, seconds or 0.0)
        version = f": {greeting.version}" if greeting is not None else ""
        result = replace(result, evidence=f"{where}{version}")
        if reason:
            result = replace(result, outcome=Outcome.UNKNOWN, skipped=(Skipped(reason),))
        return StoreHealth(name, where, _state(result), required, seconds, greeting, pool, result)

    def _further(self, store: StoreHealth, said: Said | None) -> Result:
        """What came of the question about a store; of one that is not there nothing could."""
        name, check = store.name, self._questions[store.name].function.partition(":")[2]
        unasked = Result(name, "health", check, Outcome.SKIPPED)
        if store.greeting is None:
            return replace(unasked, skipped=(Skipped(f"{name} is {store.state}"),))
        if said is not None and said.ended and not said.error:
            return replace(msgspec.convert(said.value, Result), target=name)
        late = f"no answer within {self.options.limit:g} s"
        reason = self._safe(said.error) if said is not None and said.error else late
        return replace(unasked, outcome=Outcome.UNKNOWN, skipped=(Skipped(reason),))

    def _reason(self, said: Said | None) -> str:
        """Why nothing is known of a store; "" if something is."""
        if said is None:
            return (
                f"what asks it was not ready within {self.options.limit:g} s; "
                "let it be ready before, or wait longer"
            )
        return self._safe(said.error) if said.unasked else ""

    def _safe(self, text: str) -> str:
        """``text`` as it may be shown: whatever a driver says, no password."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:_LONG]


def _secrets(url: str) -> Iterator[str]:
    """What may not be shown of ``url``, as it is spelled and as it is meant."""
    found = URL_PARTS.match(url)
    if found is not None and found["password"]:
        yield from (found["password"], unquote(found["password"]))


def _state(result: Result) -> State:
    if result.outcome is Outcome.UNKNOWN:
        return State.UNKNOWN
    if any(finding.code == "health.down" for finding in result.findings):
        return State.DOWN
    return State.HEALTHY if result.outcome is Outcome.PASSED else State.DEGRADED
