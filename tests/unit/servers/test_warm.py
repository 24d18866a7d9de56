from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

from dbparity.errors import ServerFailed
from dbparity.servers import reaper, warm
from dbparity.servers.base import Running, ServerOptions
from dbparity.servers.ledger import Run, database_name, runs
from dbparity.targets import Target
from tests.support.providing import Given, environment_of, folder, offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.servers.ledger import Owner

TARGET = Target("sqlite", "pysqlite")
REUSE = ServerOptions(reuse=True, providers=())


def reusing(
    start: Callable[[Run], Running] = folder, options: ServerOptions = REUSE
) -> DatabaseTestEnvironment:
    return environment_of(Given(offer(start, reusable=True)), options=options)


def place(environment: DatabaseTestEnvironment) -> str:
    return str(environment.server(TARGET).url.database)


def only() -> Run:
    (run,) = runs().values()
    return run


def test_server_is_left_for_the_next_run() -> None:
    with reusing() as environment:
        first = place(environment)
    with reusing() as environment:
        assert place(environment) == first


def test_server_is_not_left_where_nobody_asked_for_it() -> None:
    with reusing(options=ServerOptions(providers=())) as environment:
        left = Path(place(environment))
    assert not left.exists()
    assert not runs()


def test_server_that_cannot_be_left_is_not() -> None:
    with environment_of(Given(offer()), options=REUSE) as environment:
        left = Path(place(environment))
    assert not left.exists()


def test_databases_are_dropped_when_their_run_ends() -> None:
    with reusing() as environment:
        lease = environment.lease(TARGET)
        lease.__enter__().engine.connect().close()
        files = Path(place(environment))
        assert len(list(files.iterdir())) == 1
    assert not list(files.iterdir())


def test_two_runs_never_share_a_server() -> None:
    with reusing() as first, reusing() as second:
        assert place(first) != place(second)


def test_of_many_runs_at_once_one_takes_what_was_left() -> None:
    with reusing() as environment:
        left = place(environment)
    together = Barrier(6)

    def run(_number: int) -> str:
        with reusing() as environment:
            together.wait()
            return place(environment)

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(run, range(6)))
    assert taken.count(left) == 1
    assert len(set(taken)) == 6


def test_server_of_a_killed_run_is_free_and_its_databases_are_dropped(dead: Owner) -> None:
    killed = reusing().start()
    name = database_name(next(run.id for run in runs().values() if not run.serves), 1)
    left = Path(place(killed))
    (left / f"{name}.sqlite").touch()
    user = next(run for run in runs().values() if not run.serves)
    replace(user, owner=dead).write()
    with reusing() as environment:
        assert place(environment) == str(left)
        assert not (left / f"{name}.sqlite").exists()
    killed.stop()


def test_other_offer_is_another_server() -> None:
    with reusing() as environment:
        first = place(environment)
    other = replace(offer(reusable=True), description="another image")
    with environment_of(Given(other), options=REUSE) as environment:
        assert place(environment) != first


def test_server_that_is_too_old_is_ended_and_another_is_started() -> None:
    old = replace(REUSE, max_age=timedelta())
    with reusing(options=old) as environment:
        first = Path(place(environment))
    with reusing() as environment:
        assert place(environment) != str(first)
    assert not first.exists()
    assert len(runs()) == 1


def test_server_that_has_died_is_ended_and_another_is_started() -> None:
    with reusing() as environment:
        first = place(environment)
    used: list[str] = []

    def use(running: Running) -> Running:
        used.append(str(running.url.database))
        if not running.fresh:
            raise ServerFailed("image", "exited", [])
        return running

    user = Run.begin()
    found = warm.serve("sqlite", offer(reusable=True), REUSE, user, use)
    assert used == [first, found.url.database]
    assert not Path(first).exists()


def test_new_server_that_does_not_suit_is_not_left() -> None:
    options = replace(REUSE, providers=())
    environment = environment_of(
        Given(offer(reusable=True)), targets=("sqlite+pysqlite@2",), options=options
    )
    with environment:
        assert "where 2 is wanted" in environment.missing[Target("sqlite", "pysqlite", "2")]
        assert not [run for run in runs().values() if run.serves]


def test_server_that_does_not_start_leaves_nothing() -> None:
    def start(_run: Run) -> Running:
        raise ServerFailed("image", "exited", [])

    with reusing(start):
        pass
    assert not runs()


def test_server_that_is_kept_is_not_reaped() -> None:
    with reusing() as environment:
        left = Path(place(environment))
    assert not reaper.reap(REUSE)
    assert left.exists()


def test_server_that_is_too_old_is_reaped() -> None:
    with reusing() as environment:
        left = Path(place(environment))
    replace(only(), expires=time.time()).write()
    assert [found.state for found in reaper.reap(REUSE)] == ["leaked"]
    assert not left.exists()
    assert not runs()


def test_server_that_is_too_old_is_not_reaped_while_it_is_used() -> None:
    with reusing(options=replace(REUSE, max_age=timedelta())) as environment:
        assert not reaper.reap(REUSE)
        assert Path(place(environment)).exists()


def test_server_whose_start_was_killed_is_reaped(dead: Owner) -> None:
    leaked: list[str] = []

    def start(run: Run) -> Running:
        for each in runs().values():
            replace(each, owner=dead).write()
        leaked.extend(one.leftover.run for one in reaper.survey(REUSE) if one.state == "leaked")
        return folder(run)

    with reusing(start):
        assert len(leaked) == 2


def test_password_is_kept_from_others(state: Path) -> None:
    with reusing():
        pass
    assert [path.stat().st_mode & 0o777 for path in state.glob("*.url")] == [0o600]
