"""Servers that are left running for the next run.

Each belongs to a run of its own, with an age limit. Whoever uses one holds its lock, so two runs
never share a server; who finds it taken starts another.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from filelock import Timeout
from sqlalchemy import make_url

from dbparity.servers.base import Running
from dbparity.servers.ledger import Run, records, runs

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.servers.base import Offer, ServerOptions


def take(server: str, offer: Offer, options: ServerOptions) -> Running:
    """A server that an earlier run left, or a new one that this run will leave."""
    serves = f"{server} {offer.provider} {offer.description}"
    return _left(serves) or _new(serves, offer, options)


def _left(serves: str) -> Running | None:
    for run in runs().values():
        if run.serves == serves and _secret(run).exists():
            lock = run.lock()
            try:
                lock.acquire()
            except Timeout:
                continue
            if time.time() < run.expires:
                return Running(make_url(_secret(run).read_text()), stop=lock.release, ends=False)
            lock.release()
    return None


def _new(serves: str, offer: Offer, options: ServerOptions) -> Running:
    run = Run.begin(serves=serves, expires=time.time() + options.max_age.total_seconds())
    lock = run.lock()
    lock.acquire()
    try:
        running = offer.start(run)
    except BaseException:
        lock.release()
        run.end()
        raise
    _write(_secret(run), running.url.render_as_string(hide_password=False))
    return replace(running, stop=lock.release, ends=False)


def _secret(run: Run) -> Path:
    return records() / f"{run.id}.url"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
