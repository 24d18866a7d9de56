"""Databases that are files."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, text

from dbparity.applications import Application
from dbparity.servers import reaper
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Owner, host, runs

pytestmark = pytest.mark.usefixtures("state")

FILES = ServerOptions(providers=("file",))
metadata = MetaData()
notes = Table("notes", metadata, Column("id", Integer, primary_key=True))
application = Application("tests:notes", metadata)


def test_database_is_a_file_of_the_run_which_others_can_open() -> None:
    with DatabaseTestEnvironment(["sqlite+pysqlite"], FILES) as environment:
        (run,) = runs().values()
        with environment.lease(environment.targets[0], application) as database:
            path = Path(str(database.url.database))
            with database.engine.begin() as connection:
                connection.execute(insert(notes).values(id=7))
            somebody = create_engine(f"sqlite:///{path}")
            with somebody.connect() as connection:
                assert connection.scalar(text("SELECT id FROM notes")) == 7
            somebody.dispose()
    assert path.is_relative_to(run.folder)
    assert not path.exists()


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_files_beside_a_database_go_with_it(driver: str) -> None:
    def write(path: Path) -> set[str]:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(insert(notes).values(id=7))
        connection.commit()
        return {one.name.removeprefix(path.name) for one in path.parent.glob(f"{path.name}*")}

    with DatabaseTestEnvironment([f"sqlite+{driver}"], FILES) as environment:
        with environment.lease(environment.targets[0], application) as database:
            path = Path(str(database.url.database))
            somebody = create_engine(f"sqlite:///{path}")
            connection = somebody.connect()
            assert write(path) == {"", "-wal", "-shm"}
        assert not list(path.parent.glob(f"{path.name}*"))
        connection.close()
        somebody.dispose()


def test_files_of_a_killed_run_are_reaped_while_others_stay() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not psutil.pid_exists(process.pid)
    with DatabaseTestEnvironment(["sqlite"], FILES), DatabaseTestEnvironment(["sqlite"], FILES):
        killed, lives = runs().values()
        replace(killed, owner=Owner(process.pid, 0.0, host())).write()
        reaped = reaper.reap(FILES)
        assert [found.leftover.run for found in reaped] == [killed.id]
        assert not Path(killed.folder).exists()
        assert Path(lives.folder).is_dir()
