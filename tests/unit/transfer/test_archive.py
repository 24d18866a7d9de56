"""Archives of SQLite files: exact, whole or not there, and refused when they are damaged."""

from __future__ import annotations

import random
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest
from sqlalchemy import URL

from dbparity.backends.base import AtRest, load_backend
from dbparity.backends.sqlite import SQLite
from dbparity.backends.wires.base import Reader
from dbparity.errors import (
    ArchiveDiffers,
    ArchiveInvalid,
    ArchiveUnwritable,
    RowsUnguarded,
    RowsUnreadable,
    TargetUnfit,
)
from dbparity.snapshots import Column, Family, Snapshot, Table, Type
from dbparity.transfer.archive import FORMAT, Archive
from dbparity.transfer.archived import ArchiveReader
from dbparity.transfer.restoring import restore
from dbparity.wires import Field, Kind, Selection, Wire, wire_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy import Connection

    from dbparity.backends.wires.base import Tell
    from dbparity.wires import BadCell, Batch

DECLARED = (
    *("INTEGER", "REAL", "NUMERIC(10,2)", "TEXT", "BLOB", "", "DATETIME", "JSON", "BOOLEAN"),
    *("DECIMAL TEXT", "DECIMAL BLOB", "REAL BLOB", "DOUBLE INT", "VARCHAR(3)", "ANY"),
)
VALUES = (
    *(0, 1, -1, 2**53 + 1, 2**63 - 1, 1.5, 5.0, -0.0, float("inf"), 1e300, 0.1 + 0.2),
    *("abc", "5", "1e5", "1.0", " 7", "a\0b", "", "2024", b"5", b"\xff\x00", b"", None),
)
INVALID = (b"\xff\xfe", b"abc\xc3", b"\xed\xa0\x80")
MIXED = (
    f"CREATE TABLE mixed ({', '.join(f'c{n} {kind}' for n, kind in enumerate(DECLARED))})",
    "CREATE TABLE keyed (a TEXT NOT NULL, b INT NOT NULL, c, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
    "CREATE TABLE made (a INT, b INT AS (a * 2), c INT AS (a + 1) STORED)",
    'CREATE TABLE "we""ird na%me" ("sel:ect" INT, "b c" TEXT)',
    "CREATE TABLE vacant (a INT)",
    "CREATE TRIGGER fires AFTER INSERT ON keyed BEGIN INSERT INTO numbered (v) VALUES (0); END",
    "INSERT INTO made (a) VALUES (1), (2), (NULL)",
    'INSERT INTO "we""ird na%me" VALUES (1, 2), (NULL, NULL), (NULL, NULL)',
    "INSERT INTO keyed VALUES ('a', 1, 'x'), ('a', x'00', 1.0), ('b ', 2, CAST(x'ff' AS TEXT))",
    "DELETE FROM numbered WHERE id > 1",
)


@pytest.fixture
def url(tmp_path: Path) -> URL:
    """A SQLite file in which columns hold whatever SQLite lets them."""
    path = tmp_path / "source.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in MIXED:
            connection.execute(statement)
        width = len(DECLARED)
        marks = ", ".join("?" * width)
        connection.executemany(
            f"INSERT INTO mixed VALUES ({marks})", [(v,) * width for v in VALUES]
        )
        marks = ", ".join(["CAST(? AS TEXT)"] * width)
        connection.executemany(
            f"INSERT INTO mixed VALUES ({marks})", [(raw,) * width for raw in INVALID]
        )
    return URL.create("sqlite", database=str(path))


SQLITE = load_backend("sqlite")


