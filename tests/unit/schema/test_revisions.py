from __future__ import annotations

import logging.config
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import InvalidRequestError, OperationalError

from dbparity.applications import Application
from dbparity.backends.sqlite import SQLite
from dbparity.errors import ApplicationError
from dbparity.schema import envpy, revisions
from dbparity.schema.envpy import Door
from dbparity.schema.history import History
from dbparity.schema.revisions import Drift
from dbparity.servers.database import Database
from tests.support.databases import sqlite_database
from tests.support.ledgers import pairs
from tests.support.migrations import (
    ASYNC,
    CREATE,
    ELSEWHERE,
    LOGGING,
    SHARED_OR_ELSEWHERE,
    SYNC,
    write_migrations,
)
from tests.support.scripts import MAKE_PARENTS, but, write_scripts

if TYPE_CHECKING:
    from pathlib import Path

Empty = Callable[..., AbstractContextManager[Database]]


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """An empty database of an application whose migrations stand in alembic.ini."""

    @contextmanager
    def database(ini: Path | None, driver: str = request.param) -> Iterator[Database]:
        app = Application("tests:metadata", pairs(), ini)
        with sqlite_database(tmp_path, app, driver, MetaData()) as made:
            yield made

    return database


def tables(database: Database) -> set[str]:
    return set(database.run(lambda database: inspect(database.engine).get_table_names()))


@pytest.mark.parametrize("env", [SYNC, ASYNC], ids=["sync", "async"])
def test_any_env_migrates_through_any_driver(empty: Empty, tmp_path: Path, env: str) -> None:
    with empty(write_migrations(tmp_path, env)) as database:
        database.run(revisions.upgrade)

        assert tables(database) == {"pairs", "alembic_version"}
        assert database.run(revisions.current) == ("1",)


def test_an_env_may_take_the_connection_of_any_driver(empty: Empty, tmp_path: Path) -> None:
    other = tmp_path / "precious.db"
    ini = write_migrations(tmp_path, SHARED_OR_ELSEWHERE, url=f"sqlite:///{other}")

    with empty(ini) as database:
        database.run(revisions.upgrade)

        assert database.run(revisions.current) == ("1",)
    assert not other.exists()


def test_an_upgrade_stops_at_the_revision_asked_for(empty: Empty, tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, SYNC, [("1", None, CREATE), ("2", "1", "pass")])

    with empty(ini) as database:
        database.run(lambda database: revisions.upgrade(database, "1"))

        assert database.run(revisions.current) == ("1",)


def test_an_empty_database_is_at_no_revision_and_stays_empty(empty: Empty, tmp_path: Path) -> None:
    with empty(write_migrations(tmp_path, SYNC)) as database:
        assert database.run(revisions.current) == ()
        assert tables(database) == set()


def test_the_version_table_is_the_one_that_env_names(empty: Empty, tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, SYNC, options=", version_table='history'")

    with empty(ini) as database:
        database.run(revisions.upgrade)

        assert database.run(revisions.current) == ("1",)
        assert tables(database) == {"pairs", "history"}
        assert _differences(database, pairs()) == ()


def test_heads_are_what_nothing_follows(tmp_path: Path) -> None:
    script = [("1", None, CREATE), ("2a", "1", "pass"), ("2b", "1", "pass")]
    ini = write_migrations(tmp_path, revisions=script)

    assert revisions.heads(Application("tests:metadata", pairs(), ini)) == ("2a", "2b")


def test_a_folder_of_scripts_is_looked_for_beside_the_ini(empty: Empty, tmp_path: Path) -> None:
    with empty(write_migrations(tmp_path, SYNC, location="migrations")) as database:
        database.run(revisions.upgrade)

        assert database.run(revisions.current) == ("1",)


