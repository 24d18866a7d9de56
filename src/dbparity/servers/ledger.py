"""Who made what: every run is on record before it makes anything.

A run's record names its process, so that what a killed run left can be told from what a live
one uses. Everything that a run makes carries the run's id: databases in their names, containers
in a label, processes in their environment, folders in their names.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import psutil
from filelock import FileLock, Timeout
from platformdirs import user_state_path

_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own, of mode 0711, is made in it
_PREFIX = "dbparity-"
_NAME = re.compile(r"dbparity_(?P<run>[0-9a-f]{8})_\w+_\d+")
RUN_VARIABLE = "DBPARITY_RUN"


@dataclass(frozen=True)
class Owner:
    """A process, told from another of the same number by when it began and where it runs."""

    pid: int
    created: float
    host: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        process = psutil.Process()
        return cls(process.pid, process.create_time(), host())

    @property
    def here(self) -> bool:
        """Whether it runs, or ran, where this process can see it."""
        return self.host == host()

    @property
    def alive(self) -> bool:
        """Whether it still runs; of a process elsewhere that cannot be known, so it counts."""
        if not self.here:
            return True
        try:
            return abs(psutil.Process(self.pid).create_time() - self.created) < 1
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True)
class Run:
    """One run of dbparity: its id, its owner, and the folder of its files, in memory if possible.

    A server that is left for the next run belongs to a run of its own: ``serves`` says what it
    is, and it lives until ``expires`` (seconds since the epoch), or while its lock is held.
    """

    id: str
    owner: Owner
    folder: str
    attached: tuple[str, ...] = ()
    serves: str = ""
    expires: float = 0.0

    @classmethod
    def begin(cls, *, serves: str = "", expires: float = 0.0) -> Self:
        """Put a new run on record, then make its folder."""
        identity = secrets.token_hex(4)
        base = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        run = cls(identity, Owner.current(), str(base / (_PREFIX + identity)), (), serves, expires)
        run.write()
        # Servers run under accounts of their own: they may pass, but not look.
        Path(run.folder).mkdir(mode=0o711)
        return run

    def attach(self, url: str) -> Self:
        """Record that databases are made on a server that is not ours (``url`` has no password)."""
        run = replace(self, attached=tuple(dict.fromkeys((*self.attached, url))))
        run.write()
        return run

    def write(self) -> None:
        """Write the record, whole or not at all."""
        path = records() / f"{self.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    def end(self) -> None:
        """Remove the folder, then the record."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in records().glob(f"{self.id}.*"):
            path.unlink()

    def lock(self) -> FileLock:
        """The lock of a server that is left for the next run; it never waits."""
        return FileLock(records() / f"{self.id}.lock", timeout=0)

    def lives(self, now: float) -> bool:
        """Whether what it made is in use, or kept for use, at ``now``."""
        if not self.serves:
            return self.owner.alive
        try:
            with self.lock():
                return now < self.expires
        except Timeout:
            return True


def host() -> str:
    """Where processes are numbered as this process sees them: a boot and a process namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return platform.node()
    return f"{boot.read_text().strip()}/{Path('/proc/self/ns/pid').readlink()}"


def records() -> Path:
    """The folder of the records; ``DBPARITY_STATE`` names another."""
    state = os.environ.get("DBPARITY_STATE")
    return (Path(state) if state else user_state_path("dbparity")) / "runs"


def runs() -> dict[str, Run]:
    """All runs on record, by id."""
    found = {}
    for path in sorted(records().glob("*.json")):
        facts = json.loads(path.read_text())
        facts["owner"] = Owner(**facts["owner"])
        facts["attached"] = tuple(facts["attached"])
        found[path.stem] = Run(**facts)
    return found


def database_name(run: str, number: int) -> str:
    """The name of a run's database; the worker's name keeps parallel test processes apart."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"dbparity_{run}_{worker}_{number}"


def run_of(name: str) -> str | None:
    """The run that made a database of this name, or None if none did."""
    match = _NAME.fullmatch(name)
    return match["run"] if match else None
