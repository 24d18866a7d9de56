"""UUIDs arrive as the texts of their column are: with hyphens, or without."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from dbparity.transfer.ends import end
from dbparity.wires import Field, Kind, Wire

if TYPE_CHECKING:
    from pathlib import Path

BARE = "0189f7eaae2c78098aebb819cf5e9e7f"
HYPHENATED = "0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f"


@pytest.mark.parametrize("given", [BARE, HYPHENATED])
@pytest.mark.parametrize(
    ("kind", "kept"),
    [("CHAR(32)", BARE), ("VARCHAR(36)", HYPHENATED), ("TEXT", None)],
)
def test_a_uuid_is_spelled_by_the_length_of_its_column(
    tmp_path: Path, kind: str, kept: str | None, given: str
) -> None:
    path = tmp_path / "keys.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE keys (n INTEGER, id {kind})")
    found = end(f"sqlite:///{path}")
    table = found.survey().snapshot.table("keys")
    assert table is not None
    wires = (Wire(Kind.INTEGER), Wire(Kind.UUID))
    fields = [Field(*pair) for pair in zip(table.columns, wires, strict=True)]
    batch = pa.record_batch({"n": pa.array([1, 2]), "id": pa.array([given, None])})
    with found.writing() as engine, engine.begin() as connection:
        loader = found.backend.loader(connection)
        assert loader.unfit(fields, batch) == []
        assert loader.load("keys", fields, [batch]) == loader.pour("keys", fields, [batch]) == 2
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id FROM keys").fetchall()
    assert rows == [(kept or given,), (None,)] * 2
