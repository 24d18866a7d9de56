"""What becomes of the work of every driver when its server is harmed: one server for all of it."""

from __future__ import annotations

import gc
import re
from concurrent.futures import wait
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, NullPool, Table, insert, select, text
from sqlalchemy.exc import DBAPIError

from dbparity.backends import mysql, postgresql
from tests.support.clients import Client, begun, clients, code, together
from tests.support.mortal import Disk, Mortal, mortal, small_disk
from tests.support.waiting import await_that

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL, Connection

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    # aiomysql says so of each connection that somebody else has ended.
    pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning"),
    pytest.mark.untraced,
]

SOON, NEVER = 30, 0.3  # seconds
DISK, ROOM = "330m", 2  # of which as many megabytes are left
NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", LargeBinary(1 << 20)),
)
# By the product's dialect of SQL.
FEW = {"postgres": ("-c", "max_connections=20"), "mysql": ("--max-connections=20",)}
# psycopg knows the code of no login that fails.
TOO_MANY = {"asyncpg": "53300"} | dict.fromkeys(("pymysql", "aiomysql", "asyncmy"), 1040)
# MariaDB ends by itself when its log cannot be written.
FULL: dict[str, set[object]] = {
    "PostgreSQL": {"53100"},
    "MySQL": {1114},
    "MariaDB": {1114, 1021, 2002, 2003, 2006, 2013},
}
# What stands for a failover: sessions that wrote before may only read.
ONLY_READ = {
    "postgres": (
        "ALTER SYSTEM SET default_transaction_read_only = {}",
        "SELECT pg_reload_conf()",
    ),
    "mysql": ("SET GLOBAL read_only = {}",),
}
SEE = {
    "postgres": "SHOW default_transaction_read_only",
    "mysql": "SELECT IF(@@GLOBAL.read_only, 'on', 'off')",
}
READ_ONLY = {"postgres": "25006", "mysql": 1290}
MAKE_USER = {
    "postgres": ("CREATE ROLE app LOGIN PASSWORD 'app'", "GRANT ALL ON notes TO app"),
    "mysql": ("CREATE USER app IDENTIFIED BY 'app'", "GRANT ALL ON dbparity_harmed.* TO app"),
}
BOUNDED_LOGINS = {"psycopg", "psycopg_async", "asyncpg"}


