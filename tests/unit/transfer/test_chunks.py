"""Rows are cut into chunks, none is lost, and what cannot be carried is kept or refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import CellsRefused
from dbparity.transfer import chunks as module
from dbparity.transfer.chunks import Chunk, chunks
from dbparity.transfer.ends import end
from dbparity.transfer.routes import route

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.backends.wires.base import Reader
    from dbparity.transfer.routes import Route

ROWS = 70_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((n, -n) for n in range(ROWS)))
    return path


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with closing(end(f"sqlite:///{path}").reader()) as reader:
        yield reader


@pytest.fixture
def way(path: Path) -> Route:
    table = end(f"sqlite:///{path}").survey().snapshot.table("t")
    assert table is not None
    return route(table, table)


def test_every_row_is_in_one_chunk(reader: Reader, way: Route) -> None:
    found = list(chunks(reader, way.read(), 20_000))
    assert [chunk.final for chunk in found] == [False] * (len(found) - 1) + [True]
    assert len(found) > 2
    keys = [key for chunk in found for batch in chunk.batches for key in batch[0].to_pylist()]
    assert keys == list(range(ROWS))


def test_a_chunk_ends_where_memory_would(
    reader: Reader, way: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 1)
    found = list(chunks(reader, way.read(), ROWS))
    assert [len(chunk.batches) for chunk in found] == [1] * (len(found) - 1) + [0]


def test_rows_behind_a_key_are_read(reader: Reader, way: Route) -> None:
    (chunk,) = chunks(reader, way.read(after=(ROWS - 3,)), ROWS)
    assert (chunk.rows, chunk.last(("id",))) == (2, (ROWS - 1,))
    assert chunk.row(1) == {"id": ROWS - 1, "n": 1 - ROWS}
    with pytest.raises(IndexError):
        chunk.row(2)


def test_a_chunk_without_rows_has_no_last_key() -> None:
    assert Chunk().last(("id",)) == ()


def test_equal_rows_have_equal_digests(reader: Reader, way: Route) -> None:
    one, other = (next(chunks(reader, way.read(after=(n,)), ROWS)) for n in (9, 9))
    further = next(chunks(reader, way.read(after=(10,)), ROWS))
    assert one.digest() == other.digest() != further.digest()


@pytest.mark.parametrize("aside", [True, False])
def test_what_cannot_be_carried_is_kept_or_refused(path: Path, way: Route, *, aside: bool) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE t SET n = 'seven' WHERE id = 7")
    with closing(end(f"sqlite:///{path}").reader()) as reader:
        walk = chunks(reader, way.read(), ROWS, aside=aside)
        if not aside:
            with pytest.raises(CellsRefused, match="seven"):
                next(walk)
            return
        (chunk,) = walk
    assert chunk.rows == ROWS - 1
    assert [(cell.column, cell.key, cell.raw) for cell in chunk.bad] == [("n", (7,), "seven")]
