"""A query in a loop, planted in an application, is found without a clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from dbparity.applications import Application
from dbparity.cli import main
from dbparity.performance.measure import Counts, Timing
from dbparity.performance.options import BenchOptions
from dbparity.performance.parity import counts
from dbparity.performance.records import Records, read
from dbparity.performance.running import describe, recorded
from dbparity.performance.workloads import fill, workloads
from tests.support.ledgers import ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from dbparity.servers.database import Database
    from tests.conftest import Lease

METADATA = ledger()
ACCOUNTS, ENTRIES = METADATA.tables["accounts"], METADATA.tables["entries"]
ROWS = 50
OPTIONS = BenchOptions()
ROOT = Path(__file__).parents[3]


def seed(connection: Connection) -> None:
    numbers = range(1, ROWS + 1)
    people = [{"id": n, "number": str(n), "owner": "o", "balance": n} for n in numbers]
    connection.execute(ACCOUNTS.insert(), people)
    lines = [{"id": n, "account_id": n, "label": "l", "amount": n} for n in numbers]
    connection.execute(ENTRIES.insert(), lines)


def joined(engine: Engine) -> Callable[[], None]:
    def operation() -> None:
        with engine.connect() as connection:
            query = select(ENTRIES, ACCOUNTS.c.owner).join(ACCOUNTS)
            connection.execute(query).all()

    return operation


def looped(engine: Engine) -> Callable[[], None]:
    """The same, with N+1 statements."""

    def operation() -> None:
        with engine.connect() as connection:
            for entry in connection.execute(select(ENTRIES)).all():
                owner = select(ACCOUNTS.c.owner).where(ACCOUNTS.c.id == entry.account_id)
                connection.execute(owner).scalar_one()

    return operation


def doing(prepare: Callable[[Engine], Callable[[], None]]) -> Application:
    declared = {"list.entries": prepare}
    return Application("tests:ledger", METADATA, workloads=declared, seed=seed)


def measured(database: Database) -> Records:
    """Records of all workloads but those of many at once, whose times are made up."""
    found = [each for each in workloads(database, fill(database, 20)) if each.id != "agents"]
    about = describe(database, found, "tests")
    times = [[Timing(1, 1, 1, 1)]]
    return Records.of(
        recorded(str(database.target), id_, each, times) for id_, each in about.items()
    )


@pytest.mark.server
def test_workloads_ask_the_same_of_every_backend_through_every_driver(lease: Lease) -> None:
    with lease(Application("tests:ledger", ledger())) as database:
        found = {each.benchmark: each.counts for each in database.run(measured).records}
    assert found == {
        "select.entries": Counts(1, 0, 1, 1),
        "count.entries": Counts(1, 0, 1, 1),
        "list.entries": Counts(1, 0, 20, 1),
        "select.entries.by_account_id": Counts(1, 0, 1, 1),
        "aggregate.entries": Counts(1, 0, 20, 1),
        "search.entries.label": found["search.entries.label"],
        "search.accounts.number": found["search.accounts.number"],
        "join.entries": Counts(1, 0, 20, 1),
        "insert.entries": Counts(1, 1, 0, 1),
        "insert_ten.entries": Counts(10, 1, 0, 1),
        "connect": Counts(0, 0, 0, 1),
    }


@pytest.mark.server
@pytest.mark.any_driver
def test_query_in_a_loop_asks_more_than_the_baseline(lease: Lease) -> None:
    with lease(doing(joined)) as database:
        base = database.run(measured)
    with lease(doing(looped)) as database:
        head = database.run(measured)
    found = {each.benchmark: each for each in counts(head, base, OPTIONS)}
    assert found["connect"].verdict == "pass"
    assert found["list.entries"].verdict == "fail"
    assert "the baseline: statements 1 → 51, rows 50 → 100" in found["list.entries"].reason


@pytest.mark.server
@pytest.mark.any_driver
def test_query_in_a_loop_on_one_backend_asks_more_than_the_others(lease: Lease) -> None:
    with lease(doing(looped)) as database:
        found = database.run(measured).records
    others = [
        replace(each, target=target, counts=Counts(1, 0, ROWS, 1))
        for each in found
        if each.benchmark == "list.entries"
        for target in ("duckdb+one", "duckdb+two")
    ]
    failed = [each for each in counts(Records.of([*found, *others]), None, OPTIONS) if each.reason]
    assert "most targets: statements 1 → 51" in failed[-1].reason


MODULE = """
from tests.integration.performance.test_counts import METADATA, joined, looped, seed

metadata = METADATA
workloads = {"update.entries": looped if %r else joined}
"""


def test_query_in_a_loop_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, planted in (("before", False), ("after", True)):
        (tmp_path / f"ledger_{name}.py").write_text(MODULE % planted)

    def command(name: str, *options: str) -> int:
        module = f"ledger_{name}"
        parts = [f"--{part}={module}:{part}" for part in ("metadata", "workloads", "seed")]
        target = ["--target", "sqlite+pysqlite", "--provider", "file", "--launches", "1"]
        return main(["bench", *options, *parts, *target, "--pythonpath", str(ROOT)])

    assert command("before", "run", "--json", "base.json") == 0
    assert read(tmp_path / "base.json").targets == ("sqlite+pysqlite",)
    compare = ("compare", "--baseline", "base.json", "--parity", "counts")
    assert command("before", *compare) == 0
    assert command("after", *compare) == 1
    assert "statements 1 → 51" in capsys.readouterr().out
