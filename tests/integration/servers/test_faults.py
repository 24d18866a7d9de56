"""What becomes of a driver's work when the network or the session under it is harmed."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from sqlalchemy import URL, Column, Engine, Integer, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from dbparity.applications import Application
from dbparity.servers.faults import BOTH, CALM, FaultProxy, Trouble, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from dbparity.servers.database import Database

T = TypeVar("T")
Open = Callable[..., AbstractContextManager[Engine]]

pytestmark = [
    pytest.mark.server,
    pytest.mark.any_version,
    # aiomysql says so of each connection that somebody else has ended.
    pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning"),
    pytest.mark.untraced,
]

NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True, autoincrement=False))
SOON = 20  # seconds
# How a session of a product is named and ended, by its dialect of SQL.
SESSION = {"postgres": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
END = {"postgres": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}
# What bounds a call whose answer never comes, by driver, in its URL; the others have no such bound.
BOUNDS = {
    "asyncpg": {"command_timeout": "1"},
    "pymysql": {"read_timeout": "1"},
    "asyncmy": {"read_timeout": "1"},
}


@pytest.fixture
def database(database_environment: Any, target: Any) -> Iterator[Database]:  # noqa: ANN401
    """An empty one with a table, on a server."""
    with database_environment.lease(target, Application("tests:notes", NOTES.metadata)) as leased:
        if leased.backend.service is None:
            pytest.skip("there is no network to a file")
        yield leased


@pytest.fixture
def proxy(database: Database) -> Iterator[FaultProxy]:
    assert database.url.host is not None
    assert database.url.port is not None
    with FaultProxy(database.url.host, database.url.port) as made:
        yield made


@pytest.fixture
def opened(database: Database, proxy: FaultProxy) -> Open:
    """Open an engine that goes through the proxy; what is hung is ended with it."""

    @contextmanager
    def opening(url: URL | None = None, **options: Any) -> Iterator[Engine]:  # noqa: ANN401
        through = proxy.through(url or database.url)
        engine = database.bridge.engine(through, **options)
        try:
            yield engine
        finally:
            proxy.trouble = CALM
            proxy.reset()
            database.bridge.dispose(engine)
            gc.collect()  # whatever warns of a connection that was ended shall do so here

    return opening


def one(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(1)) or 0)


def rows(database: Database) -> int:
    def counted(database: Database) -> int:
        with database.engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(NOTES)) or 0)

    return database.run(counted)


@contextmanager
def beside(database: Database, work: Callable[..., T], *arguments: object) -> Iterator[Future[T]]:
    """Do ``work`` in a thread, over the database's bridge."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(database.bridge.run, work, *arguments)


def await_that(condition: Callable[[], bool]) -> None:
    retrying = Retrying(
        stop=stop_after_delay(SOON), wait=wait_fixed(0.01), retry=retry_if_result(lambda x: not x)
    )
    assert retrying(condition)


@pytest.mark.parametrize("pings", [False, True], ids=["without a ping", "with a ping"])
def test_a_reset_of_an_idle_pool_costs_one_error_unless_it_pings(
    database: Database, proxy: FaultProxy, opened: Open, *, pings: bool
) -> None:
    with opened(pool_pre_ping=pings) as engine:
        assert database.bridge.run(one, engine) == 1
        proxy.reset()
        await_that(lambda: proxy.connections == 0)
        if not pings:
            with pytest.raises(DBAPIError) as caught:
                database.bridge.run(one, engine)
            assert caught.value.connection_invalidated
        assert database.bridge.run(one, engine) == 1


def test_a_commit_whose_reply_is_lost_has_happened(
    database: Database, proxy: FaultProxy, opened: Open
) -> None:
    committing = Event()

    def commit(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(insert(NOTES).values(id=1))
            proxy.trouble = Trouble(hold=frozenset({Way.REPLY}))
            committing.set()
            connection.commit()

    with opened() as engine, beside(database, commit, engine) as committed:
        assert committing.wait(SOON)
        await_that(lambda: rows(database) == 1)
        assert not committed.done()
        proxy.reset()
        assert isinstance(committed.exception(SOON), DBAPIError)
    assert rows(database) == 1


def test_a_session_that_is_ended_loses_its_transaction(database: Database, opened: Open) -> None:
    family = database.backend.sql_dialect

    def insert_and_go_on(engine: Engine) -> None:
        with engine.connect() as connection:
            session = connection.scalar(text(SESSION[family]))
            connection.execute(insert(NOTES).values(id=1))
            with database.engine.begin() as other:
                other.execute(text(END[family].format(session)))
            connection.execute(insert(NOTES).values(id=2))

    with opened() as engine:
        with pytest.raises(DBAPIError) as caught:
            database.bridge.run(insert_and_go_on, engine)
        assert caught.value.connection_invalidated
        assert rows(database) == 0
        assert database.bridge.run(one, engine) == 1


def test_rows_that_are_cut_off_are_an_error_and_not_fewer_rows(
    database: Database, proxy: FaultProxy, opened: Open
) -> None:
    many = 5_000

    def read(engine: Engine) -> int:
        with engine.connect() as connection:
            return len(connection.execute(select(NOTES)).all())

    def fill(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(insert(NOTES), [{"id": number} for number in range(many)])

    database.run(fill)
    with opened() as engine:
        assert database.bridge.run(read, engine) == many
        proxy.trouble = Trouble(cut_after=proxy.passed(Way.REPLY) + 10_000)
        with pytest.raises(DBAPIError):
            database.bridge.run(read, engine)


def test_nobody_is_let_in_and_then_again(
    database: Database, proxy: FaultProxy, opened: Open
) -> None:
    with opened() as engine:
        proxy.refuse()
        with pytest.raises((DBAPIError, ConnectionRefusedError)):
            database.bridge.run(one, engine)
        proxy.accept()
        assert database.bridge.run(one, engine) == 1


def test_an_answer_that_never_comes_is_waited_for_without_a_bound(
    database: Database, proxy: FaultProxy, opened: Open
) -> None:
    def ask(connection: Connection) -> None:
        proxy.trouble = Trouble(lose=BOTH)
        connection.execute(select(1))

    with opened() as engine, beside(database, partial(asked, ask), engine) as answer:
        await_that(lambda: proxy.trouble != CALM)
        with pytest.raises(TimeoutError):
            answer.result(0.5)
        proxy.reset()
        assert isinstance(answer.exception(SOON), DBAPIError)


def test_some_drivers_can_bound_the_wait_for_an_answer(
    database: Database, proxy: FaultProxy, opened: Open
) -> None:
    bound = BOUNDS.get(database.target.driver)
    if bound is None:
        pytest.skip(f"{database.target.driver} has no bound for it")

    def ask(connection: Connection) -> None:
        proxy.trouble = Trouble(lose=BOTH)
        connection.execute(select(1))

    with (
        opened(database.url.update_query_dict(bound)) as engine,
        beside(database, partial(asked, ask), engine) as answer,
    ):
        assert isinstance(answer.exception(SOON), (DBAPIError, TimeoutError))


def asked(ask: Callable[[Connection], None], engine: Engine) -> None:
    with engine.connect() as connection:
        ask(connection)
