"""A plan tells what a migration does, and refuses what loses rows, before it writes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from dbparity.backends.base import Backend, load_backend
from dbparity.backends.sqlite import SQLite
from dbparity.errors import (
    BackendUnsuited,
    NothingToResume,
    TargetIsSource,
    TargetOccupied,
    TargetUnfit,
)
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning
from dbparity.snapshots import Snapshot
from dbparity.transfer.admission import Mode
from dbparity.transfer.plan import Plan, plan
from dbparity.transfer.survey import JOURNAL, Survey, survey

if TYPE_CHECKING:
    from pathlib import Path

Make = Callable[..., Survey]
SHOP = (
    (
        "CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders, place INTEGER NOT NULL, "
        "what TEXT, twice INTEGER AS (place * 2), PRIMARY KEY (order_id, place))"
    ),
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, before INTEGER REFERENCES orders)",
    "CREATE TABLE notes (words TEXT)",
    "CREATE TABLE codes (code TEXT NOT NULL UNIQUE, label TEXT)",
    "INSERT INTO orders VALUES (1, NULL), (2, 1)",
)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a database of statements, and look at it."""

    def made(name: str, *statements: str) -> Survey:
        backend = load_backend("sqlite")
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        with engine.connect() as connection:
            found = survey(connection, backend)
        engine.dispose()
        return found

    return made


@pytest.fixture
def shop(make: Make) -> Survey:
    return make("shop", *SHOP)


def on(backend: str, version: str) -> Survey:
    """An empty database of a server."""
    return Survey("the target", "elsewhere", Snapshot("", backend, version))


@pytest.fixture
def empty() -> Survey:
    return on("postgresql", "17.2")


def test_tables_are_loaded_after_those_that_they_refer_to(shop: Survey, empty: Survey) -> None:
    names = [load.table for load in plan(shop, empty).loads]
    assert names.index("orders") < names.index("lines")


def test_an_empty_target_gets_a_schema(shop: Survey, empty: Survey) -> None:
    made = plan(shop, empty)
    assert any(statement.startswith('CREATE TABLE "lines"') for statement in made.before)
    assert any("FOREIGN KEY" in statement for statement in made.after)


def test_rows_are_told_apart_by_a_key_without_null(shop: Survey, empty: Survey) -> None:
    keys = {load.table: load.key for load in plan(shop, empty).loads}
    assert keys == {
        "codes": ("code",),
        "lines": ("order_id", "place"),
        "notes": (),
        "orders": ("id",),
    }


def test_generated_columns_are_compared_and_not_written(shop: Survey, empty: Survey) -> None:
    (lines,) = (load for load in plan(shop, empty).loads if load.table == "lines")
    assert [each.column for each in lines.columns if not each.written] == ["twice"]


def test_rows_are_counted_and_chunks_foreseen(shop: Survey, empty: Survey) -> None:
    made = plan(shop, empty)
    (orders,) = (load for load in made.loads if load.table == "orders")
    assert (made.rows, orders.rows, orders.chunks, orders.refers_to_itself) == (2, 2, 1, True)


def test_each_column_says_what_cannot_be_held(shop: Survey) -> None:
    made = plan(shop, on("mysql", "9.1.0"))
    (codes,) = (load for load in made.loads if load.table == "codes")
    assert [each.unheld for each in codes.columns] == [("varchar(768) ends at 768 characters",), ()]
    assert [str(each.place) for each in made.refusals] == ["codes.code"]


def test_a_plan_is_read_back_from_its_json(shop: Survey, make: Make) -> None:
    other = make("other", *(statement.replace("TEXT", "VARCHAR(9)") for statement in SHOP[:4]))
    for target in (on("mysql", "9.1.0"), other):
        made = plan(shop, target)
        assert Plan.from_json(made.to_json()) == made


def test_a_target_that_has_the_tables_keeps_them(shop: Survey, make: Make) -> None:
    made = plan(shop, make("other", *SHOP[:4]))
    assert (made.before, made.after, made.doubts) == ((), (), ())
    assert [load.target_table for load in made.loads] == [load.table for load in made.loads]


def test_a_target_in_other_capitals_is_the_same(shop: Survey, make: Make) -> None:
    made = plan(shop, make("other", *(statement.upper() for statement in SHOP[:4])))
    (notes,) = (load for load in made.loads if load.table == "notes")
    assert (notes.target_table, notes.columns[0].target_column) == ("NOTES", "WORDS")


def test_what_a_target_may_refuse_is_a_doubt_of_its_column(make: Make) -> None:
    source = make("source", "CREATE TABLE t (a TEXT, b INTEGER) STRICT")
    target = make("target", "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE, b INTEGER NOT NULL)")
    made = plan(source, target)
    assert {each.meaning for each in made.doubts} == {Meaning.STRICTER}
    (load,) = made.loads
    assert [bool(each.unheld) for each in load.columns] == [True, True]


