"""A provider that gives what a test says, as folders of SQLite files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import URL

from dbparity.servers.base import Offer, Provider, Running, ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.backends.base import Backend
    from dbparity.progress import Progress
    from dbparity.servers.base import Unavailable
    from dbparity.servers.ledger import Run


class Given(Provider):
    """Offers ``answer``, or what it returns for a server."""

    name: ClassVar[str] = "given"

    def __init__(self, answer: Offer | Unavailable | Callable[[str], Offer]) -> None:
        """Give ``answer`` to everybody."""
        super().__init__(ServerOptions())
        self.answer = answer

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """What was given."""
        server = f"{backend.name}@{version}" if version else backend.name
        return self.answer(server) if callable(self.answer) else self.answer


def folder(run: Run) -> Running:
    """A new folder of the run that stands for a server, and is removed when it is stopped."""
    path = Path(run.folder) / "server"
    path.mkdir()
    return Running(URL.create("sqlite", database=str(path)), stop=path.rmdir)


def offer(start: Callable[[Run], Running] = folder, *, reusable: bool = False) -> Offer:
    """An offer of the provider, which does not say more than that."""
    return Offer("given", "a folder", start, reusable)


def environment_of(
    *providers: Provider,
    targets: tuple[str, ...] = ("sqlite+pysqlite",),
    options: ServerOptions | None = None,
    progress: Progress | None = None,
) -> DatabaseTestEnvironment:
    """An environment that asks ``providers``."""
    environment = DatabaseTestEnvironment(targets, options, progress)
    vars(environment)["_providers"] = providers
    return environment
