"""Functions for calls that are bounded: what they do takes too long, or is not survived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from dbparity.errors import SettingsInvalid, StoreUnreachable


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def stubborn(path: str) -> None:
    """Let no signal end it but one, and no patience; and so its child, whose id is written."""
    for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        Path(path).write_text(str(child.pid))


def patricide() -> None:
    """Kill the process that has made this one."""
    os.kill(os.getppid(), signal.SIGKILL)


def unreachable() -> None:
    raise StoreUnreachable("cache", "refused", "start it")


def misspelt() -> None:
    raise SettingsInvalid("cache", "no such store", "name another")


def broken() -> None:
    message = "out of order"
    raise RuntimeError(message)