def test_triggers_that_an_insert_fires_are_named(shop: Survey, make: Make) -> None:
    fires = "CREATE TRIGGER fires AFTER INSERT ON notes BEGIN SELECT 1; END"
    quiet = "CREATE TRIGGER quiet AFTER DELETE ON notes BEGIN SELECT 1; END"
    made = plan(shop, make("other", *SHOP[:4], fires, quiet))
    assert {load.table: load.triggers for load in made.loads if load.triggers} == {
        "notes": ("fires",)
    }


def test_a_table_that_cannot_be_kept_is_not_loaded(make: Make) -> None:
    source = make("source", f'CREATE TABLE "{"n" * 64}" (a INTEGER)', "CREATE TABLE t (a INTEGER)")
    made = plan(source, on("postgresql", "17.2"))
    assert [load.table for load in made.loads] == ["t"]
    assert "too long a name" in made.refusals[0].obstacle


def test_what_a_virtual_table_computes_is_not_copied(make: Make, empty: Survey) -> None:
    source = make("source", "CREATE VIRTUAL TABLE papers USING fts5(title)")
    (load,) = plan(source, empty).loads
    assert [each.column for each in load.columns] == ["title"]


def test_a_backend_that_cannot_tell_is_known_by_its_url() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert Backend.identity(load_backend("sqlite"), connection) == "sqlite://"
    engine.dispose()


def test_the_source_is_no_target(shop: Survey, make: Make, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    with pytest.raises(TargetIsSource, match="link is the source itself"):
        plan(shop, make("link"))


def test_a_target_with_rows_is_refused(shop: Survey, make: Make) -> None:
    target = make("other", *SHOP)
    with pytest.raises(TargetOccupied, match="has rows in orders"):
        plan(shop, target)


def test_rows_that_are_replaced_are_named(shop: Survey, make: Make) -> None:
    assert plan(shop, make("other", *SHOP), Mode.REPLACE).replaced == ("orders",)


def test_a_migration_that_began_is_resumed(shop: Survey, make: Make) -> None:
    target = make("other", *SHOP, f"CREATE TABLE {JOURNAL} (id INTEGER)")
    made = plan(shop, target, Mode.RESUME)
    assert (made.replaced, JOURNAL in {load.table for load in made.loads}) == ((), False)


def test_nothing_is_resumed_that_did_not_begin(shop: Survey, make: Make) -> None:
    with pytest.raises(NothingToResume):
        plan(shop, make("other", *SHOP), Mode.RESUME)


def test_a_target_without_a_place_for_each_value_is_refused(shop: Survey, make: Make) -> None:
    target = make(
        "other",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY)",
        "CREATE TABLE notes (words TEXT, author TEXT NOT NULL, made TEXT NOT NULL DEFAULT '')",
    )
    with pytest.raises(TargetUnfit) as caught:
        plan(shop, target)
    assert caught.value.reasons == (
        "it has no table codes",
        "it has no table lines",
        "notes needs author, which the source does not have",
        "orders has no column before",
    )


def test_tables_of_a_backend_without_a_home_take_no_rows(
    shop: Survey, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLite, "home", Backend.home)
    with pytest.raises(BackendUnsuited, match="SQLite is no target"):
        plan(shop, make("other", *SHOP[:4]))


WANTED = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, before BIGINT REFERENCES orders)",
    (
        "CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders, place INTEGER NOT NULL, "
        "what VARCHAR(9) NOT NULL, twice INTEGER AS (place * 2), PRIMARY KEY (order_id, place))"
    ),
    "CREATE TABLE codes (code TEXT NOT NULL UNIQUE, label TEXT)",
    "CREATE INDEX by_what ON lines (what)",
    "CREATE VIEW all_orders AS SELECT id FROM orders",
)


def test_an_empty_target_gets_the_schema_that_is_wanted(shop: Survey, make: Make) -> None:
    wanted = make("wanted", *WANTED).snapshot
    made = plan(shop, make("new"), wanted=wanted)
    assert [each.name for each in made.target_schema.tables] == [
        "codes",
        "lines",
        "orders",
        "notes",
    ]
    assert any('"what" VARCHAR(9)' in statement for statement in made.before)
    assert any('"notes"' in statement for statement in made.before)
    assert any('"by_what"' in statement for statement in made.after)
    assert [(each.place.column, each.meaning) for each in made.doubts] == [
        ("what", Meaning.STRICTER)
    ]
    assert [each.meaning for each in diff(replace(wanted, views=()), made.target_schema)] == [
        Meaning.EXTRA
    ]


def test_a_schema_that_is_wanted_must_take_the_rows(shop: Survey, make: Make) -> None:
    wanted = make("wanted", WANTED[0].replace("before", "earlier")).snapshot
    with pytest.raises(TargetUnfit, match="orders has no column before"):
        plan(shop, make("new"), wanted=wanted)


def test_tables_that_are_there_are_not_made_others(shop: Survey, make: Make) -> None:
    wanted = make("wanted", *WANTED).snapshot
    with pytest.raises(TargetUnfit, match="is to get those of another schema"):
        plan(shop, make("other", *SHOP[:4]), wanted=wanted)
