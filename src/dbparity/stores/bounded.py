"""Calls that end when they should, whatever they wait for.

No timeout within a process can be trusted: drivers wait in C, or do not let themselves be
cancelled. So each call has a process of its own, which is killed, and what is waited for here is
its answer, and not its end.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Pipe
from typing import TYPE_CHECKING, Self

import msgspec

from dbparity.stores import checking
from dbparity.stores.checking import DIED, Order, Said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbparity.stores.checking import Call

_ENDING = 5  # seconds for a process that has been told to end


class BoundedCaller:
    """Makes calls in processes of their own, each killed when its time is up.

    One process waits between them with everything imported, and is replaced where it fails.
    Make one round of calls at a time. Close it, or use it as a context manager.
    """

    def __init__(self, preparations: Mapping[str, Call]) -> None:
        """Begin to make ``preparations`` in the process that waits: they import what calls need."""
        self._preparations = Order(0, 0, dict(preparations))
        self._tickets = itertools.count(1)
        self._start()

    def ready(self, limit: float) -> bool:
        """Wait at most ``limit`` seconds until all is imported; return whether it is."""
        self._await_ready(time.monotonic() + limit)
        return self._ready

    def call(self, calls: Mapping[str, Call], limit: float) -> dict[str, Said | None]:
        """Make all ``calls`` at once, and return after ``limit`` seconds at the latest.

        Of a call that was not even made there is None: the process that waits was not ready.
        """
        order = Order(next(self._tickets), time.monotonic() + limit, dict(calls))
        answers: dict[str, Said | None] = dict.fromkeys(calls)
        self._await_ready(order.until)
        while self._ready and not self._made(order, answers):
            self._await_ready(order.until)
        return answers

    def close(self) -> None:
        """End the process that waits, and what it has under way."""
        self._orders.close()
        if not self._ready:
            self._process.kill()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _made(self, order: Order, answers: dict[str, Said | None]) -> bool:
        """Whether the calls were made, or there is no time left for that; note what comes of them.

        A process that was lost before it has made any is replaced, and that can be tried again.
        """
        try:
            self._orders.send_bytes(msgspec.json.encode(order))
            while not all(said and said.ended for said in answers.values()):
                said = self._heard(order.until)
                if said.ticket == order.ticket:
                    answers[said.name] = said
        except TimeoutError:
            if not any(answers.values()):
                self._replace()
        except OSError:
            self._replace()
            for name, last in answers.items():
                if last is not None and not last.ended:
                    answers[name] = replace(last, ended=True, error=DIED, unasked=True)
            return any(answers.values())
        return True

    def _start(self) -> None:
        self._ready, self._owner = False, os.getpid()
        self._orders, theirs = Pipe()
        paths = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100  # may be zip files
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", checking.__name__, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # A ctrl-C is for whoever gives the orders.
                start_new_session=True,
            )
        self._orders.send_bytes(msgspec.json.encode(self._preparations))

    def _replace(self) -> None:
        self._ready = False
        self.close()
        self._start()

    def _await_ready(self, until: float) -> None:
        if self._owner != os.getpid():
            # After a fork the answers would go to either process, and the other one is its parent.
            self._process.returncode = 0
            self._start()
        with suppress(TimeoutError):
            while not self._ready:
                try:
                    self._ready = self._heard(until) == checking.READY
                except ConnectionError:
                    self._replace()

    def _heard(self, until: float) -> Said:
        """The next that is said; raise `TimeoutError`, or another `OSError` where nobody is."""
        if not self._orders.poll(max(until - time.monotonic(), 0)):
            raise TimeoutError
        try:
            return msgspec.json.decode(self._orders.recv_bytes(), type=Said)
        except EOFError as error:
            raise ConnectionResetError from error
