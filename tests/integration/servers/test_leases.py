from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from dbparity.applications import Application
from dbparity.backends.base import url_for
from dbparity.servers.isolation import CLEAR, REPLAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from dbparity.servers.database import Database
    from dbparity.servers.isolation import Shelf
    from dbparity.servers.server import Server
    from dbparity.targets import Target

    Lease = Callable[..., AbstractContextManager[Database]]

pytestmark = pytest.mark.server

metadata = MetaData()
shops = Table(
    "shops",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("best", ForeignKey("goods.id", use_alter=True, name="fk_best")),
)
goods = Table(
    "goods",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("price", Integer),
    Column("shop", ForeignKey("shops.id")),
    CheckConstraint("price > 0", name="ck_price"),
)
application = Application("tests:shop", metadata)
TRIGGERS = {
    "postgresql": (
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER note BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION noted()",
    ),
    "mysql": ("CREATE TRIGGER note BEFORE INSERT ON goods FOR EACH ROW SET NEW.price = 1",),
    "mariadb": ("CREATE TRIGGER note BEFORE INSERT ON goods FOR EACH ROW SET NEW.price = 1",),
}
CHANGES = {
    "column": ("ALTER TABLE goods ADD COLUMN color VARCHAR(9)",),
    "index": ("CREATE INDEX ix_price ON goods (price)",),
    "view": ("CREATE VIEW cheap AS SELECT id FROM goods WHERE price < 9",),
    "constraint": ("ALTER TABLE goods ADD CONSTRAINT ck_cheap CHECK (price < 99)",),
    "table": ("CREATE TABLE extra (id INTEGER PRIMARY KEY)",),
}


@pytest.fixture
def shelf(server: Server) -> Shelf:
    return server._shelf(application)


@pytest.fixture
def clearing(shelf: Shelf) -> Shelf:
    """A shelf that clears what was given back, where the backend does so."""
    if not shelf.backend.clears:
        pytest.skip(f"{shelf.backend.title} makes every database anew")
    prefer(shelf, CLEAR)
    return shelf


@pytest.fixture
def somebody(server: Server) -> Iterator[Callable[[Database], Connection]]:
    """Connect to a leased database from outside, as a forgotten session does."""
    opened: list[tuple[Engine, Connection]] = []

    def connect(database: Database) -> Connection:
        name = database.url.database or ""
        engine = create_engine(url_for(server.url, server.backend, server.backend.drivers[0], name))
        opened.append((engine, engine.connect()))
        return opened[-1][1]

    yield connect
    for engine, connection in opened:
        connection.invalidate()
        connection.close()
        engine.dispose()


def ways(shelf: Shelf) -> tuple[str, ...]:
    """The strategies that there are on this backend."""
    return (*(shelf.backend.clones or (REPLAY,)), *([CLEAR] if shelf.backend.clears else []))


def prefer(shelf: Shelf, strategy: str) -> None:
    """Let all strategies but this one seem slow."""
    shelf.seconds = {way: deque([9.0]) for way in ways(shelf)} | {strategy: deque([0.0])}


def used(shelf: Shelf) -> set[str]:
    """The strategies by which something was leased since one was preferred."""
    return {way for way, seconds in shelf.seconds.items() if len(seconds) > 1}


