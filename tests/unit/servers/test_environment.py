from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from dbparity.backends.base import Driver
from dbparity.errors import (
    DatabaseForeign,
    ServerFailed,
    ServerUnavailable,
    TargetInvalid,
    TargetUnknown,
)
from dbparity.progress import Progress
from dbparity.servers.base import Offer, Running, ServerOptions, Unavailable
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run, runs
from dbparity.targets import Target
from tests.support.providing import Given, environment_of, folder, offer

FILES = ServerOptions(providers=("file",))
PYSQLITE, AIOSQLITE = Target("sqlite", "pysqlite"), Target("sqlite", "aiosqlite")


class Told(Progress):
    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []

    def server_starting(self, server: str, provider: str) -> None:
        self.words.append(("starting", server, provider))

    def server_ready(self, server: str, provider: str, seconds: float) -> None:
        assert seconds > 0
        self.words.append(("ready", server, provider))

    def server_missing(self, server: str, reason: str) -> None:
        self.words.append(("missing", server, reason))


def url_of(run: Run) -> URL:
    return URL.create("sqlite", database=f"{run.folder}/server")


def shared_folder(run: Run) -> Running:
    """One folder of the run for all servers."""
    Path(run.folder, "server").mkdir(exist_ok=True)
    return Running(url_of(run), stop=lambda: None)


def failing(_run: Run) -> Running:
    raise ServerFailed("image", "exited", ["out of luck"])


def test_backend_stands_for_all_its_drivers() -> None:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        assert environment.targets == (PYSQLITE, AIOSQLITE)


def test_server_that_is_wanted_twice_is_started_once() -> None:
    environment = DatabaseTestEnvironment([AIOSQLITE, "sqlite"])
    assert [(wish.name, len(wish.drivers)) for wish in environment.wishes] == [("sqlite", 2)]


def test_unknown_backend_is_refused_before_anything_is_started() -> None:
    with pytest.raises(TargetUnknown, match=r"unknown backend 'oracle'; known: .*mariadb"):
        DatabaseTestEnvironment(["oracle"])
    assert not runs()


def test_unknown_driver_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(TargetUnknown, match="driver of sqlite 'odbc'; known: aiosqlite, pysqlite"):
        DatabaseTestEnvironment(["sqlite+odbc"])


def test_text_that_is_no_target_is_refused() -> None:
    with pytest.raises(TargetInvalid, match="'sqlite 3' is not a target"):
        DatabaseTestEnvironment(["sqlite 3"])


def test_driver_that_is_not_installed_is_missing_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Driver, "installed", property(lambda driver: driver.name == "pysqlite"))
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        assert environment.targets == (PYSQLITE,)
        assert environment.missing == {
            AIOSQLITE: "sqlite+aiosqlite: aiosqlite is not installed; "
            "try: pip install 'dbparity[all]'"
        }


def test_server_without_any_driver_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Driver, "installed", property(lambda driver: driver.name == "pysqlite"))
    with environment_of(Given(offer(failing)), targets=("mysql+aiomysql",)) as environment:
        assert environment.missing == {
            Target("mysql", "aiomysql"): "mysql: aiomysql is not installed; "
            "try: pip install 'dbparity[aiomysql]'"
        }


def test_target_that_cannot_be_had_does_not_keep_the_others() -> None:
    with DatabaseTestEnvironment(["mysql+pymysql", "sqlite"], FILES) as environment:
        assert environment.targets == (PYSQLITE, AIOSQLITE)
        assert environment.missing == {
            Target("mysql", "pymysql"): "no provider that is asked (file) serves this backend"
        }


def test_next_provider_is_asked_where_a_server_does_not_start() -> None:
    with environment_of(Given(offer(failing)), Given(offer())) as environment:
        assert environment.targets == (PYSQLITE,)


def test_next_provider_is_asked_where_one_has_nothing() -> None:
    with environment_of(Given(Unavailable("sold out")), Given(offer())) as environment:
        assert environment.targets == (PYSQLITE,)


def test_every_providers_reason_is_given_where_none_serves() -> None:
    with environment_of(Given(Unavailable("sold out", "wait")), Given(offer(failing))) as made:
        assert made.missing == {
            PYSQLITE: "given: sold out (wait); given: image did not start (exited): out of luck"
        }


def test_server_of_another_version_is_stopped_and_not_used() -> None:
    stopped: list[str] = []

    def start(run: Run) -> Running:
        started = folder(run)
        return Running(started.url, stop=lambda: stopped.append("stopped"))

    with environment_of(Given(offer(start)), targets=("sqlite+pysqlite@2",)) as environment:
        assert "where 2 is wanted" in environment.missing[Target("sqlite", "pysqlite", "2")]
        assert stopped == ["stopped"]


