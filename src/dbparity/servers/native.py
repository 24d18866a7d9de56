"""Servers from programs on this machine, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
from sqlalchemy import URL

from dbparity.errors import ServerFailed
from dbparity.servers.base import (
    OBEYED,
    Body,
    Leftover,
    Offer,
    Provider,
    Running,
    Unavailable,
    free_port,
    generate_credentials,
    service_of,
)
from dbparity.servers.ledger import RUN_VARIABLE
from dbparity.targets import covers, version_tuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dbparity.backends.base import Backend, Commands, Service
    from dbparity.servers.ledger import Run

_STOP_SECONDS = 20
_FORBIDDEN, _ABSENT = 126, 127  # as a shell ends where a program may not be run, or is not there
# Runs a program as another account. Told to change it, subprocess would fork instead of vfork, and
# in a child that is forked gRPC ends whatever it becomes (grpc/grpc#43055).
_BECOME = f"""
import os, sys
user, group, *command = sys.argv[1:]
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
try:
    os.execv(command[0], command)
except OSError as error:
    print(f"{{command[0]}}: {{error.strerror}}", file=sys.stderr)
    sys.exit({_FORBIDDEN} if isinstance(error, PermissionError) else {_ABSENT})
"""


class NativeProvider(Provider):
    """Runs the newest program that fits, found on PATH or where Debian puts it."""

    name: ClassVar[str] = "native"
    lacking: ClassVar[str] = "{binary} is neither on PATH nor in Debian's places"
    cure: ClassVar[str] = "install the server, or name its folder in DBPARITY_NATIVE_PATH"
    movable: ClassVar[bool] = False  # whether its programs run from a copy of their folder

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """The newest program of ``backend`` whose version is one of ``version``."""
        service = service_of(backend, self.options)
        if service is None:
            return None
        found = dict(self._look(service))
        fitting = [program for program in found if covers(version, found[program])]
        if fitting:
            best = max(fitting, key=lambda program: version_tuple(found[program]))
            return Offer(
                self.name,
                str(best),
                lambda run: start(backend.name, service, best, run, movable=self.movable),
                reusable=not self.options.durable,
                version=found[best],
            )
        if found:
            here = ", ".join(f"{number} ({path})" for path, number in found.items())
            return Unavailable(f"only {here} is here", self.cure)
        return Unavailable(self.lacking.format(binary=service.binary), self.cure)

    def leftovers(self) -> Iterable[Leftover]:
        """Every process whose environment names a run."""
        for process in psutil.process_iter():
            try:
                run, name = process.environ().get(RUN_VARIABLE), process.name()
            except psutil.Error:
                continue
            if run is not None:
                yield Leftover("process", f"{process.pid} {name}", run, partial(end, process))

    def folders(self, service: Service) -> Iterator[Path]:
        """Where to look, best first."""
        yield from self.options.folders
        yield from map(Path, os.environ.get("PATH", "").split(os.pathsep))
        for pattern in service.places:
            yield from sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)

    def _look(self, service: Service) -> Iterator[tuple[Path, str]]:
        for folder in self.folders(service):
            program = folder / service.binary
            if program.is_file() and os.access(program, os.X_OK):
                match = re.search(service.version, _said(program))
                if match:
                    # Its companions lie beside the program, not beside a link to it.
                    yield program.resolve(), match[1]


def _said(program: Path) -> str:
    """What a program answers to --version: nothing, if it is not one of this machine."""
    command = [str(program), "--version"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def start(
    backend: str, service: Service, program: Path, run: Run, *, movable: bool = False
) -> Running:
    """Initialize and start a server in a folder of its own below the run's.

    A ``movable`` program is run from a copy where the server's account cannot get at it.

    Raises:
        ServerFailed: a command failed; the error has its last words.
    """
    home = Path(tempfile.mkdtemp(prefix=f"{backend}-", dir=run.folder))
    credentials, port = generate_credentials(service), free_port()
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, home, ignore_errors=True)
        try:
            account = _account(service)
            reachable = _reachable(program, account, Path(run.folder), movable=movable)
            commands = service.commands(reachable, home, port, credentials)
            _initialize(commands, home, account, run)
            body = ProcessBody(lambda: _launch(commands, home, account, run))
        except OSError as error:
            raise ServerFailed(str(program), "it cannot be started", [str(error)]) from error
        undo.pop_all()
    url = URL.create(
        backend,
        credentials.user,
        credentials.password,
        "127.0.0.1",
        port,
        credentials.database,
    )
    return Running(
        url,
        lambda: _stop(body, home),
        alive=lambda: _alive(body.process, home, program),
        body=body,
    )


class ProcessBody(Body):
    """A server that is a process of this machine, with the processes of its sessions, if any."""

    def __init__(self, launch: Callable[[], psutil.Process]) -> None:
        """Launch it."""
        self._launch = launch
        self.process = launch()

    def freeze(self, *, sessions: bool = True) -> None:
        """Send SIGSTOP, to the main process first: it begets no more then."""
        self.process.suspend()
        frozen = [self.process, *(self._sessions() if sessions else ())]
        for process in frozen[1:]:
            process.suspend()
        OBEYED(lambda: all(_is_dead(each) or _is_stopped(each) for each in frozen))

    def thaw(self) -> None:
        """Send SIGCONT."""
        for process in (*self._sessions(), self.process):
            process.resume()

    def kill(self) -> None:
        """Send SIGKILL to the process and to those of its sessions."""
        self.process.suspend()
        everybody = (self.process, *self._sessions())
        for process in everybody:
            process.kill()
        self.process.wait()
        OBEYED(lambda: all(map(_is_dead, everybody)))

    def restart(self) -> None:
        """Launch it again; one that is alive is killed before."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.kill()
        self.process = self._launch()

    def _sessions(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)


