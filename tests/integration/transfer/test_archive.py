"""An archive gives back what a database held, bit by bit, or moves it into another product."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing
from itertools import permutations, product
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from sqlalchemy import URL

from dbparity.backends.base import load_backend
from dbparity.errors import ArchiveDiffers, RowsRefused
from dbparity.transfer.archive import Archive
from dbparity.transfer.archived import ArchiveReader
from dbparity.transfer.restoring import restore
from dbparity.transfer.routes import route
from dbparity.wires import Wire
from tests.support.rows import (
    BACKENDS,
    CELLS,
    COLUMNS,
    KINDS,
    OWN,
    create,
    execute,
    fields,
    load,
    read,
    rows_of,
    table_of,
    unlike,
    writer_of,
)
from tests.support.serving import needs_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server


@pytest.fixture(params=[*product(BACKENDS, ("oldest", "newest"))][1:], ids="-".join)
def database(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    """An empty database."""
    backend, age = request.param
    found = [target for target in environment.targets if target.backend == backend]
    if not found or (len(found) == 1 and age == "oldest"):
        pytest.skip(f"no further {backend} is tested")
    with environment.lease(found[0 if age == "oldest" else -1], empty=True) as leased:
        yield leased


@pytest.fixture(params=[*permutations(BACKENDS, 2)], ids="-".join)
def pair(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[tuple[Database, Database]]:
    """Empty databases of two products."""
    found = {target.backend: target for target in environment.targets}
    with ExitStack() as stack:
        if not found.keys() >= set(request.param):
            pytest.skip("one of the two is not among the chosen targets")
        one, other = (
            stack.enter_context(environment.lease(found[backend], empty=True))
            for backend in request.param
        )
        yield one, other


def archived(database: Database, folder: Path) -> Archive:
    """What a database holds."""
    with writer_of(database) as engine, engine.connect() as connection:
        snapshot = database.backend.snapshot(connection)
        counters = database.backend.counters(connection)
    with closing(database.backend.reader(database.url)) as reader:
        written = Archive.write(folder / "kept.zip", snapshot, reader, counters)
    return Archive.open(written.path)


def put_back(database: Database, archive: Archive) -> None:
    with writer_of(database) as engine:
        restore(archive, database.backend, engine)


def verify(database: Database, archive: Archive) -> None:
    with closing(database.backend.reader(database.url)) as reader:
        archive.verify(reader)


def told(database: Database, *queries: str) -> list[str]:
    """As the server tells them."""
    with writer_of(database) as engine, engine.connect() as connection:
        rows = connection.execution_options(no_parameters=True)
        return [repr(rows.exec_driver_sql(query).all()) for query in queries]


def fill(database: Database) -> tuple[str, ...]:
    """Tables with whatever the product holds; return queries that tell all of it."""
    backend = database.backend.name
    kinds = {f"c{place:02}": (native,) * 3 for place, (native, *_) in enumerate(OWN[backend])}
    listed = {"id": ("int PRIMARY KEY",) * 3, **kinds}
    literals = ", ".join(literal for _, literal, _ in OWN[backend])
    execute(database, create(backend), create(backend, "own", listed))
    execute(database, f"INSERT INTO own VALUES (1, {literals})")
    execute(database, create(backend, "keyless", {"a": ("int",) * 3, "b": COLUMNS["body"]}))
    execute(database, "INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, '')")
    execute(database, create(backend, "vacant", {"a": ("int",) * 3}))
    table = table_of(database, "t")
    wires = {name: Wire(kind) for name, kind in KINDS.items()}
    load(database, "t", fields(table, table), rows_of(wires, CELLS))
    row = "own::text" if backend == "postgresql" else "*"
    return (
        f"SELECT {row} FROM own",
        f"SELECT {row.replace('own', 't')} FROM t ORDER BY id",
        "SELECT * FROM keyless ORDER BY a",
    )


def test_every_cell_comes_back(
    pytestconfig: pytest.Config, database: Database, tmp_path: Path
) -> None:
    needs_part(pytestconfig, database, "XML")
    queries = fill(database)
    before = told(database, *queries)
    archive = archived(database, tmp_path)
    verify(database, archive)
    execute(
        database,
        "UPDATE own SET id = 7",
        "DELETE FROM t WHERE id > 0",
        "INSERT INTO keyless VALUES (5, 'new')",
        "INSERT INTO vacant VALUES (5)",
    )
    with pytest.raises(ArchiveDiffers) as differs:
        verify(database, archive)
    assert {finding.place.table for finding in differs.value.findings} == {
        "own",
        "t",
        "keyless",
        "vacant",
    }
    put_back(database, archive)
    verify(database, archive)
    assert told(database, *queries) == before
    assert told(database, "SELECT count(*) FROM vacant") == ["[(0,)]"]


def test_an_archive_is_a_source_like_the_database_itself(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    source, target = pair
    for database in pair:
        execute(database, create(database.backend.name))
    there, here = table_of(source, "t"), table_of(target, "t")
    wires = {name: Wire(kind) for name, kind in KINDS.items()}
    load(source, "t", fields(there, there), rows_of(wires, CELLS))
    archive = archived(source, tmp_path)
    way = route(there, here)
    live = read(source, way.read())
    kept = pa.Table.from_batches(ArchiveReader(archive).read(way.read())).combine_chunks()
    assert unlike(way.read(), live, kept) == {}
    load(target, "t", way.written.arriving, kept)
    assert unlike(way.reread(), kept, read(target, way.reread())) == {}


CIRCLE = (
    "CREATE TABLE a (id {id}, b int)",
    "CREATE TABLE b (id {id}, a int REFERENCES a (id), log int)",
    "INSERT INTO a (b) VALUES (1), (2), (3)",
    "INSERT INTO b (a, log) VALUES (1, 0), (2, 0)",
)
NUMBERED = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "int GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "mysql": "int AUTO_INCREMENT PRIMARY KEY",
    "mariadb": "int AUTO_INCREMENT PRIMARY KEY",
}
COUNTS = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE b SET log = log + 1; RETURN NULL; END $$
"""
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER t1 AFTER INSERT ON b BEGIN UPDATE b SET log = log + 1; END",
        "CREATE TRIGGER t2 BEFORE DELETE ON b BEGIN UPDATE a SET b = 9; END",
    ),
    "postgresql": (
        COUNTS,
        "CREATE TRIGGER t1 AFTER INSERT OR DELETE ON b FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id) NOT VALID",
    ),
    "mysql": (
        "CREATE TRIGGER t1 BEFORE INSERT ON b FOR EACH ROW SET NEW.log = NEW.log + 1",
        "CREATE TRIGGER t2 AFTER DELETE ON b FOR EACH ROW UPDATE a SET b = 9",
        "ALTER TABLE a ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES b (id)",
    ),
}


