"""What a provider of servers is."""

from __future__ import annotations

import secrets
import socket
import string
from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from dbparity import plugins
from dbparity.backends.base import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.backends.base import Backend, Service
    from dbparity.servers.ledger import Run

# A process obeys a signal when it gets a processor, not when the signal is sent.
OBEYED = Retrying(
    stop=stop_after_delay(20),  # seconds
    wait=wait_fixed(0.01),
    retry=retry_if_result(lambda obeyed: not obeyed),
)
ORDER = ("url", "container", "native", "embedded", "file")


@dataclass(frozen=True)
class ServerOptions:
    """Where servers come from.

    Attributes:
        images: container images by server, such as ``{"postgresql@17": "registry/pg:17"}``.
        urls: URLs of servers that run already, by server (``"mysql"``, ``"mysql@9"``).
        folders: where server programs are looked for, before PATH and Debian's places.
        providers: which providers are asked, in this order.
        reuse: leave servers running for the next run, and use those that are left.
        max_age: how old a server may be to be used again.
        patience: how long a server may take until a login succeeds.
        durable: whether what is committed outlives a server that is killed: see `Body`.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    folders: tuple[Path, ...] = ()
    providers: tuple[str, ...] = ORDER
    reuse: bool = False
    max_age: timedelta = timedelta(hours=8)
    patience: timedelta = timedelta(seconds=90)
    durable: bool = False


@dataclass(frozen=True)
class Unavailable:
    """Why a provider cannot give a server, and what would cure it."""

    reason: str
    cure: str = ""

    def __str__(self) -> str:
        """Spell ``reason (cure)``."""
        return f"{self.reason} ({self.cure})" if self.cure else self.reason


class Body(ABC):
    """What a server runs as, for tests of what becomes of an application when it is harmed.

    Harm only servers that are nobody else's, and kill only those that are
    `ServerOptions.durable`: the others forget what was committed.
    """

    @abstractmethod
    def freeze(self, *, sessions: bool = True) -> None:
        """Have it do nothing until `thaw`, from when this returns.

        Without ``sessions``, only the process that lets clients in is frozen: where sessions are
        processes of their own, as PostgreSQL's are, those that are open go on.
        """

    @abstractmethod
    def thaw(self) -> None:
        """Have it go on."""

    @abstractmethod
    def kill(self) -> None:
        """Send SIGKILL to all of it; it is gone when this returns."""

    @abstractmethod
    def restart(self) -> None:
        """Start it again where it was, killed or not; it takes its time until the first login."""


@dataclass(frozen=True)
class Running:
    """A server that a provider started, or found running.

    Attributes:
        url: of a login that may make databases; of files, their folder as the database.
        stop: ends the server and removes what it left; does nothing for a server that is not ours.
        alive: raises `ServerError` with the server's last words if it has died.
        ours: whether dbparity chose its settings, so that they can be asserted.
        ends: whether ``stop`` ends it, with every database on it.
        fresh: whether it was started just now, and may take its time until the first login.
        body: what it runs as, if it was started here.
    """

    url: URL
    stop: Callable[[], None]
    alive: Callable[[], None] = lambda: None
    ours: bool = True
    ends: bool = True
    fresh: bool = True
    body: Body | None = None


@dataclass(frozen=True)
class Offer:
    """A server that a provider could start: what it is, and how.

    ``reusable`` says whether it may be left running for the next run; ``version`` is the server's,
    where it is known before the start.
    """

    provider: str
    description: str
    start: Callable[[Run], Running]
    reusable: bool = False
    version: str = ""


@dataclass(frozen=True)
class Leftover:
    """Something that a run of dbparity made and that is still there."""

    kind: str  # container, process, folder, database
    name: str
    run: str
    remove: Callable[[], None]


class Provider(ABC):
    """Gives servers of one sort. Declared in the entry point group ``dbparity.providers``."""

    name: ClassVar[str]

    def __init__(self, options: ServerOptions) -> None:
        """Keep the options."""
        self.options = options

    @abstractmethod
    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """What this provider would start for ``backend`` of ``version`` ("" for any).

        None where it never serves such a backend: a file has no container.
        """

    def leftovers(self) -> Iterable[Leftover]:
        """Everything of this sort that any run made and that is still there."""
        return ()


def providers(options: ServerOptions) -> Iterator[Provider]:
    """The providers of ``options``, in its order; raise `TargetUnknown` for a name nobody has."""
    for name in options.providers:
        yield plugins.load("providers", name)(options)


def configured(settings: Mapping[str, str], backend: str, version: str) -> str | None:
    """The setting for ``backend@version``, or else for the backend alone."""
    return settings.get(f"{backend}@{version}") or settings.get(backend)


def service_of(backend: Backend, options: ServerOptions) -> Service | None:
    """How a server of a backend is run: durable, if it is to be."""
    if backend.service is None or not options.durable:
        return backend.service
    durable = copy(backend.service)
    vars(durable)["arguments"] = durable.durable
    return durable


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def generate_credentials(service: Service) -> Credentials:
    """Fresh credentials; the password has letters and digits only, so it needs no escaping."""
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(24))
    return Credentials(service.user, password, service.database)
