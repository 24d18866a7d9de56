"""Servers of one's own, frozen, killed and started again as a user of dbparity would."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError

from dbparity.applications import Application
from dbparity.errors import ServerUnavailable
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run, runs
from tests.support.serving import containers, lacking, processes, starting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.servers.database import Database

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("state")]

NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True, autoincrement=False))
APPLICATION = Application("tests:notes", NOTES.metadata)


def write(database: Database, number: int) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(NOTES).values(id=number))


def read(database: Database) -> Sequence[int]:
    with database.engine.connect() as connection:
        return connection.scalars(select(NOTES.c.id).order_by(NOTES.c.id)).all()


@pytest.mark.parametrize(
    ("provider", "server"), [("container", "mariadb@11"), ("embedded", "postgresql")]
)
def test_what_was_committed_outlives_a_server_that_is_frozen_killed_and_started_again(
    pytestconfig: pytest.Config, provider: str, server: str
) -> None:
    with starting(pytestconfig, server, provider, durable=True) as environment:
        for reason in environment.missing.values():
            lacking(pytestconfig, reason)
        target = environment.targets[0]
        body, run = environment.body(target), environment.server(target).run.id
        with environment.lease(target, APPLICATION) as database, ThreadPoolExecutor(1) as beside:
            database.run(lambda database: write(database, 1))
            body.freeze()
            answer = beside.submit(database.run, read)
            with pytest.raises(TimeoutError):
                answer.result(0.3)
            body.thaw()
            assert answer.result(20) == [1]
            body.freeze(sessions=False)
            body.thaw()
            database.run(lambda database: write(database, 2))
            body.kill()
            with pytest.raises((DBAPIError, OSError)):
                database.run(read)
            environment.restart(target)
            assert database.run(read) == [1, 2]
            body.freeze()
    assert not runs()
    assert not containers(run)
    assert not processes(run)


def test_a_server_that_somebody_else_started_is_not_to_be_harmed(
    pytestconfig: pytest.Config,
) -> None:
    with starting(pytestconfig, "postgresql", "embedded") as environment:
        for reason in environment.missing.values():
            lacking(pytestconfig, reason)
        target, run = environment.targets[0], Run.begin()
        joined = DatabaseTestEnvironment([]).join(environment.share(), run)
        with pytest.raises(ServerUnavailable, match="it was not started here"):
            joined.body(target)
        joined.stop()
        run.end()
