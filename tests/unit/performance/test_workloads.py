from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, func, select

from dbparity.errors import ApplicationError
from dbparity.performance.derived import Agents, Dataset, connect
from dbparity.performance.measure import counted, make_ready
from dbparity.performance.workloads import Workload, fill, wanted, workloads
from tests.support.databases import application, sqlite_database
from tests.support.ledgers import ledger, lowered, pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from dbparity.applications import Application
    from dbparity.performance.measure import Counts
    from dbparity.servers.database import Database

ROWS = 20


def on(folder: Path, app: Application, driver: str = "pysqlite") -> AbstractContextManager[Any]:
    return sqlite_database(folder, app, driver)


def suggested(database: Database, rows: int = ROWS) -> dict[str, Workload]:
    return {each.id: each for each in workloads(database, fill(database, rows))}


def ids(database: Database) -> list[str]:
    return list(suggested(database))


def asked(database: Database) -> dict[str, Counts]:
    return {
        id_: counted(database.engine, each.prepare(database), 2)[-1]
        for id_, each in suggested(database).items()
    }


def chained() -> MetaData:
    """Lines of orders of customers: three tables in a row, and one that is its own parent."""
    metadata = MetaData()
    Table("customer", metadata, Column("id", Integer, primary_key=True), Column("name", String(9)))
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", ForeignKey("customer.id"), nullable=False),
    )
    Table(
        "line",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", ForeignKey("orders.id"), nullable=False),
        Column("label", String(20), nullable=False),
    )
    Table(
        "node",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("node.id")),
    )
    return metadata


def test_workloads_are_derived_from_the_table_that_refers_to_most(tmp_path: Path) -> None:
    with on(tmp_path, application(chained())) as database:
        assert database.run(ids) == [
            "select.line",
            "count.line",
            "list.line",
            "select.line.by_order_id",
            "aggregate.line",
            "search.line.label",
            "search.customer.name",
            "join.line",
            "insert.line",
            "insert_ten.line",
            "connect",
            "agents",
        ]


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_derived_workloads_ask_what_they_are_called(tmp_path: Path, driver: str) -> None:
    with on(tmp_path, application(ledger()), driver) as database:
        found = database.run(asked)
    one = found["select.entries"]
    assert (one.statements, one.commits, one.rows, one.checkouts) == (1, 0, 1, 1)
    assert found["list.entries"].rows == ROWS
    assert found["join.entries"].rows == ROWS
    assert (found["insert.entries"].statements, found["insert.entries"].commits) == (1, 1)
    ten = found["insert_ten.entries"]
    assert (ten.statements, ten.commits, ten.checkouts) == (10, 1, 1)
    assert (found["connect"].statements, found["connect"].checkouts) == (0, 1)
    assert (found["agents"].statements, found["agents"].checkouts) == (250, 250)


def test_table_that_refers_to_none_is_neither_joined_nor_aggregated(tmp_path: Path) -> None:
    with on(tmp_path, application(lowered())) as database:
        assert [id_.partition(".")[0] for id_ in database.run(ids)] == [
            "select",
            "count",
            "list",
            "search",
            "insert",
            "insert_ten",
            "connect",
            "agents",
        ]


def test_table_without_text_is_not_searched(tmp_path: Path) -> None:
    with on(tmp_path, application(pairs())) as database:
        assert not [id_ for id_ in database.run(ids) if id_.startswith("search")]


def test_application_of_which_no_table_has_a_key_can_be_connected_to(tmp_path: Path) -> None:
    with on(tmp_path, application(pairs(key=False))) as database:
        assert database.run(ids) == ["connect"]


def test_what_is_inserted_is_deleted_before_the_next_series(tmp_path: Path) -> None:
    table = (metadata := ledger()).tables["entries"]

    def work(database: Database) -> list[int]:
        operation = suggested(database)["insert.entries"].prepare(database)
        found = []
        for calls in (3, 2):
            make_ready(operation, calls)
            for _ in range(calls):
                operation()
            with database.engine.connect() as connection:
                found.append(connection.scalar(select(func.count()).select_from(table)) or 0)
        return found

    with on(tmp_path, application(metadata)) as database:
        assert database.run(work) == [ROWS + 3, ROWS + 2]


def test_two_that_insert_share_no_row(tmp_path: Path) -> None:
    def work(database: Database) -> None:
        found = suggested(database)
        operations = [found[f"{name}.entries"].prepare(database) for name in _INSERTING]
        for operation in operations:
            make_ready(operation, 2)
        for operation in operations * 2:
            operation()

    with on(tmp_path, application(ledger())) as database:
        database.run(work)


_INSERTING = ("insert", "insert_ten")


def listing(engine: Engine) -> Callable[[], None]:
    def operation() -> None:
        with engine.connect() as connection:
            connection.execute(select(func.count()).select_from(ledger().tables["accounts"])).all()

    return operation


