"""A process that makes a process of its own for every call, and kills it when its time is up.

It has imported what the calls need, so that none of their time goes there. It is told what to do
through a socket: no URL is on a command line.
"""

from __future__ import annotations

import importlib
import math
import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, cast

import msgspec

from dbparity.errors import DbparityError, UsageError

_ORPHANED = 1  # seconds that a call may outlive its time where nobody is left to kill it
DIED = "its process died without an answer"


@dataclass(frozen=True)
class Call:
    """A function, ``package.module:name``, and its arguments; they and what it returns are JSON."""

    function: str
    arguments: dict[str, Any]

    def make(self) -> Any:  # noqa: ANN401  # whatever the function returns
        """Call it in this process; raise whatever it raises."""
        module, _, name = self.function.partition(":")
        return getattr(importlib.import_module(module), name)(**self.arguments)


@dataclass(frozen=True)
class Order:
    """Calls to be made at once, until a moment of the monotonic clock, which processes share."""

    ticket: int
    until: float
    calls: dict[str, Call]


@dataclass(frozen=True)
class Said:
    """What is known of one call.

    Attributes:
        ticket, name: which one it is.
        ended: whether it has; or else it has only begun.
        value: what it returned.
        error: what it raised, in words.
        unasked: whether nobody was asked: it could not be made as it was meant.
    """

    ticket: int
    name: str
    ended: bool = True
    value: Any = None
    error: str = ""
    unasked: bool = False


READY = Said(0, "ready")


@dataclass(frozen=True)
class _Child:
    process: int
    said: Said
    until: float


def serve(orders: Connection) -> None:
    """Carry ``orders`` out until whoever gives them has gone."""
    running: dict[Connection, _Child] = {}
    with suppress(EOFError, OSError):
        while True:
            left = min((child.until - time.monotonic() for child in running.values()), default=None)
            heard = wait([orders, *running], left and max(left, 0))
            for ready in cast("list[Connection]", heard):
                if ready is orders:
                    running |= _begun(orders)
                else:
                    _pass_on(ready, running.pop(ready), orders)
            _kill(running, time.monotonic())
    _kill(running, math.inf)


def _begun(orders: Connection) -> dict[Connection, _Child]:
    order = msgspec.json.decode(orders.recv_bytes(), type=Order)
    begun = {}
    for name, call in order.calls.items():
        said = Said(order.ticket, name, ended=False)
        reading, writing = Pipe(duplex=False)
        process = os.fork()
        if not process:
            orders.close()
            _be(call, said, writing, order.until)
        writing.close()
        begun[reading] = _Child(process, said, order.until)
        _say(orders, said)
    return begun


def _pass_on(pipe: Connection, child: _Child, orders: Connection) -> None:
    try:
        said = pipe.recv_bytes()
    except EOFError:
        _say(orders, replace(child.said, ended=True, error=DIED, unasked=True))
    else:
        orders.send_bytes(said)
    pipe.close()


def _kill(running: dict[Connection, _Child], moment: float) -> None:
    """Kill those that may not run at that moment any more, and whatever they have started."""
    for pipe, child in tuple(running.items()):
        if child.until <= moment:
            del running[pipe]
            pipe.close()
            # Itself too: it may not have had the time to become the leader of a group.
            for kill in (os.kill, os.killpg):
                with suppress(ProcessLookupError):
                    kill(child.process, signal.SIGKILL)


def _be(call: Call, said: Said, writing: Connection, until: float) -> None:
    """Be the process of a call."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(until - time.monotonic(), 0) + _ORPHANED)
    try:
        said = replace(said, ended=True, value=call.make())
    except BaseException as error:  # noqa: BLE001  # drivers raise whatever they like
        told = (
            str(error) if isinstance(error, DbparityError) else f"{type(error).__name__}: {error}"
        )
        said = replace(said, ended=True, error=told, unasked=isinstance(error, UsageError))
    _say(writing, said)
    os._exit(0)


def _say(connection: Connection, said: Said) -> None:
    connection.send_bytes(msgspec.json.encode(said))


def main() -> None:
    """Make the calls of the first order here, for what they import; then serve."""
    warnings.simplefilter("ignore")  # of threads that numpy has, which no call uses
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended
    with Connection(int(sys.argv[1])) as orders:
        first = msgspec.json.decode(orders.recv_bytes(), type=Order)
        for call in first.calls.values():
            with suppress(Exception):  # it is told when it matters
                call.make()
        _say(orders, READY)
        serve(orders)


if __name__ == "__main__":
    main()
