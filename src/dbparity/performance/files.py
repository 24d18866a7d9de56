"""Results as files: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dbparity.errors import SettingsInvalid


def write(path: Path, content: bytes) -> None:
    """Write a file, and its folder; it has its old content until it has all of the new.

    Raises:
        SettingsInvalid: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingsInvalid(str(path), reason, "name a file that can be written") from error


def _replace(path: Path, content: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        # Readable as any other file: a temporary one is its owner's alone.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
