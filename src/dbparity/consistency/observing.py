"""Scheduling points that nobody has to mark: behind each command that a client sends.

with observing(redis, engine): ...  →  every command of an actor is a step
"""

from __future__ import annotations

import inspect
import re
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from dbparity.consistency.interleaving import acting, cannot_tell, command, step, under_way

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sqlalchemy import Dialect, PoolProxiedConnection

_READS = re.compile(r"\s*SELECT\b(?!.*\bFOR\b)", re.IGNORECASE | re.DOTALL)
_BEGINS = re.compile(
    r"\s*(?:BEGIN|START TRANSACTION)\b(?:\s+DEFERRED)?\s*(?P<locks>\w*)", re.IGNORECASE
)
_ROLLBACK = "ROLLBACK"
_WIDTH = 40  # characters of a step's name
# What is granted is so at once in pg_locks, while its session may still be said to wait.
_ON_POSTGRESQL = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database()
"""
# There even where performance_schema is off.
_ON_INNODB = """
SELECT count(*) FROM information_schema.innodb_trx
JOIN information_schema.processlist ON id = trx_mysql_thread_id
WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()
"""
# Tried in turn: which of them a server understands is all that has to be known of it.
_WAITING = (_ON_POSTGRESQL, _ON_INNODB)


@runtime_checkable
class Commands(Protocol):
    """A client of Redis or a compatible server: that of redis.asyncio or valkey.asyncio."""

    def execute_command(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Send one command, such as ``"GET", key``, and return the answer when awaited."""


@contextmanager
def observing(*clients: object) -> Iterator[None]:
    """Make a step of everything that actors do by ``clients`` in the block.

    Of a client of Redis each command and each pipeline is one, of an `AsyncEngine` each statement
    and each end of a transaction that has done more than read, of any other object each of its
    public coroutine methods. What a step consists of is no step by itself.
    """
    with ExitStack() as stack:
        for client in clients:
            if isinstance(client, AsyncEngine):
                stack.enter_context(_engine(client))
            elif isinstance(client, Commands):
                stack.enter_context(_redis(client))
            else:
                stack.enter_context(_object(client))
        yield


async def waiting_on(engine: AsyncEngine) -> Callable[[], Awaitable[int]]:
    """How the server of ``engine`` is asked how many sessions wait for a lock."""
    for question in _WAITING:
        try:
            await _count(engine, question)
        except DBAPIError:
            continue
        return lambda: _count(engine, question)
    return cannot_tell


async def _count(engine: AsyncEngine, question: str) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text(question)) or 0)


@contextmanager
def _replaced(owner: object, **methods: Callable[..., Any]) -> Iterator[None]:
    """Let ``owner``, and no other object of its class, have these methods for the block."""
    before = {name: vars(owner)[name] for name in methods if name in vars(owner)}
    vars(owner).update(methods)
    try:
        yield
    finally:
        for name in methods:
            del vars(owner)[name]
        vars(owner).update(before)


@contextmanager
def _redis(client: Any) -> Iterator[None]:  # noqa: ANN401  # of either package
    send, pipeline = client.execute_command, client.pipeline

    async def execute_command(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        return await command(_named(arguments), lambda: send(*arguments, **options))

    def observed_pipeline(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        made = pipeline(*arguments, **options)
        execute, at_once = made.execute, made.immediate_execute_command

        async def observed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            queued = (_named(sent[0]) for sent in made.command_stack)
            return await command(", ".join(queued), lambda: execute(*arguments, **options))

        async def immediate(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            return await command(_named(arguments), lambda: at_once(*arguments, **options))

        vars(made).update(execute=observed, immediate_execute_command=immediate)
        return made

    with _replaced(client, execute_command=execute_command, pipeline=observed_pipeline):
        yield


def _named(arguments: tuple[Any, ...]) -> str:
    """A command with its first key; a script by its key alone, since its text is long."""
    name, *rest = map(_spelled, arguments)
    keys = rest[2:3] if name.startswith("EVAL") else rest[:1]
    return " ".join([name, *keys])[:_WIDTH]


def _spelled(argument: object) -> str:
    return argument.decode(errors="replace") if isinstance(argument, bytes) else str(argument)


@contextmanager
def _engine(engine: AsyncEngine) -> Iterator[None]:
    dialect, seen = engine.sync_engine.dialect, _Transactions()
    sends = ("do_execute", "do_executemany", "do_execute_no_params")
    ends = {"do_commit": "COMMIT", "do_rollback": _ROLLBACK}
    methods = {name: seen.sending(getattr(dialect, name)) for name in sends}
    methods |= {n: seen.ending(dialect, getattr(dialect, n), title) for n, title in ends.items()}
    with _replaced(dialect, **methods):
        yield


class _Transactions:
    """Those of an engine: which have done more than read, and which began by a statement.

    The latter do so on SQLite, where the driver is told that each statement is one by itself.
    """

    def __init__(self) -> None:
        self._wrote: set[int] = set()
        self._begun: set[int] = set()

    def sending(self, send: Callable[..., None]) -> Callable[..., None]:
        @wraps(send)
        def sent(cursor: Any, statement: str, *arguments: Any) -> None:  # noqa: ANN401
            matters = acting() and self._matters(statement, arguments[-1])
            with under_way() as whole:
                send(cursor, statement, *arguments)
            if whole and matters:
                await_only(step(" ".join(statement.split())[:_WIDTH]))

        return sent

    def ending(
        self, dialect: Dialect, end: Callable[[Any], None], title: str
    ) -> Callable[[Any], None]:
        @wraps(end)
        def ended(connection: PoolProxiedConnection) -> None:
            number = id(connection.dbapi_connection)
            within = number in self._begun or not dialect.detect_autocommit_setting(connection)
            matters = acting() and within and number in self._wrote
            self._begun.discard(number)
            self._wrote.discard(number)
            with under_way(by_the_dead=title == _ROLLBACK) as whole:
                end(connection)
            if whole and matters:
                await_only(step(title))

        return ended

    def _matters(self, statement: str, context: Any) -> bool:  # noqa: ANN401  # the dialect's
        """Whether others can tell that it was sent; all but a mere BEGIN."""
        number = id(context.root_connection.connection.dbapi_connection)
        begins = _BEGINS.match(statement)
        if begins:
            self._begun.add(number)
        if not (_READS.match(statement) or (begins and not begins["locks"])):
            self._wrote.add(number)
        return not begins or bool(begins["locks"])


@contextmanager
def _object(client: object) -> Iterator[None]:
    methods = {
        name: _method(name, method)
        for name, method in inspect.getmembers(client, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    with _replaced(client, **methods):
        yield


def _method(name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def called(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        did = " ".join([name, *map(str, arguments[:1])])[:_WIDTH]
        return await command(did, lambda: method(*arguments, **options))

    return called
