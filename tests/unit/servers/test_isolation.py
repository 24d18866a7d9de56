from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, event, func, select
from sqlalchemy.types import NullType

from dbparity.applications import Application
from dbparity.errors import SchemaRefused
from dbparity.servers.environment import DatabaseTestEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator

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
