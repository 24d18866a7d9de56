"""A million rows copied and proven, against what the tools people use take for the copy alone.

Tools that are not installed are left out. DBPARITY_BENCH_PEERS names a folder in which they are
looked for before PATH; DBPARITY_BENCH_ROWS makes the table smaller or larger.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.pytest_state import STATE
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.transfer.service import DataMigrationService
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.results import Report

ROWS = int(os.environ.get("DBPARITY_BENCH_ROWS", "1_000_000"))
SERVERS = ("postgresql", "mysql", "mariadb")
ROUNDS = 3
WORDS = (
    "alpha",
    "beta",
    "γάμμα",
    "it's",
    '"delta"',
    "back\\slash",
    "日本語",
    "zeta",
    "eta",
    "theta",
)
EVENTS = (
    'CREATE TABLE "{}" (id INTEGER PRIMARY KEY, account BIGINT NOT NULL, amount DECIMAL(12,2), '
    "made DATETIME NOT NULL, name VARCHAR(60) NOT NULL, note TEXT)"
)
CHILD = """
import json, resource, sys
from pathlib import Path
from dbparity.transfer.service import DataMigrationService
source, target, folder = json.loads(sys.stdin.read())
report = DataMigrationService(source, target, folder=Path(folder)).migrate()
assert not [finding for result in report.results for finding in result.findings]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write(path: Path, *tables: str, rows: int) -> URL:
    """A SQLite file with so many rows in each of the tables, about 175 bytes each."""
    chance = random.Random(1)
    notes = [" ".join(chance.choices(WORDS, k=chance.randrange(8, 24))) for _ in range(4999)]
    begin = datetime(2020, 1, 1)  # noqa: DTZ001  # as a naive column has it
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table in tables:
            connection.execute(EVENTS.format(table))
            made = (
                (
                    number,
                    chance.randrange(2**40),
                    None if number % 50 == 0 else round(chance.uniform(-1e6, 1e6), 2),
                    str(begin + timedelta(microseconds=number * 1_000_003)),
                    f"{chance.choice(WORDS)} {number}",
                    notes[number % len(notes)],
                )
                for number in range(1, rows + 1)
            )
            connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?, ?, ?)', made)
        connection.commit()
    return URL.create("sqlite", database=str(path))


@pytest.fixture(scope="session")
def events(tmp_path_factory: pytest.TempPathFactory) -> URL:
    return write(tmp_path_factory.mktemp("events") / "events.sqlite", "events", rows=ROWS)


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """The newest server of each product."""
    settings = pytestconfig.stash[STATE].settings
    newest = {target.backend: target for target in settings.targets}
    targets = [
        replace(target, driver=load_backend(target.backend).drivers[0].name)
        for target in newest.values()
    ]
    with DatabaseTestEnvironment(targets, settings.server_options) as started:
        yield started


class Place:
    """Gives empty databases, each until the next one is asked for."""

    def __init__(self, environment: DatabaseTestEnvironment, folder: Path) -> None:
        self.folder = folder
        self._environment, self._stack = environment, ExitStack()
        self._number = 0

    def empty(self, backend: str) -> URL:
        """A new one on a server, or a file that is not there yet; those before are dropped."""
        self.close()
        return self.another(backend)

    def another(self, backend: str) -> URL:
        """A further one."""
        if backend == "sqlite":
            self._number += 1
            path = self.folder / f"target{self._number}.sqlite"
            self._stack.callback(path.unlink, missing_ok=True)
            return URL.create("sqlite", database=str(path))
        found = [target for target in self._environment.targets if target.backend == backend]
        if not found:
            pytest.skip(f"{backend} is not among the chosen targets")
        return self._stack.enter_context(self._environment.lease(found[0], empty=True)).url

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def place(environment: DatabaseTestEnvironment, tmp_path: Path) -> Iterator[Place]:
    with closing(Place(environment, tmp_path)) as made:
        yield made


def proven(report: Report) -> None:
    assert not [finding for result in report.results for finding in result.findings]


def migrate(source: URL, target: URL, folder: Path) -> None:
    """Copy, and compare every cell."""
    proven(DataMigrationService(source, target, folder=folder).migrate())


def program(name: str) -> str:
    """A tool that others use."""
    where = os.pathsep.join([os.environ.get("DBPARITY_BENCH_PEERS", ""), os.environ["PATH"]])
    found = shutil.which(name, path=where)
    if found is None:
        pytest.skip(f"{name} is not installed; name its folder in DBPARITY_BENCH_PEERS")
    return found


def run(*command: str, **variables: str) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr[-2000:] or done.stdout[-2000:]


def timed(
    benchmark: BenchmarkFixture,
    group: str,
    arm: str,
    work: Callable[..., None],
    setup: Callable[[], tuple[object, ...]],
) -> None:
    """Take the time of ``work``, with what ``setup`` made anew for each round."""
    benchmark.group = f"{group}, {ROWS:,} rows"
    benchmark.extra_info["arm"] = arm
    cast("Any", benchmark.pedantic)(work, setup=lambda: (setup(), {}), rounds=ROUNDS)
    benchmark.extra_info["rows/s"] = round(ROWS / cast("Any", benchmark.stats).stats.min)


