from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, create_engine, make_url, select
from sqlalchemy.dialects import mysql

from dbparity.backends.base import (
    AtRest,
    Backend,
    Credentials,
    Driver,
    Explain,
    Features,
    Part,
    Plan,
    Refusal,
    Silence,
    load_backend,
    occupied,
    quoted,
    url_for,
)
from dbparity.backends.postgresql import PostgreSQL
from dbparity.backends.sqlite import SQLite
from dbparity.errors import TargetUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.exc import DBAPIError

ITEM = Table("item", MetaData(), Column("id", Integer, primary_key=True))


class Least(Backend):
    """What a third party has to write at least."""

    name = "least"
    title = "Least"
    drivers = (Driver("plain", "json", "all"), Driver("missing", "no_such_module", "all"))

    def features(self, version: tuple[int, ...]) -> Features:
        return SQLite().features(version)

    def server_version(self, connection: Connection) -> str:
        return SQLite().server_version(connection)

    def refusal(self, error: DBAPIError) -> Refusal:
        return SQLite().refusal(error)

    def explain(self, connection: Connection, statement: Select[Any]) -> Plan:
        return SQLite().explain(connection, statement)

    def analyze(self, connection: Connection, tables: Sequence[Table]) -> None:
        SQLite().analyze(connection, tables)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_backend_is_loaded_by_its_name() -> None:
    assert isinstance(load_backend("postgresql"), PostgreSQL)


def test_driver_is_found_by_its_name() -> None:
    assert Least().driver("plain") is Least.drivers[0]


def test_unknown_driver_is_told_with_those_that_the_backend_has() -> None:
    with pytest.raises(TargetUnknown, match="unknown driver of least 'odbc'; known: missing, pla"):
        Least().driver("odbc")


def test_driver_is_installed_if_its_module_can_be_found() -> None:
    assert [driver.installed for driver in Least.drivers] == [True, False]


def test_least_backend_attaches_and_sets_nothing(connection: Connection) -> None:
    least, driver = Least(), Least.drivers[0]
    least.prepare(connection.engine)
    least.lock_timeout(connection, 1)
    assert least.connect_arguments(driver) == {}
    assert least.volatile(connection) == {}
    assert least.stamp(connection) is None
    assert least.sessions(connection) is None
    assert least.part(connection) == Part()


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("databases", ()),
        ("create_database", ("shop",)),
        ("drop_database", ("shop",)),
        ("seal", ("shop",)),
        ("clone", ("shop", "copy", "way")),
        ("clear", ([],)),
        ("fingerprint", ()),
        ("reader", ()),
        ("loader", ()),
        ("restore", (b"content",)),
    ],
)
def test_least_backend_does_not_pretend_to_administer(
    method: str, arguments: tuple[object, ...], connection: Connection
) -> None:
    with pytest.raises(NotImplementedError):
        getattr(Least(), method)(connection, *arguments)


def test_url_gets_another_driver_and_database_and_keeps_the_rest() -> None:
    url = make_url("postgresql://root:secret@localhost:5433/lead?sslmode=disable")
    moved = url_for(url, PostgreSQL(), PostgreSQL().driver("asyncpg"), "shop")
    assert moved.render_as_string(hide_password=False) == (
        "postgresql+asyncpg://root:secret@localhost:5433/shop?sslmode=disable"
    )


def test_password_is_not_shown_with_its_credentials() -> None:
    assert repr(Credentials("root", "secret", "shop")) == "Credentials('root', ***, 'shop')"


def test_explained_statement_keeps_its_values_bound() -> None:
    explain = Explain("EXPLAIN", select(ITEM.c.id).where(ITEM.c.id == 7))
    compiled = explain.compile(dialect=mysql.dialect())
    assert " ".join(str(compiled).split()) == "EXPLAIN SELECT item.id FROM item WHERE item.id = %s"
    assert compiled.params == {"id_1": 7}


def test_plan_is_read_as_it_is_whatever_types_the_statement_has(connection: Connection) -> None:
    columns = (Column(name, DateTime) for name in "abcd")
    moments = Table("moments", MetaData(), *columns)
    moments.create(connection)
    assert "moments" in SQLite().explain(connection, select(moments)).text


def test_identifier_is_quoted_whatever_is_in_it(connection: Connection) -> None:
    assert quoted(connection, 'a"b') == '"a""b"'


def test_occupied_tables_are_those_with_rows(connection: Connection) -> None:
    other = Table("other", ITEM.metadata, Column("id", Integer, primary_key=True))
    ITEM.metadata.create_all(connection)
    connection.execute(other.insert().values(id=1))
    assert occupied(connection, [ITEM, other]) == [other]


def test_of_no_tables_none_is_occupied(connection: Connection) -> None:
    assert occupied(connection, []) == []


def test_what_a_backend_does_not_say_of_moving_rows_is_nothing() -> None:
    """A third party that writes the least is asked all the same."""
    backend = Least()
    with create_engine("sqlite://").connect() as connection:
        assert backend.at_rest(connection) == AtRest(foreign_keys=False, triggers=False)
        assert backend.silence(connection, ["t"]) == Silence()
        assert backend.counters(connection) == {}
        assert backend.next_number(connection, "t", "id") is None
