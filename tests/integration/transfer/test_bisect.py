"""Rows that a server refuses are found among those that it takes, and these arrive in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from sqlalchemy.exc import DBAPIError

from dbparity.errors import RowsUnwritable
from dbparity.transfer.bisect import Refused, load_or_bisect
from dbparity.wires import Selection
from tests.support.rows import create, execute, fields, read, table_of, writer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.servers.database import Database
    from dbparity.wires import Batch, Field

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

KINDS = {
    "id": ("BIGINT NOT NULL PRIMARY KEY", "bigint PRIMARY KEY", "bigint PRIMARY KEY"),
    "small": ("SMALLINT", "smallint", "smallint"),
    "positive": ("INT CHECK (positive > 0)",) * 3,
    "filled": ("VARCHAR(9) NOT NULL", "varchar(9) NOT NULL", "varchar(9) NOT NULL"),
}
COUNT = 10_000


def rows(count: int, **others: dict[int, object]) -> list[Batch]:
    """Good rows, but for the cells that are given by column and place."""
    columns: dict[str, list[Any]] = {
        "id": list(range(count)),
        "small": [1] * count,
        "positive": [1] * count,
        "filled": ["x"] * count,
    }
    for name, cells in others.items():
        for place, cell in cells.items():
            columns[name][place] = cell
    types = [pa.int64(), pa.int64(), pa.int64(), pa.string()]
    arrays = [pa.array(column, kind) for column, kind in zip(columns.values(), types, strict=True)]
    whole = pa.Table.from_arrays(arrays, names=list(columns))
    return list(whole.to_batches(max_chunksize=3_000))


def bisected(
    database: Database, into: Sequence[Field], batches: Sequence[Batch]
) -> tuple[int, list[Refused]]:
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        return load_or_bisect(connection, loader, "t", into, batches)


@pytest.fixture
def database(lease: Any) -> Any:  # noqa: ANN401
    with lease(empty=True) as leased:
        execute(leased, create(leased.backend.name, "t", KINDS))
        yield leased


def test_bad_rows_are_told_and_all_others_arrive(database: Database) -> None:
    table = table_of(database, "t")
    into = fields(table, table)
    given = rows(
        COUNT,
        id={5_000: 17, COUNT - 1: 4_321},
        small={3_999: 2**15, 6_000: 2**15} if database.features.enforces_types else {},
        positive={0: -1, 1: 0, 7_000: -2},
        filled={2_000: None, 2_001: None},
    )
    written, refused = bisected(database, into, given)
    bad = {0, 1, 2_000, 2_001, 5_000, 7_000, COUNT - 1}
    bad |= {3_999, 6_000} if database.features.enforces_types else set()
    assert {each.row for each in refused} == bad
    assert [each.row for each in refused] == sorted(each.row for each in refused)
    assert written == COUNT - len(bad)
    kept = read(database, Selection("t", into, ("id",)))
    assert kept["id"].to_pylist() == [place for place in range(COUNT) if place not in bad]
    told = {each.row: each for each in refused}
    assert (told[2_000].column, told[2_000].raw) == ("filled", None)
    assert "NULL" in told[2_000].reason
    assert "constraint" in told[0].reason.lower()
    assert re.search("unique|duplicate", told[5_000].reason.lower())


def test_rows_that_are_all_good_are_written_at_once(database: Database) -> None:
    table = table_of(database, "t")
    assert bisected(database, fields(table, table), rows(10)) == (10, [])


def test_rows_that_are_all_bad_leave_nothing(database: Database) -> None:
    table = table_of(database, "t")
    given = rows(9, positive=dict.fromkeys(range(9), -1))
    written, refused = bisected(database, fields(table, table), given)
    assert (written, [each.row for each in refused]) == (0, list(range(9)))


def test_the_transaction_goes_on(database: Database) -> None:
    table = table_of(database, "t")
    into = fields(table, table)
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        connection.exec_driver_sql("INSERT INTO t VALUES (-1, 1, 1, 'before')")
        load_or_bisect(connection, loader, "t", into, rows(3, positive={1: -1}))
        connection.exec_driver_sql("INSERT INTO t VALUES (9, 1, 1, 'after')")
    kept = read(database, Selection("t", into, ("id",)))
    assert kept["id"].to_pylist() == [-1, 0, 2, 9]


OWN = {"postgresql": "SELECT pg_backend_pid()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})"}


def test_a_lost_connection_is_no_refused_row(database: Database) -> None:
    if database.backend.service is None:
        pytest.skip("there is no connection to a file")
    name = database.backend.name
    table = table_of(database, "t")
    into = fields(table, table)
    with writer_of(database) as engine:
        connection = engine.connect()
        loader = database.backend.loader(connection)
        own = connection.exec_driver_sql(OWN.get(name, "SELECT connection_id()")).scalar()
        execute(database, KILL.get(name, "KILL {}").format(own))
        with pytest.raises((RowsUnwritable, DBAPIError)):
            load_or_bisect(connection, loader, "t", into, rows(10))
        connection.invalidate()
        connection.close()
    assert read(database, Selection("t", into)).num_rows == 0


def test_a_table_that_is_locked_or_gone_is_no_refused_row(database: Database) -> None:
    table = table_of(database, "t")
    into = fields(table, table)
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        if database.backend.service is None:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        else:
            connection.exec_driver_sql("ALTER TABLE t RENAME TO gone")
        with pytest.raises(RowsUnwritable, match="t could not be written"):
            load_or_bisect(connection, loader, "t", into, rows(10))
