from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, MetaData, Table, or_, select

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dbparity.backends.base import Plan
    from dbparity.servers.database import Database

ITEM = Table(
    "item",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("a", Integer, index=True),
    Column("b", Integer, index=True),
)


def plan_of_two_lookups(database: Database) -> Plan:
    ITEM.metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        connection.execute(ITEM.insert(), [{"a": n, "b": -n} for n in range(2000)])
        connection.commit()
        database.backend.analyze(connection, [ITEM])
        connection.commit()
        return database.backend.explain(
            connection, select(ITEM).where(or_(ITEM.c.a == 7, ITEM.c.b == -9))
        )


def test_plan_names_every_index_that_is_used_for_one_table(
    lease: Callable[[], AbstractContextManager[Database]],
) -> None:
    with lease() as database:
        assert database.run(plan_of_two_lookups).indexes == {"ix_item_a", "ix_item_b"}
