"""What a migration costs at realistic volumes, as far as it does not depend on the machine.

How long it takes is measured in benchmarks/test_transfer.py, against the tools people use.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from dbparity.backends.base import Backend
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Engine

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.untraced]

FEW, MANY = 50_000, 200_000
MEGABYTES = 400
CHILD = """
import json, re, sys
from pathlib import Path
from dbparity.transfer.service import DataMigrationService
source, target, folder = json.loads(sys.argv[1])
report = DataMigrationService(source, target, folder=Path(folder)).migrate()
found = [finding for result in report.results for finding in result.findings]
# Not ru_maxrss, which a process has from whoever started it.
(peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps([len(found), int(peak) // 1024]))
"""


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    with serving(pytestconfig) as started:
        yield started


@pytest.fixture(params=BACKENDS)
def target(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    with leased(environment, request.param) as (database,):
        yield database


def events(path: Path, rows: int) -> str:
    """About 175 bytes a row."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, account BIGINT NOT NULL, "
            "amount DECIMAL(12,2), made DATETIME NOT NULL, name VARCHAR(60) NOT NULL, note TEXT)"
        )
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    n,
                    n * 7919,
                    n / 4,
                    f"2024-01-01 00:{n // 60 % 60:02}:{n % 60:02}",
                    f"name {n}",
                    "é" * 50,
                )
                for n in range(rows)
            ),
        )
    return f"sqlite:///{path}"


def spelled(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def measured(source: str, target: URL, folder: Path) -> int:
    """The peak memory of a whole migration in a process of its own, in MB."""
    arguments = json.dumps([source, spelled(target), str(folder)])
    done = subprocess.run(
        [sys.executable, "-c", CHILD, arguments], check=True, capture_output=True, text=True
    )
    findings, megabytes = json.loads(done.stdout)
    assert findings == 0
    return int(megabytes)


def test_memory_does_not_grow_with_the_rows(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    for backend in BACKENDS:
        peaks = []
        for rows in (FEW, MANY):
            source = events(tmp_path / f"{backend}{rows}.db", rows)
            with leased(environment, backend) as (database,):
                peaks.append(measured(source, database.url, tmp_path))
        assert max(peaks) < MEGABYTES, (backend, peaks)
        assert peaks[1] < 1.5 * peaks[0], (backend, peaks)


def test_transactions_grow_with_the_chunks_and_not_with_the_rows(
    target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[str] = Counter()
    original = Backend.writer

    def watched(backend: Backend, url: URL) -> Engine:
        engine = original(backend, url)
        event.listen(engine, "commit", lambda _: counted.update(["commits"]))
        return engine

    monkeypatch.setattr(Backend, "writer", watched)
    source = events(tmp_path / "events.db", FEW)
    service = DataMigrationService(source, target.url, folder=tmp_path)
    (load,) = service.foresee().plan.loads
    assert load.chunks == 1
    counted.clear()
    assert failures(service.migrate()) == []
    assert counted["commits"] < 12
