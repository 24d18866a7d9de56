"""DatabaseTestEnvironment: every server that a run wants, started at once."""

from __future__ import annotations

import atexit
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import URL, NullPool, make_url, text
from tenacity import (
    RetryError,
    Retrying,
    retry_if_not_exception_type,
    stop_after_delay,
    wait_fixed,
)

from dbparity.backends.base import load_backend, url_for
from dbparity.errors import (
    DriverMissing,
    ServerError,
    ServerMismatch,
    ServerUnavailable,
    ServerUnreachable,
)
from dbparity.progress import Progress
from dbparity.results import TargetState
from dbparity.servers import warm
from dbparity.servers.base import Body, Offer, Provider, Running, ServerOptions, providers
from dbparity.servers.bridge import Bridge
from dbparity.servers.ledger import Run
from dbparity.servers.server import Server
from dbparity.targets import Target, covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from dbparity.applications import Application
    from dbparity.backends.base import Backend, Driver
    from dbparity.servers.database import Database
    from dbparity.servers.server import Migrate

_POLL = 0.05  # seconds between two logins
_RUNNING_PATIENCE = timedelta(seconds=10)  # with a server that was there before


@dataclass(frozen=True)
class Wish:
    """One server that is wanted, and the drivers that are to reach it."""

    backend: Backend
    version: str
    drivers: tuple[Driver, ...]

    @property
    def name(self) -> str:
        """Such as ``postgresql@17``."""
        return str(Target(self.backend.name, "", self.version))

    @property
    def installed(self) -> tuple[Driver, ...]:
        """The drivers whose packages are there."""
        return tuple(driver for driver in self.drivers if driver.installed)


@dataclass(frozen=True)
class Served:
    """A server that runs, and who gave it."""

    server: Server
    running: Running
    provider: str


