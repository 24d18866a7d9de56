"""A million rows held against a million keys, and a hundred thousand against as many vectors.

Each is done by a process of its own, which says how much memory it took; beside it stands the least
that must be asked of both stores: the same pages, read and not looked at. DBPARITY_BENCH_ROWS makes
them fewer or more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from sqlalchemy import text

from dbparity.servers.ledger import Run
from dbparity.servers.valkey import valkey
from tests.support.serving import options_of
from tests.support.vectors import DIMENSIONS, collection, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture
    from sqlalchemy import URL

    from dbparity.servers.database import Database

ROWS = int(os.environ.get("DBPARITY_BENCH_ROWS", "1_000_000"))
VECTORS = ROWS // 10
_PAGE = 20_000
CHILD = """
import asyncio, json, re, sys, time
from pathlib import Path
from dbparity.consistency.options import ConsistencyOptions, Declared
from dbparity.consistency.reconciling import Reconciler
from dbparity.consistency.references import read
from dbparity.stores.base import open_store

async def main(urls, target, told, looks):
    async with open_store(urls["db"]) as db, open_store(urls["other"]) as other:
        reference = read(Declared("db.documents", target, **told), {"db": db, "other": other})
        began = time.perf_counter()
        if looks:
            found = await Reconciler(reference, db, other, ConsistencyOptions(grace=0.1)).run()
            assert not found.seen and found.rows == found.records, found
        else:
            async for page in db.scan(reference.rows):
                await other.fetch(reference.records, [reference.address(row) for row in page])
            async for page in other.scan(reference.records):
                pass
        return time.perf_counter() - began

seconds = asyncio.run(main(*json.loads(sys.argv[1])))
# Of this process alone: what getrusage tells began with its parent's.
kilobytes = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([seconds, kilobytes / 1024]))
"""


@pytest.fixture(scope="session")
def cache(pytestconfig: pytest.Config) -> Iterator[URL]:
    run = Run.begin()
    try:
        with valkey(run, options_of(pytestconfig, "container", "native")) as url:
            yield url
    finally:
        run.end()


def fill(database: Database, count: int) -> None:
    def filled(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE documents (id INTEGER PRIMARY KEY, version INT)"))
            insert = text("INSERT INTO documents VALUES (:id, :version)")
            for start in range(0, count, _PAGE):
                numbers = range(start, min(start + _PAGE, count))
                connection.execute(insert, [{"id": n, "version": n % 9} for n in numbers])

    database.run(filled)


def measured(
    benchmark: BenchmarkFixture, group: str, arm: str, count: int, arguments: list[Any]
) -> None:
    def child() -> list[float]:
        command = [sys.executable, "-c", CHILD, json.dumps(arguments)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds: list[float] = json.loads(said)
        return seconds

    benchmark.group, benchmark.extra_info["arm"] = group, arm
    seconds, megabytes = benchmark.pedantic(child, rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info |= {"rows": count, "seconds": seconds, "megabytes": megabytes}


@pytest.mark.any_driver
@pytest.mark.parametrize("arm", ["reconciled", "only read"])
def test_rows_and_keys(
    benchmark: BenchmarkFixture, database: Database, cache: URL, arm: str
) -> None:
    fill(database, ROWS)
    url = cache.render_as_string(hide_password=False)
    with Redis.from_url(url) as client:
        client.flushall()
        for start in range(0, ROWS, _PAGE):
            pipe = client.pipeline(transaction=False)
            for number in range(start, min(start + _PAGE, ROWS)):
                pipe.set(f"doc:{number}", f'{{"version": {number % 9}}}', ex=3_000)
            pipe.execute()
    urls = {"db": database.url.render_as_string(hide_password=False), "other": url}
    told = {"version": "version", "ttl": 3_600}
    group = f"{ROWS:,} rows and keys, {database.target}"
    measured(benchmark, group, arm, ROWS, [urls, "other.doc:{id}", told, arm == "reconciled"])


@pytest.mark.any_driver
@pytest.mark.parametrize("arm", ["reconciled", "only read"])
def test_rows_and_vectors(
    benchmark: BenchmarkFixture, database: Database, tmp_path: Path, arm: str
) -> None:
    fill(database, VECTORS)
    path = tmp_path / "vectors.db"
    collection(path, "documents", ("version", "INT64"))
    with opened(path) as client:
        for start in range(0, VECTORS, _PAGE):
            rows = range(start, min(start + _PAGE, VECTORS))
            vector = [0.5] * DIMENSIONS
            client.insert(
                "documents", [{"id": n, "version": n % 9, "vector": vector} for n in rows]
            )
    urls = {
        "db": database.url.render_as_string(hide_password=False),
        "other": f"milvus://{path}",
    }
    told = {"version": "version", "required": True}
    group = f"{VECTORS:,} rows and vectors, {database.target}"
    measured(benchmark, group, arm, VECTORS, [urls, "other.documents", told, arm == "reconciled"])
