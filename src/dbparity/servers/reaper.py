"""What killed runs left behind: found by label, environment, folder and name, and removed.

Only what belongs to a run that is on record on this machine is ever removed, and only when its
process is gone, or, of a server that was left for the next run, when its time is over.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dbparity.backends.base import load_backend
from dbparity.servers.administration import OnServer
from dbparity.servers.base import Leftover, ServerOptions
from dbparity.servers.bridge import Bridge
from dbparity.servers.environment import providers
from dbparity.servers.ledger import Run, run_of, runs
from dbparity.servers.url import read_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from dbparity.backends.base import Backend


@dataclass(frozen=True)
class Found:
    """Something that a run made.

    ``state`` is ``leaked``; ``live``; ``unknown``, of a run that is not on record here; or
    ``kept``, the record of a run whose databases on a server of yours cannot be looked for,
    because no URL of that server is configured.
    """

    leftover: Leftover
    state: str


def survey(options: ServerOptions) -> tuple[Found, ...]:
    """Everything that any run made and that can be seen from here, in the order of removal."""
    now, known = time.time(), runs()
    states = {name: "live" if run.lives(now) else "leaked" for name, run in known.items()}
    made = [
        Found(leftover, states.get(leftover.run, "unknown")) for leftover in _leftovers(options)
    ]
    reached = set(_configured(options))
    for run in known.values():
        state = states[run.id]
        if state == "leaked" and not reached.issuperset(run.attached):
            state = "kept"
        made.append(Found(Leftover("run", run.folder, run.id, run.end), state))
    return tuple(made)


def reap(options: ServerOptions) -> tuple[Found, ...]:
    """Remove what is leaked, and the records of its runs; return what was removed."""
    leaked = tuple(found for found in survey(options) if found.state == "leaked")
    for found in leaked:
        found.leftover.remove()
    return leaked


def end(run: Run, options: ServerOptions) -> None:
    """End a run of this process whose servers were started by other processes of it."""
    for provider in providers(options):
        for leftover in provider.leftovers():
            if leftover.run == run.id:
                leftover.remove()
    run.end()


def _leftovers(options: ServerOptions) -> Iterator[Leftover]:
    for provider in providers(options):
        yield from provider.leftovers()
    for url, backend in _configured(options).values():
        with _administration(url, backend) as administration:
            names = administration.names()
        for name in names:
            yield Leftover("database", name, run_of(name) or "", partial(_drop, url, backend, name))


def _configured(options: ServerOptions) -> dict[str, tuple[URL, Backend]]:
    """The servers that were named by a URL, by that URL without its password."""
    found = {}
    for server, text in options.urls.items():
        backend = load_backend(server.partition("@")[0])
        url = read_url(text, backend)
        found[url.render_as_string(hide_password=True)] = (url, backend)
    return found


@contextmanager
def _administration(url: URL, backend: Backend) -> Iterator[OnServer]:
    driver = next(driver for driver in backend.drivers if driver.installed)
    with Bridge(backend, driver) as bridge:
        yield OnServer(backend, url, bridge)


def _drop(url: URL, backend: Backend, name: str) -> None:
    with _administration(url, backend) as administration:
        administration.drop(name)
