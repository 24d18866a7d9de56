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

from sqlalchemy.exc import SQLAlchemyError

from dbparity.backends.base import load_backend
from dbparity.servers.administration import OnServer
from dbparity.servers.base import Leftover, ServerOptions, providers
from dbparity.servers.bridge import Bridge
from dbparity.servers.ledger import Run, run_of, runs
from dbparity.servers.url import read_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import URL

    from dbparity.backends.base import Backend


@dataclass(frozen=True)
class Found:
    """Something that a run made.

    ``state`` is ``leaked``; ``live``; ``unknown``, of a run that is not on record here; or
    ``kept``, the record of a run whose databases on a server of yours cannot be looked for,
    because no URL of that server is configured, or because it does not answer.
    """

    leftover: Leftover
    state: str


def survey(options: ServerOptions) -> tuple[Found, ...]:
    """Everything that any run made and that can be seen from here, in the order of removal."""
    now, known = time.time(), runs()
    states = {name: "live" if run.lives(now, known) else "leaked" for name, run in known.items()}
    configured = _configured(options)
    databases = _databases(configured)
    leftovers = [*_started(options), *(one for each in databases.values() for one in each)]
    made = [Found(leftover, states.get(leftover.run, "unknown")) for leftover in leftovers]
    for run in known.values():
        state = states[run.id]
        if state == "leaked" and not databases.keys() >= set(run.attached):
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
    """End a run that made what it made in other processes than this one."""
    attached = runs()[run.id].attached
    servers = {name: server for name, server in _configured(options).items() if name in attached}
    databases = _databases(servers)
    for leftover in (*_started(options), *(one for each in databases.values() for one in each)):
        if leftover.run == run.id:
            leftover.remove()
    if databases.keys() == servers.keys():
        run.end()


def _started(options: ServerOptions) -> Iterator[Leftover]:
    for provider in providers(options):
        yield from provider.leftovers()


def _databases(servers: Mapping[str, tuple[URL, Backend]]) -> dict[str, list[Leftover]]:
    """The databases that runs made, by server; a server that does not answer is left out."""
    found = {}
    for server, (url, backend) in servers.items():
        try:
            with _administration(url, backend) as administration:
                names = administration.names()
        except (SQLAlchemyError, OSError):  # asyncpg's refused logins are OSErrors
            continue
        found[server] = [
            Leftover("database", name, run_of(name) or "", partial(_drop, url, backend, name))
            for name in names
        ]
    return found


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
