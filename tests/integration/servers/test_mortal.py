"""The servers that tests kill lose their connections, and nothing that was committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from dbparity.servers.container import LABEL
from tests.support.mortal import Mortal, mortal
from tests.support.serving import containers

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.server


@pytest.fixture(params=["postgresql@17", "mysql@9", "mariadb@11"])
def server(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[Mortal]:
    with mortal(pytestconfig, request.param) as made:
        yield made


def test_what_was_committed_outlives_the_server(server: Mortal) -> None:
    engine = create_engine(server.make("dbparity_kept"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a int PRIMARY KEY)")
    for number in range(3):
        with engine.connect() as held:
            held.exec_driver_sql(f"INSERT INTO t VALUES ({number + 100})")
            with engine.begin() as connection:
                connection.exec_driver_sql(f"INSERT INTO t VALUES ({number})")
            server.kill()
            with pytest.raises(DBAPIError):
                engine.connect()
            server.revive()
            with pytest.raises(DBAPIError):
                held.exec_driver_sql("SELECT 1")
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT a FROM t ORDER BY a").scalars().all()
        assert rows == list(range(number + 1))


def fail(config: pytest.Config, made: list[str]) -> None:
    with mortal(config, "postgresql@17") as server:
        made.append(server.container.labels[LABEL])
        assert containers(made[0])
        server.kill()
        raise ZeroDivisionError


def test_nothing_of_it_is_left(pytestconfig: pytest.Config) -> None:
    made: list[str] = []
    with pytest.raises(ZeroDivisionError):
        fail(pytestconfig, made)
    assert not containers(made[0])