def test_an_ini_without_a_folder_is_refused_by_alembic(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\n")

    with pytest.raises(Exception, match="No 'script_location' key"):
        revisions.heads(Application("tests:metadata", pairs(), ini))


def test_an_application_without_migrations_has_no_heads() -> None:
    with pytest.raises(ApplicationError, match="tests:metadata: it has no migrations"):
        revisions.heads(Application("tests:metadata", pairs()))


def test_a_database_without_application_cannot_be_upgraded(tmp_path: Path) -> None:
    app = Application("tests:metadata", MetaData())
    with sqlite_database(tmp_path, app) as database:
        bare = replace(database, application=None)

        with pytest.raises(ApplicationError, match="no application: it has no migrations"):
            revisions.upgrade(bare)


def test_an_env_that_connects_elsewhere_is_kept_from_it(empty: Empty, tmp_path: Path) -> None:
    other = tmp_path / "precious.db"
    ini = write_migrations(tmp_path, ELSEWHERE, url=f"sqlite:///{other}")

    refusal = pytest.raises(ApplicationError, match="connects to another database")
    with empty(ini) as database, refusal as raised:
        database.run(revisions.upgrade)

    assert not other.exists()
    assert raised.value.path == str(ini)
    assert "sqlalchemy.url" in raised.value.cure


def test_a_file_is_not_the_database_of_a_server() -> None:
    server = make_url("postgresql+psycopg://user@127.0.0.1/shop")

    assert not envpy._leads_to(server, pysqlite.dialect(), ["shop.db"], {})


def test_other_threads_connect_where_they_like_meanwhile(empty: Empty, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    connect = f"""
    import threading
    def work():
        engine = sa.create_engine("sqlite:///{other}", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE TABLE mine (id INTEGER)"))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    """
    ini = write_migrations(tmp_path, SYNC, [("1", None, dedent(connect))])

    with empty(ini) as database:
        database.run(revisions.upgrade)

    assert other.exists()


def test_after_a_run_its_thread_connects_where_it_likes(tmp_path: Path) -> None:
    app = Application("tests:metadata", pairs(), write_migrations(tmp_path, SYNC))
    with sqlite_database(tmp_path, app, schema=MetaData()) as database:
        revisions.upgrade(database)
        other = create_engine("sqlite://")

        with other.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        other.dispose()


def test_the_logging_of_the_program_is_left_as_it_is(empty: Empty, tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.config.fileConfig)

    with empty(write_migrations(tmp_path, LOGGING + SYNC)) as database:
        database.run(revisions.upgrade)

    assert (root.level, list(root.handlers), logging.config.fileConfig) == before


def test_a_percent_sign_in_the_url_is_only_a_percent_sign(tmp_path: Path) -> None:
    folder = tmp_path / "100%(sure)s"
    folder.mkdir()
    app = Application("tests:metadata", pairs(), write_migrations(tmp_path, SYNC))
    with sqlite_database(folder, app, schema=MetaData()) as database:
        revisions.upgrade(database)

        assert revisions.current(database) == ("1",)


def test_what_a_migration_raises_is_raised(empty: Empty, tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, SYNC, [("1", None, 'op.execute("DROP TABLE nowhere")')])

    with empty(ini) as database, pytest.raises(OperationalError, match="no such table: nowhere"):
        database.run(revisions.upgrade)


def test_an_invalid_request_of_a_migration_is_not_taken_for_a_missing_driver(
    empty: Empty, tmp_path: Path
) -> None:
    wrong = 'raise sa.exc.InvalidRequestError("wrong")'
    ini = write_migrations(tmp_path, SYNC, [("1", None, wrong)])

    with empty(ini) as database, pytest.raises(InvalidRequestError, match="wrong"):
        database.run(revisions.upgrade)


class SyncOnly(SQLite):
    """SQLite without an async driver."""

    drivers = SQLite.drivers[:1]


def test_an_async_env_needs_an_async_driver(tmp_path: Path) -> None:
    app = Application("tests:metadata", pairs(), write_migrations(tmp_path, ASYNC))
    refusal = pytest.raises(InvalidRequestError, match="requires an async driver")
    with sqlite_database(tmp_path, app, schema=MetaData()) as database, refusal:
        revisions.upgrade(replace(database, backend=SyncOnly()))


def _differences(database: Database, metadata: MetaData) -> tuple[Drift, ...]:
    return database.run(lambda database: revisions.differences(database, metadata))


def test_a_schema_that_is_the_model_s_has_no_differences(empty: Empty, tmp_path: Path) -> None:
    with empty(write_migrations(tmp_path, SYNC)) as database:
        database.run(revisions.upgrade)

        assert _differences(database, pairs()) == ()


def _drifted() -> MetaData:
    metadata = MetaData()
    Table(
        "pairs",
        metadata,
        Column("a", Integer, primary_key=True, autoincrement=False),
        Column("c", Integer, ForeignKey("names.id")),
        Index("ix_pairs_c", "c"),
        UniqueConstraint("a", "c", name="uq_pairs"),
    )
    Table("names", metadata, Column("id", Integer, primary_key=True))
    return metadata


def test_every_difference_names_its_table_and_column(empty: Empty, tmp_path: Path) -> None:
    with empty(write_migrations(tmp_path, SYNC)) as database:
        database.run(revisions.upgrade)

        assert set(_differences(database, _drifted())) == {
            Drift("names", "", "the table is missing"),
            Drift("pairs", "c", "the column is missing"),
            Drift("pairs", "b", "the column is not in the model"),
            Drift("pairs", "", "index ix_pairs_c (c) is missing"),
            Drift("pairs", "", "constraint uq_pairs (a, c) is missing"),
            Drift("pairs", "", "fk (c) is missing"),
        }


def test_a_table_that_the_model_has_not_is_a_difference(empty: Empty, tmp_path: Path) -> None:
    with empty(write_migrations(tmp_path, SYNC)) as database:
        database.run(revisions.upgrade)

        assert _differences(database, MetaData()) == (
            Drift("pairs", "", "the table is not in the model"),
        )


def test_a_column_of_another_type_tells_both(empty: Empty, tmp_path: Path) -> None:
    metadata = MetaData()
    Table(
        "pairs",
        metadata,
        Column("a", Integer, primary_key=True, autoincrement=False),
        Column("b", String(20), nullable=False, server_default="none"),
    )
    options = ", compare_server_default=True"

    with empty(write_migrations(tmp_path, SYNC, options=options)) as database:
        database.run(revisions.upgrade)

        assert set(_differences(database, metadata)) == {
            Drift("pairs", "b", "type is INTEGER, in the model VARCHAR(20)"),
            Drift("pairs", "b", "nullable is True, in the model False"),
            Drift("pairs", "b", "default is None, in the model none"),
        }


BY_ARGUMENT = """
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    {configure}
    url = context.get_x_argument(as_dictionary=True).get("where", "{url}")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        migrate(connection)
"""
BY_VARIABLE = """
    import os
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    {configure}
    url = os.environ.get("WHERE", "{url}")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        migrate(connection)
"""


@pytest.mark.parametrize(
    ("env", "options"),
    [
        (BY_ARGUMENT, {"alembic_x": ("where={url}",)}),
        (BY_VARIABLE, {"alembic_environment": {"WHERE": "{url}"}}),
    ],
    ids=["argument", "variable"],
)
@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_an_env_is_told_its_url_as_the_application_declares(
    tmp_path: Path, driver: str, env: str, options: dict[str, Any]
) -> None:
    ini = write_migrations(tmp_path, env, url=f"sqlite:///{tmp_path / 'precious.db'}")
    app = Application("tests:metadata", pairs(), ini, **options)
    with sqlite_database(tmp_path, app, driver, MetaData()) as database:
        database.run(revisions.upgrade)

        assert database.run(revisions.current) == ("1",)
    assert not (tmp_path / "precious.db").exists()


def test_variables_are_what_they_were_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE", "here")
    monkeypatch.delenv("ELSEWHERE", raising=False)
    environment = {"WHERE": "{url}", "ELSEWHERE": "{url}"}
    ini = write_migrations(tmp_path, BY_VARIABLE)
    app = Application("tests:metadata", pairs(), ini, alembic_environment=environment)
    with sqlite_database(tmp_path, app, schema=MetaData()) as database:
        revisions.upgrade(database)

    assert (os.environ["WHERE"], "ELSEWHERE" in os.environ) == ("here", False)


def test_folders_are_looked_for_beside_the_ini(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, [but(MAKE_PARENTS, folder="more")], location="migrations")
    folders = "path_separator = os\nversion_locations = migrations/more\nprepend_sys_path = ."
    ini.write_text(ini.read_text().replace("[alembic]", f"[alembic]\n{folders}"))

    history = History.of(Door(ini))

    assert [revision.name for revision in history.revisions] == ["1 (Step 1.)"]
    assert str(tmp_path) in sys.path


def test_a_revision_without_a_title_goes_by_its_identifier(tmp_path: Path) -> None:
    (revision,) = History.of(Door(write_migrations(tmp_path, SYNC))).revisions

    assert revision.name == "1"


# As Alembic's documentation had it when connections had a method `connect`.
CONNECTABLE = """
    from alembic import context
    from sqlalchemy import NullPool, engine_from_config
    {configure}
    connectable = context.config.attributes.get("connection")
    if connectable is None:
        section = context.config.get_section(context.config.config_ini_section)
        connectable = engine_from_config(section, poolclass=NullPool)
    with connectable.connect() as connection:
        migrate(connection)
"""


def test_an_env_that_takes_a_connection_for_an_engine_gets_the_url(
    empty: Empty, tmp_path: Path
) -> None:
    with empty(write_migrations(tmp_path, CONNECTABLE)) as database:
        database.run(revisions.upgrade)

        assert database.run(revisions.current) == ("1",)


def test_a_name_that_is_missing_in_a_migration_is_not_taken_for_that(
    empty: Empty, tmp_path: Path
) -> None:
    ini = write_migrations(tmp_path, SYNC, [("1", None, "op.nothing()")])

    with empty(ini) as database, pytest.raises(AttributeError, match="nothing"):
        database.run(revisions.upgrade)
