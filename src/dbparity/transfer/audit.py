"""The log of a migration: a line of JSON for everything that was done, and who did it."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from dbparity.errors import LogUnwritable

if TYPE_CHECKING:
    from pathlib import Path


class Audit:
    """Appends to a file; a line that was told is on the disk."""

    def __init__(self, path: Path) -> None:
        """Begin, or go on with, the log at ``path``; its folder is made.

        Raises:
            LogUnwritable: it cannot be written.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as error:
            raise LogUnwritable(str(path), error) from error

    def tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401  # whatever is JSON
        """Add a line."""
        line = {"at": datetime.now(UTC).isoformat(), "event": event, **facts}
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Nothing more is told."""
        self._file.close()


def who() -> dict[str, str]:
    """Who runs this, where, and with which versions."""
    return {
        "user": _user(),
        "host": platform.node(),
        "dbparity": version("dbparity"),
        "sqlalchemy": version("sqlalchemy"),
        "python": platform.python_version(),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a container may run as a number without a name
        return str(os.getuid())
