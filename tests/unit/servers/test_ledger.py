from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import psutil
import pytest

from dbparity.servers import ledger
from dbparity.servers.ledger import Owner, Run, database_name, host, records, run_of, runs, unnamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Barrier

ATTACHED = 50


def attach(run: Run, name: str, both: Barrier) -> None:
    both.wait()
    for number in range(ATTACHED):
        run.attach(f"{name}{number}")


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run.begin()
    yield run
    run.end()


def test_run_is_on_record_as_it_began(run: Run) -> None:
    assert runs() == {run.id: run}


def test_run_of_this_process_is_alive(run: Run) -> None:
    assert run.lives(0, runs())


def test_end_leaves_neither_folder_nor_record(state: Path) -> None:
    run = Run.begin()
    (Path(run.folder) / "file").touch()
    (state / f"{run.id}.url").touch()
    run.end()
    assert not Path(run.folder).exists()
    assert not list(state.iterdir())


def test_run_can_be_ended_twice() -> None:
    run = Run.begin()
    run.end()
    run.end()
    assert not runs()


def test_accounts_of_servers_pass_through_the_folder_whatever_the_umask() -> None:
    before = os.umask(0o077)
    try:
        run = Run.begin()
    finally:
        os.umask(before)
    mode = Path(run.folder).stat().st_mode & 0o777
    run.end()
    assert mode == 0o711


def test_folder_is_in_memory_where_there_is_room(run: Run) -> None:
    assert Path(run.folder).parent == Path("/dev/shm")  # noqa: S108  # where it is to be


def test_folder_is_elsewhere_where_memory_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_ROOM", 2**60)
    run = Run.begin()
    run.end()
    assert Path(run.folder).parent == Path(tempfile.gettempdir())


def test_folder_is_elsewhere_where_there_is_no_memory_to_write_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ledger, "_MEMORY", tmp_path / "missing")
    run = Run.begin()
    run.end()
    assert Path(run.folder).parent == Path(tempfile.gettempdir())


def test_records_are_the_accounts_own_where_no_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBPARITY_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert records() == tmp_path / "dbparity" / "runs"


@pytest.mark.parametrize(
    ("said", "without"),
    [
        ("in `dbparity_0badf00d_main_3`.`posts`", "in `posts`"),
        ('in "dbparity_0badf00d_gw1_12".posts', "in posts"),
        ("'dbparity_0badf00d_main_3.posts' is unknown", "'posts' is unknown"),
        ('"dbparity_0badf00d_main_3" is gone', '"database" is gone'),
        ("it is dbparity_0badf00d_main_3.", "it is database."),
        ("/home/dbparity_0badf00d_main_3.sqlite", "/home/database.sqlite"),
        ("in `dbparity`.`posts`", "in `dbparity`.`posts`"),
    ],
)
def test_names_of_leased_databases_are_left_out_of_what_is_said(said: str, without: str) -> None:
    assert unnamed(said) == without


def test_record_that_vanishes_while_it_is_read_is_no_run(run: Run, state: Path) -> None:
    (state / "0badf00d.json").symlink_to("missing")
    assert list(runs()) == [run.id]


def test_attached_servers_are_on_record_whichever_thread_attaches(run: Run) -> None:
    urls = [f"postgresql://server{number}/postgres" for number in range(8)]
    threads = [Thread(target=run.attach, args=[url]) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs()[run.id].attached) == urls


def test_attached_servers_are_on_record_whichever_process_attaches(run: Run) -> None:
    spawning = get_context("spawn")
    both = spawning.Barrier(2)
    processes = [spawning.Process(target=attach, args=(run, name, both)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(runs()[run.id].attached) == 2 * ATTACHED


def test_process_that_is_gone_is_not_alive(dead: Owner) -> None:
    assert not dead.alive


def test_process_that_was_killed_and_not_waited_for_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    owner = Owner(process.pid, Owner.current().created, host())
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    alive = owner.alive
    process.wait()
    assert not alive


def test_other_process_of_the_same_number_is_not_the_owner() -> None:
    current = Owner.current()
    assert current.alive
    assert not replace(current, created=current.created - 60).alive


def test_owner_is_told_by_the_time_since_the_boot_which_no_clock_moves() -> None:
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    assert Owner.current().created == pytest.approx(seconds, abs=0.1)


def test_process_on_another_machine_counts_as_alive(dead: Owner) -> None:
    assert replace(dead, host="elsewhere").alive


def test_host_is_the_machines_name_where_there_is_no_boot_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert host() == os.uname().nodename


def test_run_of_a_dead_process_is_leaked(leaked: Callable[[], Run]) -> None:
    run = leaked()
    run.end()
    assert not run.lives(0, {run.id: run})


def test_server_for_the_next_run_lives_until_its_time_is_over(dead: Owner) -> None:
    run = Run("1", dead, "folder", serves="postgresql@17", expires=100)
    assert run.lives(99, {})
    assert not run.lives(100, {})


def test_server_for_the_next_run_outlives_its_time_while_it_is_used(run: Run, dead: Owner) -> None:
    server = Run("1", dead, "folder", serves="postgresql@17", expires=100, user=run.id)
    assert server.lives(200, runs())


def test_killed_user_frees_a_server(dead: Owner) -> None:
    user = Run("2", dead, "folder")
    server = Run("1", dead, "folder", serves="postgresql@17", user=user.id)
    assert not server.used({user.id: user})


def test_database_is_named_by_run_worker_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
    assert database_name("0123abcd", 7) == "dbparity_0123abcd_gw3_7"


def test_run_is_read_from_the_name_that_it_gave() -> None:
    assert run_of(database_name("0123abcd", 7)) == "0123abcd"


@pytest.mark.parametrize(
    "name", ["shop", "dbparity", "dbparity_shop", "dbparity_0123abcd_main_", "x_0123abcd_main_1"]
)
def test_other_names_belong_to_no_run(name: str) -> None:
    assert run_of(name) is None
