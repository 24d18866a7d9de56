"""What probes are made of: tables for one attempt, and telling "cannot" from "went wrong"."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, MetaData, String, Table, select
from sqlalchemy.exc import CompileError, DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Engine, Executable

    from dbparity.backends.base import Backend

_LOCK_SECONDS = 1


def table_of(*columns: Any, name: str = "item", metadata: MetaData | None = None) -> Table:  # noqa: ANN401
    """A table, not yet made: an ``id``, and ``columns`` or else a short text ``v``."""
    key = Column("id", Integer, primary_key=True, autoincrement=False)
    return Table(name, metadata or MetaData(), key, *(columns or (Column("v", String(10)),)))


@contextmanager
def made(engine: Engine, table: Table, *rows: Mapping[str, object]) -> Iterator[None]:
    """All tables of the metadata of ``table`` for the block, and ``rows`` in it."""
    table.metadata.create_all(engine, checkfirst=False)
    try:
        if rows:
            with engine.begin() as connection:
                connection.execute(table.insert(), list(rows))
        yield
    finally:
        table.metadata.drop_all(engine)


@contextmanager
def impatient(engine: Engine, backend: Backend) -> Iterator[Connection]:
    """A connection that waits a second for a lock; it does not go back to the pool."""
    with engine.connect() as connection:
        backend.lock_timeout(connection, _LOCK_SECONDS)
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.invalidate()


def refused(work: Callable[..., object], *arguments: object) -> Exception | None:
    """The refusal that ``work(*arguments)`` met, or None where it met none.

    A refusal is the server's (or its driver's) no, or SQLAlchemy's, which knows no words for it.

    Raises:
        DBAPIError: the connection was lost, which is no answer.
    """
    try:
        work(*arguments)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return error
    except (CompileError, NotImplementedError) as error:
        return error
    return None


def accepts(engine: Engine, *statements: Executable) -> bool:
    """Whether one transaction of ``statements`` is accepted, its commit included."""
    return refused(perform, engine, *statements) is None


def perform(engine: Engine, *statements: Executable) -> None:
    """Run ``statements`` in one transaction."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def accepts_table(engine: Engine, table: Table) -> bool:
    """Whether ``table`` and its indexes can be made."""
    try:
        return refused(table.create, engine) is None
    finally:
        table.drop(engine, checkfirst=True)


def returns(engine: Engine, statement: Any, expected: list[tuple[object, ...]]) -> bool:  # noqa: ANN401
    """Whether ``statement`` is accepted and returns the ``expected`` rows in their order."""
    rows: list[tuple[object, ...]] = []

    def transaction() -> None:
        with engine.begin() as connection:
            rows.extend(tuple(row) for row in connection.execute(statement))

    return refused(transaction) is None and rows == expected


def refuses(engine: Engine, item: Table, valid: object, invalid: object) -> bool:
    """Whether ``item`` takes the valid value of its column ``v``, and not the invalid one."""
    perform(engine, item.insert().values(id=1, v=valid))
    return not accepts(engine, item.insert().values(id=2, v=invalid))


def keeps(engine: Engine, kind: Any, value: object) -> bool:  # noqa: ANN401  # a type of SQLAlchemy
    """Whether a column of type ``kind`` takes ``value`` and gives it back."""
    item = table_of(Column("v", kind))
    with made(engine, item):
        stored = accepts(engine, item.insert().values(id=1, v=value))
        return stored and returns(engine, select(item.c.v), [(value,)])


def tells_apart(engine: Engine, first: str, second: str) -> bool:
    """Whether a unique column holds both texts."""
    item = table_of(Column("v", String(10), unique=True))
    with made(engine, item, {"id": 1, "v": first}):
        return accepts(engine, item.insert().values(id=2, v=second))
