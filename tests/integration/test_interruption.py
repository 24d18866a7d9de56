"""Runs that are interrupted at any moment leave nothing that `servers reap` does not find."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from sqlalchemy import create_engine, text

from dbparity.servers.base import Offer, ServerOptions
from dbparity.servers.container import LABEL, ContainerProvider
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import RUN_VARIABLE
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

pytestmark = [pytest.mark.slow, pytest.mark.untraced, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
TIMES = 5  # of containers and of programs alike: ten of each signal
LONGEST = 4.0  # seconds into a run: by then its servers are up and its checks are under way
CHECK = (sys.executable, "-m", "dbparity", "check")
CONTAINERS = ("--provider", "container", "--target", "postgresql@17", "--target", "mariadb@11")
NATIVES = (
    *("--provider", "native", "--provider", "embedded", "--provider", "file"),
    *("--target", "postgresql", "--target", "sqlite"),
)
ENGINE = ContainerProvider(Settings.load(ROOT).server_options)


def image_or_skip() -> str:
    """The image of the containers, where there is an engine."""
    offer = ENGINE.find(DatabaseTestEnvironment(["postgresql"]).wishes[0].backend, "17")
    if isinstance(offer, Offer):
        return offer.description
    if Settings.load(ROOT).require:
        pytest.fail(str(offer))
    pytest.skip(str(offer))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records of this test's own runs, apart from those of the run that it is part of."""
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path))
    monkeypatch.delenv("DBPARITY_REQUIRE", raising=False)
    return tmp_path / "runs"


def ids(state: Path) -> set[str]:
    return {path.stem for path in state.glob("*.json")}


def folders(runs: set[str]) -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("dbparity-*")} & {  # noqa: S108
        f"dbparity-{run}" for run in runs
    }


def processes(runs: set[str]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_VARIABLE) in runs:
                found.append(process)
        except psutil.Error:
            continue
    return found


def containers(runs: set[str]) -> list[str]:
    return [left.name for left in ENGINE.leftovers() if left.run in runs]


def interrupt(options: tuple[str, ...], number: int, state: Path, after: float) -> str:
    """Start a check, signal it so many seconds into its run, wait for its end; return the run."""
    before = ids(state)
    process = subprocess.Popen(
        [*CHECK, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (begun := ids(state) - before):
        assert process.poll() is None, "it ended before it began"
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=after)
    process.send_signal(number)
    process.wait(timeout=120)
    return begun.pop()


def reap() -> None:
    command = [sys.executable, "-m", "dbparity", "servers", "reap"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)


def assert_nothing_left(runs: set[str], state: Path) -> None:
    assert not containers(runs)
    assert not processes(runs)
    assert not folders(runs)
    assert not ids(state) & runs


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
@pytest.mark.parametrize("options", [CONTAINERS, NATIVES], ids=["docker", "native"])
def test_interrupted_runs_leave_nothing(options: tuple[str, ...], number: int, state: Path) -> None:
    if options is CONTAINERS:
        image_or_skip()
    moments = random.Random(7)
    with DatabaseTestEnvironment(["sqlite"]) as live:
        untouched, begun = ids(state), set[str]()
        for _ in range(TIMES):
            begun.add(interrupt(options, number, state, moments.uniform(0, LONGEST)))
        reap()
        assert len(begun) == TIMES
        assert_nothing_left(begun, state)
        assert ids(state) == untouched
        assert folders(untouched) == {f"dbparity-{run}" for run in untouched}
        assert live.targets


def test_ended_container_of_others_is_untouched(state: Path) -> None:
    image = image_or_skip()
    import docker  # noqa: PLC0415  # an extra

    foreign = docker.from_env().containers.create(image, labels={"owner": "somebody else"})
    try:
        begun = interrupt(CONTAINERS, signal.SIGKILL, state, LONGEST)
        reap()
        assert_nothing_left({begun}, state)
        foreign.reload()
        assert LABEL not in foreign.labels
    finally:
        foreign.remove(force=True)


HANGING = """
import threading
from pathlib import Path
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()

def never():
    # Rows are made before anything is checked, too.
    if threading.current_thread() is not threading.main_thread():
        Path(__file__).with_name("hangs").touch()
        threading.Event().wait()
    return "never"

Table("orders", metadata, Column("id", Integer, primary_key=True),
      Column("state", String(20), nullable=False, default=never))
"""


@pytest.mark.parametrize("options", [CONTAINERS, NATIVES], ids=["docker", "native"])
def test_second_signal_ends_checks_that_never_end(
    options: tuple[str, ...], state: Path, tmp_path: Path
) -> None:
    if options is CONTAINERS:
        image_or_skip()
    (tmp_path / "hanging.py").write_text(HANGING)
    asked = (*options, "--metadata", "hanging:metadata", "--category", "operations")
    with subprocess.Popen(
        [*CHECK, *asked], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while not (tmp_path / "hangs").exists():
            assert process.poll() is None, process.stderr.read()
        begun = ids(state)
        process.send_signal(signal.SIGINT)
        while "waiting for the end of" not in process.stderr.readline():
            assert process.poll() is None
        assert folders(begun)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(timeout=120) == 128 + signal.SIGINT, told
    assert told.endswith("stopped by SIGINT; what was started is removed\n")
    assert_nothing_left(begun, state)


@pytest.fixture
def server(state: Path) -> Iterator[URL]:  # noqa: ARG001  # its own records
    """A server that is somebody else's as far as the runs of the test know."""
    with DatabaseTestEnvironment(["postgresql+psycopg"], ServerOptions()) as environment:
        if not environment.targets:
            pytest.skip(next(iter(environment.missing.values())))
        yield next(iter(environment.urls.values()))


def test_databases_on_a_server_of_yours_are_dropped_and_no_others(
    server: URL, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("shop", "dbparity_0badcafe_main_1"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.render_as_string(hide_password=False)
    monkeypatch.setenv("DBPARITY_URL_POSTGRESQL", url)
    options = ("--provider", "url", "--target", "postgresql+psycopg")
    begun = interrupt(options, signal.SIGKILL, state, LONGEST)
    assert str(server.password) not in (state / f"{begun}.json").read_text()
    reap()
    with engine.connect() as connection:
        names = set(connection.scalars(text("SELECT datname FROM pg_database")))
    engine.dispose()
    assert {"shop", "dbparity_0badcafe_main_1"} <= names
    assert not [name for name in names if begun in name]
    assert_nothing_left({begun}, state)


def test_this_test_can_see_a_leak(state: Path) -> None:
    """Without the reaper there would be something to find."""
    begun = interrupt(NATIVES, signal.SIGKILL, state, LONGEST)
    assert folders({begun})
    reap()
    assert_nothing_left({begun}, state)