class Ten:
    """A workload of ten units."""

    units = 10

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self) -> None:
        pass


def declaring(**declared: Any) -> Application:  # noqa: ANN401  # functions of an engine
    return replace(application(ledger()), workloads=declared)


def test_declared_workloads_come_instead_of_derived_ones(tmp_path: Path) -> None:
    with on(tmp_path, declaring(listing=listing, insert_ten=Ten)) as database:
        found = database.run(suggested)
    units = {each.id: each.units for each in found.values()}
    assert units == {"listing": 1, "insert_ten": 10, "connect": 1, "agents": 250}


def test_declared_workload_gets_the_engine_of_the_database(tmp_path: Path) -> None:
    with on(tmp_path, declaring(ten=Ten), "aiosqlite") as database:

        def prepared(database: Database) -> Any:  # noqa: ANN401
            return suggested(database)["ten"].prepare(database)

        assert database.run(prepared).engine is database.engine


@pytest.mark.parametrize("name", ["connect", "agents"])
def test_name_of_a_workload_of_all_applications_is_refused(tmp_path: Path, name: str) -> None:
    with (
        on(tmp_path, declaring(**{name: listing, "other": listing})) as database,
        pytest.raises(ApplicationError, match=f"it declares a workload '{name}'; give it another"),
    ):
        database.run(suggested)


@pytest.mark.parametrize(
    ("id_", "kind"),
    [
        ("search.users", "search"),
        ("connect", "connect"),
        ("agents", "agents"),
        ("select.users", "query"),
        ("searching", "query"),
    ],
)
def test_first_word_of_an_id_is_its_kind(id_: str, kind: str) -> None:
    assert Workload(id_, connect).kind == kind


def test_database_is_filled_by_the_application_if_it_can(tmp_path: Path) -> None:
    table = (metadata := pairs()).tables["pairs"]

    def seed(connection: Connection) -> None:
        connection.execute(table.insert(), [{"a": 1, "b": 2}, {"a": 2, "b": 3}])

    def rows(database: Database) -> tuple[Dataset, int]:
        data = fill(database)
        with database.engine.connect() as connection:
            return data, len(connection.execute(select(table)).all())

    with on(tmp_path, replace(application(metadata), seed=seed)) as database:
        data, found = database.run(rows)
        assert (data.population, found) == (None, 2)
        assert "insert.pairs" not in {
            each.id for each in database.run(lambda database: workloads(database, data))
        }


def test_database_is_filled_with_so_many_rows_of_each_table_otherwise(tmp_path: Path) -> None:
    with on(tmp_path, application(ledger())) as database:
        data = database.run(lambda database: fill(database, 7))
    assert data.population is not None
    assert {len(rows) for rows in data.population.rows.values()} == {7}


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_agents_keep_the_seconds_of_each_of_their_operations(tmp_path: Path, driver: str) -> None:
    def work(database: Database) -> Agents:
        agents = Agents([Workload("connect", connect)], database)
        agents()
        agents()
        return agents

    with on(tmp_path, application(ledger()), driver) as database:
        taken = database.run(work).taken
    assert len(taken) == 250
    assert min(taken) > 0


def test_failure_of_an_agent_is_raised(tmp_path: Path) -> None:
    def failing(_: Database) -> Callable[[], object]:
        return lambda: 1 // 0

    with (
        on(tmp_path, application(ledger())) as database,
        pytest.raises(ZeroDivisionError),
    ):
        database.run(lambda database: Agents([Workload("fails", failing)], database)())


def test_agents_change_nothing(tmp_path: Path) -> None:
    def writing(_: Database) -> Callable[[], object]:
        raise AssertionError("it was prepared")

    with on(tmp_path, application(ledger())) as database:
        found = [Workload("insert.x", writing), Workload("connect", connect)]
        database.run(lambda database: Agents(found, database)())


@pytest.mark.parametrize(
    ("patterns", "is_wanted"),
    [((), True), (("connect", "search.*"), True), (("connect", "select.*"), False)],
)
def test_workload_is_wanted_by_a_pattern_or_where_there_is_none(
    patterns: tuple[str, ...],
    is_wanted: bool,  # noqa: FBT001
) -> None:
    assert wanted("search.users", patterns) is is_wanted


def test_agents_end_with_the_operation_that_they_are_at(tmp_path: Path) -> None:
    def work(database: Database) -> int:
        agents = Agents([Workload("connect", connect)], database)
        agents.ends = 0
        agents()
        return len(agents.taken)

    with on(tmp_path, application(ledger())) as database:
        assert database.run(work) == 25


def test_planner_knows_the_rows_that_were_filled_in(tmp_path: Path) -> None:
    def work(database: Database) -> object:
        fill(database, ROWS)
        with database.engine.connect() as connection:
            query = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'accounts'"
            return connection.exec_driver_sql(query).scalars().first()

    with on(tmp_path, application(ledger())) as database:
        assert str(database.run(work)).split()[0] == str(ROWS)
