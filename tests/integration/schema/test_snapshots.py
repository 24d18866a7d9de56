"""What is read of a schema is what was written, on every product, to the last attribute."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, event, text

from dbparity.backends.base import url_for
from dbparity.servers.bridge import Bridge
from dbparity.snapshots import Collation, Snapshot
from dbparity.targets import version_tuple
from tests.support.catalogues import mysql, postgresql, sqlite
from tests.support.catalogues.cases import Case
from tests.support.serving import needs_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from dbparity.backends.base import Backend
    from dbparity.servers.database import Database
    from dbparity.targets import Target

    Lease = Callable[..., AbstractContextManager[Database]]

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

CASES = {
    "sqlite": sqlite.CASES,
    "postgresql": postgresql.CASES,
    "mysql": mysql.MYSQL,
    "mariadb": mysql.MARIADB,
}
OWN_COLLATION = {
    "sqlite": "SELECT 'BINARY'",
    "postgresql": "SELECT datcollate FROM pg_database WHERE datname = current_database()",
    "mysql": "SELECT @@collation_database",
    "mariadb": "SELECT @@collation_database",
}


@pytest.fixture
def cases(target: Target) -> dict[str, Case]:
    """The cases of the target's product, without those that its version does not take."""
    version = version_tuple(target.version)
    return {
        name: case
        for name, case in CASES[target.backend].items()
        if not version or version >= case.since
    }


def write(engine: Engine, *cases: Case) -> None:
    with engine.begin() as connection:
        for case in cases:
            for statement in case.statements:
                connection.execute(text(statement.replace(":", "\\:")))


def read(engine: Engine, backend: Backend) -> Snapshot:
    with engine.connect() as connection:
        return backend.snapshot(connection)


def snapshot_of(database: Database) -> Snapshot:
    return database.run(lambda database: read(database.engine, database.backend))


def collation_of(database: Database) -> Collation:
    """The database's own: how it compares is claimed by the backend's features, too."""
    with database.engine.connect() as connection:
        name = str(connection.scalar(text(OWN_COLLATION[database.backend.name])))
    features = database.features
    pads = not features.trailing_space_sensitive
    return Collation(name, features.case_sensitive, features.accent_sensitive, pads)


def written_and_read(database: Database, case: Case) -> tuple[list[object], list[object]]:
    write(database.engine, case)
    snapshot = read(database.engine, database.backend)
    expected = case.expected(collation_of(database), database.version)
    return list(expected), [*snapshot.tables, *snapshot.views]


def tables(count: int) -> MetaData:
    metadata = MetaData()
    for number in range(count):
        Table(
            f"t{number}",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("name", String(9), unique=True),
            Column("parent", ForeignKey("t0.id"), index=True),
        )
    return metadata


def counted(database: Database, metadata: MetaData) -> int:
    metadata.create_all(database.engine)
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    with database.engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", note)
        database.backend.snapshot(connection)
    return len(statements)


def test_schemas_are_read_as_they_were_written(
    pytestconfig: pytest.Config, cases: dict[str, Case], lease: Lease
) -> None:
    written, found = {}, {}
    for name, case in cases.items():
        with lease() as database:
            needs_part(pytestconfig, database, "ICU")
            written[name], found[name] = database.run(partial(written_and_read, case=case))
    assert found == written


def test_snapshot_tells_the_server(target: Target, lease: Lease) -> None:
    with lease() as database:
        snapshot = snapshot_of(database)
        assert (snapshot.source, snapshot.backend) == ("", target.backend)
        assert version_tuple(snapshot.version) == database.version


def test_same_ddl_gives_equal_snapshots_in_databases_of_any_name(
    cases: dict[str, Case], lease: Lease
) -> None:
    case = cases["views"]
    with lease() as left, lease() as right:
        for database in (left, right):
            database.run(lambda database: write(database.engine, case))
        assert left.url.database != right.url.database
        assert snapshot_of(left) == snapshot_of(left) == snapshot_of(right)


def test_snapshot_takes_as_many_statements_for_30_tables_as_for_3(lease: Lease) -> None:
    with lease() as few, lease() as many:
        three = few.run(lambda database: counted(database, tables(3)))
        assert three == many.run(lambda database: counted(database, tables(30)))
        assert three < 12


def test_drivers_of_one_server_read_alike(cases: dict[str, Case], lease: Lease) -> None:
    with lease() as database:
        database.run(lambda database: write(database.engine, cases["types"]))
        expected = snapshot_of(database)
        for driver in database.backend.drivers:
            url = url_for(database.url, database.backend, driver, str(database.url.database))
            with Bridge(database.backend, driver) as bridge:
                engine = bridge.engine(url)
                assert bridge.run(read, engine, database.backend) == expected
                bridge.dispose(engine)


def test_foreign_key_names_the_other_database_it_refers_to(target: Target, lease: Lease) -> None:
    if target.backend not in {"mysql", "mariadb"}:
        pytest.skip("its databases do not refer to each other")
    with lease() as far, lease() as near:
        far.run(lambda database: tables(1).create_all(database.engine))
        place = f"{far.url.database}.t0"
        key = f"CREATE TABLE t (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES {place} (id))"
        near.run(lambda database: write(database.engine, Case((key,), lambda _, __: ())))
        (table,) = snapshot_of(near).tables
        assert [found.table for found in table.foreign_keys] == [place]
