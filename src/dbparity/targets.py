"""Targets: what an application is checked on, spelled ``postgresql+asyncpg@17``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbparity.errors import TargetInvalid

_SPELLING = re.compile(
    r"(?P<backend>[a-z][a-z0-9_]*)(\+(?P<driver>[a-z][a-z0-9_]*))?(@(?P<version>\d+(\.\d+)*))?"
)


@dataclass(frozen=True, order=True)
class Target:
    """A backend, the driver that reaches it, and the version of its server.

    ``driver`` and ``version`` may be empty: then the target is a pattern, which stands for every
    driver and for whichever version there is.
    """

    backend: str
    driver: str = ""
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read ``backend[+driver][@version]``; raise `TargetInvalid` for anything else."""
        match = _SPELLING.fullmatch(text)
        if match is None:
            raise TargetInvalid(text)
        return cls(match["backend"], match["driver"] or "", match["version"] or "")

    def __str__(self) -> str:
        """Spell the target as `parse` reads it."""
        driver = f"+{self.driver}" if self.driver else ""
        return f"{self.backend}{driver}" + (f"@{self.version}" if self.version else "")

    @property
    def server(self) -> str:
        """The target without its driver: what runs, such as ``postgresql@17``."""
        return str(Target(self.backend, "", self.version))

    def matches(self, pattern: Target) -> bool:
        """Whether this target is one of those that ``pattern`` stands for."""
        return (
            self.backend == pattern.backend
            and pattern.driver in {"", self.driver}
            and covers(pattern.version, self.version)
        )


def covers(wanted: str, version: str) -> bool:
    """Whether ``version`` is one of ``wanted``: "10" covers "10.11.19"; "" covers all."""
    parts = wanted.split(".") if wanted else []
    return version.split(".")[: len(parts)] == parts


def version_tuple(version: str) -> tuple[int, ...]:
    """The leading numbers of ``version``, to compare by: "10.11.19-MariaDB" is (10, 11, 19)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