def _is_stopped(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_STOPPED)


def _is_dead(process: psutil.Process) -> bool:
    """Whether it holds nothing any more; nobody may have waited for it yet."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True


def _initialize(commands: Commands, home: Path, account: str, run: Run) -> None:
    for name, text in commands.files.items():
        (home / name).touch(mode=0o600)
        (home / name).write_text(text)
    if account:
        for path in (home, *home.iterdir()):
            shutil.chown(path, account, pwd.getpwnam(account).pw_gid)
    for command in commands.initialize:
        _finish(command, home, account, run)


def _launch(commands: Commands, home: Path, account: str, run: Run) -> psutil.Process:
    with (home / "log").open("wb") as log:
        command = _command(commands.serve, account)
        child = subprocess.Popen(command, stdout=log, stderr=log, **_options(home, run))
    # From here on psutil waits for it; it may outlive this process.
    child.returncode = 0
    return psutil.Process(child.pid)


def end(process: psutil.Process) -> None:
    """End a server: at once, but so that it takes its shared memory with it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        # PostgreSQL's immediate, MySQL's and MariaDB's normal shutdown.
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(body: ProcessBody, home: Path) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        body.thaw()  # what is frozen hears of nothing
    end(body.process)
    shutil.rmtree(home, ignore_errors=True)


def _account(service: Service) -> str:
    """The account to run as: "" for the own one, as only a superuser has to change it."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return service.account if service.account in known else "nobody"


def _command(command: Sequence[str], account: str) -> list[str]:
    """``command`` as it is run by ``account``."""
    if not account:
        return list(command)
    entry = pwd.getpwnam(account)
    ids = [str(entry.pw_uid), str(entry.pw_gid)]
    return [sys.executable, "-I", "-S", "-c", _BECOME, *ids, *command]


def _options(home: Path, run: Run) -> dict[str, Any]:
    """How every program is started: away from the terminal's signals, marked with the run."""
    return {
        "cwd": home,
        "env": {**os.environ, RUN_VARIABLE: run.id},
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
    }


def _reachable(program: Path, account: str, folder: Path, *, movable: bool) -> Path:
    """The program, or a copy of its installation where ``account`` cannot get at it."""
    if not account or _can_run(program, account):
        return program
    if not movable:
        cure = "let everybody pass its folders, or run dbparity as another user"
        raise ServerFailed(str(program), f"{account} may not run it", [cure])
    root = program.parent.parent
    base = root.parent.parent
    copy = folder / f"programs-{secrets.token_hex(4)}"
    # A wheel keeps the libraries of its programs in a folder beside its package.
    for part in (root, Path(f"{root.parent}.libs")):
        if part.is_dir():
            shutil.copytree(part, copy / part.relative_to(base), symlinks=True)
    for made in (copy, copy / root.parent.relative_to(base)):
        made.chmod(0o755)
    return copy / program.relative_to(base)


def _can_run(program: Path, account: str) -> bool:
    command = _command([str(program), "--version"], account)
    tried = subprocess.run(command, cwd="/", check=False, capture_output=True)
    return tried.returncode != _FORBIDDEN


def _finish(command: Sequence[str], home: Path, account: str, run: Run) -> None:
    done = subprocess.run(
        _command(command, account),
        capture_output=True,
        text=True,
        check=False,
        **_options(home, run),
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ServerFailed(command[0], f"status {done.returncode}", said[-3:])


def _alive(server: psutil.Process, home: Path, program: Path) -> None:
    try:
        status = server.wait(timeout=0)
    except psutil.TimeoutExpired:
        return
    last = (home / "log").read_text(errors="replace").strip().splitlines()[-3:]
    raise ServerFailed(str(program), f"status {status}", last)
