"""The second ctrl-C: a process whose threads do not end becomes one that removes what it made.

A thread cannot be ended from outside, and one that hangs may hold what cleaning up needs. The
program that takes the process's place has no threads but its own, and does for this one run what
``dbparity servers reap`` does after a SIGKILL.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import TYPE_CHECKING

from dbparity.cli.console import Screen, complain, silence
from dbparity.cli.interrupts import REMOVED, SIGNALS, Stopped
from dbparity.servers import reaper
from dbparity.servers.ledger import runs

if TYPE_CHECKING:
    from dbparity.servers.environment import DatabaseTestEnvironment

_LEFT = "not all that was started could be removed: `dbparity servers list` tells what is left"


def end_at_once(environment: DatabaseTestEnvironment, number: int) -> None:
    """End this process, and all that ``environment`` made, as one that the signal ``number`` ends.

    While servers start or stop it does nothing: that ends by itself, and would leave what is made
    by then.
    """
    run = environment.endable
    if run is None:
        return
    given, taken = os.pipe()
    os.set_inheritable(given, True)
    # Passwords are in it, which nobody can read in a pipe.
    os.write(taken, pickle.dumps((run, environment.options, number)))
    os.write(2, b"\ndbparity: ending what still runs; servers and databases are being removed\n")
    program = f"import sys; from {__name__} import main; sys.exit(main({given}))"
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606  # no shell


def main(handle: int) -> int:
    """Remove what the run made that is told of in the pipe ``handle``; return the exit code."""
    Screen(stderr=True).show_cursor()  # a bar had hidden it
    with os.fdopen(handle, "rb") as pipe:
        run, options, number = pickle.load(pipe)  # noqa: S301  # written by this process
    try:
        with silence():
            reaper.end(run, options)
    except Exception as error:  # noqa: BLE001  # the exit code says that it was stopped
        complain(str(error))
    stopped = Stopped(number, _LEFT if run.id in runs() else REMOVED)
    complain(str(stopped))
    return stopped.code
