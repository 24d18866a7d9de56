"""Reports as files: whole or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbparity.cli.console import abandon
from dbparity.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Output:
    """Where a report goes: a file, or ``-`` for standard output.

    Attributes:
        kind: what is written: json, junit, markdown; also the option that asked for it.
        path: the file.
    """

    kind: str
    path: Path

    @property
    def is_standard(self) -> bool:
        """Whether it is standard output."""
        return self.path == Path("-")

    @property
    def is_special(self) -> bool:
        """Whether it cannot be replaced: standard output, a device, a pipe."""
        return self.is_standard or (self.path.exists() and not self.path.is_file())

    def write(self, text: str) -> None:
        """Write ``text``; a file has its old contents until it has all of the new ones.

        Raises:
            SettingsInvalid: it cannot be written.
        """
        with self._refusals():
            if self.is_standard:
                self._print(text)
            elif self.is_special:
                self.path.write_text(text, encoding="utf-8")
            else:
                self._replace(text)

    def prepare(self) -> None:
        """Raise `SettingsInvalid` if it cannot be written: before a run, not after it."""
        if not self.is_special or self.path.is_dir():
            with self._refusals(), self._draft():
                pass

    def _print(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            abandon(sys.stdout)
            raise

    def _replace(self, text: str) -> None:
        with self._draft() as draft:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path.resolve())

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        if self.path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        path = self.path.resolve()
        draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
        draft.touch()
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            cure = "name a file in a folder that can be written, or - for standard output"
            raise SettingsInvalid(f"--{self.kind} {self.path}", reason, cure) from error


def outputs(**paths: Path | None) -> tuple[Output, ...]:
    """The outputs that were asked for, by the name of their option.

    Raises:
        SettingsInvalid: one of them cannot be written, or two want standard output.
    """
    asked = tuple(Output(kind, path) for kind, path in paths.items() if path is not None)
    standard = [f"--{output.kind} -" for output in asked if output.is_standard]
    if len(standard) > 1:
        reason = "only one report can go to standard output"
        raise SettingsInvalid(" ".join(standard), reason, "give the others a file's name")
    for output in asked:
        output.prepare()
    return asked
