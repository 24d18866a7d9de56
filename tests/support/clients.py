"""One database through all drivers of its product, at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import url_for
from dbparity.servers.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from sqlalchemy import URL, Engine

    from dbparity.backends.base import Backend

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Client:
    """One driver, with an engine.

    Attributes:
        number: from 1; each works on rows of its own.
    """

    number: int
    driver: str
    bridge: Bridge
    url: URL
    engine: Engine

    def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Call ``work`` where the engine works."""
        return self.bridge.run(work, *arguments)


@contextmanager
def clients(backend: Backend, url: URL, **options: Any) -> Iterator[list[Client]]:  # noqa: ANN401
    """A client for each driver that is installed; ``options`` are those of its engine."""
    with ExitStack() as stack:
        made: list[Client] = []
        for driver in (driver for driver in backend.drivers if driver.installed):
            bridge = stack.enter_context(Bridge(backend, driver))
            own = url_for(url, backend, driver, url.database or "")
            engine = bridge.engine(own, **options)
            backend.prepare(engine)
            stack.callback(bridge.dispose, engine)
            made.append(Client(len(made) + 1, driver.name, bridge, own, engine))
        yield made


def together(clients: Sequence[Client], work: Callable[[Client], T]) -> dict[str, T]:
    """What ``work`` returns for each, by driver: on a server at once, on a file in turns."""
    at_once = len(clients) if clients[0].bridge.backend.service is not None else 1
    with ThreadPoolExecutor(at_once) as pool:
        done = pool.map(work, clients)
        return dict(zip([client.driver for client in clients], done, strict=True))


@contextmanager
def begun(clients: Sequence[Client], work: Callable[[Client], T]) -> Iterator[dict[str, Future[T]]]:
    """``work`` of each as it goes on; at the end of the block it is waited for."""
    with ThreadPoolExecutor(len(clients)) as pool:
        yield {client.driver: pool.submit(work, client) for client in clients}


def code(error: BaseException | None) -> object:
    """The server's code of an error, or else the error's type."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    arguments = getattr(orig, "args", ())
    if arguments and isinstance(arguments[0], int):
        return arguments[0]
    found = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorcode", None)
    return found or type(error).__name__
