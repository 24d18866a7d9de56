from __future__ import annotations

from dbparity.results import Place, Side
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.sides import sides
from dbparity.snapshots import Column, Family, Index, Key, Part, Snapshot, Table, Type

SHORT = Column("name", Type("varchar(20)", Family.TEXT, length=20))
LONG = Column("name", Type("varchar(50)", Family.TEXT, length=50), nullable=False)
FULL = Index("ux", (Part("name"), Part(expression="lower(name)", descending=True)), unique=True)
PARTIAL = Index("ux", FULL.parts, unique=True, predicate="name > 'a'")


def snapshot(*tables: Table) -> Snapshot:
    return Snapshot("", "postgresql", "17", tables)


def table(column: Column, *indexes: Index) -> Table:
    return Table("users", (column,), Key("pk", ("name",)), indexes=indexes)


def differing(place: Place, name: str = "") -> Difference:
    return Difference(Meaning.NARROWER, "type", place, "it is", name=name)


def test_column_is_told_by_what_it_is_and_what_differs() -> None:
    left, right = snapshot(table(SHORT)), snapshot(table(LONG))
    assert sides(differing(Place("users", "name")), left, right) == (
        Side("name", "name", "name"),
        Side("type", "varchar(20)", "varchar(50)"),
        Side("length", "20", "50"),
        Side("nullable", "yes", "no"),
    )


def test_index_is_told_part_by_part() -> None:
    left, right = snapshot(table(SHORT, FULL)), snapshot(table(SHORT, PARTIAL))
    parts = "name; lower(name), descending"
    assert sides(differing(Place("users"), "ux"), left, right) == (
        Side("name", "ux", "ux"),
        Side("parts", parts, parts),
        Side("predicate", "", "name > 'a'"),
    )


def test_key_is_found_by_its_name() -> None:
    one = snapshot(table(SHORT))
    assert sides(differing(Place("users"), "pk"), one, one) == (
        Side("name", "pk", "pk"),
        Side("columns", "name", "name"),
    )


def test_what_one_side_has_alone_has_no_sides() -> None:
    left, right = snapshot(table(SHORT, FULL)), snapshot(table(SHORT))
    assert sides(differing(Place("users"), "ux"), left, right) == ()
    assert sides(differing(Place("users")), left, snapshot()) == ()
