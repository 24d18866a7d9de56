"""The part that a server plays: a replica, one that may not be written, one that tells nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from dbparity.stores.redis import RedisStore
from tests.support.serving import serving_valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database

_REPLICATES = {
    "mysql": ("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1'", "RESET REPLICA ALL"),
    "mariadb": ("CHANGE MASTER TO MASTER_HOST = '127.0.0.1'", "RESET SLAVE ALL"),
}


@pytest.fixture
def database(lease: Callable[..., AbstractContextManager[Database]]) -> Iterator[Database]:
    with lease(empty=True) as database:
        yield database


@pytest.fixture
def own_valkey(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a server that nobody else uses."""
    with serving_valkey(pytestconfig) as url:
        yield url.render_as_string(hide_password=False)


async def test_a_replica_of_redis_says_so(own_valkey: str) -> None:
    with Redis.from_url(own_valkey) as client:
        client.replicaof("127.0.0.1", 1)
    greeting = await RedisStore(own_valkey).greet()
    assert (greeting.role, greeting.read_only, greeting.lag) == ("replica", True, None)


@pytest.mark.any_server
def test_each_session_of_a_database_is_told(database: Database) -> None:
    def look(database: Database) -> frozenset[str]:
        with database.engine.connect() as first:
            before = database.backend.sessions(first) or frozenset()
            with database.engine.connect() as second:
                second.execute(text("SELECT 1"))
                first.rollback()
                return (database.backend.sessions(first) or frozenset()) - before

    assert len(database.run(look)) == 1


@pytest.mark.any_server
def test_a_replica_of_mysql_says_so(database: Database) -> None:
    if database.backend.name not in _REPLICATES:
        pytest.skip(f"{database.backend.title} is told by other means")
    begin, end = _REPLICATES[database.backend.name]
    engine = create_engine(database.backend.synchronous(database.url), poolclass=NullPool)
    with engine.connect() as connection:
        assert database.backend.part(connection).role == "primary"
        connection.execute(text(begin))
        try:
            part = database.backend.part(connection)
        finally:
            connection.execute(text(end))
    assert (part.role, part.lag) == ("replica", None)


@pytest.mark.any_server
def test_who_may_not_ask_is_not_told(database: Database) -> None:
    if database.backend.name not in _REPLICATES:
        pytest.skip(f"{database.backend.title} tells everybody")
    engine = create_engine(database.backend.synchronous(database.url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("CREATE USER 'guest'@'%' IDENTIFIED BY 'Guest-1-pass'"))
        try:
            url = engine.url.set(username="guest", password="Guest-1-pass", database="")
            guest = create_engine(url, poolclass=NullPool)
            with guest.connect() as other:
                part = database.backend.part(other)
        finally:
            connection.execute(text("DROP USER 'guest'@'%'"))
    assert part.role == ""
    assert "of" in part.facts["connections"]
