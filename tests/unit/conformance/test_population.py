from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    Column,
    Computed,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    func,
    select,
)
from sqlalchemy.dialects import mysql, sqlite

from dbparity.conformance.population import (
    application_of,
    insertable,
    key_of,
    keyed_tables,
    place,
    populate,
    settled,
    synthesizer,
    underlying,
    where_key,
)
from dbparity.conformance.staging import rows_of
from tests.support.databases import application, sqlite_database
from tests.support.shops import shop

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.servers.database import Database


def pairs() -> Table:
    left, right = Column("left", Integer, primary_key=True), Column("right", Uuid, primary_key=True)
    return Table("pairs", MetaData(), left, right, Column("note", String(9)))


ROW = {"left": 1, "right": UUID(int=2), "note": "x"}


def test_a_row_is_named_by_its_primary_key() -> None:
    assert key_of(pairs(), ROW) == {"left": 1, "right": UUID(int=2)}


def test_a_place_spells_the_key_canonically() -> None:
    assert str(place(pairs(), "note", ROW)) == f"pairs.note[1, {UUID(int=2)}]"


def test_a_place_without_a_row_is_a_column() -> None:
    assert str(place(pairs(), "note")) == "pairs.note"


def test_what_the_server_alone_fills_is_not_insertable() -> None:
    table = Table(
        "t",
        MetaData(),
        Column("plain", Integer),
        Column("numbered", Integer, Identity()),
        Column("always", Integer, Identity(always=True)),
        Column("computed", Integer, Computed("1")),
    )

    assert [column.key for column in table.columns if insertable(column)] == ["plain", "numbered"]


def test_the_underlying_type_is_the_dialects() -> None:
    column = Column("a", LargeBinary(32).with_variant(mysql.VARBINARY(32), "mysql"))

    assert isinstance(underlying(column, mysql.dialect()), mysql.VARBINARY)
    assert isinstance(underlying(column, sqlite.dialect()), LargeBinary)


def test_a_population_is_committed(tmp_path: Path) -> None:
    metadata = shop()

    def count(database: Database) -> tuple[int, int | None]:
        made = populate(database)
        query = select(func.count()).select_from(metadata.tables["orders"])
        with database.engine.connect() as connection:
            return len(made.rows["orders"]), connection.scalar(query)

    with sqlite_database(tmp_path, application(metadata)) as database:
        assert database.run(count) == (3, 3)


def test_a_population_may_be_of_some_tables(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, application(shop())) as database:
        made = database.run(lambda database: populate(database, {"products": 2}))

    assert {key: len(rows) for key, rows in made.rows.items() if rows} == {"products": 2}


def test_a_row_is_found_by_its_key(tmp_path: Path) -> None:
    metadata = shop()
    lines = metadata.tables["order_lines"]

    def found(database: Database) -> tuple[object, list[int]]:
        row = settled(populate(database))["order_lines"][1]
        query = select(lines.c.position).where(where_key(lines, row))
        with database.engine.connect() as connection:
            return row["position"], list(connection.scalars(query))

    with sqlite_database(tmp_path, application(metadata)) as database:
        position, read = database.run(found)

    assert read == [position]


def test_an_application_has_one_synthesizer_and_one_set_of_rows(tmp_path: Path) -> None:
    app = application(shop())
    with (
        sqlite_database(tmp_path, app) as first,
        sqlite_database(tmp_path, app, "aiosqlite") as second,
    ):
        assert synthesizer(first) is synthesizer(second)
        assert rows_of(first) is rows_of(second)


def test_a_database_without_an_application_has_no_tables(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, application(MetaData())) as leased:
        bare = replace(leased, application=None)

        assert application_of(bare).metadata.tables == {}
        assert keyed_tables(bare) == ()
