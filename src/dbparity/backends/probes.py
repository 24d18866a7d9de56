# ruff: noqa: ARG001  # all probes are called alike
"""Probes: each feature tried for real on an empty database.

A probe answers whether a backend can do what the field of `Features` with the probe's name says.
Only a refusal of the very statement in question is a no; whatever else fails is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Sequence,
    String,
    Text,
    UniqueConstraint,
    column,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateSequence, DropSequence

from dbparity.backends.attempts import (
    accepts,
    accepts_table,
    impatient,
    keeps,
    made,
    perform,
    refused,
    refuses,
    returns,
    table_of,
    tells_apart,
)
from dbparity.backends.base import Backend, Features

Probe = Callable[[Engine, Backend], bool]

_ENOUGH_ROWS = 2000  # for a planner to prefer an index
_ONE, _TWO = {"id": 1, "v": "x"}, {"id": 2, "v": "x"}


def transactional_ddl(engine: Engine, backend: Backend) -> bool:
    """Create a table and roll back."""
    item = table_of()
    try:
        with engine.connect() as connection:
            item.create(connection)
            connection.rollback()
            return not inspect(connection).has_table(item.name)
    finally:
        item.drop(engine, checkfirst=True)


def savepoints(engine: Engine, backend: Backend) -> bool:
    """Insert a row before a savepoint and one after it, and roll back to it."""
    item = table_of()

    def transaction() -> None:
        with engine.begin() as connection:
            connection.execute(item.insert().values(_ONE))
            savepoint = connection.begin_nested()
            connection.execute(item.insert().values(_TWO))
            savepoint.rollback()

    with made(engine, item):
        return refused(transaction) is None and returns(engine, select(item.c.id), [(1,)])


def savepoint_ddl(engine: Engine, backend: Backend) -> bool:
    """Create a table after a savepoint, and roll back to it."""
    item = table_of()

    def transaction() -> None:
        with engine.begin() as connection:
            savepoint = connection.begin_nested()
            item.create(connection)
            savepoint.rollback()

    try:
        return refused(transaction) is None
    finally:
        item.drop(engine, checkfirst=True)


def partial_indexes(engine: Engine, backend: Backend) -> bool:
    """Make a unique index of the positive values, and double another one."""
    item = table_of(Column("v", Integer))

    def create() -> None:
        # Not every dialect has an option for it, and those that have each their own.
        index = CreateIndex(Index("item_v", item.c.v, unique=True)).compile(dialect=engine.dialect)
        literal = {"literal_binds": True}
        where = (column("v") > 0).compile(dialect=engine.dialect, compile_kwargs=literal)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"{index} WHERE {where}")

    with made(engine, item, {"id": 1, "v": 0}):
        return refused(create) is None and accepts(engine, item.insert().values(id=2, v=0))


def expression_indexes(engine: Engine, backend: Backend) -> bool:
    """Index a function of a column."""
    item = table_of()
    with made(engine, item):
        return accepts(engine, CreateIndex(Index("item_lower", func.lower(item.c.v))))


def insert_returning(engine: Engine, backend: Backend) -> bool:
    """Insert a row and have it returned."""
    item = table_of()
    with made(engine, item):
        return returns(engine, item.insert().values(_ONE).returning(item.c.v), [("x",)])


def update_returning(engine: Engine, backend: Backend) -> bool:
    """Update a row and have it returned."""
    item = table_of()
    with made(engine, item, _ONE):
        return returns(engine, item.update().values(v="y").returning(item.c.v), [("y",)])


def delete_returning(engine: Engine, backend: Backend) -> bool:
    """Delete a row and have it returned."""
    item = table_of()
    with made(engine, item, _ONE):
        return returns(engine, item.delete().returning(item.c.v), [("x",)])


def deferrable_foreign_keys(engine: Engine, backend: Backend) -> bool:
    """Insert a child before its parent."""
    parent = table_of()
    key = ForeignKey("item.id", deferrable=True, initially="DEFERRED")
    child = table_of(Column("parent", Integer, key), name="child", metadata=parent.metadata)
    inserts = (child.insert().values(id=1, parent=1), parent.insert().values(id=1))
    try:
        known = refused(parent.metadata.create_all, engine) is None
        return known and accepts(engine, *inserts)
    finally:
        parent.metadata.drop_all(engine)


def deferrable_unique_constraints(engine: Engine, backend: Backend) -> bool:
    """Insert a value twice, and take the first one away before the commit."""
    once = UniqueConstraint("v", deferrable=True, initially="DEFERRED")
    item = table_of(Column("v", Integer), once)
    rows = [item.insert().values(id=number, v=1) for number in (1, 2)]
    try:
        known = refused(item.create, engine) is None
        return known and accepts(engine, *rows, item.delete().where(item.c.id == 1))
    finally:
        item.drop(engine, checkfirst=True)


def full_match_foreign_keys(engine: Engine, backend: Backend) -> bool:
    """Insert a child whose key is NULL in part."""
    parent = table_of(Column("a", Integer), Column("b", Integer), UniqueConstraint("a", "b"))
    child = table_of(
        *(Column("a", Integer), Column("b", Integer)),
        ForeignKeyConstraint(["a", "b"], ["item.a", "item.b"], match="FULL"),
        name="child",
        metadata=parent.metadata,
    )
    try:
        known = refused(parent.metadata.create_all, engine) is None
        return known and not accepts(engine, child.insert().values(id=1, a=1))
    finally:
        parent.metadata.drop_all(engine)


def enforces_foreign_keys(engine: Engine, backend: Backend) -> bool:
    """Insert a child without a parent."""
    parent = table_of()
    reference = Column("v", Integer, ForeignKey("item.id"))
    child = table_of(reference, name="child", metadata=parent.metadata)
    with made(engine, parent, _ONE):
        return refuses(engine, child, 1, 2)


def enforces_foreign_keys_beside_null(engine: Engine, backend: Backend) -> bool:
    """Update a child to no parent, its key in a unique index whose last column is NULL."""
    parent = table_of()
    columns = (Column("v", Integer, ForeignKey("item.id")), Column("active", Integer))
    child = table_of(
        *columns,
        Index("beside_null", "v", "active", unique=True),
        name="child",
        metadata=parent.metadata,
    )
    with made(engine, parent, _ONE):
        with engine.begin() as connection:
            connection.execute(child.insert(), {"id": 1, "v": 1, "active": None})
        return not accepts(engine, child.update().values(v=2))


def enforces_checks(engine: Engine, backend: Backend) -> bool:
    """Insert what a check forbids."""
    item = table_of(Column("v", Integer), CheckConstraint(column("v") > 0, name="positive"))
    with made(engine, item):
        return refuses(engine, item, 1, 0)


def enforces_lengths(engine: Engine, backend: Backend) -> bool:
    """Insert four characters where three fit."""
    item = table_of(Column("v", String(3)))
    with made(engine, item):
        return refuses(engine, item, "abc", "abcd")


def enforces_types(engine: Engine, backend: Backend) -> bool:
    """Insert letters into a number; as a literal, since some drivers look at bound values."""
    item = table_of(Column("v", Integer))
    with made(engine, item):
        return refuses(engine, item, 1, literal_column("'abc'"))


def fractional_seconds(engine: Engine, backend: Backend) -> bool:
    """Store microseconds."""
    return keeps(engine, DateTime(), datetime.fromisoformat("2024-02-29 23:59:58.123456"))


def case_sensitive(engine: Engine, backend: Backend) -> bool:
    """Store a and A in a unique column."""
    return tells_apart(engine, "a", "A")


def accent_sensitive(engine: Engine, backend: Backend) -> bool:
    """Store e and é in a unique column."""
    return tells_apart(engine, "e", "é")


def trailing_space_sensitive(engine: Engine, backend: Backend) -> bool:
    """Store a with and without a space after it in a unique column."""
    return tells_apart(engine, "a", "a ")


def unbounded_strings(engine: Engine, backend: Backend) -> bool:
    """Make a column of String without a length."""
    return accepts_table(engine, table_of(Column("v", String)))


def indexes_text(engine: Engine, backend: Backend) -> bool:
    """Index a column of Text."""
    return accepts_table(engine, table_of(Column("v", Text, index=True)))


def stores_nul(engine: Engine, backend: Backend) -> bool:
    """Store NUL amid text."""
    return keeps(engine, String(10), "a\x00b")


def nulls_first(engine: Engine, backend: Backend) -> bool:
    """Order a text and a NULL."""
    item = table_of()
    with made(engine, item, _ONE, {"id": 2, "v": None}):
        return returns(engine, select(item.c.id).order_by(item.c.v), [(2,), (1,)])


def row_locks(engine: Engine, backend: Backend) -> bool:
    """Lock a row, and get the next one where locked ones are skipped."""
    item = table_of()
    unlocked = select(item.c.id).order_by(item.c.id).limit(1).with_for_update(skip_locked=True)
    got: list[int] = []
    with (
        made(engine, item, _ONE, _TWO),
        impatient(engine, backend) as first,
        impatient(engine, backend) as second,
    ):
        refused(lambda: got.extend(each.scalars(unlocked).one() for each in (first, second)))
    return got == [1, 2]


def concurrent_writers(engine: Engine, backend: Backend) -> bool:
    """Update two rows in two transactions that are open at once."""
    item = table_of()
    with (
        made(engine, item, _ONE, _TWO),
        impatient(engine, backend) as first,
        impatient(engine, backend) as second,
    ):
        first.execute(item.update().filter_by(id=1).values(v="y"))
        statement = item.update().filter_by(id=2).values(v="y")
        written = refused(second.execute, statement) is None
        return written and refused(second.commit) is None and refused(first.commit) is None


def aborts_on_error(engine: Engine, backend: Backend) -> bool:
    """Select after a refused insert."""
    item = table_of()
    with made(engine, item, _ONE), engine.connect() as connection:
        with suppress(DBAPIError):
            connection.execute(item.insert().values(_ONE))
        return refused(connection.execute, select(item.c.id)) is not None


def repeatable_reads(engine: Engine, backend: Backend) -> bool:
    """Read a row twice, while another transaction changes it if it may."""
    item = table_of()
    value = select(item.c.v)
    with (
        made(engine, item, _ONE),
        engine.connect() as reader,
        impatient(engine, backend) as writer,
    ):

        def change() -> None:
            writer.execute(item.update().values(v="y"))
            writer.commit()

        before = reader.scalar(value)
        refused(change)
        return reader.scalar(value) == before


def nulls_last_syntax(engine: Engine, backend: Backend) -> bool:
    """Order a NULL last."""
    item = table_of()
    ordered = select(item.c.id).order_by(item.c.v.asc().nulls_last())
    with made(engine, item, {"id": 1, "v": None}, _TWO):
        return returns(engine, ordered, [(2,), (1,)])


def full_outer_join(engine: Engine, backend: Backend) -> bool:
    """Join two rows that do not match."""
    item = table_of()
    left, right = item.alias(), item.alias()
    joined = left.outerjoin(right, left.c.id + 1 == right.c.id, full=True)
    pairs = select(left.c.id, right.c.id).select_from(joined)
    with made(engine, item, _ONE):
        return returns(engine, pairs.order_by(func.coalesce(left.c.id, 0)), [(None, 1), (1, None)])


def sequences(engine: Engine, backend: Backend) -> bool:
    """Make a sequence and take its first number."""
    ticket = Sequence("ticket")
    if not accepts(engine, CreateSequence(ticket)):
        return False
    try:
        return returns(engine, select(ticket.next_value()), [(1,)])
    finally:
        perform(engine, DropSequence(ticket))


def comments(engine: Engine, backend: Backend) -> bool:
    """Make a table with a comment and read it back."""
    item = table_of()
    item.comment = "it's a comment"
    found: list[str | None] = []
    with made(engine, item), engine.connect() as connection:
        inspector = inspect(connection)
        refused(lambda: found.append(inspector.get_table_comment(item.name)["text"]))
    return found == [item.comment]


def reflects_schema(engine: Engine, backend: Backend) -> bool:
    """Make a table with a key, a reference and an index, and read them back."""
    parent = table_of()
    child = table_of(
        Column("parent", Integer, ForeignKey("item.id"), index=True),
        name="child",
        metadata=parent.metadata,
    )
    found: list[object] = []

    def reflect() -> None:
        inspector = inspect(engine)
        found.append([column["name"] for column in inspector.get_columns("child")])
        found.append(inspector.get_pk_constraint("child")["constrained_columns"])
        found.append([key["referred_table"] for key in inspector.get_foreign_keys("child")])
        found.append([index["name"] for index in inspector.get_indexes("child")])

    with made(engine, child):
        refused(reflect)
    return found == [["id", "parent"], ["id"], ["item"], ["ix_child_parent"]]


def explains_indexes(engine: Engine, backend: Backend) -> bool:
    """Explain a look-up by an indexed column, and one by another."""
    item = table_of(Column("v", String(10), index=True), Column("w", Integer))
    rows = [{"id": number, "v": f"v{number}", "w": number} for number in range(_ENOUGH_ROWS)]
    with made(engine, item, *rows), engine.connect() as connection:
        backend.analyze(connection, [item])
        connection.commit()
        by_index = backend.explain(connection, select(item).filter_by(v="v1"))
        by_scan = backend.explain(connection, select(item).filter_by(w=1))
    return by_index.indexes == {"ix_item_v"} and not by_scan.indexes


PROBES: Mapping[str, Probe] = MappingProxyType(
    {feature.name: globals()[feature.name] for feature in fields(Features)}
)
