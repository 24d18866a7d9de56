"""Whatever would not arrive is known before anything is written, with its place and its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.results import Outcome
from dbparity.transfer.ends import end
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, sample, written
from tests.support.rows import execute
from tests.support.serving import needs_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.results import Finding, Result
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server

SERVERS = BACKENDS[1:]


@pytest.fixture(params=BACKENDS)
def target(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    with leased(environment, request.param) as (database,):
        yield database


@pytest.fixture
def mariadb(environment: DatabaseTestEnvironment) -> Iterator[Database]:
    with leased(environment, "mariadb") as (database,):
        yield database


@pytest.fixture
def postgresql(environment: DatabaseTestEnvironment) -> Iterator[Database]:
    with leased(environment, "postgresql") as (database,):
        yield database


def foreseen(source: str | URL, target: str | URL) -> list[Result]:
    report = DataMigrationService(source, target).foresee().report
    return [result for result in report.results if result.category == "preflight"]


def found(source: str | URL, target: str | URL) -> list[Finding]:
    return [finding for result in foreseen(source, target) for finding in result.findings]


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.code, str(each.place), each.message) for each in findings]


def test_rows_that_fit_pass_and_nothing_is_written(target: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t, name TEXT UNIQUE)",
        "INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'A'), (3, 1, NULL)",
        "CREATE TABLE bare (a INTEGER)",
    )
    before = end(target.url, may_be_absent=True).survey()
    results = foreseen(source, target.url)
    assert [(each.check, each.outcome, each.verified) for each in results] == [
        ("bare", Outcome.PASSED, 0),
        ("t", Outcome.PASSED, 3),
    ]
    assert end(target.url, may_be_absent=True).survey() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    source = written(tmp_path / "a.db", "CREATE TABLE t (a TEXT UNIQUE COLLATE NOCASE)")
    assert foreseen(source, f"sqlite:///{tmp_path / 'b.db'}") != []
    assert not (tmp_path / "b.db").exists()


def test_cells_that_cannot_be_read_are_counted_and_some_of_them_shown(
    target: Database, tmp_path: Path
) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)",
        "INSERT INTO t VALUES (-7, 1)",
        *[f"INSERT INTO t VALUES ({place}, 'x')" for place in range(30)],
    )
    findings = found(source, target.url)
    assert len(findings) == 20
    assert told(findings)[0] == (
        "DATA-REFUSED",
        "t.n[0]",
        "is a text in a column of integer values; 20 of 30 are shown",
    )
    assert findings[0].actual == "'x'"


def test_cells_that_a_column_refuses_or_changes_are_told_by_the_names_of_the_source(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    with leased(environment, "postgresql") as (target,):
        source = written(
            tmp_path / "a.db",
            "CREATE TABLE T (Id INTEGER PRIMARY KEY, Name TEXT, N SMALLINT)",
            "INSERT INTO T VALUES (1, 'x', 1), (2, 'a' || char(0), 1), (3, 'long', 1)",
        )
        execute(target, "CREATE TABLE t (id bigint PRIMARY KEY, name varchar(3), n smallint)")
        findings = found(source, target.url)
    assert told(findings) == [
        ("DATA-REFUSED", "T.Name[3]", "is longer than 3"),
        ("DATA-REFUSED", "T.Name[2]", "has a NUL"),
    ]
    assert [each.actual for each in findings] == ["'long'", r"'a\x00'"]


def test_a_row_without_a_key_is_told_by_its_number(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    with leased(environment, "mariadb") as (target,):
        source = written(
            tmp_path / "a.db",
            "CREATE TABLE t (x REAL)",
            "INSERT INTO t VALUES (1.5), (9e999), (2.5)",
        )
        findings = found(source, target.url)
    assert told(findings) == [("DATA-REFUSED", "t.x[row 1]", "is no number to the server")]


NAMES = "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) UNIQUE, day TEXT)"
COLLIDING = (
    NAMES,
    "INSERT INTO t VALUES (1, 'a', 'x'), (2, 'A', 'x'), (3, 'b', ''), (4, NULL, ''), (5, NULL, '')",
)
KEYS = {
    "sqlite": "name VARCHAR(20) COLLATE NOCASE UNIQUE",
    "postgresql": "name varchar(20) COLLATE folding UNIQUE",
    "mysql": "name varchar(20) COLLATE utf8mb4_0900_ai_ci UNIQUE",
    "mariadb": "name varchar(20) COLLATE utf8mb4_general_ci UNIQUE",
}
FOLDING = (
    "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
)


def test_rows_that_are_one_to_a_key_of_the_target_are_told_by_the_target(
    pytestconfig: pytest.Config, target: Database, tmp_path: Path
) -> None:
    needs_part(pytestconfig, target, "ICU")
    source = written(tmp_path / "a.db", *COLLIDING)
    name = target.backend.name
    if name == "postgresql":
        execute(target, FOLDING)
    execute(target, f"CREATE TABLE t (id INTEGER PRIMARY KEY, {KEYS[name]}, day VARCHAR(20))")
    findings = found(source, target.url)
    said = "another row is the same to the target's key (name)"
    assert {each[1] for each in told(findings)} == {"t.name[name='a']", "t.name[name='A']"}
    assert {(each.code, each.message) for each in findings} == {("DATA-COLLIDES", said)}
    assert end(target.url, may_be_absent=True).survey().rows == {"t": 0}


def test_a_key_that_the_source_lacks_is_asked_for(target: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER, a INTEGER, b BLOB)",
        *[f"INSERT INTO t VALUES ({place}, 1, x'00')" for place in range(30)],
        "INSERT INTO t VALUES (NULL, 2, x'01'), (31, 2, NULL), (32, 2, NULL)",
    )
    kinds = {"sqlite": "BLOB", "postgresql": "bytea"}.get(target.backend.name, "varbinary(9)")
    execute(
        target,
        f"CREATE TABLE t (id INTEGER, a INTEGER, b {kinds})",
        "CREATE UNIQUE INDEX ux ON t (a, b)",
    )
    findings = found(source, target.url)
    assert len(findings) == 20
    (said,) = {each.message for each in findings}
    assert said == "another row is the same to the target's key (a, b); 20 of 30 are shown"


def test_nulls_that_are_one_to_a_key_are_told(postgresql: Database, tmp_path: Path) -> None:
    source = written(tmp_path / "a.db", *COLLIDING)
    execute(
        postgresql,
        "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE NULLS NOT DISTINCT, day text)",
    )
    assert [each.place.key for each in found(source, postgresql.url)] == ["name=NULL"] * 2


def test_spellings_of_one_value_collide(postgresql: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (at DATETIME NOT NULL PRIMARY KEY)",
        "INSERT INTO t VALUES ('2024-01-01'), ('2024-01-01 00:00:00'), ('2024-01-02')",
    )
    findings = found(source, postgresql.url)
    assert [each.code for each in findings] == ["DATA-COLLIDES"] * 2


def test_a_key_of_another_order_is_looked_at_too(postgresql: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, n SMALLINT)",
        "INSERT INTO t VALUES ('1', 1), ('1.0', 1), ('x', 1)",
    )
    execute(postgresql, "CREATE TABLE t (id numeric PRIMARY KEY, n smallint)")
    assert [(each.code, each.place.key) for each in found(source, postgresql.url)] == [
        ("DATA-REFUSED", "x"),
        ("DATA-COLLIDES", "id='1'"),
        ("DATA-COLLIDES", "id='1.0'"),
    ]


def test_a_key_that_folds_more_than_that_of_the_source_is_asked(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (name VARCHAR(20) COLLATE NOCASE UNIQUE)",
        "INSERT INTO t VALUES ('e'), ('É'), ('é'), ('x')",
    )
    with leased(environment, "mysql") as (mysql,):
        keys = {each.place.key for each in found(source, mysql.url)}
    assert keys == {r"name='\xc9'", r"name='\xe9'"}


def test_values_that_do_not_fit_are_left_out_of_the_keys(mariadb: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE t (name VARCHAR(20))",
        "INSERT INTO t VALUES ('a'), ('longer'), ('A'), (x'ff'), (CAST(x'ff' AS TEXT))",
    )
    execute(mariadb, "CREATE TABLE t (name varchar(3) COLLATE utf8mb4_general_ci UNIQUE)")
    codes = [each.code for each in found(source, mariadb.url)]
    assert sorted(codes) == ["DATA-COLLIDES"] * 2 + ["DATA-REFUSED"] * 3


def test_keys_that_only_the_server_can_compare_are_left_to_it(
    postgresql: Database, tmp_path: Path
) -> None:
    source = written(tmp_path / "a.db", *COLLIDING)
    execute(
        postgresql,
        (
            "CREATE TABLE t (id int PRIMARY KEY, name text, day text, "
            "made int GENERATED ALWAYS AS (1) STORED UNIQUE)"
        ),
        "CREATE UNIQUE INDEX ux ON t (lower(name))",
        "CREATE UNIQUE INDEX uy ON t (name) WHERE id < 2",
    )
    assert found(source, postgresql.url) == []


def test_rows_that_refer_to_nothing_are_told(target: Database, tmp_path: Path) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE up (id INTEGER PRIMARY KEY)",
        "INSERT INTO up VALUES (1)",
        "CREATE TABLE down (id INTEGER PRIMARY KEY, up INTEGER REFERENCES up)",
        "INSERT INTO down VALUES (1, 1), (2, 7), (3, NULL)",
    )
    assert told(found(source, target.url)) == [
        ("DATA-ORPHAN", "down.up[id=2]", "(up) to up (id): a row of the source refers to nothing")
    ]


def test_a_foreign_key_that_the_target_alone_has_is_held_against_the_source(
    target: Database, tmp_path: Path
) -> None:
    source = written(
        tmp_path / "a.db",
        "CREATE TABLE up (id INTEGER PRIMARY KEY)",
        "CREATE TABLE down (id INTEGER PRIMARY KEY, up INTEGER)",
        "INSERT INTO down VALUES (1, 1)",
    )
    execute(
        target,
        "CREATE TABLE up (id INTEGER PRIMARY KEY)",
        (
            "CREATE TABLE down (id INTEGER PRIMARY KEY, up INTEGER, more INTEGER, "
            "FOREIGN KEY (up) REFERENCES up (id), FOREIGN KEY (more) REFERENCES up (id))"
        ),
    )
    assert [each.code for each in found(source, target.url)] == ["DATA-ORPHAN"]


@pytest.mark.parametrize("name", ["chinook", "northwind", "sakila", "employees_small"])
def test_real_databases_fit(target: Database, name: str) -> None:
    report = DataMigrationService(f"sqlite:///{sample(name)}", target.url).foresee().report
    assert failures(report) == []
