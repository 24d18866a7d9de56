from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, text

from dbparity.applications import Application
from dbparity.backends.attempts import perform, refused
from dbparity.errors import DatabaseUnreachable
from dbparity.schema.sources import parse, read
from tests.support.shops import shop

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.schema.sources import Reading
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_driver]


def names(reading: Reading) -> set[str]:
    return {table.name for table in reading.snapshot.tables}


def written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_a_live_database_is_read(
    database_environment: DatabaseTestEnvironment, lease: Lease
) -> None:
    application = Application("tests:shop", shop())
    with lease(application) as database:
        reading = read(parse(written(database.url)), database_environment)

    assert names(reading) == set(application.metadata.tables)
    assert reading.snapshot.backend == database.backend.name
    assert reading.snapshot.source == database.safe_url


def test_nothing_is_written_through_an_engine_that_only_reads(lease: Lease) -> None:
    def written(database: Database, statement: str) -> Exception | None:
        engine = database.bridge.engine(database.url, poolclass=NullPool)
        database.backend.read_only(engine)
        return refused(perform, engine, text(statement))

    with lease(Application("tests:shop", shop())) as database:
        for statement in ("CREATE TABLE planted (id INTEGER)", "DELETE FROM goods"):
            assert database.run(partial(written, statement=statement)) is not None


def test_a_url_that_leads_to_another_product_is_read_as_that_one(
    database_environment: DatabaseTestEnvironment, lease: Lease, target: Target
) -> None:
    if target.backend != "mariadb":
        pytest.skip("of the others, no two are reached by one URL")
    with lease(Application("tests:shop", shop())) as database:
        url = database.url.set(drivername=f"mysql+{target.driver}")
        reading = read(parse(written(url)), database_environment)

    assert reading.snapshot.backend == "mariadb"


def test_a_database_that_is_not_there_is_one_error(
    database_environment: DatabaseTestEnvironment, lease: Lease
) -> None:
    with lease() as database:
        if database.backend.service is None:
            pytest.skip("a database is a file")
        url = database.url.set(database="nowhere")
        with pytest.raises(DatabaseUnreachable, match="nowhere") as caught:
            read(parse(written(url)), database_environment)

    assert f":{database.url.password}@" not in str(caught.value)


def test_a_metadata_is_made_on_its_target(
    database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    application = Application("tests:shop", shop())
    reading = read(parse(f"tests:shop@{target}"), database_environment, application)

    assert names(reading) == set(application.metadata.tables)
    assert reading.snapshot.source == f"tests:shop@{target}"


SCRIPT = """
SET {variable};
CREATE TABLE goods (id INTEGER PRIMARY KEY, percent VARCHAR(9) CHECK (percent LIKE '%a%'));
DROP TABLE nowhere;
{beyond};
CREATE TABLE shelves (id INTEGER PRIMARY KEY);
"""
BEYOND = (
    "CREATE DATABASE {own}_2",
    "DROP DATABASE IF EXISTS {own}_2",
    "CREATE OR REPLACE USER someone",
    "USE elsewhere",
    "ALTER TABLE goods OWNER TO someone",
    "SET GLOBAL max_connections = 1",
)


def test_a_script_stays_in_its_database(
    database_environment: DatabaseTestEnvironment, target: Target, tmp_path: Path
) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(SCRIPT.format(variable="x = 1", beyond=";\n".join(BEYOND)))
    reading = read(parse(f"{file}@{target}"), database_environment)
    left_out = [each for each in reading.findings if each.code == "DDL-LEFT-OUT"]
    refused = [each for each in reading.findings if each.code == "DDL-REFUSED"]

    assert names(reading) == {"goods", "shelves"}
    assert [str(each.place) for each in left_out] == [
        f"{file}[line {line}]" for line in range(5, 5 + len(BEYOND))
    ]
    assert [str(each.place) for each in refused] == [f"{file}[line 2]", f"{file}[line 4]"]
    assert "nowhere" in refused[-1].actual


def test_another_database_is_out_of_reach_of_a_script(
    database_environment: DatabaseTestEnvironment, lease: Lease, target: Target, tmp_path: Path
) -> None:
    file = tmp_path / "schema.sql"
    with lease(Application("tests:shop", shop())) as other:
        name = str(other.url.database)
        file.write_text(
            f'DROP TABLE `{name}`.goods; CREATE SCHEMA other; DROP TABLE "{name}".goods'
        )
        reading = read(parse(f"{file}@{target}"), database_environment)
        (left,) = {read(parse(written(other.url)), database_environment).snapshot.tables}

    assert {table.name for table in left} == set(shop().tables)
    assert reading.findings
