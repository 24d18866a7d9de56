"""A Valkey server, or any other that speaks Redis' protocol, from the same providers."""

from __future__ import annotations

import secrets
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from dbparity.backends.base import Commands, Service
from dbparity.errors import ServerError, ServerUnavailable, ServerUnreachable
from dbparity.servers.base import Offer, Running, ServerOptions, providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.backends.base import Backend, Credentials
    from dbparity.servers.ledger import Run

_SECONDS = 5  # for one answer
_POLL = 0.02


class ValkeyService(Service):
    """Valkey, in memory alone."""

    port: ClassVar[int] = 6379
    image: ClassVar[str] = "valkey/valkey:{version}"
    versions: ClassVar[tuple[str, ...]] = ("8",)
    data: ClassVar[str] = "/data"
    binary: ClassVar[str] = "valkey-server"
    places: ClassVar[tuple[str, ...]] = ("/usr/bin",)
    version: ClassVar[str] = r"v=(\d+(?:\.\d+)+)"
    account: ClassVar[str] = "valkey"
    user: ClassVar[str] = ""
    database: ClassVar[str] = "0"
    arguments: ClassVar[tuple[str, ...]] = ("--save", "", "--appendonly", "no")

    def environment(self, credentials: Credentials) -> dict[str, str]:  # noqa: ARG002
        """None: the image has no variable for a password, so it is set at the first login."""
        return {}

    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:  # noqa: ARG002
        """Serve on the loopback."""
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
        return Commands({}, [], [str(binary), *arguments, *self.arguments])


@dataclass(frozen=True)
class Product:
    """A product that providers can start, without a SQLAlchemy dialect."""

    name: str
    service: Service


VALKEY = Product("valkey", ValkeyService())


@contextmanager
def valkey(run: Run, options: ServerOptions | None = None, version: str = "") -> Iterator[URL]:
    """A server for the block: its URL, with a password that was made for it.

    Raises:
        ServerUnavailable: no provider could give one; it has the reasons.
        ServerUnreachable: it was started, and does not answer.
    """
    running, reasons = None, []
    for provider in providers(options or ServerOptions()):
        # Of a backend, providers read what a product has.
        offer = provider.find(cast("Backend", VALKEY), version)
        if isinstance(offer, Offer):
            try:
                running = offer.start(run)
                break
            except ServerError as error:
                reasons.append(f"{provider.name}: {error}")
        elif offer is not None:
            reasons.append(f"{provider.name}: {offer}")
    if running is None:
        raise ServerUnavailable(VALKEY.name, reasons)
    try:
        yield _secured(running, options or ServerOptions())
    finally:
        running.stop()


def _secured(running: Running, options: ServerOptions) -> URL:
    """Wait for an answer, and let nobody in without the password from then on."""
    if not running.ours:
        return running.url.set(drivername="redis")
    password = secrets.token_hex(12)
    attempts = Retrying(
        retry=retry_if_exception_type(OSError),
        stop=stop_after_delay(options.patience),
        wait=wait_fixed(_POLL),
        reraise=True,
    )
    try:
        for attempt in attempts:
            with attempt:
                running.alive()
                _ask(running.url, f"CONFIG SET requirepass {password}")
    except OSError as error:
        safe = running.url.render_as_string(hide_password=True)
        raise ServerUnreachable(safe, options.patience.total_seconds(), error) from error
    return running.url.set(drivername="redis", username=None, password=password, database="0")


def _ask(url: URL, command: str) -> None:
    address = (url.host, url.port or ValkeyService.port)
    with socket.create_connection(address, timeout=_SECONDS) as server:
        server.sendall(f"{command}\r\n".encode())
        answer = server.recv(1024)
    if not answer.startswith(b"+OK"):
        raise OSError(answer.decode(errors="replace"))
