"""SIGKILL at any moment, of dbparity or a server: a run goes on, or back, and loses nothing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import DbparityError
from dbparity.transfer import journal
from dbparity.transfer.ends import end
from dbparity.transfer.service import DataMigrationService
from tests.support.mortal import Mortal, mortal
from tests.support.moving import failures, moved, sample, unlike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import URL

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.untraced]

SERVERS = ("postgresql@17", "mysql@9", "mariadb@11")
MOMENTS = [*range(20)]
SECONDS = 0.8  # about what it takes
RUN = """
import os, signal, sys, threading
from pathlib import Path
from dbparity.transfer.service import DataMigrationService
source, target, folder, moment = sys.argv[1:]
threading.Timer(float(moment), os.kill, (os.getpid(), signal.SIGKILL)).start()
DataMigrationService(source, target, folder=Path(folder)).migrate()
os._exit(0)
"""


@pytest.fixture(scope="module")
def servers(pytestconfig: pytest.Config) -> Iterator[Callable[[str], Mortal]]:
    """Each is started when it is asked for."""
    with ExitStack() as stack:
        started: dict[str, Mortal] = {}

        def server(name: str) -> Mortal:
            if name not in started:
                started[name] = stack.enter_context(mortal(pytestconfig, name))
            return started[name]

        yield server


@pytest.fixture
def original() -> str:
    return f"sqlite:///{sample('chinook')}"


def chance(victim: str, moment: int) -> float:
    """When it is killed, in seconds: the same at every run."""
    return random.Random(f"{victim} {moment}").uniform(0, SECONDS)


def has_begun(url: str | URL) -> bool:
    with end(url, may_be_absent=True).connected() as connection:
        return journal.standing(connection) is not None


def ends_well(source: str | URL, target: str | URL, folder: Path, *, back: bool) -> None:
    """Whatever was cut off goes on to its end, or back to where it came from."""
    service = DataMigrationService(source, target, folder=folder)
    begun = has_begun(target)
    if back and begun:
        assert failures(service.rollback()) == []
        assert end(target, may_be_absent=True).survey().snapshot.tables == ()
        return
    if begun:
        assert failures(service.resume()) == []
    elif not end(target, may_be_absent=True).survey().snapshot.tables:
        assert failures(service.migrate()) == []
    assert unlike(source, target) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_dbparity_is_killed(
    servers: Callable[[str], Mortal], original: str, tmp_path: Path, moment: int
) -> None:
    places = [*SERVERS, ""]
    name = places[moment % len(places)]
    url = servers(name).make("dbparity_killed") if name else f"sqlite:///{tmp_path / 'target.db'}"
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    arguments = [original, text, str(tmp_path), str(chance("dbparity", moment))]
    process = subprocess.run([sys.executable, "-c", RUN, *arguments], check=False)
    assert process.returncode in {0, -signal.SIGKILL}
    ends_well(original, url, tmp_path, back=moment % 2 == 1)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["source", "target"])
def test_a_server_is_killed(
    servers: Callable[[str], Mortal], original: str, tmp_path: Path, victim: str, moment: int
) -> None:
    server = servers(SERVERS[moment % len(SERVERS)])
    url = server.make("dbparity_killed")
    source: str | URL = original
    target: str | URL = url
    if victim == "source":
        assert failures(moved(original, url, tmp_path)) == []
        source, target = url, f"sqlite:///{tmp_path / 'target.db'}"
    killer = threading.Timer(chance(victim, moment), server.kill)
    killer.start()
    with suppress(DbparityError):  # nothing else may come of it
        DataMigrationService(source, target, folder=tmp_path).migrate()
    killer.join()
    server.revive()
    ends_well(source, target, tmp_path, back=moment % 2 == 1)
