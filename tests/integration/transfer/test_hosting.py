"""What a target is given for another product's schema: it is taken, and no loss goes unsaid."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import load_backend
from dbparity.backends.catalogues.mysql_types import column_type
from dbparity.schema.diff import diff
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.drafts import Handling
from dbparity.schema.scripts import run_script
from dbparity.snapshots import Column
from dbparity.targets import Target, version_tuple
from dbparity.transfer.hosting import Hosted, host
from tests.integration.schema.test_snapshots import CASES, write
from tests.support.hostile import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.snapshots import Snapshot, Table

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[3]
BACKENDS = ("sqlite", "postgresql", "mysql", "mariadb")
PAIRS = [*product(BACKENDS, repeat=2)]
SAMPLES = ("chinook", "employees_small", "northwind", "sakila")
# What rules are called in a remark, by the aspect of a difference.
SUBJECTS = {
    "check": ("check", "type"),
    "collation": ("collation",),
    "column": ("column",),
    "comment": ("comments",),
    "computed": ("generated column",),
    "default": ("default",),
    "foreign key": ("foreign key",),
    "index": ("index",),
    "nullability": ("primary key", "generated column"),
    "numbering": ("numbering",),
    "primary key": ("primary key", "key", "collation"),
    "table": ("table",),
    "trigger": ("trigger",),
    "type": ("type",),
    "unique": ("index", "unique constraint", "key", "collation"),
    "view": ("view",),
}
HARMLESS = {Meaning.EQUIVALENT, Meaning.WIDER}


@pytest.fixture(scope="module")
def schemas(environment: DatabaseTestEnvironment) -> Callable[[str], dict[str, Snapshot]]:
    """All schemas in the words of a backend, each read once."""
    found: dict[str, dict[str, Snapshot]] = {}

    def read(backend: str) -> dict[str, Snapshot]:
        if backend not in found:
            found[backend] = dict(written(environment, backend))
        return found[backend]

    return read


def target_of(environment: DatabaseTestEnvironment, backend: str) -> Target:
    found = [target for target in environment.targets if target.backend == backend]
    if not found:
        pytest.skip(f"no {backend} is tested")
    return found[0]


def written(environment: DatabaseTestEnvironment, backend: str) -> Iterator[tuple[str, Snapshot]]:
    target = target_of(environment, backend)
    for name, make in makers(backend, version_tuple(target.version)).items():
        with environment.lease(target, empty=True) as database:
            database.run(make)
            yield name, database.run(snapshot_of)


def makers(backend: str, version: tuple[int, ...]) -> dict[str, Callable[[Database], object]]:
    """What makes the schemas of tests/support/catalogues, the team's, and hostile ones."""
    cases = {
        name: partial(written_case, case=case)
        for name, case in CASES[backend].items()
        if not version or version >= case.since
    }
    file = ROOT / "tests" / "data" / "team" / f"{backend.replace('mariadb', 'mysql')}.sql"
    return {
        **cases,
        "team": partial(run_script, name=file.name, script=file.read_text()),
        "hostile": partial(execute, statements=SCHEMAS[backend]),
    }


def written_case(database: Database, case: object) -> None:
    write(database.engine, case)  # type: ignore[arg-type]  # a Case


def execute(database: Database, statements: tuple[str, ...]) -> None:
    with database.engine.begin() as connection:
        connection.execution_options(no_parameters=True)
        for statement in statements:
            connection.exec_driver_sql(statement)


def snapshot_of(database: Database) -> Snapshot:
    with database.engine.connect() as connection:
        return database.backend.snapshot(connection)


def hosted_on(database: Database, source: Snapshot) -> tuple[Hosted, Snapshot]:
    """What was made for ``source`` on an empty database, and what is there then."""
    version = database.run(snapshot_of).version
    hosted = host(source, database.backend, version)
    statements = (*hosted.statements_before, *hosted.statements_after)
    database.run(partial(execute, statements=statements))
    return hosted, database.run(snapshot_of)


