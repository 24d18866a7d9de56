"""A journal says how far a migration has come, and nothing that was not committed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from dbparity.snapshots import Column, Family, Snapshot, Type
from dbparity.transfer import aside, journal
from dbparity.transfer.admission import Mode
from dbparity.transfer.aside import SetAside
from dbparity.transfer.journal import (
    Begun,
    Completed,
    Copied,
    Done,
    Emptied,
    Journal,
    Prepared,
    Undone,
    standing,
)
from dbparity.transfer.plan import Plan
from dbparity.wires import Field, Kind, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

EMPTY = Snapshot("", "sqlite", "3.40")
BEGUN = Begun(
    "m", datetime(2026, 1, 1, tzinfo=UTC), Plan("a", "b", EMPTY, EMPTY, Mode.FILL, ()), EMPTY
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_nothing_stands_where_nothing_began(engine: Engine) -> None:
    with engine.begin() as connection:
        assert standing(connection) is None
        Journal.create(connection, BEGUN)
        connection.execute(text("DELETE FROM dbparity_journal"))
        assert standing(connection) is None


def test_entries_add_up(engine: Engine) -> None:
    with engine.begin() as connection:
        entries = Journal.create(connection, BEGUN)
        for entry in (
            Prepared(),
            Copied("t", 10, 1, "d", (3, "x")),
            Copied("t", 5, 0, "d", (), final=True),
            Copied("keyless", 5, 0, "d"),
            Emptied("keyless"),
            Completed(2),
            Undone(),
        ):
            entries.add(connection, entry)
        found = standing(connection)
    assert found is not None
    assert (found.begun, found.prepared, found.statements, found.undone) == (BEGUN, True, 2, True)
    assert found.of("t") == Done(15, 1, (3, "x"), complete=True)
    assert found.of("keyless") == found.of("another") == Done()


def test_a_journal_goes_on_behind_its_last_entry(engine: Engine) -> None:
    with engine.begin() as connection:
        Journal.create(connection, BEGUN)
        Journal(connection).add(connection, Prepared())
        found = standing(connection)
        assert found is not None
        assert found.prepared
        journal.drop(connection)
        assert standing(connection) is None


def test_keys_come_back_as_they_were() -> None:
    kinds = (Kind.INTEGER, Kind.BINARY, Kind.TEXT, Kind.FLOAT)
    column = Column("c", Type("", Family.OTHER))
    fields = [Field(column, Wire(kind)) for kind in kinds]
    cells = (2**63 - 1, b"\x00\xff", "é", 0.1)
    assert journal.unspelled(journal.spelled(cells), fields) == cells


def test_rows_that_are_set_aside_are_kept(engine: Engine) -> None:
    rows = aside.numbered(
        [SetAside("t", ("1", "é"), "c", "'x'", "why"), SetAside("t", ("1", "é"), "d", "", "whence")]
    )
    with engine.begin() as connection:
        assert aside.kept(connection) == ()
        aside.create(connection)
        aside.add(connection, [])
        aside.add(connection, [*rows, SetAside("u", (), "", "", "because")])
        assert aside.kept(connection)[:2] == tuple(rows)
        assert [row.cell for row in rows] == [1, 2]
        aside.forget(connection, "t")
        assert [row.table for row in aside.kept(connection)] == ["u"]
        aside.drop(connection)
        assert aside.kept(connection) == ()
    assert aside.as_lines(rows).count("\n") == 2