@pytest.mark.parametrize("name", ["postgresql@17", "mysql@9", "mariadb@11"])
def test_a_server_may_freeze_fill_refuse_and_die_and_keeps_what_was_committed(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in (postgresql, mysql):
        monkeypatch.setattr(module, "_CONNECT_SECONDS", 1)
    family = "postgres" if name.startswith("postgresql") else "mysql"
    with (
        small_disk(pytestconfig, name, DISK) as disk,
        mortal(pytestconfig, name, disk, FEW[family]) as server,
    ):
        url = server.make("dbparity_harmed")
        administer(server, url, *made(family))
        with clients(server.backend, url) as everybody:
            a_frozen_server_answers_nobody_and_then_everybody(server, everybody)
            where_sessions_are_processes_those_that_are_open_go_on(server, everybody)
            a_connection_too_many_is_refused_and_then_no_more(server, url)
            a_session_that_may_only_read_is_kept_and_writes_again(server, url)
            a_full_disk_refuses_rows_and_spares_those_that_are_there(server, disk, everybody)
            a_killed_server_keeps_what_was_committed_and_nothing_else(server, everybody)
        gc.collect()


def made(family: str) -> tuple[str, ...]:
    blob = "bytea" if family == "postgres" else "longblob"
    return (f"CREATE TABLE notes (id int PRIMARY KEY, text {blob})", *MAKE_USER[family])


def administer(server: Mortal, url: URL, *statements: str) -> None:
    with clients(server.backend, url, isolation_level="AUTOCOMMIT", poolclass=NullPool) as every:

        def execute() -> None:
            with every[0].engine.connect() as connection:
                for statement in statements:
                    connection.execute(text(statement))

        every[0].run(execute)


def ask(client: Client, question: str = "SELECT 1") -> object:
    def asked() -> object:
        with client.engine.connect() as connection:
            return connection.scalar(text(question))

    return client.run(asked)


def opened(client: Client) -> Connection:
    """A connection that stays open, which other works of the client may use."""
    connection = client.run(client.engine.connect)
    client.run(connection.scalar, select(1))
    return connection


def a_frozen_server_answers_nobody_and_then_everybody(
    server: Mortal, everybody: Sequence[Client]
) -> None:
    sessions = together(everybody, opened)

    def go_on(client: Client) -> object:
        return client.run(sessions[client.driver].scalar, select(1))

    server.body.freeze()
    with begun(everybody, go_on) as answers, begun(everybody, ask) as logins:
        wait(answers.values(), NEVER)
        assert not any(answer.done() for answer in answers.values())
        for driver in BOUNDED_LOGINS.intersection(logins):
            with pytest.raises((DBAPIError, TimeoutError)):
                logins[driver].result(SOON)
        wait(logins.values(), 1.5)
        assert {name for name, each in logins.items() if each.done()} <= BOUNDED_LOGINS
        server.body.thaw()
        assert {answer.result(SOON) for answer in answers.values()} == {1}
    together(everybody, lambda client: client.run(sessions[client.driver].close))
    assert set(together(everybody, ask).values()) == {1}


def where_sessions_are_processes_those_that_are_open_go_on(
    server: Mortal, everybody: Sequence[Client]
) -> None:
    sessions = together(everybody, opened)

    def go_on(client: Client) -> object:
        return client.run(sessions[client.driver].scalar, select(1))

    server.body.freeze(sessions=False)
    with begun(everybody, go_on) as answers, begun(everybody, ask) as logins:
        wait(answers.values(), NEVER)
        answered = {answer.done() for answer in answers.values()}
        assert answered == {server.backend.sql_dialect == "postgres"}
        assert not any(login.done() for login in logins.values())
        server.body.thaw()
        assert {answer.result(SOON) for answer in answers.values()} == {1}
    together(everybody, lambda client: client.run(sessions[client.driver].close))


def a_connection_too_many_is_refused_and_then_no_more(server: Mortal, url: URL) -> None:
    with clients(server.backend, url, poolclass=NullPool) as everybody:
        for client in everybody:

            def everything(client: Client = client) -> None:
                with ExitStack() as stack:
                    while True:
                        stack.enter_context(client.engine.connect())

            def flood(client: Client = client) -> object:
                with pytest.raises(DBAPIError) as caught:
                    everything(client)
                assert re.search("too many (clients|connections)", str(caught.value), re.IGNORECASE)
                return code(caught.value)

            assert client.run(flood) == TOO_MANY.get(client.driver, "OperationalError")
            assert ask(client) == 1


def a_session_that_may_only_read_is_kept_and_writes_again(server: Mortal, url: URL) -> None:
    family, own = server.backend.sql_dialect, url.set(username="app", password="app")

    def write(client: Client, number: int) -> tuple[object, int]:
        """The code of the refusal, if it is one, and which connection it was."""

        def insert_one() -> tuple[object, int]:
            refusal: DBAPIError | None = None
            with client.engine.connect() as connection:
                raw = id(connection.connection.dbapi_connection)
                try:
                    connection.execute(insert(NOTES).values(id=10 * number + client.number))
                    connection.commit()
                except DBAPIError as error:
                    refusal = error
            return (code(refusal) if refusal else None), raw

        return client.run(insert_one)

    def become(state: str) -> None:
        administer(server, url, *(each.format(state) for each in ONLY_READ[family]))
        for client in everybody:
            await_that(lambda client=client: ask(client, SEE[family]) == state)  # type: ignore[misc]

    with clients(server.backend, own) as everybody:
        before = together(everybody, partial(write, number=1))
        become("on")
        meanwhile = together(everybody, partial(write, number=2))
        become("off")
        after = together(everybody, partial(write, number=3))
    assert before == after
    for driver, (refusal, raw) in meanwhile.items():
        assert refusal == READ_ONLY[family]
        assert before[driver] == (None, raw)


def a_full_disk_refuses_rows_and_spares_those_that_are_there(
    server: Mortal, disk: Disk, everybody: Sequence[Client]
) -> None:
    before = rows(everybody[0])
    disk.fill(ROOM)

    def fill(client: Client) -> object:
        def write() -> None:
            with client.engine.connect() as connection:
                for number in range(200):
                    row = {"id": 1000 * client.number + number, "text": bytes(1 << 20)}
                    connection.execute(insert(NOTES), row)

        with pytest.raises(DBAPIError) as caught:
            client.run(write)
        client.bridge.dispose(client.engine)
        return code(caught.value)

    for client in everybody:
        assert fill(client) in FULL[server.backend.title]
    disk.free()
    server.revive()
    for client in everybody:
        assert rows(client) == before


def a_killed_server_keeps_what_was_committed_and_nothing_else(
    server: Mortal, everybody: Sequence[Client]
) -> None:
    before = rows(everybody[0])

    def begin(client: Client) -> Connection:
        def write() -> Connection:
            with client.engine.begin() as connection:
                connection.execute(insert(NOTES).values(id=100 + client.number))
            held = client.engine.connect()
            held.execute(insert(NOTES).values(id=200 + client.number))
            return held

        return client.run(write)

    held = together(everybody, begin)
    server.kill()
    for client in everybody:
        connection = held[client.driver]
        with pytest.raises(DBAPIError) as caught:
            client.run(connection.execute, insert(NOTES).values(id=300))
        assert caught.value.connection_invalidated
        client.run(connection.close)
        with pytest.raises((DBAPIError, OSError)):
            ask(client)
    server.revive()
    committed = [100 + client.number for client in everybody]
    for client in everybody:
        assert rows(client) == sorted([*before, *committed])


def rows(client: Client) -> list[int]:
    def read() -> list[int]:
        with client.engine.connect() as connection:
            return list(connection.scalars(select(NOTES.c.id).order_by(NOTES.c.id)))

    return client.run(read)
