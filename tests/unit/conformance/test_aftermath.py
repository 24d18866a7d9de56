from __future__ import annotations

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    text,
)

from dbparity.conformance.aftermath import Aftermath, action_of, aftermath, state_of
from dbparity.conformance.staging import Entry


def parents(metadata: MetaData) -> Table:
    return Table("parents", metadata, Column("id", Integer, primary_key=True))


def children(metadata: MetaData, *columns: Column[int], name: str = "children") -> Table:
    return Table(name, metadata, Column("id", Integer, primary_key=True), *columns)


def reference(action: str | None, to: str = "parents.id", **options: object) -> Column[int]:
    key = ForeignKey(to, ondelete=action)
    return Column(to.replace(".", "_"), Integer, key, **options)  # type: ignore[arg-type]


def after_deletion(child: Table, *keys: int, **row: object) -> tuple[Aftermath, Entry]:
    """What becomes of a child of parent 1 when it is deleted; other parents have ``keys``."""
    table = child.metadata.tables["parents"]
    family = [Entry(table, {"id": key}) for key in (1, *keys)]
    entry = Entry(child, {"id": 7, "parents_id": 1, **row})
    return aftermath([*family, entry], family[0]), entry


def test_a_cascade_deletes_the_child() -> None:
    metadata = MetaData()
    parents(metadata)

    after, entry = after_deletion(children(metadata, reference("CASCADE")))

    assert (after.refused, after.certain, after.rows[entry]) == (False, True, None)


def test_set_null_empties_the_reference() -> None:
    metadata = MetaData()
    parents(metadata)

    after, entry = after_deletion(children(metadata, reference("set null")))

    assert not after.refused
    assert after.rows[entry] == {"id": 7, "parents_id": None}


def test_set_null_is_refused_where_the_column_may_not_be_null() -> None:
    metadata = MetaData()
    parents(metadata)

    after, _ = after_deletion(children(metadata, reference("SET NULL", nullable=False)))

    assert after.refused


@pytest.mark.parametrize("action", [None, "NO ACTION", "RESTRICT"])
def test_without_an_action_the_deletion_is_refused(action: str | None) -> None:
    metadata = MetaData()
    parents(metadata)

    after, _ = after_deletion(children(metadata, reference(action)))

    assert (after.refused, after.certain) == (True, True)


@pytest.mark.parametrize("default", ["2", text("2"), text("'2'")])
def test_set_default_references_the_default_that_is_there(default: object) -> None:
    metadata = MetaData()
    parents(metadata)
    child = children(metadata, reference("SET DEFAULT", server_default=default))

    after, entry = after_deletion(child, 2)

    assert after.rows[entry] == {"id": 7, "parents_id": 2}


def test_set_default_is_refused_where_the_default_references_nothing() -> None:
    metadata = MetaData()
    parents(metadata)

    after, _ = after_deletion(children(metadata, reference("SET DEFAULT", server_default="2")))

    assert (after.refused, after.certain) == (True, True)


def test_set_default_without_a_default_is_set_null() -> None:
    metadata = MetaData()
    parents(metadata)

    after, entry = after_deletion(children(metadata, reference("SET DEFAULT")))

    assert after.rows[entry] == {"id": 7, "parents_id": None}


@pytest.mark.parametrize("default", [func.random(), text("random()")])
def test_a_default_that_only_the_server_knows_is_not_certain(default: object) -> None:
    metadata = MetaData()
    parents(metadata)
    child = children(metadata, reference("SET DEFAULT", server_default=default))

    after, _ = after_deletion(child, 2)

    assert not after.certain


def test_a_default_of_another_type_is_not_certain() -> None:
    metadata = MetaData()
    Table("parents", metadata, Column("id", DateTime, primary_key=True))
    key = ForeignKey("parents.id", ondelete="SET DEFAULT")
    column = Column("parents_id", DateTime, key, server_default="2024-01-01 00:00:00")

    after, _ = after_deletion(Table("children", metadata, column))

    assert not after.certain


def test_a_default_text_is_read_with_its_quotes() -> None:
    metadata = MetaData()
    Table("parents", metadata, Column("id", String(9), primary_key=True))
    key = ForeignKey("parents.id", ondelete="SET DEFAULT")
    child = Table("children", metadata, Column("parents_id", String(9), key, server_default="it"))
    gone, kept = (Entry(metadata.tables["parents"], {"id": name}) for name in ("ada", "it"))
    entry = Entry(child, {"parents_id": "ada"})

    after = aftermath([gone, kept, entry], gone)

    assert after.rows[entry] == {"parents_id": "it"}


def test_cascades_reach_the_childrens_children() -> None:
    metadata = MetaData()
    first, second = parents(metadata), children(metadata, reference("CASCADE"))
    third = children(metadata, reference("CASCADE", "children.id"), name="toys")
    root, child = Entry(first, {"id": 1}), Entry(second, {"id": 2, "parents_id": 1})
    toy, other = (Entry(third, {"id": n, "children_id": n}) for n in (2, 3))

    after = aftermath([root, child, toy, other], root)

    assert (after.rows[toy], after.rows[other]) == (None, other.row)


def test_a_row_that_one_way_deletes_and_another_protects_is_not_certain() -> None:
    metadata = MetaData()
    first = parents(metadata)
    twice = children(metadata, reference("CASCADE"), name="twice")
    twice.append_column(Column("again", Integer, ForeignKey("parents.id")))
    root = Entry(first, {"id": 1})

    after = aftermath([root, Entry(twice, {"id": 2, "parents_id": 1, "again": 1})], root)

    assert (after.refused, after.certain) == (False, False)


def test_a_row_that_is_gone_already_is_left_alone() -> None:
    metadata = MetaData()
    first = parents(metadata)
    twice = children(metadata, reference("CASCADE"), name="twice")
    twice.append_column(Column("x_again", Integer, ForeignKey("parents.id", ondelete="SET NULL")))
    root, entry = Entry(first, {"id": 1}), Entry(twice, {"id": 2, "parents_id": 1, "x_again": 1})

    after = aftermath([root, entry], root)

    assert (after.certain, after.rows[entry]) == (True, None)


def test_the_state_counts_the_references_that_are_left() -> None:
    metadata = MetaData()
    first, second = parents(metadata), children(metadata, reference("CASCADE"))
    roots = [Entry(first, {"id": n}) for n in (1, 2)]
    family = [Entry(second, {"id": n, "parents_id": n}) for n in (1, 2)]

    state = state_of(aftermath([*roots, *family], roots[0]))

    assert state == {"parents": {("1",): 1}, "children": {("2",): 1}}


def test_an_action_is_read_whatever_its_case() -> None:
    metadata = MetaData()
    parents(metadata)
    (key,) = children(metadata, reference("cascade")).foreign_key_constraints

    assert action_of(key) == "CASCADE"
