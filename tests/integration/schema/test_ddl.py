"""What is emulated in a backend's DDL behaves as the model says, on servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from dbparity.errors import (
    DatabaseUnreachable,
    SchemaInexpressible,
    SchemaOccupied,
    SchemaRefused,
    SourceInvalid,
)
from dbparity.schema.applying import apply, execute
from dbparity.schema.ddl import ddl
from dbparity.servers.base import ServerOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.schema.ddl import Ddl
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_driver]


@pytest.fixture
def engine() -> None:
    """Asked for, so that the tests run on sync drivers only."""


@pytest.fixture
def empty(lease: Lease, engine: None) -> Iterator[Database]:  # noqa: ARG001
    with lease() as database:
        yield database


def make(database: Database, metadata: MetaData) -> Ddl:
    made = ddl(metadata, database.backend, database.version)
    with database.engine.begin() as connection:
        execute(connection, made)
    return made


def perform(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def people(*columns: Column[int] | Column[str]) -> Table:
    key = Column("id", Integer, primary_key=True, autoincrement=False)
    return Table("people", MetaData(), key, Column("name", String(20)), *columns)


def test_foreign_key_is_enforced_through_the_index_of_an_emulation(empty: Database) -> None:
    table = people(Column("boss", ForeignKey("people.id")), Column("gone", Integer))
    Index("ux", table.c.boss, unique=True, postgresql_where=table.c.gone.is_(None))
    make(empty, table.metadata)
    perform(
        empty,
        "INSERT INTO people (id, name) VALUES (1, 'Ada')",
        "INSERT INTO people (id, name, boss, gone) VALUES (2, 'Bob', 1, 1)",
    )
    with pytest.raises(IntegrityError):
        perform(empty, "UPDATE people SET boss = 3 WHERE id = 2")


def test_index_over_an_expression_is_unique(empty: Database) -> None:
    table = people()
    Index("ux", func.lower(table.c.name), unique=True)
    made = make(empty, table.metadata)
    assert made.refused == ()
    perform(empty, "INSERT INTO people (id, name) VALUES (1, 'Ada'), (2, NULL), (3, NULL)")
    with pytest.raises(IntegrityError):
        perform(empty, "INSERT INTO people (id, name) VALUES (4, 'ADA')")


def test_enum_refuses_other_values(empty: Database) -> None:
    make(empty, people(Column("state", Enum("new", "it's", name="state"))).metadata)
    perform(empty, "INSERT INTO people (id, state) VALUES (1, 'it''s'), (2, NULL)")
    with pytest.raises(DBAPIError):
        perform(empty, "INSERT INTO people (id, state) VALUES (3, 'lost')")


def test_numbers_begin_where_the_model_says_or_are_refused(empty: Database) -> None:
    metadata = MetaData()
    numbered = Table(
        "numbered",
        metadata,
        Column("id", Integer, Identity(start=100), primary_key=True),
        Column("share", String(9), server_default="100%"),
    )
    made = make(empty, metadata)
    with empty.engine.begin() as connection:
        connection.execute(numbered.insert())
        found = connection.execute(select(numbered)).one()
    assert tuple(found) == (1 if made.refused else 100, "100%")


def options(database: Database) -> ServerOptions:
    """What makes scratch databases on the server that the database is on."""
    url = database.url.render_as_string(hide_password=False)
    return ServerOptions(urls={database.backend.name: url}, providers=("url", "file"))


def address(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def shares(*checks: CheckConstraint) -> MetaData:
    table = people(Column("share", String(9), server_default="100%"))
    for check in checks:
        table.append_constraint(check)
    Index("ux", table.c.name, unique=True, postgresql_where=table.c.share.is_(None))
    return table.metadata


@pytest.fixture
def live(database_environment: DatabaseTestEnvironment, target: Target) -> Iterator[Database]:
    """An empty database, by sync and by async drivers."""
    with database_environment.lease(target) as database:
        yield database


def test_tables_are_made_once(live: Database) -> None:
    first = apply(address(live), shares(), options(live))
    again = apply(address(live), shares(), options(live))
    assert (first.created, again.created) == (True, False)
    assert first.url == live.safe_url
    assert first.ddl == again.ddl


def test_other_tables_of_the_name_are_refused_and_left(empty: Database) -> None:
    perform(empty, "CREATE TABLE people (id INTEGER PRIMARY KEY)")
    with pytest.raises(SchemaOccupied, match="people") as refused:
        apply(address(empty), shares(), options(empty))
    assert "***" in str(refused.value) or not empty.url.password
    columns = inspect(empty.engine).get_columns("people")
    assert [column["name"] for column in columns] == ["id"]


def test_statement_that_the_server_refuses_is_shown(empty: Database) -> None:
    nonsense = CheckConstraint("no_such_function(name) = 1", name="ck")
    with pytest.raises(SchemaRefused, match="CREATE TABLE people") as refused:
        apply(address(empty), shares(nonsense), options(empty))
    assert "no_such_function" in str(refused.value)
    assert inspect(empty.engine).get_table_names() == []


def test_model_that_cannot_be_expressed_is_refused_with_all_reasons(tmp_path: Path) -> None:
    table = people(Column("words", ARRAY(String)), Column("n", Integer, Identity(always=True)))
    with pytest.raises(SchemaInexpressible) as refused:
        apply(f"sqlite:///{tmp_path}/dev.db", table.metadata)
    assert [str(one).split(":")[0] for one in refused.value.remarks] == ["people.n", "people"]


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(
        SourceInvalid, match=r"model\.json: it is no URL; write one, such as sqlite"
    ):
        apply("model.json", shares())


def test_database_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="unable to open database file"):
        apply(f"sqlite:///{tmp_path}/nowhere/dev.db", shares())


def test_refused_model_leaves_no_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dev.db"
    with pytest.raises(SchemaInexpressible):
        apply(url, people(Column("words", ARRAY(String))).metadata)
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
