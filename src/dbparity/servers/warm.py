"""Servers that are left running for the next run.

Each belongs to a run of its own, with an age limit, and has its user on record. Who finds one in
use starts another, so two runs never share a server; one whose user was killed is free again.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock
from sqlalchemy import make_url

from dbparity.errors import ServerError
from dbparity.servers import reaper
from dbparity.servers.base import Running
from dbparity.servers.ledger import Run, records, runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dbparity.servers.base import Offer, ServerOptions

T = TypeVar("T")


def serve(
    server: str, offer: Offer, options: ServerOptions, user: Run, use: Callable[[Running], T]
) -> T:
    """What ``use`` makes of a server that an earlier run left, or of a new one to be left.

    ``use`` raises `ServerError` for a server that has died or does not suit: one that was left is
    removed then, and so is every one that is too old.
    """
    serves = f"{server} {offer.provider} {offer.description}"
    while left := _claimed(serves, user):
        if time.time() < left.expires:
            url = make_url(_secret(left).read_text())
            with suppress(ServerError):
                return use(Running(url, stop=_nothing, ends=False, fresh=False))
        reaper.end(left, options)
    return _new(serves, offer, options, user, use)


def _claimed(serves: str, user: Run) -> Run | None:
    """A server that nobody uses, with its new user on record."""
    with FileLock(records() / "warm.lock"):
        known = runs()
        for run in known.values():
            if run.serves == serves and _secret(run).exists() and not run.used(known):
                claimed = replace(run, user=user.id)
                claimed.write()
                return claimed
    return None


def _new(
    serves: str, offer: Offer, options: ServerOptions, user: Run, use: Callable[[Running], T]
) -> T:
    run = Run.begin(serves=serves, user=user.id)
    with ExitStack() as undo:
        undo.callback(run.end)
        running = offer.start(run)
        undo.callback(running.stop)
        used = use(replace(running, stop=_nothing, ends=False))
        _write(_secret(run), running.url.render_as_string(hide_password=False))
        replace(run, expires=time.time() + options.max_age.total_seconds()).write()
        undo.pop_all()
    return used


def _nothing() -> None:
    """Leave the server running; it is free when its user's run ends."""


def _secret(run: Run) -> Path:
    return records() / f"{run.id}.url"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