class DatabaseTestEnvironment:
    """Provisions the servers of all wanted targets, and cleans everything up again.

    A target that cannot be had is no error: it is in `missing` with its reason, and the others
    go on. Use it as a context manager; what is forgotten is cleaned up when the interpreter exits.
    """

    def __init__(
        self,
        targets: Iterable[Target | str],
        options: ServerOptions | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Want ``targets``; one without a driver stands for all drivers of its backend.

        Raises:
            TargetInvalid, TargetUnknown: a target that nobody could ever serve.
        """
        self.options = options or ServerOptions()
        self.progress = progress or Progress()
        self.wishes = tuple(_wishes(targets))
        self.missing: dict[Target, str] = {}
        self._served: dict[Target, Served] = {}
        self._stopping: list[Served] = []
        self._run: Run | None = None
        self._ends, self._open = True, False
        self._idle = threading.Condition()
        self._starting: list[Wish] = []

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets that can be used, in the order in which they were wanted."""
        return tuple(self._served)

    @property
    def urls(self) -> Mapping[str, URL]:
        """By target, the URL of its server. Passwords are in them: print none."""
        return {
            str(target): url_for(
                served.server.url,
                served.server.backend,
                served.server.backend.driver(target.driver),
                served.server.url.database or "",
            )
            for target, served in self._served.items()
        }

    @property
    def states(self) -> tuple[TargetState, ...]:
        """All targets that were wanted: served by whom, or missing for what reason."""
        served = [
            TargetState(str(target), found.provider, found.server.version)
            for target, found in self._served.items()
        ]
        return (
            *served,
            *(TargetState(str(target), missing=why) for target, why in self.missing.items()),
        )

    @property
    def endable(self) -> Run | None:
        """The run that began here, for `reaper.end`; None while its servers start or stop."""
        return self._run if self._ends and self._open and not self._starting else None

    def server(self, target: Target) -> Server:
        """The running server of a target; raise `ServerUnavailable` where there is none."""
        if target not in self._served:
            reasons = [self.missing.get(target, "it was not wanted")]
            raise ServerUnavailable(str(target), reasons)
        return self._served[target].server

    def body(self, target: Target) -> Body:
        """What the server of a target runs as, to be harmed.

        Raises:
            ServerUnavailable: there is none, or it was not started by this environment.
        """
        self.server(target)
        body = self._served[target].running.body
        if body is None:
            raise ServerUnavailable(str(target), ["it was not started here"])
        return body

    def restart(self, target: Target) -> None:
        """Start the server of a target again, and wait until a login succeeds.

        Raises:
            ServerUnavailable: there is none, or it was not started by this environment.
            ServerFailed, ServerUnreachable: it does not come back.
        """
        self.body(target).restart()
        served = self._served[target]
        server = served.server
        await_login(server.backend, server.drivers[0], served.running, self.options)

    def lease(
        self,
        target: Target,
        application: Application | None = None,
        *,
        empty: bool = False,
        migrate: Migrate | None = None,
    ) -> AbstractContextManager[Database]:
        """A fresh database on a target: see `Server.lease`."""
        server = self.server(target)
        return server.lease(target.driver, application, empty=empty, migrate=migrate)

    def start(self, run: Run | None = None) -> Self:
        """Start all servers at once, and wait until a login to each succeeds.

        With a ``run`` that somebody else has begun, everything is made in its name, and
        `stop` leaves the servers and the run's record to whoever began it.
        """
        for wish in self.wishes:
            for driver in wish.installed:
                # SQLAlchemy's import of a dialect is not safe in threads.
                URL.create(f"{wish.backend.name}+{driver.name}").get_dialect()
        ends, run = run is None, run or Run.begin()
        self._begin(run, ends=ends)
        try:
            with ThreadPoolExecutor(max(len(self.wishes), 1)) as pool:
                starting = [pool.submit(self._provide, wish, run) for wish in self.wishes]
                for wish, future in zip(self.wishes, starting, strict=True):
                    self._enter(wish, future.result())
        except BaseException:
            self.stop()
            raise
        return self

    def share(self, *, outlived: bool = False) -> dict[str, Any]:
        """What another process needs to `join`. Passwords are in it: keep it from others.

        One that is ``outlived`` by the servers drops its databases when it stops; else they end
        with a server that was started here.
        """
        served = {
            str(target): [
                one.server.url.render_as_string(hide_password=False),
                one.provider,
                one.running.ends and not outlived,
            ]
            for target, one in self._served.items()
        }
        return {"served": served, "missing": {str(t): why for t, why in self.missing.items()}}

    def join(self, shared: Mapping[str, Any], run: Run) -> Self:
        """Use servers that another process of ``run`` has started; `stop` leaves them running."""
        self._begin(run, ends=False)
        found: dict[tuple[str, str, bool, str], list[Target]] = {}
        for name, (url, provider, ends) in shared["served"].items():
            target = Target.parse(name)
            found.setdefault((url, provider, ends, target.version), []).append(target)
        for (url, provider, ends, version), targets in found.items():
            backend = load_backend(targets[0].backend)
            drivers = tuple(backend.driver(target.driver) for target in targets)
            server = Server(backend, drivers, make_url(url), run, version)
            running = Running(server.url, stop=lambda: None, ends=ends)
            served = Served(server, running, provider)
            self._stopping.append(served)
            self._served.update(dict.fromkeys(targets, served))
        self.missing = {Target.parse(name): why for name, why in shared["missing"].items()}
        return self

    def stop(self) -> None:
        """Drop all databases, stop all servers that were started here, and forget the run."""
        with ThreadPoolExecutor(max(len(self._stopping), 1)) as pool:
            self._finish(pool.map)

    def __enter__(self) -> Self:
        """Start."""
        return self if self._run is not None else self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @cached_property
    def _providers(self) -> tuple[Provider, ...]:
        return tuple(providers(self.options))

    def _begin(self, run: Run, *, ends: bool) -> None:
        self._run, self._ends, self._open = run, ends, True
        # The interpreter starts no thread any more when it exits: one server after the other.
        atexit.register(self._finish, map)

    def _finish(self, each: Callable[..., Iterable[Exception | None]]) -> None:
        with self._idle:
            self._open = False
            # A second ctrl-C cuts short the pool's own waiting for its threads.
            self._idle.wait_for(lambda: not self._starting)
        failures = list(filter(None, each(self._stop, tuple(self._stopping))))
        self._served = {}
        atexit.unregister(self._finish)
        if failures:
            # The run stays on record, for the reaper to find what is left of it.
            raise failures[0]
        if self._run is not None and self._ends:
            self._run.end()
        self._run = None

    def _enter(self, wish: Wish, served: Served | str) -> None:
        for driver in wish.drivers:
            target = Target(wish.backend.name, driver.name, wish.version)
            if isinstance(served, str):
                self.missing[target] = served
            elif not driver.installed:
                self.missing[target] = str(DriverMissing(target, driver.module, driver.extra))
            else:
                self._served[served.server.target(driver.name)] = served
        if isinstance(served, str):
            self.progress.server_missing(wish.name, served)

    def _provide(self, wish: Wish, run: Run) -> Served | str:
        with self._idle:
            if not self._open:
                return "the environment is stopped"
            self._starting.append(wish)
        try:
            return self._serve(wish, run)
        finally:
            with self._idle:
                self._starting.remove(wish)
                self._idle.notify_all()

    def _serve(self, wish: Wish, run: Run) -> Served | str:
        if not wish.installed:
            driver = wish.drivers[0]
            return str(DriverMissing(wish.name, driver.module, driver.extra))
        reasons = []
        for provider in self._providers:
            offer = provider.find(wish.backend, wish.version)
            if isinstance(offer, Offer):
                try:
                    return self._start(wish, offer, run)
                except ServerError as error:
                    reasons.append(f"{provider.name}: {error}")
            elif offer is not None:
                reasons.append(f"{provider.name}: {offer}")
        asked = ", ".join(self.options.providers)
        return "; ".join(reasons) or f"no provider that is asked ({asked}) serves this backend"

    def _stop(self, served: Served) -> Exception | None:
        try:
            with ExitStack() as stack:
                if self._ends:
                    stack.callback(served.running.stop)
                # With a server that ends, here or where it was started, its databases do.
                served.server.close(drop=not served.running.ends)
        except Exception as error:  # noqa: BLE001  # raised when the others have been stopped
            return error
        self._stopping.remove(served)
        return None

    def _start(self, wish: Wish, offer: Offer, run: Run) -> Served:
        began = time.perf_counter()
        self.progress.server_starting(wish.name, offer.description)
        use = partial(self._use, wish, offer.provider, run)
        if self.options.reuse and offer.reusable:
            served = warm.serve(wish.name, offer, self.options, run, use)
        else:
            served = use(offer.start(run))
        self.progress.server_ready(wish.name, offer.provider, time.perf_counter() - began)
        return served

    def _use(self, wish: Wish, provider: str, run: Run, running: Running) -> Served:
        with ExitStack() as undo:
            undo.callback(running.stop)
            if wish.backend.service is not None:
                await_login(wish.backend, wish.installed[0], running, self.options)
            server = Server(wish.backend, wish.installed, running.url, run, wish.version)
            undo.callback(server.close, drop=False)
            _suits(server, wish)
            if running.ours and not self.options.durable:
                server.assert_volatile()
            if not running.ours:
                run.attach(running.url.render_as_string(hide_password=True))
            elif not running.fresh:
                server.sweep()
            served = Served(server, running, provider)
            self._stopping.append(served)
            undo.pop_all()
        return served


def await_login(backend: Backend, driver: Driver, running: Running, options: ServerOptions) -> None:
    """Return when a login over TCP has succeeded.

    Raises:
        ServerFailed: the server died.
        ServerUnreachable: no login succeeded in time; it has the last reason.
    """
    url = url_for(running.url, backend, driver, running.url.database or "")
    patience = options.patience if running.fresh else min(options.patience, _RUNNING_PATIENCE)
    attempts = Retrying(
        retry=retry_if_not_exception_type(ServerError),
        stop=stop_after_delay(patience),
        wait=wait_fixed(_POLL),
    )

    def login(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    with Bridge(backend, driver) as bridge:
        engine = bridge.engine(url, poolclass=NullPool)
        try:
            for attempt in attempts:
                with attempt:
                    running.alive()
                    bridge.run(login, engine)
        except RetryError as error:
            cause = error.last_attempt.exception()
            safe = running.url.render_as_string(hide_password=True)
            raise ServerUnreachable(safe, patience.total_seconds(), cause) from cause


def _suits(server: Server, wish: Wish) -> None:
    if not covers(wish.version, server.version):
        raise ServerMismatch(wish.version, server.version)


def _wishes(targets: Iterable[Target | str]) -> Iterator[Wish]:
    wanted: dict[tuple[str, str], dict[str, Driver]] = {}
    backends: dict[str, Backend] = {}
    for named in targets:
        target = named if isinstance(named, Target) else Target.parse(named)
        backend = backends.setdefault(target.backend, load_backend(target.backend))
        drivers = (backend.driver(target.driver),) if target.driver else backend.drivers
        merged = wanted.setdefault((target.backend, target.version), {})
        merged.update({driver.name: driver for driver in drivers})
    for (name, version), found in wanted.items():
        yield Wish(backends[name], version, tuple(found.values()))
