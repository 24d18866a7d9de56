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
from typing import TYPE_CHECKING, Self

import psutil
from filelock import FileLock
from platformdirs import user_state_path

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own, of mode 0711, is made in it
_ROOM = 2**30  # bytes; containers have 64 MB of memory here, where no server fits in
_PREFIX = "dbparity-"
_NAME = re.compile(r"dbparity_(?P<run>[0-9a-f]{8})_\w+?_\d+")
_QUALIFIER = re.compile(rf"(?<![/\w])(?P<quote>[`\"]?)({_NAME.pattern})(?P=quote)\.(?=[`\"\w])")
RUN_VARIABLE = "DBPARITY_RUN"
WORKER_VARIABLE = "DBPARITY_WORKER"


@dataclass(frozen=True)
class Owner:
    """A process, told from another of the same number by when it began and where it runs.

    ``created`` counts in seconds since the boot: a clock may be set while the process runs.
    """

    pid: int
    created: float
    host: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        process = psutil.Process()
        return cls(process.pid, _created(process), host())

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
            process = psutil.Process(self.pid)
            # One that was killed is on the list until its parent has taken note.
            ended = process.status() == psutil.STATUS_ZOMBIE
            return not ended and abs(_created(process) - self.created) < 1
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True)
class Run:
    """One run of dbparity: its id, its owner, and the folder of its files, in memory if possible.

    A server that is left for the next run belongs to a run of its own: ``serves`` says what it
    is, and it lives until ``expires`` (seconds since the epoch), or while its ``user`` does: the
    run that uses it, by its id.
    """

    id: str
    owner: Owner
    folder: str
    attached: tuple[str, ...] = ()
    serves: str = ""
    expires: float = 0.0
    user: str = ""

    @classmethod
    def begin(cls, *, serves: str = "", user: str = "") -> Self:
        """Put a new run on record, then make its folder."""
        identity = secrets.token_hex(4)
        folder = _roomy() / (_PREFIX + identity)
        run = cls(identity, Owner.current(), str(folder), serves=serves, user=user)
        run.write()
        folder.mkdir()
        # Whatever the umask: servers run under accounts of their own. They may pass, not look.
        folder.chmod(0o711)
        return run

    def attach(self, url: str) -> None:
        """Record that databases are made on a server that is not ours (``url`` has no password)."""
        # Servers are started in threads, and maybe in several processes of one run.
        with FileLock(records() / f"{self.id}.lock"):
            before = runs()[self.id]
            replace(before, attached=(*before.attached, url)).write()

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
            path.unlink(missing_ok=True)

    def lives(self, now: float, known: Mapping[str, Run]) -> bool:
        """Whether what it made is in use, or kept for use, at ``now``, of all runs ``known``."""
        if not self.serves:
            return self.owner.alive
        return now < self.expires or self.used(known)

    def used(self, known: Mapping[str, Run]) -> bool:
        """Whether a run that is alive uses this server that was left for the next one."""
        return self.user in known and known[self.user].owner.alive


def _created(process: psutil.Process) -> float:
    booted = psutil.boot_time()
    return process.create_time() - booted


def _roomy() -> Path:
    """The folder for runs' folders: in memory, if that is there and large enough."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return _MEMORY
    return Path(tempfile.gettempdir())


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
        try:
            facts = json.loads(path.read_text())
        except FileNotFoundError:  # it has ended since the folder was listed
            continue
        facts["owner"] = Owner(**facts["owner"])
        facts["attached"] = tuple(facts["attached"])
        found[path.stem] = Run(**facts)
    return found


def database_name(run: str, number: int) -> str:
    """The name of a run's database; the worker's name keeps a run's processes apart."""
    worker = os.environ.get(WORKER_VARIABLE) or os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"dbparity_{run}_{worker}_{number}"


def unnamed(text: str) -> str:
    """``text`` without the names of runs' databases, which differ from lease to lease."""
    return _NAME.sub("database", _QUALIFIER.sub("", text))


def run_of(name: str) -> str | None:
    """The run that made a database of this name, or None if none did."""
    match = _NAME.fullmatch(name)
    return match["run"] if match else None
