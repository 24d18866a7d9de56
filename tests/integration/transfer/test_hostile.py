"""What moves badly arrives exactly or is refused by name, in every product from every other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pytest

from dbparity.transfer import aside
from dbparity.transfer.actual import actual
from dbparity.transfer.ends import end
from dbparity.transfer.routes import route
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import PAIRS, failures, leased
from tests.support.odd import cells, odd_table
from tests.support.rows import execute, unlike
from tests.support.serving import needs_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.results import Report
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

    Pair: TypeAlias = tuple[Database, Database]

pytestmark = pytest.mark.server


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest, environment: DatabaseTestEnvironment) -> Iterator[Pair]:
    with leased(environment, *request.param) as (source, target):
        yield source, target


@pytest.fixture(params=[names for names in PAIRS if names[0] == "sqlite"], ids="-".join)
def from_file(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Pair]:
    with leased(environment, *request.param) as (source, target):
        yield source, target


def migrated(pair: Pair, folder: Path, *, sets_aside: bool) -> Report:
    urls = (database.url for database in pair)
    return DataMigrationService(*urls, folder=folder, sets_aside=sets_aside).migrate()


def tables_of(database: Database) -> list[str]:
    with end(database.url, may_be_absent=True).connected() as connection:
        return [table.name for table in database.backend.snapshot(connection).tables]


def refused(source: Database, target: Database) -> set[tuple[str, str]]:
    """The cells that ``target`` may not take: key and column."""
    return {
        (str(cell.id), cell.column)
        for cell in cells(source.backend.name)
        if not cell.refused.isdisjoint({target.backend.name, target.target.server})
    }


@pytest.fixture
def odd_pair(pytestconfig: pytest.Config, pair: Pair) -> Pair:
    """One whose source has a row of each odd value of its product."""
    source, _ = pair
    needs_part(pytestconfig, source, "XML")
    execute(source, *odd_table(source.backend.name))
    return pair


def test_odd_values_stop_a_migration_by_their_names(odd_pair: Pair, tmp_path: Path) -> None:
    source, target = odd_pair
    report = migrated(odd_pair, tmp_path, sets_aside=False)
    found = {(each.place.key, each.place.column) for each in report.findings}
    assert found == refused(source, target)
    assert {each.code for each in report.findings} <= {"DATA-REFUSED"}
    assert tables_of(target) == ([] if found else ["odd"])


def test_odd_values_arrive_exactly_or_are_set_aside(odd_pair: Pair, tmp_path: Path) -> None:
    source, target = odd_pair
    report = migrated(odd_pair, tmp_path, sets_aside=True)
    with end(target.url).connected() as connection:
        away = {(row.key[0], row.column) for row in aside.kept(connection)}
    assert away == refused(source, target)
    assert [each for each in report.findings if each.code != "DATA-SET-ASIDE"] == []
    assert differing(source, target, {int(key) for key, _ in away}) == {}


def differing(source: Database, target: Database, away: set[int]) -> dict[str, list[Any]]:
    """The cells of the rows in both that are not the same, read anew."""
    ends = [end(database.url) for database in (source, target)]
    with closing(ends[0].reader()) as left, closing(ends[1].reader()) as right:
        schemas = [actual(left, ends[0].survey().snapshot), ends[1].survey().snapshot]
        tables = [schema.table("odd") for schema in schemas]
        way = route(*tables)  # type: ignore[arg-type]
        told = pa.Table.from_batches(left.read(way.read(), lambda _cell: None))
        arrived = pa.Table.from_batches(right.read(way.reread()))
    kept = pa.array([row not in away for row in told["id"].to_pylist()])
    return unlike(way.read(), told.filter(kept), arrived)


# What all four products take in a name.
NAMES = (
    "order",
    "MixedCase",
    'a "quoted" one',
    "it's",
    "back`tick",
    "sp ace",
    "sl/ash",
    "back\\slash",
    "per%cent",
    "co:lon",
    "ünïcode",
    "q?mark",
    "semi;colon",
    "dot.ted",
    "{brace}",
    "--dash",
    "0digit",
)


def named_tables(database: Database, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        quoted = database.backend.quote(name)
        yield f"CREATE TABLE {quoted} (id INTEGER NOT NULL PRIMARY KEY, {quoted} VARCHAR(20))"
        yield f"INSERT INTO {quoted} VALUES (1, 'x')"


def test_tables_and_columns_of_any_name_arrive(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    execute(source, *named_tables(source, NAMES))
    assert failures(migrated(pair, tmp_path, sets_aside=False)) == []
    assert sorted(tables_of(target)) == sorted(NAMES)


LONG = ("n" * 63, "x" * 64)


def test_a_name_that_is_too_long_is_told(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    # PostgreSQL has no name of 64 characters.
    names = LONG[:1] if source.backend.name == "postgresql" else LONG
    execute(source, *named_tables(source, names))
    report = migrated(pair, tmp_path, sets_aside=False)
    found = [(each.code, each.place.table) for each in failures(report)]
    lacks = target.backend.name == "postgresql"
    assert found == ([("DATA-TABLE-UNHELD", LONG[1])] if lacks else [])
    assert sorted(tables_of(target)) == ([] if lacks else sorted(names))


# What MySQL and MariaDB take in no name.
FOREIGN_NAMES = ("smile 😀", "trailing ", "e" * 65)


@pytest.mark.parametrize("name", FOREIGN_NAMES)
def test_a_name_that_the_target_cannot_have_is_told(
    from_file: Pair, tmp_path: Path, name: str
) -> None:
    source, target = from_file
    execute(source, *named_tables(source, (name, "other")))
    report = migrated(from_file, tmp_path, sets_aside=False)
    found = [(each.code, each.place.table) for each in failures(report)]
    fits = target.backend.name == "postgresql" and len(name) < 64
    assert found == ([] if fits else [("DATA-TABLE-UNHELD", name)])


AUTOMATIC = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
}
NUMBERED = "bigint AUTO_INCREMENT PRIMARY KEY"
TREE = (
    "CREATE TABLE tree (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, "
    "CONSTRAINT fk_up FOREIGN KEY (up) REFERENCES tree (id))"
)
STRUCTURES = (
    "CREATE TABLE zero (id {automatic}, name VARCHAR(9))",
    "INSERT INTO zero (id, name) VALUES (0, 'zero'), (-5, 'below'), (7, 'seven')",
    TREE,
    "INSERT INTO tree VALUES (2, NULL)",
    "INSERT INTO tree VALUES (1, 2), (3, 3)",
    "CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1) STORED)",
    "INSERT INTO made (a) VALUES (1), (NULL)",
    "CREATE TABLE loose (a INTEGER, b VARCHAR(9))",
    "INSERT INTO loose VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL), (2, NULL)",
    "CREATE TABLE empty_one (a INTEGER)",
    "CREATE TABLE alike (name VARCHAR(9) {exact} UNIQUE)",
    "INSERT INTO alike VALUES ('a'), ('A'), ('a '), ('e'), ('é'), (''), (' '), (NULL), (NULL)",
    "CREATE VIEW seen AS SELECT a FROM loose",
)
EXACT = {"mysql": "COLLATE utf8mb4_0900_bin", "mariadb": "COLLATE utf8mb4_nopad_bin"}
CYCLE = (
    "CREATE TABLE hen (id INTEGER NOT NULL PRIMARY KEY, egg INTEGER)",
    (
        "CREATE TABLE egg (id INTEGER NOT NULL PRIMARY KEY, hen INTEGER, "
        "CONSTRAINT fk_hen FOREIGN KEY (hen) REFERENCES hen (id))"
    ),
    "ALTER TABLE hen ADD CONSTRAINT fk_egg FOREIGN KEY (egg) REFERENCES egg (id)",
)
LITE_CYCLE = (
    "CREATE TABLE hen (id INTEGER NOT NULL PRIMARY KEY, egg INTEGER REFERENCES egg)",
    "CREATE TABLE egg (id INTEGER NOT NULL PRIMARY KEY, hen INTEGER REFERENCES hen)",
)
CLUCK = (
    "INSERT INTO hen VALUES (1, NULL)",
    "INSERT INTO egg VALUES (1, 1)",
    "UPDATE hen SET egg = 1",
)
LOG = "CREATE TABLE log (n INTEGER)"
TRIGGERS = {
    "sqlite": (
        LOG,
        "CREATE TRIGGER tr AFTER INSERT ON loose BEGIN INSERT INTO log VALUES (1); END",
    ),
    "postgresql": (
        LOG,
        (
            "CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO log VALUES (1); RETURN NEW; END'"
        ),
        "CREATE TRIGGER tr AFTER INSERT ON loose FOR EACH ROW EXECUTE FUNCTION logged()",
        "SET session_replication_role = origin",
    ),
}
TRIGGER = (LOG, "CREATE TRIGGER tr AFTER INSERT ON loose FOR EACH ROW INSERT INTO log VALUES (1)")


def structures(backend: str) -> tuple[str, ...]:
    words = {"automatic": AUTOMATIC.get(backend, NUMBERED), "exact": EXACT.get(backend, "")}
    return (
        *(each.format(**words) for each in STRUCTURES),
        *(LITE_CYCLE if backend == "sqlite" else CYCLE),
        *CLUCK,
        *TRIGGERS.get(backend, TRIGGER),
        "INSERT INTO loose VALUES (3, 'logged')",
    )


def test_odd_tables_arrive(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    execute(source, *structures(source.backend.name))
    assert failures(migrated(pair, tmp_path, sets_aside=False)) == []
    with end(target.url).connected() as connection:
        ids = connection.exec_driver_sql("SELECT id FROM zero ORDER BY id").scalars().all()
        logged = connection.exec_driver_sql("SELECT count(*) FROM log").scalar()
    assert (ids, logged) == ([-5, 0, 7], 1)


@pytest.mark.parametrize(
    "pair",
    [
        ("sqlite", "postgresql"),
        ("postgresql", "mysql"),
        ("mysql", "mariadb"),
        ("mariadb", "sqlite"),
        ("sqlite", "mysql"),  # which does not hold them
    ],
    indirect=True,
    ids="-".join,
)
def test_a_thousand_columns_arrive(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    columns = ", ".join(f"c{place} INTEGER" for place in range(1_000))
    values = ", ".join(map(str, range(1_000)))
    execute(source, f"CREATE TABLE wide ({columns})", f"INSERT INTO wide VALUES ({values})")
    report = migrated(pair, tmp_path, sets_aside=False)
    # An INTEGER of SQLite takes eight bytes elsewhere.
    fits = source.backend.service is not None or target.backend.name == "postgresql"
    found = [(each.code, each.place.table) for each in failures(report)]
    assert found == ([] if fits else [("DATA-TABLE-UNHELD", "wide")])
    assert end(target.url).survey().rows == ({"wide": 1} if fits else {})


def test_tables_that_sqlite_alone_has_arrive(from_file: Pair, tmp_path: Path) -> None:
    source, target = from_file
    execute(
        source,
        "CREATE TABLE codes (code TEXT PRIMARY KEY, n ANY) WITHOUT ROWID",
        "INSERT INTO codes VALUES ('a', 1), ('b', 2)",
        "CREATE TABLE sure (id INTEGER PRIMARY KEY, b BLOB NOT NULL) STRICT",
        "INSERT INTO sure VALUES (1, x'00')",
        "CREATE VIRTUAL TABLE papers USING fts5(title, body)",
        "INSERT INTO papers VALUES ('a title', 'some words')",
        "CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "INSERT INTO gone VALUES (41)",
        "DELETE FROM gone",
        (
            "CREATE TABLE by_rule (a INTEGER NOT NULL, "
            "b INTEGER NOT NULL GENERATED ALWAYS AS (a + 1) STORED UNIQUE)"
        ),
        "INSERT INTO by_rule (a) VALUES (1), (2)",
        "CREATE TABLE loosely (id INTEGER PRIMARY KEY, by TEXT REFERENCES gone)",
        "INSERT INTO gone VALUES (42)",
        "INSERT INTO loosely VALUES (1, '42')",
    )
    assert failures(migrated(from_file, tmp_path, sets_aside=False)) == []
    rows = {"by_rule": 2, "codes": 2, "gone": 1, "loosely": 1, "papers": 1, "sure": 1}
    assert end(target.url).survey().rows == rows


def test_a_dangling_reference_stops_a_migration_by_its_name(
    from_file: Pair, tmp_path: Path
) -> None:
    source, target = from_file
    execute(source, TREE, "PRAGMA foreign_keys = OFF")
    with closing(sqlite3.connect(source.url.database or "")) as raw, raw:
        raw.execute("INSERT INTO tree VALUES (1, 9), (2, 1)")
    report = migrated(from_file, tmp_path, sets_aside=False)
    assert [(each.code, str(each.place)) for each in failures(report)] == [
        ("DATA-ORPHAN", "tree.up[id=1]")
    ]
    assert tables_of(target) == []


@pytest.fixture(params=[names for names in PAIRS if names[0] == "postgresql"], ids="-".join)
def from_postgresql(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Pair]:
    with leased(environment, *request.param) as (source, target):
        yield source, target


def test_a_table_without_columns_is_told(from_postgresql: Pair, tmp_path: Path) -> None:
    source, target = from_postgresql
    execute(source, "CREATE TABLE bare ()", "INSERT INTO bare DEFAULT VALUES", "CREATE TABLE t ()")
    report = migrated(from_postgresql, tmp_path, sets_aside=False)
    found = {(each.code, each.place.table) for each in failures(report)}
    assert found == {("DATA-TABLE-UNHELD", "bare"), ("DATA-TABLE-UNHELD", "t")}
    assert tables_of(target) == []


BLOBS = {
    "sqlite": ("BLOB", "zeroblob(100000000)"),
    "postgresql": ("bytea", "decode(repeat('00', 100000000), 'hex')"),
}


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("names", [each for each in PAIRS if each[0] in BLOBS], ids="-".join)
def test_a_hundred_megabytes_arrive_or_are_refused_by_name(
    environment: DatabaseTestEnvironment, tmp_path: Path, names: tuple[str, str]
) -> None:
    native, value = BLOBS[names[0]]
    with leased(environment, *names) as (source, target):
        execute(
            source,
            f"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, b {native})",
            f"INSERT INTO t VALUES (1, {value})",
        )
        report = migrated((source, target), tmp_path, sets_aside=False)
    told = [(str(each.place), each.message) for each in failures(report)]
    refused_there = [("t.b[1]", "is longer than max_allowed_packet lets through")]
    assert told == ([] if names[1] in BLOBS else refused_there)
