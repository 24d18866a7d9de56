"""What times depend on besides the application: two are comparable where all of it is alike."""

from __future__ import annotations

import asyncio
import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbparity.servers.database import Database

NO_LOOP = "none"
_CPUS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Fingerprint:
    """Where and with what something was measured.

    Attributes:
        node: the machine's name.
        processor: its model.
        cpus: how many it has.
        affinity: those that the measuring process was confined to.
        loop: the class of the event loop; "none" without one.
        data: which rows there were.
        harness: what called the operations and took the time: dbparity or pytest-benchmark.
    """

    node: str
    processor: str
    cpus: int
    system: str
    affinity: tuple[int, ...]
    python: str
    sqlalchemy: str
    driver_version: str
    server_version: str
    loop: str
    data: str
    harness: str

    def differences(self, other: Fingerprint, *, machine: bool = True) -> dict[str, str]:
        """What ``other`` has not alike, by name, such as ``3.11.4 → 3.12.1``.

        How many CPUs the process had counts, not which. Without ``machine`` all that may differ
        is software and data.
        """
        mine, theirs = self._told(), other._told()
        return {
            name.replace("_", " "): f"{mine[name]} → {theirs[name]}"
            for name in mine
            if mine[name] != theirs[name] and (machine or name not in _MACHINE)
        }

    def _told(self) -> dict[str, object]:
        return {**vars(self), "affinity": f"to {len(self.affinity)} of the CPUs"}


_MACHINE = ("node", "processor", "cpus", "system", "affinity")


def fingerprint(
    database: Database, *, data: str, harness: str, affinity: tuple[int, ...] = ()
) -> Fingerprint:
    """What holds for measurements on ``database``, here and now; call it from inside its `run`.

    Args:
        database: where it is measured.
        data: which rows there are.
        harness: what measures.
        affinity: the CPUs of the measuring process, if it is not this one.
    """
    return Fingerprint(
        node=platform.node(),
        processor=_processor(),
        cpus=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        affinity=affinity or tuple(sorted(os.sched_getaffinity(0))),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        sqlalchemy=version("sqlalchemy"),
        driver_version=_version_of(database.bridge.driver.module),
        server_version=".".join(map(str, database.version)),
        loop=_loop() if database.bridge.driver.is_async else NO_LOOP,
        data=data,
        harness=harness,
    )


def _loop() -> str:
    kind = type(asyncio.get_running_loop())
    return f"{kind.__module__}.{kind.__qualname__}"


@cache
def _version_of(module: str) -> str:
    """The version of the package that has ``module``; Python's own, if Python has it."""
    distributions = packages_distributions().get(module, [])
    return version(distributions[0]) if distributions else platform.python_version()


@cache
def _processor() -> str:
    """The model of the first CPU, as the kernel knows it."""
    lines = _CPUS.read_text().splitlines() if _CPUS.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
