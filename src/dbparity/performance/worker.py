"""A process that holds one arm of a gate: it measures what it is asked for, until its input ends.

It is told what it holds by the first line of its standard input, and answers each line with one.
Its code may be another revision's of the application than that of other arms.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dbparity.applications import load_application
from dbparity.conformance.base import words
from dbparity.performance.measure import counted, make_ready, timed
from dbparity.performance.workloads import fill, wanted, workloads
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import runs
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from dbparity.applications import Application
    from dbparity.performance.derived import Operation
    from dbparity.performance.measure import Counts, Timing
    from dbparity.servers.database import Database

_WARM_UP = 0.02  # seconds
_REFERENCE = 25  # calls


@dataclass(frozen=True)
class Slowdown:
    """A slowdown that is injected: by ``share`` of an operation's time, at each ``every``-th call.

    It is spent on the CPU, by this process.
    """

    share: float
    every: int = 1


@dataclass(frozen=True)
class Order:
    """What a worker is to hold.

    Attributes:
        application: the arguments of `load_application`.
        run: the id of the run in whose name databases are made.
        shared: what `DatabaseTestEnvironment.share` gave. Passwords are in it.
        targets: where the workloads run.
        rows: of each table, if the application has no seed.
        cpu: the CPU to run on.
        slowdowns: what is injected into which workloads.
        only: patterns of the workloads to hold; all if there is none.
    """

    application: dict[str, Any]
    run: str
    shared: dict[str, Any]
    targets: list[str]
    rows: int
    cpu: int
    slowdowns: dict[str, Slowdown]
    only: list[str]


@dataclass(frozen=True)
class Request:
    """Time, or count, so many calls of a workload on a target."""

    do: str
    target: str
    workload: str
    calls: int


@dataclass(frozen=True)
class Held:
    """What a worker holds: its workloads by target, and the file that has the application."""

    workloads: dict[str, list[str]]
    file: str


class Arm:
    """The workloads of one application, ready to be measured on several targets."""

    def __init__(self, order: Order, application: Application) -> None:
        """Lease a database on each target, fill it, and prepare every workload there."""
        self._order = order
        self._stack = ExitStack()
        self._held: dict[str, tuple[Database, dict[str, Operation]]] = {}
        environment = DatabaseTestEnvironment([])
        environment.join(order.shared, runs()[order.run])
        self._stack.callback(environment.stop)
        with ExitStack() as undo:
            undo.callback(self.close)
            for name in order.targets:
                lease = environment.lease(Target.parse(name), application)
                database = self._stack.enter_context(lease)
                self._held[name] = (database, database.run(self._prepared))
            # Not before: several workers make ready at once.
            _pin(order.cpu)
            for database, operations in self._held.values():
                database.run(partial(self._warm_up, operations))
            undo.pop_all()

    @property
    def workloads(self) -> dict[str, list[str]]:
        """The ids of the workloads, by target."""
        return {name: list(operations) for name, (_, operations) in self._held.items()}

    def timed(self, target: str, workload: str, calls: int) -> Timing:
        """Time so many calls."""
        database, operations = self._held[target]
        return database.run(lambda _: timed(operations[workload], calls))

    def counted(self, target: str, workload: str, calls: int) -> Counts:
        """What the last of so many calls asks of the database."""
        database, operations = self._held[target]
        return database.run(lambda _: counted(database.engine, operations[workload], calls)[-1])

    def close(self) -> None:
        """Drop the databases."""
        self._stack.close()

    def _prepared(self, database: Database) -> dict[str, Operation]:
        data = fill(database, self._order.rows)
        return {
            each.id: each.prepare(database)
            for each in workloads(database, data)
            if wanted(each.id, self._order.only)
        }

    def _warm_up(self, operations: dict[str, Operation], _: Database) -> None:
        for operation in operations.values():
            _warm_up(operation)
        slowdowns = self._order.slowdowns
        held = slowdowns.keys() & operations.keys()
        injected = {id_: _slowed(operations[id_], slowdowns[id_]) for id_ in held}
        operations.update(injected)


def _pin(cpu: int) -> None:
    """Have all threads of this process run on one CPU."""
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {cpu})


def _warm_up(operation: Operation) -> None:
    until = time.perf_counter() + _WARM_UP
    while time.perf_counter() < until:
        make_ready(operation, 1)
        operation()


def _slowed(operation: Operation, slowdown: Slowdown) -> Operation:
    """``operation``, and at some calls as much work again as a share of it takes at its best."""
    calls = _REFERENCE if timed(operation, 1).wall < _WARM_UP else 1
    return _Slowed(operation, timed(operation, calls).best * slowdown.share, slowdown.every)


class _Slowed:
    def __init__(self, operation: Operation, seconds: float, every: int) -> None:
        self._operation, self._seconds, self._every = operation, seconds, every
        self._calls = 0

    def ready(self, calls: int) -> None:
        make_ready(self._operation, calls)

    def __call__(self) -> None:
        self._operation()
        self._calls += 1
        if self._calls % self._every == 0:
            until = time.perf_counter() + self._seconds
            while time.perf_counter() < until:
                pass


def serve(lines: Iterator[str], answer: Callable[[object], None]) -> None:
    """Hold what the first of ``lines`` says, and do what each further one asks for."""
    order = msgspec.json.decode(next(lines), type=Order)
    arguments = order.application
    folders = [Path(folder) for folder in arguments.pop("pythonpath")]
    application = load_application(**arguments, pythonpath=folders)
    arm = Arm(order, application)
    try:
        module = sys.modules[application.name.partition(":")[0]]
        answer(Held(arm.workloads, str(module.__file__)))
        for line in lines:
            asked = msgspec.json.decode(line, type=Request)
            work = arm.timed if asked.do == "time" else arm.counted
            answer(work(asked.target, asked.workload, asked.calls))
    finally:
        arm.close()


def main() -> int:
    """Serve standard input. What else is printed goes to standard error."""
    # The application may print: only answers go to the parent.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(found: Any) -> None:  # noqa: ANN401  # any dataclass
        _write(answers, {"answer": asdict(found)})

    try:
        serve(iter(sys.stdin), answer)
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent tells it
        traceback.print_exc()
        _write(answers, {"error": _told(error)})
        return 1
    return 0


def _told(error: BaseException) -> str:
    """An error, and those that were being handled when it came: the first of them was the cause."""
    found: dict[str, str] = {}
    before: BaseException | None = error
    while before is not None:
        found.setdefault(words(before), f"{type(before).__name__}: {words(before)}")
        before = before.__cause__ or before.__context__
    return "; after ".join(found.values())


def _write(answers: TextIO, message: object) -> None:
    answers.write(msgspec.json.encode(message).decode() + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
