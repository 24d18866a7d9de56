"""Databases that are files, in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import URL

from dbparity.servers.base import Offer, Provider, Running, Unavailable

if TYPE_CHECKING:
    from dbparity.backends.base import Backend
    from dbparity.servers.ledger import Run


class FileProvider(Provider):
    """Serves the backends that need no server."""

    name: ClassVar[str] = "file"

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """Any file backend, in whichever version its library has."""
        if backend.service is not None:
            return None
        if version:
            reason = f"{backend.title} has the version of its library, not {version}"
            return Unavailable(reason, f"leave the version off: {backend.name}")
        return Offer(self.name, "files in memory", lambda run: _folder(backend, run))


def _folder(backend: Backend, run: Run) -> Running:
    folder = Path(run.folder) / backend.name
    folder.mkdir(exist_ok=True)
    # The run's end removes the folder.
    return Running(URL.create(backend.name, database=str(folder)), stop=lambda: None)
