"""Arms of a gate: processes that hold one side's workloads, as the process that judges sees them.

All run on one CPU, where only one of them has something to do at a time.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from dbparity.errors import BaseUnusable, WorkerFailed
from dbparity.performance.measure import Counts, Timing
from dbparity.performance.worker import Held, Order, Request, Slowdown
from dbparity.servers.ledger import WORKER_VARIABLE
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.servers.ledger import Run

T = TypeVar("T")
_SAID = 2000  # characters of what a worker said at last
_PROBE = 3  # calls
_PATIENCE = 10  # seconds for a worker to drop its databases
# Databases are named by their worker: none has the name of another's.
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Side:
    """What an arm is made of: a name, and an application in a folder.

    Attributes:
        name: base, head, control, or what is injected.
        folder: where the code is.
        application: the arguments of `load_application`, ready for JSON.
        slowdowns: what is injected into which workloads.
        own: the folder that the application must come from, or None if that does not matter.
    """

    name: str
    folder: Path
    application: Mapping[str, Any] = field(repr=False)
    slowdowns: Mapping[str, Slowdown] = field(default_factory=dict)
    own: Path | None = None


def quiet_cpu() -> int:
    """The last CPU that this process may use: others' work gathers on the first."""
    return max(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Place:
    """Where arms run: targets of an environment, one CPU; and which workloads."""

    environment: DatabaseTestEnvironment
    targets: tuple[str, ...]
    rows: int
    cpu: int = field(default_factory=quiet_cpu)
    only: tuple[str, ...] = ()

    @property
    def run(self) -> Run:
        """The one in whose name the servers were started."""
        return self.environment.server(Target.parse(self.targets[0])).run


@dataclass(frozen=True)
class Pace:
    """How a workload is sampled: slices of so many seconds, in rounds.

    What is longer than all slices together has as many rounds as fit, but not less than ``fewest``.
    """

    seconds: float
    fewest: int
    rounds: int = 6

    def plan(self, worker: Worker, target: str, workload: str) -> tuple[int, int]:
        """How many calls make a slice of a workload, and how many slices there are."""
        short = worker.timed(target, workload, 1).wall < self.seconds
        wall = worker.timed(target, workload, _PROBE if short else 1).wall
        calls = max(1, round(self.seconds / wall))
        fitting = round(self.rounds * self.seconds / (calls * wall))
        return calls, max(self.fewest, min(self.rounds, fitting))


class Worker:
    """A process that holds one side. Close it, or use it as a context manager."""

    def __init__(self, side: Side, place: Place) -> None:
        """Start it; `held` waits until it is ready."""
        self.side = side
        self._held: Held | None = None
        self._stack = ExitStack()
        self._errors: IO[str] = self._stack.enter_context(
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dbparity.performance.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=side.folder,
            env={**os.environ, WORKER_VARIABLE: f"arm{os.getpid()}x{next(_NUMBERS)}"},
            text=True,
            encoding="utf-8",
        )
        self._say(
            Order(
                dict(side.application),
                place.run.id,
                place.environment.share(outlived=True),
                list(place.targets),
                place.rows,
                place.cpu,
                dict(side.slowdowns),
                list(place.only),
            )
        )

    @property
    def held(self) -> Held:
        """What it holds, when it is ready.

        Raises:
            WorkerFailed: it is not, and never will be.
            BaseUnusable: its application is not the one of its folder.
        """
        if self._held is None:
            self._held = self._answer(Held)
            own = self.side.own
            if own is not None and not Path(self._held.file).resolve().is_relative_to(own):
                reason = f"its application is not imported from it, but from {self._held.file}"
                cure = "name the folder that has it in [tool.dbparity] pythonpath"
                raise BaseUnusable(self.side.name, reason, cure)
        return self._held

    def timed(self, target: str, workload: str, calls: int) -> Timing:
        """Time so many calls of a workload."""
        self._say(Request("time", target, workload, calls))
        return self._answer(Timing)

    def counted(self, target: str, workload: str) -> Counts:
        """What the second call of a workload asks of the database."""
        self._say(Request("count", target, workload, 2))
        return self._answer(Counts)

    def close(self) -> None:
        """Let it drop its databases and end; kill it if it does not."""
        with self._stack:
            assert self._process.stdin is not None  # noqa: S101  # a pipe was asked for
            try:
                self._process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _say(self, message: Order | Request) -> None:
        assert self._process.stdin is not None  # noqa: S101  # a pipe was asked for
        with suppress(BrokenPipeError):  # there will be no answer, and that is told
            self._process.stdin.write(msgspec.json.encode(asdict(message)).decode() + "\n")
            self._process.stdin.flush()

    def _answer(self, kind: type[T]) -> T:
        assert self._process.stdout is not None  # noqa: S101  # a pipe was asked for
        line = self._process.stdout.readline()
        if not line:
            raise self._failure(f"it ended with {self._process.wait()}")
        message = msgspec.json.decode(line)
        if "error" in message:
            raise self._failure(message["error"])
        return msgspec.convert(message["answer"], kind)

    def _failure(self, reason: str) -> WorkerFailed:
        self._errors.seek(0)
        said = self._errors.read()[-_SAID:]
        return WorkerFailed(f"{self.side.name} ({self.side.folder})", reason, said)


class Launch:
    """Fresh workers, one for each side; all are ready when the block begins."""

    def __init__(self, sides: Sequence[Side], place: Place) -> None:
        """Start one for each of ``sides``, in that order."""
        self._stack = ExitStack()
        self.workers: dict[str, Worker] = {}
        with ExitStack() as undo:
            undo.callback(self._stack.close)
            for side in sides:
                self.workers[side.name] = self._stack.enter_context(Worker(side, place))
            for worker in self.workers.values():
                _ = worker.held
            undo.pop_all()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._stack.close()