def libpq(url: URL) -> str:
    """As programs of PostgreSQL spell it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.mark.parametrize("backend", [*SERVERS, "sqlite"])
def test_copy_and_proof(
    benchmark: BenchmarkFixture, events: URL, place: Place, backend: str
) -> None:
    def setup() -> tuple[object, ...]:
        return events, place.empty(backend), place.folder

    timed(benchmark, f"sqlite to {backend}", "dbparity, copy and proof", migrate, setup)


@pytest.mark.parametrize("backend", SERVERS)
def test_copy_and_proof_into_sqlite(
    benchmark: BenchmarkFixture, events: URL, place: Place, backend: str
) -> None:
    source = place.empty(backend)
    migrate(events, source, place.folder)

    def setup() -> tuple[object, ...]:
        return source, place.another("sqlite"), place.folder

    timed(benchmark, f"{backend} to sqlite", "dbparity, copy and proof", migrate, setup)


def test_psql(benchmark: BenchmarkFixture, events: URL, place: Place) -> None:
    """The rows in PostgreSQL's own binary format, into a table that has its key: a limit."""
    psql, dump = program("psql"), place.folder / "events.copy"
    target = libpq(source := place.empty("postgresql"))
    migrate(events, source, place.folder)
    run(psql, target, "-qc", f"\\copy events TO '{dump}' (FORMAT binary)")

    def setup() -> tuple[object, ...]:
        run(psql, target, "-qc", "TRUNCATE events")
        return psql, target, "-qc", f"\\copy events FROM '{dump}' (FORMAT binary)"

    timed(benchmark, "sqlite to postgresql", "psql \\copy binary", run, setup)


def test_pgloader(benchmark: BenchmarkFixture, events: URL, place: Place) -> None:
    pgloader = program("pgloader")

    def setup() -> tuple[object, ...]:
        target = libpq(place.empty("postgresql"))
        return pgloader, f"sqlite://{events.database}", target.replace("postgresql", "pgsql", 1)

    timed(benchmark, "sqlite to postgresql", "pgloader", run, setup)


def login(url: URL) -> tuple[str, ...]:
    """The options of the tools for MySQL."""
    return (
        *("-d", str(url.database), "-u", str(url.username), "--mysql-password", str(url.password)),
        *("-h", str(url.host), "-P", str(url.port)),
    )


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_sqlite3_to_mysql(
    benchmark: BenchmarkFixture, events: URL, place: Place, backend: str
) -> None:
    tool = program("sqlite3mysql")

    def setup() -> tuple[object, ...]:
        return tool, "-q", "-f", str(events.database), *login(place.empty(backend))

    timed(benchmark, f"sqlite to {backend}", "sqlite3-to-mysql", run, setup)


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_mysql_to_sqlite3(
    benchmark: BenchmarkFixture, events: URL, place: Place, backend: str
) -> None:
    tool = program("mysql2sqlite")
    source = place.empty(backend)
    migrate(events, source, place.folder)

    def setup() -> tuple[object, ...]:
        target = place.another("sqlite")
        return tool, "-q", "-f", str(target.database), "-t", "events", *login(source)

    timed(benchmark, f"{backend} to sqlite", "mysql-to-sqlite3", run, setup)


def compare(left: URL, right: URL) -> None:
    proven(MigrationValidator(left, right).validate())


@pytest.mark.parametrize("backend", SERVERS)
def test_proof(benchmark: BenchmarkFixture, events: URL, place: Place, backend: str) -> None:
    target = place.empty(backend)
    migrate(events, target, place.folder)
    group = f"sqlite beside {backend}"
    timed(benchmark, group, "dbparity verify", compare, lambda: (events, target))


@pytest.fixture
def twins(events: URL, place: Place) -> tuple[URL, URL]:
    """Two databases of PostgreSQL with the same rows."""
    found = place.empty("postgresql"), place.another("postgresql")
    for each in found:
        migrate(events, each, place.folder)
    return found


def test_proof_of_twins(benchmark: BenchmarkFixture, twins: tuple[URL, URL]) -> None:
    timed(benchmark, "postgresql beside itself", "dbparity verify", compare, lambda: twins)


@pytest.mark.parametrize("threads", [1, 4])
def test_reladiff(benchmark: BenchmarkFixture, twins: tuple[URL, URL], threads: int) -> None:
    left, right = map(libpq, twins)
    options = ("-k", "id", "-c", "%", "-j", str(threads))
    command = (program("reladiff"), left, "events", right, "events", *options)
    arm = f"reladiff, {threads} threads"
    timed(benchmark, "postgresql beside itself", arm, run, lambda: command)


@pytest.mark.parametrize("tables", [1, 100])
def test_many_tables(benchmark: BenchmarkFixture, place: Place, tables: int) -> None:
    """As many rows in one table, or in a hundred."""
    names = [f"events{number}" for number in range(tables)]
    source = write(place.folder / "many.sqlite", *names, rows=ROWS // tables)

    def setup() -> tuple[object, ...]:
        return source, place.empty("postgresql"), place.folder

    timed(benchmark, "sqlite to postgresql, tables", f"{tables} tables", migrate, setup)


@pytest.mark.parametrize("times", [1, 10])
@pytest.mark.parametrize("backend", SERVERS)
def test_memory(benchmark: BenchmarkFixture, place: Place, backend: str, times: int) -> None:
    """The most that a process that migrates has had in memory, in megabytes."""
    source = write(place.folder / "large.sqlite", "events", rows=ROWS * times)
    megabytes: list[float] = []

    def work(target: URL) -> None:
        urls = [each.render_as_string(hide_password=False) for each in (source, target)]
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps([*urls, str(place.folder)]),
            capture_output=True,
            text=True,
            check=True,
        )
        megabytes.append(int(done.stdout) / 1024)

    benchmark.group = f"memory, sqlite to {backend}"
    target = place.empty(backend)
    cast("Any", benchmark.pedantic)(work, args=(target,), rounds=1)
    benchmark.extra_info["MB"] = round(max(megabytes))
    assert max(megabytes) < 400