def test_states_say_what_serves_and_what_is_missing() -> None:
    with DatabaseTestEnvironment([PYSQLITE, "mysql+pymysql"], FILES) as environment:
        served, missing = environment.states
    assert (served.target, served.provider) == ("sqlite+pysqlite", "file")
    assert served.version.startswith("3.")
    assert (missing.target, missing.version) == ("mysql+pymysql", "")
    assert missing.missing.startswith("no provider")


def test_urls_are_those_of_the_servers_by_target() -> None:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        drivers = [url.drivername for url in environment.urls.values()]
    assert drivers == ["sqlite+pysqlite", "sqlite+aiosqlite"]


def test_missing_target_is_refused_with_its_reason() -> None:
    target = Target("mysql", "pymysql")
    with (
        DatabaseTestEnvironment([target], FILES) as environment,
        pytest.raises(ServerUnavailable, match=r"mysql\+pymysql: no server: no provider"),
    ):
        environment.lease(target)


def test_target_that_was_not_wanted_is_refused() -> None:
    with (
        DatabaseTestEnvironment([PYSQLITE]) as environment,
        pytest.raises(ServerUnavailable, match="it was not wanted"),
    ):
        environment.server(AIOSQLITE)


def test_what_happens_is_told() -> None:
    told = Told()
    with environment_of(
        Given(lambda server: offer(failing) if server == "mysql" else offer()),
        targets=("sqlite+pysqlite", "mysql+pymysql"),
        progress=told,
    ):
        pass
    assert sorted(told.words) == [
        ("missing", "mysql", "given: image did not start (exited): out of luck"),
        ("ready", "sqlite", "given"),
        ("starting", "mysql", "a folder"),
        ("starting", "sqlite", "a folder"),
    ]


def test_servers_start_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=30)

    def start(run: Run) -> Running:
        together.wait()
        return shared_folder(run)

    targets = ("sqlite+pysqlite@3", "sqlite+aiosqlite")
    with environment_of(Given(offer(start)), targets=targets) as environment:
        assert not environment.missing


def test_nothing_is_left_when_the_block_ends() -> None:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        (run,) = runs().values()
        environment.lease(PYSQLITE).__enter__()
    assert not runs()
    assert not Path(run.folder).exists()


def test_nothing_is_left_when_the_block_fails() -> None:
    with pytest.raises(LookupError), DatabaseTestEnvironment(["sqlite"]):
        raise LookupError
    assert not runs()


def test_environment_can_be_stopped_twice_and_started_again() -> None:
    environment = DatabaseTestEnvironment([PYSQLITE])
    with environment:
        environment.stop()
    with environment.start():
        assert environment.targets == (PYSQLITE,)
    assert not runs()


def test_environment_that_is_started_is_not_started_by_its_block() -> None:
    environment = DatabaseTestEnvironment([PYSQLITE]).start()
    with environment:
        assert len(runs()) == 1


def test_targets_on_one_server_do_not_give_their_databases_the_same_names() -> None:
    targets = (PYSQLITE, Target("sqlite", "pysqlite", "3"))
    with environment_of(Given(offer(shared_folder)), targets=tuple(map(str, targets))) as made:
        names = {one.server._next_name() for one in made._stopping for _ in range(2)}
    assert len(names) == 4


def test_server_that_fails_to_stop_does_not_keep_the_others_running() -> None:
    stopped: list[str] = []

    def start(server: str) -> Offer:
        def stop() -> None:
            stopped.append(server)
            if server == "sqlite":
                raise LookupError("stuck")

        def run(run: Run) -> Running:
            Path(run.folder, "server").mkdir(exist_ok=True)
            return Running(url_of(run), stop=stop)

        return offer(run)

    targets = ("sqlite+pysqlite", "sqlite+aiosqlite@3")
    environment = environment_of(Given(start), targets=targets).start()
    (run,) = runs().values()
    with pytest.raises(LookupError, match="stuck"):
        environment.stop()
    assert sorted(stopped) == ["sqlite", "sqlite@3"]
    assert list(runs()) == [run.id]
    run.end()


def test_error_of_a_provider_stops_what_the_others_started() -> None:
    stopped: list[str] = []

    def start(server: str) -> Offer:
        if server == "sqlite":
            raise LookupError("broken provider")

        def run(run: Run) -> Running:
            Path(run.folder, "server").mkdir()
            return Running(url_of(run), stop=lambda: stopped.append(server))

        return offer(run)

    targets = ("sqlite+pysqlite", "sqlite+aiosqlite@3")
    with pytest.raises(LookupError, match="broken provider"):
        environment_of(Given(start), targets=targets).start()
    assert stopped == ["sqlite@3"]
    assert not runs()


