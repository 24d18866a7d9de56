from __future__ import annotations

import ctypes
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import psutil
import pytest

from dbparity.backends.base import Commands
from dbparity.backends.mariadb import MariaDB
from dbparity.backends.mysql import MySQL
from dbparity.backends.postgresql import PostgreSQL, PostgreSQLService
from dbparity.backends.sqlite import SQLite
from dbparity.errors import ServerFailed
from dbparity.servers import native
from dbparity.servers.base import Offer, ServerOptions, Unavailable, service_of
from dbparity.servers.ledger import RUN_VARIABLE, Run
from dbparity.servers.native import NativeProvider, ProcessBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.backends.base import Credentials

Put = Callable[[str, str, str], Path]
SLEEP = "import time; time.sleep(600)"
_FOR_EVER: list[object] = []  # what the C library may call until the process ends


class Script(PostgreSQLService):
    """A server that is a shell script."""

    places: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, serve: str, initialize: Sequence[str] = ()) -> None:
        self._serve, self._initialize = serve, initialize

    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:
        del binary, home, port
        initialize = tuple(("/bin/sh", "-c", script) for script in self._initialize)
        return Commands(
            {"password": credentials.password}, initialize, ("/bin/sh", "-c", self._serve)
        )


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run.begin()
    yield run
    run.end()


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put a program that says something to --version into a folder that is looked into."""
    monkeypatch.setenv("PATH", "/bin:/usr/bin")

    def put_into(folder: str, program: str, says: str) -> Path:
        path = tmp_path / folder / program
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho '{says}'\n")
        path.chmod(0o755)
        return path

    return put_into


def provider(*folders: Path) -> NativeProvider:
    return NativeProvider(ServerOptions(folders=folders))


def until(raises: Callable[[], None]) -> None:
    """Wait until it raises."""
    while True:
        raises()
        time.sleep(0.01)


def offer(found: object) -> Offer:
    assert isinstance(found, Offer)
    return found


def test_newest_program_is_offered(put: Put) -> None:
    old = put("a", "postgres", "postgres (PostgreSQL) 98.9")
    new = put("b", "postgres", "postgres (PostgreSQL) 98.10 (Debian 98.10-1)")
    found = offer(provider(old.parent, new.parent).find(PostgreSQL(), ""))
    assert (found.description, found.version) == (str(new), "98.10")


def test_program_of_the_wanted_version_is_offered(put: Put) -> None:
    old = put("a", "postgres", "postgres (PostgreSQL) 98.1")
    new = put("b", "postgres", "postgres (PostgreSQL) 99.1")
    found = offer(provider(old.parent, new.parent).find(PostgreSQL(), "98"))
    assert found.description == str(old)


def test_program_on_path_is_found(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put("a", "postgres", "postgres (PostgreSQL) 99.1")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert offer(provider().find(PostgreSQL(), "99")).description == str(program)


def test_program_is_looked_for_beside_its_companions_not_beside_a_link(
    put: Put, tmp_path: Path
) -> None:
    program = put("a", "postgres", "postgres (PostgreSQL) 99.1")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "postgres").symlink_to(program)
    found = offer(provider(tmp_path / "links").find(PostgreSQL(), "99"))
    assert found.description == str(program)


def test_other_versions_are_named_where_none_fits(put: Put) -> None:
    program = put("a", "mysqld", "mysqld  Ver 8.0.36 for Linux on x86_64")
    found = provider(program.parent).find(MySQL(), "9")
    assert isinstance(found, Unavailable)
    assert f"only 8.0.36 ({program})" in found.reason
    assert "DBPARITY_NATIVE_PATH" in found.cure


def test_program_of_mariadb_is_not_taken_for_mysqls(put: Put) -> None:
    program = put("a", "mysqld", "mysqld  Ver 98.11.14-MariaDB-0+deb12u2 for debian-linux-gnu")
    assert not isinstance(provider(program.parent).find(MySQL(), "98"), Offer)


def test_program_of_mysql_is_not_taken_for_mariadbs(put: Put) -> None:
    program = put("a", "mariadbd", "mysqld  Ver 98.0.36 for Linux on x86_64")
    assert not isinstance(provider(program.parent).find(MariaDB(), "98"), Offer)


def test_file_that_is_no_program_of_this_machine_is_passed_over(tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    assert not isinstance(provider(tmp_path).find(PostgreSQL(), "99"), Offer)


def test_file_that_cannot_be_run_is_passed_over(put: Put) -> None:
    program = put("a", "postgres", "postgres (PostgreSQL) 99.1")
    program.chmod(0o644)
    assert not isinstance(provider(program.parent).find(PostgreSQL(), "99"), Offer)


def test_missing_program_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(PostgreSQL, "service", Script(serve=""))
    assert str(provider().find(PostgreSQL(), "")) == (
        "postgres is neither on PATH nor in Debian's places "
        "(install the server, or name its folder in DBPARITY_NATIVE_PATH)"
    )


def test_durable_server_is_run_with_other_arguments_and_not_left_for_the_next_run(
    put: Put,
) -> None:
    program = put("a", "postgres", "postgres (PostgreSQL) 99.1")
    options = ServerOptions(folders=(program.parent,), durable=True)
    assert not offer(NativeProvider(options).find(PostgreSQL(), "99")).reusable
    assert offer(provider(program.parent).find(PostgreSQL(), "99")).reusable
    durable = service_of(PostgreSQL(), options)
    assert durable is not None
    assert durable.arguments == PostgreSQLService.durable
    assert "synchronous_commit=off" not in durable.arguments
    assert "synchronous_commit=off" in PostgreSQLService().arguments


def test_files_have_no_program() -> None:
    assert provider().find(SQLite(), "") is None


@pytest.fixture
def server(run: Run) -> Iterator[psutil.Process]:
    """A process of a run that was killed: nobody of this process waits for it."""
    script = (
        "import subprocess, sys; "
        f"command = [sys.executable, '-c', {SLEEP!r}]; "
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid)"
    )
    environment = {**os.environ, RUN_VARIABLE: run.id}
    starter = subprocess.run(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True
    )
    process = psutil.Process(int(starter.stdout))
    yield process
    process.kill() if process.is_running() else None


def test_process_of_a_run_is_found_and_ended(run: Run, server: psutil.Process) -> None:
    found = [leftover for leftover in provider().leftovers() if leftover.run == run.id]
    assert [leftover.name.split()[0] for leftover in found] == [str(server.pid)]
    found[0].remove()
    found[0].remove()
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_process_that_is_gone_and_not_waited_for_is_no_leftover(run: Run) -> None:
    environment = {**os.environ, RUN_VARIABLE: run.id}
    process = subprocess.Popen([sys.executable, "-c", ""], env=environment)
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    found = [leftover for leftover in provider().leftovers() if leftover.run == run.id]
    process.wait()
    assert not found


def test_process_that_does_not_listen_is_killed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_STOP_SECONDS", 0.2)
    deaf = Script(serve="trap '' QUIT; touch ready; exec sleep 600")
    running = native.start("postgresql", deaf, Path("/bin/sh"), run)
    (home,) = Path(run.folder).iterdir()
    while not (home / "ready").exists():
        time.sleep(0.01)
    running.alive()
    running.stop()
    assert not [leftover for leftover in provider().leftovers() if leftover.run == run.id]


def test_server_is_frozen_thawed_and_killed_with_its_sessions(run: Run) -> None:
    forking = Script(serve="sleep 600 & wait")
    running = native.start("postgresql", forking, Path("/bin/sh"), run)
    body = running.body
    assert isinstance(body, ProcessBody)
    while not (sessions := body.process.children()):
        time.sleep(0.01)
    everybody = (body.process, *sessions)
    body.freeze(sessions=False)
    await_status(everybody, [psutil.STATUS_STOPPED, psutil.STATUS_SLEEPING])
    body.freeze()
    await_status(everybody, [psutil.STATUS_STOPPED] * 2)
    body.thaw()
    await_status(everybody, [psutil.STATUS_SLEEPING] * 2)
    body.freeze()
    body.kill()
    running.stop()
    assert not [leftover for leftover in provider().leftovers() if leftover.run == run.id]


def test_server_that_was_killed_is_started_again_where_it_was(run: Run) -> None:
    running = native.start("postgresql", Script(serve="exec sleep 600"), Path("/bin/sh"), run)
    body = running.body
    assert isinstance(body, ProcessBody)
    (home,) = Path(run.folder).iterdir()
    for kill in (body.kill, lambda: None):  # one that is alive is killed
        before = body.process
        kill()
        body.restart()
        assert not before.is_running()
        running.alive()
        assert body.process.cwd() == str(home)
    running.stop()


def await_status(processes: Sequence[psutil.Process], wanted: list[str]) -> None:
    while [process.status() for process in processes] != wanted:
        time.sleep(0.01)


def test_server_that_dies_is_reported_with_its_last_words(run: Run) -> None:
    dying = Script(serve="echo zero; echo one >&2; echo two; echo three; exit 3")
    running = native.start("postgresql", dying, Path("/bin/sh"), run)
    with pytest.raises(ServerFailed, match=r"sh did not start \(status 3\): one \| two \| three"):
        until(running.alive)
    running.stop()


@pytest.mark.parametrize(
    ("script", "words"), [("echo why >&2; exit 4", "why"), ("echo said; exit 4", "said")]
)
def test_server_that_cannot_be_initialized_is_reported_with_its_last_words(
    run: Run, script: str, words: str
) -> None:
    failing = Script(initialize=[script], serve="")
    with pytest.raises(ServerFailed, match=rf"\(status 4\): {words}"):
        native.start("postgresql", failing, Path("/bin/sh"), run)
    assert not list(Path(run.folder).iterdir())


@pytest.mark.parametrize("euid", sorted({os.geteuid(), 1000}))
def test_server_whose_programs_are_missing_is_reported(
    run: Run, monkeypatch: pytest.MonkeyPatch, euid: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: euid)
    missing = Commands({}, (("/nowhere/initdb",),), ())
    monkeypatch.setattr(Script, "commands", lambda *_: missing)
    reason = "it cannot be started" if euid else "status 127"
    with pytest.raises(ServerFailed, match=rf"{reason}\): .*No such file or directory") as failed:
        native.start("postgresql", Script(serve=""), Path("/bin/sh"), run)
    assert "/nowhere/initdb" in str(failed.value)
    assert not list(Path(run.folder).iterdir())


def test_server_is_marked_with_its_run_and_has_a_folder_of_its_own(run: Run) -> None:
    script = Script(serve=f"echo ${RUN_VARIABLE} > run; pwd > place; exec sleep 600")
    running = native.start("postgresql", script, Path("/bin/sh"), run)
    (home,) = Path(run.folder).iterdir()
    while not (home / "place").exists() or not (home / "place").read_text():
        time.sleep(0.01)
    said = (home / "run").read_text().strip(), (home / "place").read_text().strip()
    running.stop()
    assert said == (run.id, str(home))
    assert not home.exists()


def test_password_is_readable_for_the_server_alone(run: Run) -> None:
    running = native.start("postgresql", Script(serve="exec sleep 600"), Path("/bin/sh"), run)
    (home,) = Path(run.folder).iterdir()
    file = home / "password"
    facts = (file.stat().st_mode & 0o777, file.read_text(), home.stat().st_mode & 0o777)
    running.stop()
    assert facts == (0o600, running.url.password, 0o700)
    assert str(running.url.password) not in repr(running)


def test_account_is_changed_by_a_superuser_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert native._account(PostgreSQLService()) == ""


def test_account_is_nobody_where_the_servers_own_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(PostgreSQLService, "account", "no-such-account")
    assert native._account(PostgreSQLService()) == "nobody"


def test_account_that_is_not_changed_runs_the_program_where_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    running = native.start("postgresql", Script(serve="exec sleep 600"), Path("/bin/sh"), run)
    (home,) = Path(run.folder).iterdir()
    owner = home.stat().st_uid
    running.stop()
    assert owner == os.getuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser changes accounts")
def test_no_handler_of_forks_is_run_in_the_process_of_a_server(run: Run) -> None:
    """Those of gRPC end it."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "__register_atfork"):
        pytest.skip("the C library is not glibc")
    forks: list[int] = []
    noted = ctypes.CFUNCTYPE(None)(lambda: forks.append(os.getpid()))
    _FOR_EVER.append(noted)
    libc.__register_atfork(noted, None, None, None)
    running = native.start("postgresql", Script(serve="exec sleep 600"), Path("/bin/sh"), run)
    running.stop()
    assert forks == []
    subprocess.run(["/bin/true"], user=0, check=True)
    assert forks == [os.getpid()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser changes accounts")
def test_programs_that_are_not_movable_are_never_copied(run: Run, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "postgres"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    tmp_path.chmod(stat.S_IRWXU)
    with pytest.raises(ServerFailed, match="nobody may not run it"):
        native._reachable(program, "nobody", Path(run.folder), movable=False)
    assert not list(Path(run.folder).iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser changes accounts")
@pytest.mark.parametrize("library", ["package.libs/libpq.so", "package/installation/lib/libpq.so"])
def test_programs_that_an_account_cannot_reach_are_copied_for_it(
    run: Run, tmp_path: Path, library: str
) -> None:
    program = tmp_path / "package" / "installation" / "bin" / "postgres"
    for path in (program, tmp_path / library):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    tmp_path.chmod(stat.S_IRWXU)
    reachable = native._reachable(program, "nobody", Path(run.folder), movable=True)
    copy = reachable.parents[3]
    assert copy.parent == Path(run.folder)
    assert (copy / library).exists()
    assert native._reachable(reachable, "nobody", Path(run.folder), movable=False) == reachable
