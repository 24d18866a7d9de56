"""Faults planted in an engine: what a proxy, a driver or a listener of an application could do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPICursor

    from dbparity.applications import Configure

    Parameters = tuple[object, ...]


class Traffic:
    """The transactions that are open on an engine, and the last statement of each connection."""

    def __init__(self, engine: Engine) -> None:
        self._open: set[int] = set()
        self._lock = threading.Lock()
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "rollback", self._end)
        event.listen(engine, "commit", self._end)
        event.listen(engine, "after_cursor_execute", self._note)

    def crosses(self, connection: Connection, verb: str) -> bool:
        """Whether ``connection`` has just done ``verb`` while another transaction was open."""
        last: str = connection.info.get("last", "")
        with self._lock:
            return last.startswith(verb) and bool(self._open - {id(connection)})

    def _begin(self, connection: Connection) -> None:
        with self._lock:
            self._open.add(id(connection))

    def _end(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(id(connection))

    def _note(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        connection.info["last"] = statement


def losing(verb: str) -> Configure:
    """Roll the first ``verb`` back that is committed while another transaction is open."""

    def configure(engine: Engine) -> None:
        traffic, lost = Traffic(engine), threading.Lock()

        def lose(connection: Connection) -> None:
            if traffic.crosses(connection, verb) and lost.acquire(blocking=False):
                connection.connection.rollback()

        event.listen(engine, "commit", lose)

    return configure


def doubling(engine: Engine) -> None:
    """Send the first INSERT twice beside which another transaction is open."""
    traffic, doubled = Traffic(engine), threading.Lock()

    def repeat(
        connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        parameters: Parameters,
        *_: object,
    ) -> None:
        if traffic.crosses(connection, "INSERT") and doubled.acquire(blocking=False):
            cursor.execute(statement, parameters)

    event.listen(engine, "after_cursor_execute", repeat)


def refusing(verb: str) -> Configure:
    """Refuse the first ``verb`` beside which another transaction is open."""

    def configure(engine: Engine) -> None:
        traffic, refused = Traffic(engine), threading.Lock()

        def refuse(connection: Connection, cursor: DBAPICursor, *_: object) -> None:
            if traffic.crosses(connection, verb) and refused.acquire(blocking=False):
                cursor.execute("SELECT absent FROM nowhere")

        event.listen(engine, "after_cursor_execute", refuse)

    return configure


def committing_each_statement(engine: Engine) -> None:
    """Commit after every statement."""

    def commit(connection: Connection, *_: object) -> None:
        connection.connection.commit()

    event.listen(engine, "after_cursor_execute", commit)


def committing_nothing(engine: Engine) -> None:
    """Make a rollback of every commit of a single row."""

    def note(connection: Connection, _cursor: object, statement: str, *rest: object) -> None:
        *_, many = rest
        connection.info["single"] = statement.startswith("INSERT") and not many

    def lose(connection: Connection) -> None:
        if connection.info.get("single"):
            connection.connection.rollback()

    event.listen(engine, "after_cursor_execute", note)
    event.listen(engine, "commit", lose)


def rewriting(words: str, others: str) -> Configure:
    """Send ``others`` in place of statements that begin with ``words``."""

    def configure(engine: Engine) -> None:
        def rewrite(
            _connection: Connection,
            _cursor: object,
            statement: str,
            parameters: Parameters,
            *_: object,
        ) -> tuple[str, Parameters]:
            return (others if statement.startswith(words) else statement), parameters

        event.listen(engine, "before_cursor_execute", rewrite, retval=True)

    return configure
