"""Processes that upgrade a database, and are killed in the middle.

One process waits, with everything imported, and makes a child of its own for each death. It is
told what to do on its standard input: no URL is on a command line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from sqlalchemy import make_url

from dbparity.schema import envpy, revisions
from dbparity.schema.envpy import Door
from dbparity.schema.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.schema.history import Revision
    from dbparity.servers.database import Database


@dataclass(frozen=True)
class Death:
    """How a process ended.

    Attributes:
        killed: by SIGKILL, at the statement where it was to be.
        words: its last ones, if it ended otherwise.
    """

    killed: bool
    words: str


@dataclass(frozen=True)
class Executioner:
    """Has upgrades killed, in processes of their own."""

    process: subprocess.Popen[str]

    def kill(self, database: Database, revision: Revision, statement: int) -> Death:
        """Upgrade ``database`` to ``revision``, and kill -9 that after its ``statement``-th."""
        order = json.dumps(_order(database, revision, statement))
        return Death(**json.loads(database.bridge.outside(self._ask, order)))

    def _ask(self, order: str) -> str:
        orders, answers = cast("IO[str]", self.process.stdin), cast("IO[str]", self.process.stdout)
        orders.write(f"{order}\n")
        orders.flush()
        return answers.readline()


@contextmanager
def executioner(folder: Path) -> Iterator[Executioner]:
    """An executioner for the block, which works in ``folder`` as Alembic's users do."""
    paths = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100  # may be zip files
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Executioner(process)


def upgrade(order: str, kill: Callable[[], object]) -> None:
    """Upgrade as ``order`` says, and call ``kill`` where it says."""
    told = json.loads(order)
    door = Door(Path(told["ini"]), tuple(told["x"]), told["environment"])
    history = History.of(door)
    (revision,) = (each for each in history.revisions if each.id == told["revision"])
    left = iter(range(told["statement"] - 1, -1, -1))

    def count(_: str) -> None:
        if next(left, None) == 0:
            kill()

    urls = [make_url(url) for url in told["urls"]]
    revisions.up_at(door, urls, history, revision, count)


def serve(orders: IO[str], answers: IO[str]) -> None:
    """Carry the orders out, one after the other, until there are no more."""
    for order in orders:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            _end(order, writing)
        os.close(writing)
        with os.fdopen(reading) as file:
            words = file.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        answers.write(json.dumps({"killed": killed, "words": words}) + "\n")
        answers.flush()


def _order(database: Database, revision: Revision, statement: int) -> dict[str, object]:
    door = Door.of(database.application)
    return {
        "ini": str(door.ini.absolute()),
        "x": door.x,
        "environment": dict(door.environment),
        "urls": [url.render_as_string(hide_password=False) for url in envpy.urls(database)],
        "revision": revision.id,
        "statement": statement,
    }


def _end(order: str, writing: int) -> None:
    """Be the child: end by being killed, or say why not."""
    # What the application prints is no answer.
    os.dup2(2, 1)
    words = "it ended before the statement"
    try:
        upgrade(order, partial(os.kill, os.getpid(), signal.SIGKILL))
    except BaseException as error:  # noqa: BLE001  # the parent is told, whatever it is
        words = f"{type(error).__name__}: {error}"
    os.write(writing, words.encode())
    os._exit(0)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
