"""What becomes of the work of every driver when its session, a lock or the network fails it.

Each test goes through all drivers of one server at once.
"""

from __future__ import annotations

import gc
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    NullPool,
    Table,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from dbparity.applications import Application
from dbparity.backends import mysql, postgresql
from dbparity.results import Outcome
from dbparity.servers.commits import commit
from dbparity.servers.faults import BOTH, CALM, FaultProxy, Trouble, Way
from tests.support.clients import Client, begun, clients, code, together
from tests.support.waiting import await_that

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from sqlalchemy import Connection, Update

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

pytestmark = [
    pytest.mark.any_server,
    # aiomysql says so of each connection that somebody else has ended.
    pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning"),
]

SOON = 20  # seconds
NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False, server_default="0"),
)
# What only a commit refuses; not every product has such.
STRICT = Table(
    "strict",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("of", ForeignKey("strict.id", deferrable=True, initially="DEFERRED")),
)
# By the product's dialect of SQL, or by its title where MySQL and MariaDB differ.
SESSION = {"postgres": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
END = {"postgres": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}
# asyncpg hears of it while it waits for something else, and then says only that it is closed.
ENDED: dict[str, set[object]] = {
    "psycopg": {"57P01"},
    "psycopg_async": {"57P01"},
    "asyncpg": {"57P01", "08003", "InterfaceError", "InternalError"},
    "pymysql": {2013},
    "aiomysql": {2013},
    "asyncmy": {2006, 2013},
}
LOCKED = {"postgres": "55P03", "mysql": 1205, "sqlite": 5}
DEADLOCK = {"postgres": "40P01", "mysql": 1213}
READ_ONLY = {"postgres": "25006", "mysql": 1792, "sqlite": 8}
SLEEP = {"postgres": "SELECT pg_sleep(10)", "mysql": "SELECT SLEEP(10) FROM notes"}
LIMIT = {
    "PostgreSQL": ("SET statement_timeout = '100ms'", "57014"),
    "MySQL": ("SET max_execution_time = 100", 3024),
    "MariaDB": ("SET max_statement_time = 0.1", 1969),
}
# What bounds a call whose answer never comes; the others have no such bound.
BOUNDS = {
    "asyncpg": {"command_timeout": "0.5"},
    "pymysql": {"read_timeout": "1"},
    "asyncmy": {"read_timeout": "1"},
}
BOUNDED_LOGINS = {"psycopg", "psycopg_async", "asyncpg"}


@pytest.fixture
def database(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Database]:
    """One with rows of 100, 101, 200, 201, ...: two for each driver."""
    with database_environment.lease(target, Application("tests:notes", NOTES.metadata)) as leased:
        leased.run(fill)
        yield leased


@pytest.fixture
def everybody(database: Database) -> Iterator[list[Client]]:
    with clients(database.backend, database.url) as made:
        yield made
    gc.collect()  # whatever warns of a connection that was ended shall do so here


@contextmanager
def harmed(database: Database, **options: Any) -> Iterator[tuple[FaultProxy, list[Client]]]:  # noqa: ANN401
    """A proxy, and clients behind it; what hangs is ended with them."""
    if database.url.port is None:
        pytest.skip("there is no network to a file")
    with (
        FaultProxy(str(database.url.host), database.url.port) as proxy,
        clients(database.backend, proxy.through(database.url), **options) as made,
    ):
        try:
            yield proxy, made
        finally:
            proxy.trouble = CALM
            proxy.reset()
    gc.collect()


def fill(database: Database) -> None:
    rows = [{"id": 100 * number + other} for number in range(1, 5) for other in range(2)]
    with database.engine.begin() as connection:
        connection.execute(insert(NOTES), rows)


def has(client: Client, row: int) -> bool:
    def look() -> bool:
        with client.engine.connect() as connection:
            found = connection.scalar(select(func.count()).where(NOTES.c.id == row))
            return found == 1

    return client.run(look)


def one(client: Client) -> int:
    def ask() -> int:
        with client.engine.connect() as connection:
            return int(connection.scalar(select(1)) or 0)

    return client.run(ask)


def count(row: int) -> Update:
    return update(NOTES).where(NOTES.c.id == row).values(n=NOTES.c.n + 1)


def error_of(work: Callable[[], object]) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught:
        work()
    return caught.value


def served(database: Database) -> None:
    if database.backend.service is None:
        pytest.skip("a file has no server")


def test_a_session_that_is_ended_loses_its_transaction_and_its_connection(
    database: Database, everybody: list[Client]
) -> None:
    served(database)
    family = database.backend.sql_dialect

    def lose(client: Client) -> object:
        new = 100 * client.number + 50

        def write() -> DBAPIError:
            with client.engine.connect() as connection:
                session = connection.scalar(text(SESSION[family]))
                connection.execute(insert(NOTES).values(id=new))
                with client.engine.begin() as other:
                    other.execute(text(END[family].format(session)))
                error = error_of(lambda: connection.execute(insert(NOTES).values(id=new + 1)))
                assert connection.invalidated
                return error

        error = client.run(write)
        assert error.connection_invalidated
        assert not has(client, new)
        return code(error)

    for driver, found in together(everybody, lose).items():
        assert found in ENDED[driver]


def test_a_lock_that_is_not_had_in_time_undoes_the_statement_or_the_transaction(
    database: Database, everybody: list[Client]
) -> None:
    backend, has_server = database.backend, database.backend.service is not None

    def wait(client: Client) -> tuple[object, bool]:
        row = 100 * client.number

        def write() -> DBAPIError:
            with client.engine.connect() as one, client.engine.connect() as other:
                backend.lock_timeout(other, 1 if has_server else 0)
                other.commit()
                one.execute(count(row))
                if has_server:
                    other.execute(insert(NOTES).values(id=row + 50))
                error = error_of(lambda: other.execute(count(row)))
                assert not other.invalidated
                one.rollback()
                other.commit()
                return error

        return code(client.run(write)), has(client, row + 50)

    # Of PostgreSQL's, the commit says nothing, and is a rollback.
    kept = backend.sql_dialect == "mysql"
    for found in together(everybody, wait).values():
        assert found == (LOCKED[backend.sql_dialect], kept)


def test_of_a_deadlock_one_survives(database: Database, everybody: list[Client]) -> None:
    served(database)
    backend = database.backend

    def meet(client: Client) -> list[object]:
        rows = (100 * client.number, 100 * client.number + 1)
        both = Barrier(2)

        def write(first: int, second: int) -> None:
            with client.engine.begin() as connection:
                backend.lock_timeout(connection, SOON)
                connection.execute(count(first))
                client.bridge.outside(both.wait, SOON)
                connection.execute(count(second))

        def race() -> list[Exception | None]:
            return client.bridge.gather([partial(write, *rows), partial(write, *reversed(rows))])

        ended = client.run(race)
        return [None if each is None else code(each) for each in ended]

    for found in together(everybody, meet).values():
        assert sorted(found, key=str) == sorted([None, DEADLOCK[backend.sql_dialect]], key=str)


def test_a_pool_keeps_a_connection_that_only_reads(
    database: Database, everybody: list[Client]
) -> None:
    def write(client: Client) -> object:
        engine = client.bridge.engine(client.url)
        database.backend.prepare(engine)
        database.backend.read_only(engine)

        def refused() -> DBAPIError:
            with engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                error = error_of(lambda: connection.execute(insert(NOTES).values(id=1)))
            with engine.connect() as connection:
                assert connection.connection.dbapi_connection is raw
            return error

        error = client.run(refused)
        client.bridge.dispose(engine)
        assert not error.connection_invalidated
        return code(error)

    for found in together(everybody, write).values():
        assert found == READ_ONLY[database.backend.sql_dialect]


def test_a_file_that_cannot_grow_keeps_what_it_has(
    database: Database, everybody: list[Client]
) -> None:
    if database.backend.service is not None:
        pytest.skip("a full disk of a server is made by test_harmed_servers")

    def fill(client: Client) -> tuple[object, str]:
        def write() -> tuple[object, str]:
            with client.engine.connect() as connection:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
                rows = [{"id": 1000 * client.number + number} for number in range(5000)]
                error = error_of(lambda: connection.execute(insert(NOTES), rows))
                connection.rollback()
                intact = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
                return code(error), str(intact)

        told = client.run(write)
        assert not has(client, 1000 * client.number)
        assert has(client, 100 * client.number)
        return told

    assert set(together(everybody, fill).values()) == {(13, "ok")}


def test_a_statement_that_the_server_ends_in_time_costs_no_connection(
    database: Database, everybody: list[Client]
) -> None:
    served(database)
    backend = database.backend
    limit, expected = LIMIT[backend.title]

    def sleep(client: Client) -> object:
        def slow() -> DBAPIError:
            with client.engine.connect() as connection:
                connection.exec_driver_sql(limit)
                connection.commit()
                asked = text(SLEEP[backend.sql_dialect])
                error = error_of(lambda: connection.execute(asked).all())
                connection.rollback()
                assert connection.scalar(select(1)) == 1
                return error

        return code(client.run(slow))

    for found in together(everybody, sleep).values():
        assert found == expected


@pytest.mark.parametrize("end", [FaultProxy.reset, FaultProxy.hang_up], ids=["reset", "hung up"])
def test_a_commit_whose_answer_is_lost_is_unknown_and_has_happened(
    database: Database, end: Callable[[FaultProxy], None]
) -> None:
    with harmed(database) as (proxy, made), committing(database, proxy, made) as outcomes:
        assert not any(outcome.done() for outcome in outcomes)
        end(proxy)
        assert {outcome.result(SOON) for outcome in outcomes} == {Outcome.UNKNOWN}
        proxy.trouble = CALM
        assert set(together(made, one).values()) == {1}


def test_a_commit_that_a_driver_waits_for_no_longer_is_unknown_and_has_happened(
    database: Database,
) -> None:
    with harmed(database) as (proxy, made), bounded(made) as impatient:
        with committing(database, proxy, impatient) as outcomes:
            assert {outcome.result(SOON) for outcome in outcomes} == {Outcome.UNKNOWN}
        proxy.trouble = CALM
        proxy.reset()
        assert set(together(impatient, one).values()) == {1}


@contextmanager
def bounded(made: list[Client]) -> Iterator[list[Client]]:
    """Those who can bound how long they wait for an answer, and do."""
    with ExitStack() as stack:
        found = []
        for client in [client for client in made if client.driver in BOUNDS]:
            engine = client.bridge.engine(client.url.update_query_dict(BOUNDS[client.driver]))
            stack.callback(client.bridge.dispose, engine)
            found.append(replace(client, engine=engine))
        yield found


@contextmanager
def committing(
    database: Database, proxy: FaultProxy, made: list[Client]
) -> Iterator[list[Future[Outcome]]]:
    """Commits of everybody's row, which have happened, and whose answers are on their way."""
    written = Barrier(len(made) + 1)

    def write(client: Client) -> Outcome:
        def work() -> Outcome:
            with client.engine.connect() as connection:
                connection.execute(insert(NOTES).values(id=client.number))
                client.bridge.outside(written.wait, SOON)
                return commit(connection)

        return client.run(work)

    with begun(made, write) as outcomes:
        await_that(lambda: written.n_waiting == len(made))
        proxy.trouble = Trouble(hold=frozenset({Way.REPLY}))
        written.wait(SOON)
        await_that(lambda: own(database) == len(made))
        yield list(outcomes.values())


def test_a_commit_that_is_answered_is_known(database: Database, everybody: list[Client]) -> None:
    def write(client: Client) -> Outcome:
        def work(connection: Connection) -> Outcome:
            connection.execute(insert(NOTES).values(id=client.number))
            return commit(connection)

        def connected() -> Outcome:
            with client.engine.connect() as connection:
                return work(connection)

        return client.run(connected)

    assert set(together(everybody, write).values()) == {Outcome.PASSED}
    assert own(database) == len(everybody)


def test_a_commit_that_is_refused_is_an_error(database: Database, everybody: list[Client]) -> None:
    if not database.features.deferrable_foreign_keys:
        pytest.skip("a commit refuses nothing")

    def make(database: Database) -> None:
        with database.engine.begin() as connection:
            STRICT.metadata.create_all(connection)

    def write(client: Client) -> bool:
        def refused() -> bool:
            with client.engine.connect() as connection:
                connection.execute(insert(STRICT).values(id=client.number, of=9999))
                return error_of(lambda: commit(connection)).connection_invalidated

        return client.run(refused)

    database.run(make)
    assert set(together(everybody, write).values()) == {False}


def own(database: Database) -> int:
    """How many rows the clients have added."""

    def counted(database: Database) -> int:
        with database.engine.connect() as connection:
            asked = select(func.count()).where(NOTES.c.id < 100)
            return int(connection.scalar(asked) or 0)

    return database.run(counted)


def test_a_ping_of_a_connection_that_is_half_open_is_not_answered_either(
    database: Database,
) -> None:
    with harmed(database, pool_pre_ping=True) as (proxy, made):
        assert set(together(made, one).values()) == {1}
        proxy.trouble = Trouble(lose=BOTH)
        with begun(made, one) as answers:
            first = next(iter(answers.values()))
            with pytest.raises(TimeoutError):
                first.result(0.5)
            assert not any(answer.done() for answer in answers.values())
            proxy.trouble = CALM
            proxy.reset()
            assert {answer.result(SOON) for answer in answers.values()} == {1}


def test_a_login_that_is_not_answered_ends_only_where_the_driver_bounds_all_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (postgresql, mysql):
        monkeypatch.setattr(module, "_CONNECT_SECONDS", 1)
    with harmed(database, poolclass=NullPool) as (proxy, made), bounded(made) as impatient:
        proxy.trouble = Trouble(hold=frozenset({Way.REPLY}))
        with begun(made, one) as logins, begun(impatient, one) as bounded_logins:
            ending = [logins[name] for name in BOUNDED_LOGINS.intersection(logins)]
            for login in (*ending, *bounded_logins.values()):
                with pytest.raises((DBAPIError, TimeoutError)):
                    login.result(SOON)
            wait(logins.values(), 0.5)
            hanging = [login for login in logins.values() if not login.done()]
            assert len(hanging) == len(logins) - len(ending)
            proxy.trouble = CALM
            assert all(login.result(SOON) == 1 for login in hanging)
