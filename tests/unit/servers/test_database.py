from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    inspect,
    make_url,
    text,
)

from dbparity.applications import Application
from dbparity.backends.mysql import MySQL
from dbparity.backends.sqlite import SQLite
from dbparity.servers.bridge import Bridge
from dbparity.servers.database import Database, Opening, configure
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def environment() -> Iterator[DatabaseTestEnvironment]:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        yield environment


def test_password_is_shown_neither_by_the_safe_url_nor_by_the_database() -> None:
    backend = MySQL()
    url = make_url("mysql+pymysql://root:secret@127.0.0.1/mysql")
    with Bridge(backend, backend.driver("pymysql")) as bridge:
        opening = Opening(lambda: create_engine("sqlite://"), bridge.dispose)
        target = Target("mysql", "pymysql", "9")
        database = Database(target, url, backend, (9, 7), bridge, opening, beside=pytest.fail)
    assert database.safe_url == "mysql+pymysql://root:***@127.0.0.1/mysql"
    assert "secret" not in repr(database)


def test_features_are_those_of_the_servers_version(environment: DatabaseTestEnvironment) -> None:
    with environment.lease(environment.targets[0]) as database:
        assert database.features == database.backend.features(database.version)


def test_engine_is_made_once_for_all_threads() -> None:
    made: list[Engine] = []

    def make() -> Engine:
        made.append(create_engine("sqlite://"))
        return made[-1]

    opening = Opening(make, Engine.dispose)
    threads = [Thread(target=lambda: opening.engine) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [opening.engine]


def test_engine_that_nobody_asked_for_is_not_made_to_be_closed() -> None:
    def make() -> Engine:
        raise AssertionError("it was made")

    Opening(make, Engine.dispose).close()


def test_application_attaches_to_an_engine_what_it_attaches_to_its_own() -> None:
    seen: list[Engine] = []
    metadata = MetaData()
    Table("rows", metadata, Column("id", Integer, primary_key=True))
    engine = create_engine("sqlite://")
    configure(engine, SQLite(), Application("tests", metadata, configure=seen.append))
    assert seen == [engine]


@pytest.mark.parametrize("name", ["pysqlite", "aiosqlite"])
def test_work_runs_with_the_database_on_every_driver(
    environment: DatabaseTestEnvironment, name: str
) -> None:
    def add(database: Database) -> object:
        with database.engine.connect() as connection:
            return connection.scalar(text("SELECT 1 + 1"))

    with environment.lease(Target("sqlite", name)) as database:
        assert database.run(add) == 2


@pytest.mark.parametrize("name", ["pysqlite", "aiosqlite"])
def test_jobs_answer_in_their_order_on_every_driver(
    environment: DatabaseTestEnvironment, name: str
) -> None:
    def work(database: Database) -> list[object]:
        return list(database.run_concurrently([lambda: 1, lambda: 2]))

    with environment.lease(Target("sqlite", name)) as database:
        assert database.run(work) == [1, 2]


async def test_async_engine_works_in_the_callers_loop(
    environment: DatabaseTestEnvironment,
) -> None:
    with environment.lease(Target("sqlite", "aiosqlite")) as database:
        engine = database.async_engine()
        async with engine.connect() as connection:
            enforced = await connection.scalar(text("PRAGMA foreign_keys"))
        await engine.dispose()
    assert enforced == 1


@pytest.mark.parametrize("name", ["pysqlite", "aiosqlite"])
def test_another_database_is_empty_and_apart(
    environment: DatabaseTestEnvironment, name: str
) -> None:
    metadata = MetaData()
    Table("goods", metadata, Column("id", Integer, primary_key=True))
    application = Application("tests:goods", metadata)

    def names(database: Database) -> list[list[str]]:
        with database.another() as other:
            assert other.application is application
            return [inspect(each.engine).get_table_names() for each in (database, other)]

    with environment.lease(Target("sqlite", name), application) as database:
        assert database.run(names) == [["goods"], []]


def test_an_empty_database_knows_its_application(environment: DatabaseTestEnvironment) -> None:
    metadata = MetaData()
    Table("goods", metadata, Column("id", Integer, primary_key=True))
    application = Application("tests:goods", metadata)

    with environment.lease(Target("sqlite", "pysqlite"), application, empty=True) as database:
        assert database.application is application
        assert inspect(database.engine).get_table_names() == []