def fill(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(shops.insert().values(best=None))
        connection.execute(goods.insert().values(name="lamp", price=3, shop=1))
        connection.execute(shops.update().values(best=1))


def counts(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        return [
            connection.scalar(select(func.count()).select_from(table)) for table in (shops, goods)
        ]


def next_number(database: Database) -> object:
    with database.engine.begin() as connection:
        return connection.execute(shops.insert().values(best=None)).inserted_primary_key


def executing(*statements: str) -> Callable[[Database], None]:
    def execute(database: Database) -> None:
        with database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    return execute


def test_every_strategy_gives_an_empty_database(lease: Lease, shelf: Shelf) -> None:
    with lease(application):
        """So that there is one to be cleared."""
    for way in ways(shelf):
        prefer(shelf, way)
        for _ in range(2):
            with lease(application) as database:
                assert database.run(counts) == [0, 0], way
                database.run(fill)
                assert database.run(counts) == [1, 1], way


def test_every_strategy_is_tried_and_measured(lease: Lease, shelf: Shelf) -> None:
    shelf.seconds = {}
    for _ in range(len(ways(shelf)) + 1):
        with lease(application):
            pass
    assert shelf.seconds.keys() == set(ways(shelf))
    assert all(seconds > 0 for measured in shelf.seconds.values() for seconds in measured)


def test_strategy_that_measured_fastest_is_taken(lease: Lease, shelf: Shelf) -> None:
    with lease(application):
        """So that there is one to be cleared."""
    for way in ways(shelf):
        prefer(shelf, way)
        with lease(application):
            assert used(shelf) == {way}


@pytest.mark.usefixtures("clearing")
def test_cleared_database_is_the_one_that_was_given_back(lease: Lease) -> None:
    with lease(application) as database:
        database.run(fill)
    with lease(application) as again:
        assert again.url == database.url
        assert again.run(counts) == [0, 0]


@pytest.mark.usefixtures("clearing")
def test_numbering_begins_anew_in_a_cleared_database(lease: Lease) -> None:
    with lease(application) as database:
        first = database.run(next_number)
        database.run(next_number)
    with lease(application) as again:
        assert again.url == database.url
        assert again.run(next_number) == first == (1,)


@pytest.mark.usefixtures("clearing")
@pytest.mark.parametrize("kind", [*CHANGES, "trigger"])
def test_database_whose_schema_was_changed_is_not_used_again(
    lease: Lease, target: Target, kind: str
) -> None:
    with lease(application) as database:
        statements = CHANGES.get(kind) or TRIGGERS[target.backend]
        database.run(executing(*statements))
    with lease(application) as again:
        assert again.url != database.url
        assert again.run(counts) == [0, 0]


@pytest.mark.usefixtures("server")
def test_changed_schema_is_not_in_the_next_database(lease: Lease) -> None:
    with lease(application) as database:
        database.run(executing("ALTER TABLE goods ADD COLUMN color VARCHAR(9)"))
    with lease(application) as again, pytest.raises(DBAPIError):
        again.run(executing("SELECT color FROM goods"))


@pytest.mark.usefixtures("clearing")
def test_session_that_was_left_open_does_not_hold_up_the_next_lease(
    lease: Lease, somebody: Callable[[Database], Connection]
) -> None:
    with lease(application) as database:
        database.run(fill)
        somebody(database).execute(goods.update().values(name="chair"))
    began = time.perf_counter()
    with lease(application) as again:
        assert again.run(counts) == [0, 0]
    assert time.perf_counter() - began < 30


def test_database_without_an_application_is_dropped_whoever_is_connected(
    lease: Lease,
    somebody: Callable[[Database], Connection],
    server: Server,
) -> None:
    with lease() as database:
        database.run(executing("CREATE TABLE extra (id INTEGER PRIMARY KEY)"))
        somebody(database).execute(text("SELECT * FROM extra"))
    assert Path(str(database.url.database)).stem not in server.administration.names()


def test_drop_of_a_database_that_is_not_there_is_an_error(lease: Lease, server: Server) -> None:
    if server.backend.service is None:
        pytest.skip("a file that is gone is gone")
    with lease() as database:
        name = f"{database.url.database}0"
    with pytest.raises(DBAPIError, match=name):
        server.administration.drop(name)


def test_leases_of_many_threads_are_apart(lease: Lease) -> None:
    together = Barrier(4, timeout=120)

    def work(_number: int) -> tuple[str, list[object]]:
        with lease(application) as database:
            database.run(fill)
            together.wait()
            return str(database.url), database.run(counts)

    with ThreadPoolExecutor(4) as pool:
        urls, counted = zip(*pool.map(work, range(4)), strict=True)
    assert len(set(urls)) == 4
    assert counted == ([1, 1],) * 4


def test_jobs_at_once_all_write(lease: Lease) -> None:
    def jobs(database: Database) -> list[object]:
        return list(database.run_concurrently([lambda: next_number(database)] * 8))

    with lease(application) as database:
        assert len(set(database.run(jobs))) == 8
        assert database.run(counts) == [8, 0]


def test_view_of_the_application_does_not_keep_a_database_from_being_cleared(
    lease: Lease, server: Server
) -> None:
    if not server.backend.clears:
        pytest.skip(f"{server.backend.title} makes every database anew")
    viewed = MetaData()
    Table("chairs", viewed, Column("id", Integer, primary_key=True))
    view = DDL("CREATE VIEW numbers AS SELECT id FROM chairs")  # type: ignore[no-untyped-call]
    event.listen(viewed, "after_create", view)
    app = Application("tests:viewed", viewed)
    prefer(server._shelf(app), CLEAR)
    with lease(app) as database:
        pass
    with lease(app) as again:
        assert again.url == database.url