@pytest.fixture
def circle(database: Database) -> Database:
    """Tables that refer to each other, with triggers, and with a reference to nothing."""
    name = database.backend.name
    triggers = TRIGGERS.get(name, TRIGGERS["mysql"])
    execute(database, *(words.format(id=NUMBERED[name]) for words in CIRCLE), *triggers)
    return database


EVERYTHING = ("SELECT * FROM a ORDER BY id", "SELECT * FROM b ORDER BY id")


def schema(database: Database) -> str:
    with writer_of(database) as engine, engine.connect() as connection:
        return database.backend.snapshot(connection).to_json()


def test_foreign_keys_and_triggers_rest_and_numbers_go_on(circle: Database, tmp_path: Path) -> None:
    execute(circle, "DELETE FROM a WHERE id = 3")
    before, made = told(circle, *EVERYTHING), schema(circle)
    archive = archived(circle, tmp_path)
    execute(circle, "DELETE FROM b", "INSERT INTO a (b) VALUES (1), (1)", "DELETE FROM a")
    put_back(circle, archive)
    assert told(circle, *EVERYTHING) == before
    assert schema(circle) == made
    execute(circle, "INSERT INTO a (b) VALUES (1)", "INSERT INTO b (a, log) VALUES (1, 0)")
    assert told(circle, "SELECT max(id) FROM a", "SELECT id FROM b WHERE id > 2") == [
        "[(4,)]",
        "[(3,)]",
    ]


def test_a_refused_row_leaves_everything_as_it_was(circle: Database, tmp_path: Path) -> None:
    archive = archived(circle, tmp_path)
    execute(circle, "UPDATE b SET log = 5 WHERE id = 2", "CREATE UNIQUE INDEX one ON b (log)")
    before, made = told(circle, *EVERYTHING), schema(circle)
    with pytest.raises(RowsRefused, match="b"):
        put_back(circle, archive)
    assert told(circle, *EVERYTHING) == before
    assert schema(circle) == made


@pytest.fixture(params=["chinook", "northwind", "sakila", "employees_small"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """A copy of a database that many know."""
    folder = os.environ.get("DBPARITY_SAMPLE_DATA")
    if folder is None:
        pytest.skip("DBPARITY_SAMPLE_DATA names no folder")
    path = tmp_path / "sample.sqlite"
    path.write_bytes((Path(folder) / f"{request.param}.sqlite").read_bytes())
    return URL.create("sqlite", database=str(path))


def test_databases_that_many_know_come_back(sample: URL, tmp_path: Path) -> None:
    backend = load_backend("sqlite")
    engine = backend.writer(sample)
    with closing(sqlite3.connect(str(sample.database))) as connection:
        before = sorted(connection.iterdump())
    with engine.connect() as connection, closing(backend.reader(sample)) as reader:
        snapshot, counters = backend.snapshot(connection), backend.counters(connection)
        archive = Archive.write(tmp_path / "kept.zip", snapshot, reader, counters)
    with engine.begin() as connection:
        for table in snapshot.tables:
            connection.exec_driver_sql(f'DELETE FROM "{table.name}" WHERE random() < 0')
    restore(archive, backend, engine)
    engine.dispose()
    with closing(sqlite3.connect(str(sample.database))) as connection:
        assert sorted(connection.iterdump()) == before