def test_interrupted_start_stops_what_was_being_started() -> None:
    stopped: list[str] = []
    interrupted = threading.Event()

    def start(run: Run) -> Running:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        interrupted.wait(30)
        Path(run.folder, "server").mkdir()
        return Running(url_of(run), stop=lambda: stopped.append("stopped"))

    def interrupt(_number: int, _frame: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            environment_of(Given(offer(start))).start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped == ["stopped"]
    assert not runs()


def test_run_is_endable_from_when_its_servers_have_started_until_they_stop() -> None:
    seen: list[Run | None] = []

    def start(run: Run) -> Running:
        seen.append(environment.endable)
        running = folder(run)

        def stop() -> None:
            seen.append(environment.endable)
            running.stop()

        return Running(running.url, stop)

    environment = environment_of(Given(offer(start)))
    seen.append(environment.endable)
    with environment:
        (run,) = runs().values()
        assert environment.endable == run
    assert seen == [None, None, None]


def test_thread_that_comes_too_late_starts_nothing() -> None:
    environment, run = environment_of(Given(offer())), Run.begin()
    answer = environment._provide(environment.wishes[0], run)
    run.end()
    assert answer == "the environment is stopped"


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )


def test_forgotten_environment_is_stopped_when_the_interpreter_exits() -> None:
    done = run_program("""
        from dbparity.servers.environment import DatabaseTestEnvironment
        from dbparity.servers.ledger import runs

        environment = DatabaseTestEnvironment(["sqlite"]).start()
        print(*(run.folder for run in runs().values()))
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(done.stdout.strip()).exists()
    assert not runs()


def test_third_interrupt_leaves_what_is_being_started_to_the_interpreters_exit(
    tmp_path: Path,
) -> None:
    done = run_program(
        """
        import os, signal, sys, threading
        from pathlib import Path
        from dbparity.servers.base import Running
        from tests.support.providing import Given, environment_of, folder, offer

        again = threading.Event()

        def start(run):
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            again.wait(30)
            running = folder(run)
            def stop():
                running.stop()
                Path(sys.argv[1], "stopped").touch()
            return Running(running.url, stop)

        interrupts = []

        def interrupt(number, frame):
            interrupts.append(number)
            if len(interrupts) < 3:
                threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            raise KeyboardInterrupt

        signal.signal(signal.SIGINT, interrupt)
        try:
            environment_of(Given(offer(start))).start()
        except KeyboardInterrupt:
            print(len(interrupts), Path(sys.argv[1], "stopped").exists())
            again.set()
        """,
        str(tmp_path),
    )
    assert (done.stdout, done.stderr) == ("3 False\n", "")
    assert (tmp_path / "stopped").exists()
    assert not runs()


def test_process_that_joins_uses_the_servers_of_another_and_leaves_them(
    tmp_path: Path,  # noqa: ARG001  # isolates the records
) -> None:
    run = Run.begin()
    environment = DatabaseTestEnvironment(["sqlite", "mysql+pymysql"], FILES).start(run)
    joined = DatabaseTestEnvironment(["sqlite", "mysql+pymysql"], FILES)
    with joined.join(environment.share(), run):
        assert joined.states == environment.states
        assert joined.endable is None
        with joined.lease(AIOSQLITE) as database:
            database.run(lambda database: database.engine.connect().close())
            assert str(database.url.database).startswith(run.folder)
    folder_of_files = Path(environment.server(PYSQLITE).url.database or "")
    assert folder_of_files.exists()
    environment.stop()
    assert folder_of_files.exists()
    run.end()


def test_processes_that_share_a_server_tell_its_versions_apart() -> None:
    run, targets = Run.begin(), ("sqlite+pysqlite", "sqlite+aiosqlite@3")
    with environment_of(Given(offer(shared_folder)), targets=targets).start(run) as environment:
        joined = DatabaseTestEnvironment(targets).join(environment.share(), run)
        assert joined.targets == environment.targets
        joined.stop()
    run.end()


def test_database_of_somebody_else_is_never_dropped() -> None:
    with DatabaseTestEnvironment([PYSQLITE]) as environment:
        server = environment.server(PYSQLITE)
        path = Path(server.url.database or "") / "shop.sqlite"
        path.touch()
        with pytest.raises(DatabaseForeign):
            server.administration.drop("shop")
        assert path.exists()


def test_lease_without_an_application_is_an_empty_database() -> None:
    with (
        DatabaseTestEnvironment([PYSQLITE]) as environment,
        environment.lease(PYSQLITE) as database,
        database.engine.connect() as connection,
    ):
        tables = connection.scalars(text("SELECT name FROM sqlite_schema")).all()
    assert not tables
