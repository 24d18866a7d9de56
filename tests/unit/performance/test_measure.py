from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from dbparity.performance import measure as measuring
from dbparity.performance.measure import Counts, counted, make_ready, pressure, sample, timed
from tests.support.databases import application, sqlite_database
from tests.support.ledgers import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from dbparity.servers.database import Database

PAIRS = pairs()
TABLE = PAIRS.tables["pairs"]


class Counting:
    """An operation that counts its calls, and what it was told to be ready for."""

    def __init__(self) -> None:
        self.calls, self.told = 0, list[int]()

    def ready(self, calls: int) -> None:
        self.told.append(calls)

    def __call__(self) -> None:
        self.calls += 1


def spin() -> int:
    return sum(range(2000))


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    def fill(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(TABLE.insert(), [{"a": n, "b": n} for n in range(7)])

    with sqlite_database(tmp_path, application(PAIRS), request.param) as made:
        made.run(fill)
        yield made


def asked(database: Database, work: Callable[[Engine], object], calls: int = 1) -> list[Counts]:
    def count(database: Database) -> tuple[Counts, ...]:
        return counted(database.engine, lambda: work(database.engine), calls)

    return list(database.run(count))


def test_operation_without_ready_is_let_be() -> None:
    make_ready(spin, 3)


@pytest.mark.parametrize("measure", [sample, timed])
def test_operation_is_made_ready_once_for_all_calls(measure: Callable[..., object]) -> None:
    operation = Counting()
    measure(operation, 5)
    assert (operation.calls, operation.told) == (5, [5])


def test_sample_has_the_seconds_of_each_call() -> None:
    found = sample(spin, 4)
    assert len(found) == 4
    assert all(0 < each < 1 for each in found)


def test_shortest_call_is_not_longer_than_the_average() -> None:
    found = timed(spin, 20)
    assert found.calls == 20
    assert 0 < found.best <= found.wall
    assert found.cpu > 0


def test_statements_and_rows_are_counted(database: Database) -> None:
    def work(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(select(TABLE)).all()
            connection.execute(select(TABLE)).first()

    assert asked(database, work) == [Counts(statements=2, rows=8, checkouts=1)]


def test_rows_are_counted_however_they_are_fetched(database: Database) -> None:
    def work(engine: Engine) -> None:
        with engine.connect() as connection:
            result = connection.execute(select(TABLE))
            assert result.fetchone() is not None
            assert len(result.fetchmany(2)) == 2
            assert len(result.fetchall()) == 4
            assert result.fetchone() is None

    assert asked(database, work) == [Counts(statements=1, rows=7, checkouts=1)]


def test_commit_is_counted_and_what_begins_a_transaction_is_not(database: Database) -> None:
    def work(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(TABLE.update().values(b=TABLE.c.b + 1))

    assert asked(database, work) == [Counts(statements=1, commits=1, checkouts=1)]


def test_transaction_that_is_rolled_back_is_no_commit(database: Database) -> None:
    def work(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1")).scalar()

    assert asked(database, work) == [Counts(statements=1, rows=1, checkouts=1)]


def test_each_call_is_counted_alone(database: Database) -> None:
    def work(engine: Engine) -> None:
        with engine.connect():
            pass

    assert asked(database, work, 3) == [Counts(checkouts=1)] * 3


def test_nothing_is_counted_afterwards(database: Database) -> None:
    counts = asked(database, lambda engine: engine.connect().close())

    def work(database: Database) -> None:
        with database.engine.connect() as connection:
            connection.execute(select(TABLE)).all()

    database.run(work)
    assert counts == [Counts(checkouts=1)]


def test_counting_ends_with_an_error_of_the_operation(database: Database) -> None:
    def fail(_: Engine) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asked(database, fail)
    assert asked(database, lambda engine: engine.connect().close()) == [Counts(checkouts=1)]


def test_counts_are_spelled_and_compared_by_name() -> None:
    few, many = Counts(1, 0, 50, 1), Counts(51, 0, 50, 1)
    assert str(few) == "1 statements, 0 commits, 50 rows, 1 checkouts"
    assert few.changes_to(many) == ["statements 1 → 51"]
    assert few.changes_to(few) == []


def test_pressure_is_the_share_of_the_time_in_which_something_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "cpu"
    monkeypatch.setattr(measuring, "_PRESSURE", told)
    told.write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\nfull total=0\n")
    with pressure() as share:
        told.write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=3601001000\nfull total=0\n")
    assert share() > 1


def test_pressure_is_nothing_where_linux_does_not_tell() -> None:
    with pressure() as share:
        pass
    assert share() == 0