def unsaid(source: Snapshot, hosted: Hosted, target: Snapshot) -> list[str]:
    """What the target does otherwise than the source, and no remark says so."""
    return [
        f"{each.place}: {each.aspect} {each.meaning}: {each.message}"
        for each in diff(comparable(source), comparable(target))
        if each.meaning not in HARMLESS and not each.mild and not is_said(each, hosted)
    ]


def is_said(difference: Difference, hosted: Hosted) -> bool:
    columns = {"", difference.place.column, *difference.columns}
    return any(
        remark.place.table == difference.place.table
        and remark.place.column in columns
        and remark.subject.startswith(SUBJECTS[difference.aspect])
        for remark in hosted.remarks
    )


def comparable(schema: Snapshot) -> Snapshot:
    """Without references to tables that are gone: no reader has one."""
    return replace(schema, tables=tuple(map(comparable_table, schema.tables)))


def comparable_table(table: Table) -> Table:
    keys = tuple(key for key in table.foreign_keys if key.referred)
    return replace(table, foreign_keys=keys)


def unforeseen(hosted: Hosted, target: Snapshot) -> list[str]:
    """What the target does otherwise than was planned."""
    return [
        f"{each.place}: {each.aspect} {each.meaning}: {each.message}"
        for each in diff(comparable(hosted.snapshot), comparable(target))
        if each.meaning is not Meaning.EQUIVALENT and not each.mild
    ]


@pytest.mark.parametrize(("left", "right"), PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
def test_each_schema_is_taken_and_no_loss_goes_unsaid(
    left: str,
    right: str,
    environment: DatabaseTestEnvironment,
    schemas: Callable[[str], dict[str, Snapshot]],
) -> None:
    target = target_of(environment, right)
    found = {}
    for name, source in schemas(left).items():
        with environment.lease(target, empty=True) as database:
            hosted, made = hosted_on(database, source)
        found[name] = [*unsaid(source, hosted, made), *unforeseen(hosted, made)]
    assert {name: losses for name, losses in found.items() if losses} == {}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("right", BACKENDS[1:])
def test_real_schemas_keep_every_rule_but_views_and_long_keys(
    name: str, right: str, environment: DatabaseTestEnvironment
) -> None:
    folder = os.environ.get("DBPARITY_SAMPLE_DATA")
    if folder is None:
        pytest.skip("DBPARITY_SAMPLE_DATA names no folder with the sample databases")
    engine = create_engine(f"sqlite:///{Path(folder) / name}.sqlite")
    with engine.connect() as connection:
        source = load_backend("sqlite").snapshot(connection)
    engine.dispose()
    with environment.lease(target_of(environment, right), empty=True) as database:
        hosted, made = hosted_on(database, source)
    assert [*unsaid(source, hosted, made), *unforeseen(hosted, made)] == []
    lost = {
        remark.subject.split()[0]
        for remark in hosted.remarks
        if remark.handling is Handling.REFUSED
    }
    assert lost <= {"type", "primary", "check"}


WIDE = (
    "int",
    "decimal(65,30)",
    "longtext",
    "varchar(5)",
    "varchar(20)",
    "varbinary(200)",
    "json",
)


@pytest.mark.parametrize("native", WIDE)
@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_as_many_columns_fit_into_a_row_as_the_server_says(
    backend: str, native: str, environment: DatabaseTestEnvironment
) -> None:
    target = target_of(environment, backend)
    home = load_backend(backend).home(version_tuple(target.version))
    assert home is not None
    kind = column_type(native, None, json=native == "json")
    column = Column("c", kind)
    most = max(count for count in range(1_018) if home.fits_row([column] * count))
    more = most + most // 50 + 1
    with environment.lease(target, empty=True) as database:
        database.run(partial(execute, statements=(wide(native, most),)))
        with pytest.raises(DBAPIError):
            database.run(partial(execute, statements=(wide(native, more, "other"),)))


def wide(native: str, count: int, name: str = "t") -> str:
    columns = ", ".join(f"c{place} {native}" for place in range(count))
    return f"CREATE TABLE {name} ({columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