def execute(url: URL, *statements: str) -> None:
    with closing(sqlite3.connect(str(url.database))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def everything(url: URL) -> list[str]:
    """All rows by their storage classes, and the schema."""
    with closing(sqlite3.connect(str(url.database))) as connection:
        connection.text_factory = lambda raw: ("text", raw)
        told = []
        for kind, name in connection.execute("SELECT type, name FROM sqlite_master").fetchall():
            if kind[1] == b"table":
                quoted = '"' + name[1].decode().replace('"', '""') + '"'
                told += [repr((name, row)) for row in connection.execute(f"SELECT * FROM {quoted}")]
        told += map(repr, connection.execute("SELECT name, sql FROM sqlite_master"))
        return sorted(told)


def archived(url: URL, path: Path) -> Archive:
    engine = SQLITE.writer(url)
    with engine.connect() as connection:
        snapshot, counters = SQLITE.snapshot(connection), SQLITE.counters(connection)
    engine.dispose()
    with closing(SQLITE.reader(url)) as reader:
        return Archive.write(path, replace(snapshot, source=str(url)), reader, counters)


def put_back(url: URL, archive: Archive, backend: SQLite | None = None) -> None:
    chosen = backend or SQLITE
    engine = chosen.writer(url)
    try:
        restore(archive, chosen, engine)
    finally:
        engine.dispose()


def verify(url: URL, archive: Archive) -> None:
    with closing(SQLITE.reader(url)) as reader:
        archive.verify(reader)


@pytest.fixture
def archive(url: URL, tmp_path: Path) -> Archive:
    return Archive.open(archived(url, tmp_path / "folder" / "kept.zip").path)


EMPTY = (
    "DELETE FROM mixed",
    "DELETE FROM keyed",
    "DELETE FROM numbered",
    "DELETE FROM sqlite_sequence",
    "DELETE FROM made",
    'DELETE FROM "we""ird na%me"',
    "INSERT INTO vacant VALUES (1)",
)


def test_whatever_sqlite_keeps_comes_back(url: URL, archive: Archive) -> None:
    before = everything(url)
    verify(url, archive)
    execute(url, *EMPTY)
    assert everything(url) != before
    put_back(url, archive)
    assert everything(url) == before
    verify(url, archive)


def test_numbers_of_rows_that_are_gone_are_not_given_again(url: URL, archive: Archive) -> None:
    execute(url, "DELETE FROM numbered", "DELETE FROM sqlite_sequence")
    put_back(url, archive)
    execute(url, "INSERT INTO numbered (v) VALUES ('next')")
    with closing(sqlite3.connect(str(url.database))) as connection:
        assert connection.execute("SELECT id FROM numbered WHERE v = 'next'").fetchone() == (4,)


def test_an_archive_tells_what_it_is(url: URL, archive: Archive) -> None:
    manifest = archive.manifest
    assert manifest.snapshot.backend == "sqlite"
    assert manifest.snapshot.source == str(url)
    assert manifest.counters == {"numbered": 4}
    rows = {part.table: part.rows for part in manifest.parts}
    assert rows == {
        "mixed": len(VALUES) + len(INVALID),
        "keyed": 3,
        "numbered": 1,
        "made": 3,
        'we"ird na%me': 3,
        "vacant": 0,
    }
    assert archive.part("keyed").key == ("a", "b")
    assert archive.part("mixed").key == ()


def test_its_owner_alone_can_read_it(archive: Archive) -> None:
    assert archive.path.stat().st_mode & 0o077 == 0


class Breaking(Reader):
    """Fails at the second table."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._tables = reader, 0

    def read(self, selection: Selection, bad: Tell = ...) -> Generator[Batch, None, None]:
        raise NotImplementedError

    def preserved(self, selection: Selection) -> Generator[Batch, None, None]:
        self._tables += 1
        if self._tables > 1:
            raise RowsUnreadable(selection.table, ValueError("gone"))
        return self._reader.preserved(selection)

    def orders(self, field: Field) -> bool:
        return self._reader.orders(field)

    def close(self) -> None:
        self._reader.close()


def test_a_file_is_whole_or_not_there(url: URL, archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "other" / "kept.zip"
    with closing(Breaking(SQLITE.reader(url))) as reader, pytest.raises(RowsUnreadable):
        Archive.write(path, archive.manifest.snapshot, reader)
    assert list(path.parent.iterdir()) == []


def test_an_earlier_archive_stays_until_the_next_is_whole(url: URL, archive: Archive) -> None:
    before = archive.path.read_bytes()
    with closing(Breaking(SQLITE.reader(url))) as reader, pytest.raises(RowsUnreadable):
        Archive.write(archive.path, archive.manifest.snapshot, reader)
    assert archive.path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(url: URL, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveUnwritable, match=r"file/kept.zip: .*name a folder"):
        archived(url, tmp_path / "file" / "kept.zip")


def zipped(path: Path, name: str, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, text)
    return path


def foreign(folder: Path) -> dict[str, Path]:
    (folder / "text").write_text("no archive")
    (folder / "empty").touch()
    later = f'{{"format": {FORMAT + 1}}}'
    return {
        "there is no such file": folder / "none",
        "it is no archive": folder / "text",
        "the end of one is missing": folder / "empty",
        "directory": folder,
        "no manifest": zipped(folder / "other.zip", "a", "b"),
        "of format 2.*update dbparity": zipped(folder / "later.zip", "manifest.json", later),
        "missing required field": zipped(folder / "wrong.zip", "manifest.json", "{}"),
        "data was truncated": zipped(folder / "broken.zip", "manifest.json", "{"),
    }


def test_a_file_of_another_sort_is_told(tmp_path: Path) -> None:
    for reason, path in foreign(tmp_path).items():
        with pytest.raises(ArchiveInvalid, match=f"(?i){reason}") as invalid:
            Archive.open(path)
        assert str(path) in str(invalid.value)


def test_a_truncated_archive_is_told(archive: Archive) -> None:
    whole = archive.path.read_bytes()
    archive.path.write_bytes(whole[:-100])
    with pytest.raises(ArchiveInvalid, match=r"the end of one is missing"):
        Archive.open(archive.path)


def content(archive: Archive) -> list[list[Any]]:
    return [
        [batch.to_pydict() for batch in archive.batches(part.table)]
        for part in archive.manifest.parts
    ]


def test_no_damage_goes_unseen(archive: Archive) -> None:
    whole, before = archive.path.read_bytes(), repr(content(archive))
    chance = random.Random(4)
    for place in chance.sample(range(len(whole)), 300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        archive.path.write_bytes(damaged)
        try:
            told = repr(content(Archive.open(archive.path)))
        except ArchiveInvalid:
            continue
        assert told == before, place


def test_rows_of_another_digest_are_refused(archive: Archive) -> None:
    parts = [replace(part, digest="0" * 64) for part in archive.manifest.parts]
    changed = replace(archive, manifest=replace(archive.manifest, parts=tuple(parts)))
    with pytest.raises(ArchiveInvalid, match="its rows of keyed are not those that were written"):
        list(changed.batches("keyed"))


def test_a_table_that_was_not_kept_is_told(archive: Archive) -> None:
    with pytest.raises(ArchiveInvalid, match="it has no table other"):
        list(archive.batches("other"))


CHANGES = {
    "UPDATE keyed SET c = 1 WHERE b = x'00'": ("keyed", "c", "'a', 0x00"),
    "UPDATE keyed SET c = 'y' WHERE b = 1": ("keyed", "c", "'a', 1"),
    "UPDATE keyed SET c = x'ff' WHERE b = 2": ("keyed", "c", "'b ', 2"),
    "DELETE FROM keyed WHERE b = 2": ("keyed", "", "'b ', 2"),
    "DELETE FROM keyed WHERE b = 1": ("keyed", "", "'a', 1"),
    "INSERT INTO keyed VALUES ('c', 1, NULL)": ("keyed", "", "'c', 1"),
    "UPDATE mixed SET c1 = 2.5 WHERE c1 = 1.5": ("mixed", "", ""),
    "DELETE FROM mixed WHERE c3 = 'abc'": ("mixed", "", ""),
    'UPDATE "we""ird na%me" SET "b c" = 2': ('we"ird na%me', "", ""),
    "INSERT INTO vacant VALUES (NULL)": ("vacant", "", ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(url: URL, archive: Archive, change: str) -> None:
    table, column, key = CHANGES[change]
    execute(url, change)
    with pytest.raises(ArchiveDiffers, match="find what wrote to it") as differs:
        verify(url, archive)
    finding, *_ = differs.value.findings
    assert (finding.place.table, finding.place.column) == (table, column)
    assert finding.place.key.startswith(key)
    put_back(url, archive)
    verify(url, archive)


def test_all_tables_that_differ_are_counted(url: URL, archive: Archive) -> None:
    execute(url, *EMPTY)
    with pytest.raises(ArchiveDiffers, match="and 5 more tables differ"):
        verify(url, archive)


def own(archive: Archive, table: str, *names: str) -> Selection:
    """Some columns of a table, by their own types."""
    whole = archive.selection(table)
    chosen = tuple(field for field in whole.fields if field.column.name in names)
    return replace(whole, fields=chosen or whole.fields)


def wired(selection: Selection, wires: dict[str, Kind]) -> Selection:
    """The columns of ``wires``, with these."""
    fields = {field.column.name: field for field in selection.fields}
    chosen = tuple(replace(fields[name], wire=Wire(kind)) for name, kind in wires.items())
    return replace(selection, fields=chosen, key=())


def read(reader: Reader, selection: Selection) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows, and the bad cells."""
    bad: list[BadCell] = []
    with closing(reader):
        rows = pa.Table.from_batches(reader.read(selection, bad.append), schema=selection.schema)
    return rows.to_pylist(), sorted(map(repr, bad))


WIRES = {
    "c0": Kind.DECIMAL,
    "c1": Kind.FLOAT,
    "c2": Kind.DECIMAL,
    "c3": Kind.TEXT,
    "c4": Kind.BINARY,
    "c6": Kind.DATETIME,
    "c7": Kind.JSON,
    "c8": Kind.INTEGER,
    "c12": Kind.FLOAT,
}


@pytest.mark.parametrize("column", WIRES)
def test_bad_cells_of_an_archive_are_those_of_its_source(
    url: URL, archive: Archive, column: str
) -> None:
    selection = wired(archive.selection("mixed"), {column: WIRES[column]})
    live, bad = read(SQLITE.reader(url), selection)
    kept, also = read(ArchiveReader(archive), selection)
    assert bad == also
    assert [*map(as_number, kept)] == [*map(as_number, live)]


def as_number(row: dict[str, Any]) -> str:
    """Integers of a decimal column are kept as floats, which SQLite tells by themselves."""
    return repr({name: str(cell).removesuffix(".0") for name, cell in row.items()})


GOOD = (
    "DELETE FROM mixed",
    "INSERT INTO mixed (c0, c1, c2, c3, c4, c6) VALUES (1, 1.5, 2.25, '7', 'x', '2024-01-01')",
    "INSERT INTO mixed (c0, c1, c2, c3) VALUES (-1, 2.0, 3, '8.5'), (NULL, NULL, NULL, NULL)",
    "UPDATE mixed SET c4 = x'c3a9' WHERE c4 IS NOT NULL",
)
OTHERS = {
    "c0": (Kind.DECIMAL, ["1", "-1", None]),
    "c1": (Kind.DECIMAL, ["1.5", "2", None]),
    "c2": (Kind.DECIMAL, ["2.25", "3", None]),
    "c3": (Kind.DECIMAL, ["7", "8.5", None]),
    "c4": (Kind.TEXT, ["é", None, None]),
    "c6": (Kind.DATETIME, ["2024-01-01", None, None]),
}


@pytest.mark.parametrize("column", OTHERS)
def test_cells_are_told_as_the_target_needs_them(url: URL, tmp_path: Path, column: str) -> None:
    execute(url, *GOOD)
    archive = archived(url, tmp_path / "kept.zip")
    wire, expected = OTHERS[column]
    rows, bad = read(ArchiveReader(archive), wired(archive.selection("mixed"), {column: wire}))
    assert [row[column] for row in rows] == expected
    assert bad == []


def test_rows_behind_a_key_are_read(url: URL, tmp_path: Path) -> None:
    rows = ", ".join(f"('{number:06}', 1, {number})" for number in range(10_000))
    execute(url, "DELETE FROM keyed", f"INSERT INTO keyed VALUES {rows}")
    reader = ArchiveReader(archived(url, tmp_path / "kept.zip"))
    selection = own(reader._archive, "keyed", "a", "b")
    for after, until, expected in (
        ((), (), range(10_000)),
        (("004095", 1), (), range(4096, 10_000)),
        (("005000", 1), ("009000", 1), range(5001, 9001)),
        ((), ("000000", 1), range(1)),
        (("009999", 1), (), range(0)),
        (("000001", 1), ("000002", 1), range(2, 3)),
    ):
        part = replace(selection, after=after, until=until)
        told = [row["a"] for batch in reader.read(part) for row in batch.to_pylist()]
        assert told == [f"{number:06}" for number in expected]


@pytest.mark.parametrize("bounds", [{"after": ("z", 1)}, {"until": ("z", 1)}])
def test_a_key_that_no_row_has_is_told(archive: Archive, bounds: dict[str, Any]) -> None:
    selection = replace(own(archive, "keyed", "a", "b"), **bounds)
    with pytest.raises(RowsUnreadable, match="no row has the key"):
        list(ArchiveReader(archive).read(selection, lambda _: None))


def test_rows_come_in_the_order_in_which_they_were_kept_alone(archive: Archive) -> None:
    selection = replace(own(archive, "keyed", "a", "b"), key=("b", "a"))
    with pytest.raises(RowsUnreadable, match="in the order of"):
        list(ArchiveReader(archive).read(selection))


def test_rows_are_ordered_by_their_key_alone(archive: Archive) -> None:
    reader = ArchiveReader(archive)
    fields = {field.column.name: field for field in archive.selection("keyed").fields}
    assert reader.orders(fields["a"])
    assert not reader.orders(fields["c"])


def test_an_archive_compares_with_another(url: URL, archive: Archive, tmp_path: Path) -> None:
    archive.verify(ArchiveReader(archived(url, tmp_path / "again.zip")))


class Given(Reader):
    """Tells one batch of every table."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def read(self, selection: Selection, bad: Tell = ...) -> Generator[Batch, None, None]:  # type: ignore[assignment]  # noqa: ARG002
        yield self._batch

    def orders(self, field: Field) -> bool:
        return field.wire.kind is not Kind.JSON

    def close(self) -> None:
        """Nothing is open."""


ARRAY = Type("integer[]", Family.ARRAY, element=Type("integer", Family.INTEGER, bits=32))


def test_what_the_product_alone_can_read_is_told_as_text_only(tmp_path: Path) -> None:
    column = Column("a", ARRAY)
    snapshot = Snapshot("", "postgresql", "17.0", (Table("t", (column,)),))
    batch = pa.RecordBatch.from_pydict({"a": ["{1,NULL}"]})
    reader = ArchiveReader(Archive.write(tmp_path / "kept.zip", snapshot, Given(batch)))
    text = Selection("t", (Field(column, wire_of(ARRAY, ARRAY)),))
    assert [batch.to_pylist() for batch in reader.read(text)] == [[{"a": "{1,NULL}"}]]
    with pytest.raises(RowsUnreadable, match="a: kept as texts of the product's own"):
        list(reader.read(replace(text, fields=(Field(column, Wire(Kind.JSON)),))))


def test_bits_that_are_no_number_count_as_they_are(tmp_path: Path) -> None:
    kind = Type("double precision", Family.FLOAT, bits=64)
    table = Table("t", (Column("a", kind),))
    snapshot = Snapshot("", "postgresql", "17.0", (table,))
    batch = pa.RecordBatch.from_pydict({"a": [float("nan"), -0.0]})
    archive = Archive.write(tmp_path / "kept.zip", snapshot, Given(batch))
    archive.verify(Given(batch))
    other = pa.RecordBatch.from_pydict({"a": [float("nan"), 0.0]})
    with pytest.raises(ArchiveDiffers):
        archive.verify(Given(other))


def test_rows_of_another_product_are_not_put_back(url: URL, archive: Archive) -> None:
    snapshot = replace(archive.manifest.snapshot, backend="mysql")
    other = replace(archive, manifest=replace(archive.manifest, snapshot=snapshot))
    with pytest.raises(ArchiveInvalid, match=r"rows of mysql.*migrate from the archive instead"):
        put_back(url, other)


def test_rows_without_a_place_are_not_put_back(url: URL, archive: Archive) -> None:
    execute(url, "DROP TABLE mixed", "ALTER TABLE keyed DROP COLUMN c")
    before = everything(url)
    with pytest.raises(TargetUnfit, match="no column c; it has no table mixed"):
        put_back(url, archive)
    assert everything(url) == before


def test_a_damaged_archive_leaves_everything_as_it_was(url: URL, archive: Archive) -> None:
    execute(url, *EMPTY)
    before = everything(url)
    parts = tuple(
        replace(part, digest="0" * 64 if part.table == 'we"ird na%me' else part.digest)
        for part in archive.manifest.parts
    )
    damaged = replace(archive, manifest=replace(archive.manifest, parts=parts))
    with pytest.raises(ArchiveInvalid, match="are not those that were written"):
        put_back(url, damaged)
    assert everything(url) == before


class Awake(SQLite):
    """Says that foreign keys do not rest."""

    def at_rest(self, connection: Connection) -> AtRest:  # noqa: ARG002
        return AtRest(foreign_keys=False, triggers=False)


def test_tables_that_refer_to_each_other_need_foreign_keys_at_rest(
    url: URL, tmp_path: Path
) -> None:
    execute(
        url,
        "CREATE TABLE hen (id INTEGER PRIMARY KEY, egg INT REFERENCES egg (id))",
        "CREATE TABLE egg (id INTEGER PRIMARY KEY, hen INT REFERENCES hen (id))",
        "INSERT INTO hen VALUES (1, 1)",
        "INSERT INTO egg VALUES (1, 1)",
    )
    archive = archived(url, tmp_path / "kept.zip")
    before = everything(url)
    with pytest.raises(RowsUnguarded, match="hen"):
        put_back(url, archive, Awake())
    assert everything(url) == before
    put_back(url, archive)
    assert everything(url) == before


def test_a_format_of_its_own_is_in_the_file(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as file:
        assert msgspec.json.decode(file.read("manifest.json"))["format"] == FORMAT
