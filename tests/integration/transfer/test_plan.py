"""A plan between live databases: which one each is, what there is in it, and nothing is written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import TargetIsSource, TargetOccupied
from dbparity.transfer.plan import plan
from dbparity.transfer.survey import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database

    Lease = Callable[..., AbstractContextManager[Database]]

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

SHOP = (
    "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, up INTEGER)",
    (
        "CREATE TABLE lines_of (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER, "
        "CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id))"
    ),
    "INSERT INTO orders VALUES (1, NULL), (2, 1)",
)


def execute(database: Database, statements: tuple[str, ...]) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def looked_at(database: Database) -> Survey:
    with database.engine.connect() as connection:
        return survey(connection, database.backend)


def test_two_logins_lead_to_one_database(lease: Lease) -> None:
    with lease(empty=True) as database:
        one, other = database.run(looked_at), database.run(looked_at)
        assert one.identity == other.identity
        with pytest.raises(TargetIsSource):
            plan(one, other)


def test_two_databases_of_a_server_are_two(lease: Lease) -> None:
    with lease(empty=True) as source, lease(empty=True) as target:
        source.run(partial(execute, statements=SHOP))
        made = plan(source.run(looked_at), target.run(looked_at))
        assert [(load.table, load.rows) for load in made.loads] == [("orders", 2), ("lines_of", 0)]
        assert target.run(looked_at).snapshot.tables == ()


def test_what_a_plan_makes_takes_no_rows_of_its_own(lease: Lease) -> None:
    with lease(empty=True) as source, lease(empty=True) as target:
        source.run(partial(execute, statements=SHOP))
        made = plan(source.run(looked_at), target.run(looked_at))
        target.run(partial(execute, statements=(*made.before, *made.after)))
        again = plan(source.run(looked_at), target.run(looked_at))
        assert (again.before, again.doubts) == ((), ())


def test_a_server_with_rows_is_refused(lease: Lease) -> None:
    with lease(empty=True) as source, lease(empty=True) as target:
        for database in (source, target):
            database.run(partial(execute, statements=SHOP))
        with pytest.raises(TargetOccupied, match="orders"):
            plan(source.run(looked_at), target.run(looked_at))
