from __future__ import annotations

import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    URL,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_mock_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.types import NullType

from dbparity.applications import Application
from dbparity.backends.sqlite import SQLite
from dbparity.errors import SchemaRefused
from dbparity.servers.administration import InFolder
from dbparity.servers.bridge import Bridge
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.isolation import CLEAR, REPLAY, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from dbparity.servers.database import Database
    from dbparity.targets import Target


@pytest.fixture(scope="module")
def environment() -> Iterator[DatabaseTestEnvironment]:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        yield environment


@pytest.fixture
def target(environment: DatabaseTestEnvironment) -> Target:
    return environment.targets[0]


def shop(*columns: Column[object], schema: str | None = None) -> Application:
    metadata = MetaData()
    Table("goods", metadata, Column("id", Integer, primary_key=True), *columns, schema=schema)
    return Application("tests:shop", metadata)


def add(database: Database) -> None:
    goods = database.application.metadata.tables["goods"]  # type: ignore[union-attr]  # it has one
    with database.engine.begin() as connection:
        connection.execute(goods.insert().values(id=1))


def count(database: Database) -> object:
    goods = database.application.metadata.tables["goods"]  # type: ignore[union-attr]  # it has one
    with database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(goods))


def test_every_lease_is_empty(environment: DatabaseTestEnvironment, target: Target) -> None:
    application, counts = shop(), []
    for _ in range(3):
        with environment.lease(target, application) as database:
            counts.append(database.run(count))
            database.run(add)
    assert counts == [0, 0, 0]


