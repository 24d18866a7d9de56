"""A database is cleared for its next lease whatever the last test left in it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    create_engine,
    func,
    select,
    text,
)

from dbparity.applications import Application
from dbparity.backends.base import url_for
from dbparity.servers.isolation import REPLAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

    Lease = Callable[..., AbstractContextManager[Database]]

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

metadata = MetaData()
counted = Table("counted", metadata, Column("id", Integer, primary_key=True))
natural = Table(
    'a%20:natural `table"',
    metadata,
    Column("code", String(9), primary_key=True),
    Column("counted", ForeignKey("counted.id", ondelete="RESTRICT")),
)
application = Application("tests:clearing", metadata)


@pytest.fixture
def clearing(
    database_environment: DatabaseTestEnvironment, target: Target
) -> Callable[[Application], Application]:
    """Have an application's databases cleared, where the backend does so."""
    server = database_environment.server(target)
    if not server.backend.clears:
        pytest.skip(f"{server.backend.title} makes every database anew")

    def prefer(application: Application) -> Application:
        ways = (*server.backend.clones, REPLAY)
        server._shelf(application).seconds = {way: deque([9.0]) for way in ways}
        return application

    return prefer


@pytest.fixture
def reader(
    database_environment: DatabaseTestEnvironment, target: Target
) -> Iterator[Callable[[Database], None]]:
    """Read from outside, and stay in the transaction."""
    server = database_environment.server(target)
    opened: list[Connection] = []

    def read(database: Database) -> None:
        url = url_for(
            server.url, server.backend, server.backend.drivers[0], str(database.url.database)
        )
        opened.append(create_engine(url).connect())
        opened[-1].execute(select(counted)).all()

    yield read
    for connection in opened:
        connection.invalidate()
        connection.close()
        connection.engine.dispose()


def fill(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(counted.insert().values(id=1))
        connection.execute(natural.insert().values(code="a", counted=1))


def count(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        return [
            connection.scalar(select(func.count()).select_from(table))
            for table in (counted, natural)
        ]


def change(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE counted ADD COLUMN extra INTEGER"))


def test_every_table_is_emptied_whatever_it_is_called(
    lease: Lease, clearing: Callable[[Application], Application]
) -> None:
    urls = set()
    for _ in range(3):
        with lease(clearing(application)) as database:
            assert database.run(count) == [0, 0]
            database.run(fill)
            urls.add(str(database.url))
    assert len(urls) == 1


def test_schema_that_is_changed_after_many_leases_is_not_leased_again(
    lease: Lease, clearing: Callable[[Application], Application]
) -> None:
    urls = []
    for _ in range(3):
        with lease(clearing(application)) as database:
            urls.append(database.url)
    with lease(application) as changed:
        changed.run(change)
    with lease(application) as fresh:
        assert fresh.run(count) == [0, 0]
    assert urls == [changed.url] * 3
    assert fresh.url != changed.url


def test_transaction_that_only_read_does_not_hold_up_the_next_lease(
    lease: Lease,
    clearing: Callable[[Application], Application],
    reader: Callable[[Database], None],
) -> None:
    with lease(clearing(application)) as database:
        database.run(fill)
        reader(database)
    with lease(application) as again:
        assert again.run(count) == [0, 0]


def test_sequence_begins_anew(lease: Lease, clearing: Callable[[Application], Application]) -> None:
    numbers = Sequence("numbers", start=5, metadata=MetaData())
    app = clearing(Application("tests:numbers", numbers.metadata))  # type: ignore[arg-type]
    given, urls = [], set()
    for _ in range(3):
        with lease(app) as database:
            if not database.features.sequences:
                pytest.skip(f"{database.backend.title} has no sequences")
            given.append(database.run(lambda database: _next(database, numbers)))
            urls.add(str(database.url))
    assert given == [5, 5, 5]
    assert len(urls) == 1


def _next(database: Database, sequence: Sequence) -> object:
    with database.engine.begin() as connection:
        return connection.scalar(select(sequence.next_value()))