def test_leases_of_many_threads_are_apart(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    application, together = shop(), Barrier(8)

    def work(_number: int) -> tuple[str, object]:
        with environment.lease(target, application) as database:
            database.run(add)
            together.wait()
            return str(database.url), database.run(count)

    with ThreadPoolExecutor(8) as pool:
        urls, counts = zip(*pool.map(work, range(8)), strict=True)
    assert len(set(urls)) == 8
    assert set(counts) == {1}


def test_file_is_gone_when_the_lease_is_over(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    with environment.lease(target, shop()) as database:
        database.run(add)
        path = Path(database.url.database or "")
        assert path.exists()
    assert not path.exists()


def test_lease_that_fails_is_given_back(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    with pytest.raises(LookupError), environment.lease(target, shop()) as database:
        raise LookupError
    assert not Path(database.url.database or "").exists()


def test_applications_do_not_share_their_templates(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    with environment.lease(target, shop()), environment.lease(target, shop()) as database:
        assert database.run(count) == 0


def test_column_without_a_type_is_refused_with_the_cure(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    with (
        pytest.raises(SchemaRefused) as caught,
        environment.lease(target, shop(Column("untyped", NullType()))),
    ):
        pass
    assert "sqlite refuses the schema: " in str(caught.value)
    assert "untyped" in str(caught.value)
    assert "give the column a type" in str(caught.value)


def test_refused_statement_is_named(environment: DatabaseTestEnvironment, target: Target) -> None:
    with (
        pytest.raises(SchemaRefused) as caught,
        environment.lease(
            target, shop(Column("sqlite_", String, unique=True), Column("ID", Integer))
        ),
    ):
        pass
    assert "sqlite refuses 'CREATE TABLE goods (" in str(caught.value)
    assert "duplicate column name: ID" in str(caught.value)


def test_table_in_a_schema_is_refused_by_its_name(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    with pytest.raises(SchemaRefused, match=r"table 'warehouse\.goods'.*schema_translate_map"):
        environment.lease(target, shop(schema="warehouse")).__enter__()


def test_foreign_keys_in_a_circle_are_kept_after_another_backend_had_them(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    metadata = MetaData()
    for name, other in (("shops", "goods"), ("goods", "shops")):
        key = Column("other", Integer, ForeignKey(f"{other}.id", name=f"fk_{name}"))
        Table(name, metadata, Column("id", Integer, primary_key=True), key)
    metadata.create_all(create_mock_engine("postgresql://", lambda *_: None), checkfirst=False)

    def keys(database: Database) -> int:
        inspector = inspect(database.engine)
        return sum(len(inspector.get_foreign_keys(name)) for name in metadata.tables)

    with environment.lease(target, Application("tests:circle", metadata)) as database:
        assert database.run(keys) == 2


def test_refused_schema_leaves_no_file(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    names = environment.server(target).administration.names
    before = names()
    with pytest.raises(SchemaRefused):
        environment.lease(target, shop(schema="warehouse")).__enter__()
    assert names() == before


def test_error_of_the_users_own_is_not_taken_for_a_refusal(
    environment: DatabaseTestEnvironment, target: Target
) -> None:
    application = shop()

    @event.listens_for(application.metadata, "after_create")
    def fail(*_: object, **__: object) -> None:
        raise LookupError("the user's own")

    with pytest.raises(LookupError, match="the user's own"):
        environment.lease(target, application).__enter__()


class Clearing(SQLite):
    """SQLite as a backend that clears, and notes what it is asked."""

    clones = ()
    clears = True
    tells = True  # a stamp

    def __init__(self) -> None:
        self.asked: list[str] = []

    def clear(self, connection: Connection, tables: Sequence[Table]) -> None:
        self.asked.append("clear")
        for table in tables:
            connection.execute(table.delete())

    def fingerprint(self, connection: Connection) -> str:
        self.asked.append("fingerprint")
        return repr(connection.execute(text("SELECT sql FROM sqlite_schema")).all())

    def stamp(self, connection: Connection) -> object:
        return connection.scalar(text("PRAGMA schema_version")) if self.tells else None


@pytest.fixture
def backend() -> Clearing:
    return Clearing()


@pytest.fixture
def shelf(backend: Clearing, tmp_path: Path) -> Iterator[Shelf]:
    """A shelf that rather clears than replays."""
    numbers = itertools.count(1)
    with Bridge(backend, backend.driver("pysqlite")) as bridge:
        files = InFolder(backend, URL.create("sqlite", database=str(tmp_path)), bridge)

        def engine(name: str) -> Engine:
            return bridge.engine(files.url(bridge.driver, name))

        def name() -> str:
            return f"dbparity_0123abcd_main_{next(numbers)}"

        shelf = Shelf(files, shop(), bridge, name, engine)
        shelf.seconds = {REPLAY: deque([9.0])}
        yield shelf
        shelf.close()


def lease_from(shelf: Shelf, *statements: str) -> str:
    """Lease a database, execute ``statements``, and give it back."""
    name = shelf.take()
    with shelf._engines[name].begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    shelf.give_back(name)
    return name


def test_stamp_that_stays_the_same_spares_the_fingerprint(backend: Clearing, shelf: Shelf) -> None:
    assert len({lease_from(shelf) for _ in range(3)}) == 1
    backend.asked.clear()
    lease_from(shelf)
    assert backend.asked == ["clear"]


def test_without_a_stamp_every_clearing_begins_with_the_fingerprint(
    backend: Clearing, shelf: Shelf
) -> None:
    backend.tells = False
    assert len({lease_from(shelf) for _ in range(3)}) == 1
    backend.asked.clear()
    lease_from(shelf)
    assert backend.asked == ["fingerprint", "clear"]


def test_schema_that_is_as_it_was_under_another_stamp_is_cleared(
    backend: Clearing, shelf: Shelf
) -> None:
    lease_from(shelf)
    name = lease_from(shelf, "CREATE TABLE extra (id INTEGER)", "DROP TABLE extra")
    backend.asked.clear()
    assert [lease_from(shelf), lease_from(shelf)] == [name, name]
    assert backend.asked == ["fingerprint", "clear", "clear"]


@pytest.mark.parametrize("leases", [0, 2])
def test_database_whose_schema_is_changed_is_not_cleared_whenever_it_happens(
    backend: Clearing, shelf: Shelf, leases: int
) -> None:
    for _ in range(leases):
        lease_from(shelf)
    changed = lease_from(shelf, "CREATE TABLE extra (id INTEGER)")
    backend.asked.clear()
    assert lease_from(shelf) != changed
    assert "clear" not in backend.asked


def test_clearing_is_not_judged_by_the_first_one_of_a_database(
    backend: Clearing, shelf: Shelf
) -> None:
    lease_from(shelf)
    lease_from(shelf)
    assert backend.asked == ["fingerprint", "fingerprint", "clear", "clear"]
    assert len(shelf.seconds[CLEAR]) == 1


def test_file_with_a_table_is_small(environment: DatabaseTestEnvironment, target: Target) -> None:
    with environment.lease(target, shop()) as database:
        assert Path(str(database.url.database)).stat().st_size == 2 * 1024
