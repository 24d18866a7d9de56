from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]

ColumnType = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]


def key(name: str = "id", type_: ColumnType = sa.Integer) -> sa.Column[Any]:
    return sa.Column(name, type_, primary_key=True)


@pytest.fixture
def metadata() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("parent", metadata, key(), sa.Column("code", sa.String(20), unique=True))
    return metadata


def refers(
    name: str = "parent",
    column: str = "id",
    *,
    nullable: bool = True,
    unique: bool = False,
    primary_key: bool = False,
) -> sa.Column[Any]:
    return sa.Column(
        f"{name}_{column}",
        sa.ForeignKey(f"{name}.{column}"),
        nullable=nullable and not primary_key,
        unique=unique,
        primary_key=primary_key,
    )


def test_parents_are_taken_in_turn(accept: Accept, metadata: sa.MetaData) -> None:
    sa.Table("child", metadata, key(), refers(nullable=False))
    rows = accept(metadata, {"parent": 4, "child": 12}).rows["child"]
    assert Counter(row["parent_id"] for row in rows) == {1: 3, 2: 3, 3: 3, 4: 3}


def test_a_foreign_key_may_refer_to_a_unique_column(accept: Accept, metadata: sa.MetaData) -> None:
    sa.Table("child", metadata, key(), refers(column="code", nullable=False))
    population = accept(metadata, 12)
    codes = {row["code"] for row in population.rows["parent"]} - {None}
    assert {row["parent_code"] for row in population.rows["child"]} == codes


def test_some_rows_have_no_parent_where_none_is_needed(
    accept: Accept, metadata: sa.MetaData
) -> None:
    sa.Table("child", metadata, key(), refers())
    rows = accept(metadata, 8).rows["child"]
    assert rows[0]["parent_id"] is not None
    assert [row["parent_id"] for row in rows].count(None) == 2


def test_a_child_without_parents_has_none(metadata: sa.MetaData) -> None:
    child = sa.Table("child", metadata, key(), refers())
    assert RowSynthesizer(metadata).rows(child, 1) == [{"id": 1, "parent_id": None}]


def test_a_child_that_needs_a_parent_asks_for_it(metadata: sa.MetaData) -> None:
    child = sa.Table("child", metadata, key(), refers(nullable=False))
    with pytest.raises(RowsUnsatisfiable) as caught:
        RowSynthesizer(metadata).rows(child, 1)
    assert caught.value.constraint == "FOREIGN KEY (parent_id)"
    assert caught.value.reason == "it may not be NULL, and no rows of 'parent' were given"


def test_a_composite_foreign_key_refers_to_one_row(accept: Accept) -> None:
    metadata = sa.MetaData()
    sa.Table("parent", metadata, key("a"), key("b", sa.String(30)))
    sa.Table(
        "child",
        metadata,
        key(),
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.String(30), nullable=False),
        sa.ForeignKeyConstraint(["a", "b"], ["parent.a", "parent.b"]),
    )
    assert len(accept(metadata, 12).rows["child"]) == 12


def tenancy() -> sa.MetaData:
    """Projects and users of tenants; tasks have both, of one tenant."""
    metadata = sa.MetaData()
    sa.Table("tenant", metadata, key())
    for name in ("project", "user"):
        sa.Table(
            name, metadata, sa.Column("tenant", sa.ForeignKey("tenant.id"), primary_key=True), key()
        )
    return metadata


def task(metadata: sa.MetaData, *, needs_user: bool) -> sa.Table:
    return sa.Table(
        "task",
        metadata,
        key(),
        sa.Column("tenant", sa.ForeignKey("tenant.id"), nullable=False),
        sa.Column("project", sa.Integer, nullable=False),
        sa.Column("user", sa.Integer, nullable=not needs_user),
        sa.ForeignKeyConstraint(["tenant", "project"], ["project.tenant", "project.id"]),
        sa.ForeignKeyConstraint(["tenant", "user"], ["user.tenant", "user.id"], name="of_user"),
    )


def test_foreign_keys_that_share_a_column_agree(accept: Accept) -> None:
    metadata = tenancy()
    task(metadata, needs_user=True)
    assert (
        len(accept(metadata, {"tenant": 3, "project": 7, "user": 8, "task": 40}).rows["task"]) == 40
    )


def test_a_row_goes_without_the_parent_that_would_not_agree(accept: Accept) -> None:
    metadata = tenancy()
    task(metadata, needs_user=False)
    rows = accept(metadata, {"tenant": 3, "project": 3, "user": 1, "task": 9}).rows["task"]
    assert {row["user"] for row in rows if row["tenant"] != 1} == {None}


def test_parents_that_cannot_agree_are_named() -> None:
    metadata = tenancy()
    found = task(metadata, needs_user=True)
    parents = {
        "tenant": [{"id": 1}, {"id": 2}],
        "project": [{"tenant": 1, "id": 1}],
        "user": [{"tenant": 2, "id": 1}],
    }
    with pytest.raises(RowsUnsatisfiable, match="of_user: no rows of project, tenant, user agree"):
        RowSynthesizer(metadata).rows(found, 1, parents=parents)


def test_a_shared_column_stays_where_one_parent_is_missing() -> None:
    metadata = tenancy()
    found = task(metadata, needs_user=False)
    parents = {"tenant": [{"id": 4}], "project": [{"tenant": 4, "id": 6}]}
    rows = RowSynthesizer(metadata).rows(found, 2, parents=parents)
    assert rows == [{"id": n, "tenant": 4, "project": 6, "user": None} for n in (1, 2)]


def test_a_shared_column_is_null_where_nothing_else_could_be(accept: Accept) -> None:
    metadata = sa.MetaData()
    sa.Table("a", metadata, key())
    sa.Table("b", metadata, key())
    sa.Table(
        "t",
        metadata,
        key(),
        sa.Column("either", sa.Integer),
        sa.ForeignKeyConstraint(["either"], ["a.id"]),
        sa.ForeignKeyConstraint(["either"], ["b.id"]),
    )
    rows = accept(metadata, {"a": 3, "t": 3}).rows["t"]
    assert {row["either"] for row in rows} == {None}


def test_one_table_may_be_referred_to_twice_and_differently(
    accept: Accept, metadata: sa.MetaData
) -> None:
    sa.Table(
        "edge",
        metadata,
        sa.Column("start", sa.ForeignKey("parent.id"), primary_key=True),
        sa.Column("end", sa.ForeignKey("parent.id"), primary_key=True),
        sa.CheckConstraint('start <> "end"'),
    )
    rows = accept(metadata, {"parent": 4, "edge": 100}).rows["edge"]
    assert len(rows) == 12


def test_a_one_to_one_key_takes_each_parent_once(accept: Accept, metadata: sa.MetaData) -> None:
    sa.Table("child", metadata, key(), refers(nullable=False, unique=True))
    rows = accept(metadata, {"parent": 5, "child": 9}).rows["child"]
    assert [row["parent_id"] for row in rows] == [1, 2, 3, 4, 5]


def test_a_one_to_one_key_goes_without_when_parents_run_out(
    accept: Accept, metadata: sa.MetaData
) -> None:
    sa.Table("child", metadata, key(), refers(unique=True))
    rows = accept(metadata, {"parent": 5, "child": 20}).rows["child"]
    assert len(rows) == 20
    assert len({row["parent_id"] for row in rows} - {None}) >= 3


def test_a_primary_key_may_be_the_parents(accept: Accept, metadata: sa.MetaData) -> None:
    sa.Table("child", metadata, refers(primary_key=True), sa.Column("extra", sa.Text))
    rows = accept(metadata, {"parent": 5, "child": 9}).rows["child"]
    assert [row["parent_id"] for row in rows] == [1, 2, 3, 4, 5]


def test_an_association_takes_every_pair_once_and_no_more(
    accept: Accept, metadata: sa.MetaData
) -> None:
    sa.Table("tag", metadata, key())
    sa.Table("tagged", metadata, refers(primary_key=True), refers("tag", primary_key=True))
    rows = accept(metadata, {"parent": 6, "tag": 4, "tagged": 100}).rows["tagged"]
    assert len(rows) == 24
    assert len({row["tag_id"] for row in rows[:4]}) == 4


def test_the_values_of_an_identity_are_foreseen() -> None:
    metadata = sa.MetaData()
    for name, identity in {
        "one": sa.Identity(always=True),
        "two": sa.Identity(always=True, start=10, increment=5),
    }.items():
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, identity, primary_key=True),
            sa.Column("a", sa.Integer),
        )
    sa.Table("child", metadata, key(), refers("one", nullable=False), refers("two", nullable=False))
    rows = RowSynthesizer(metadata).population(2).rows["child"]
    assert {row["one_id"] for row in rows} == {1, 2}
    assert {row["two_id"] for row in rows} == {10, 15}


def tree(*more: sa.schema.SchemaItem, nullable: bool = True, unique: bool = False) -> sa.Table:
    up = refers("t", nullable=nullable, unique=unique)
    return sa.Table("t", sa.MetaData(), key(), up, *more)


def test_a_tree_grows_from_rows_before(accept: Accept) -> None:
    rows = accept(tree().metadata, 12).rows["t"]
    assert rows[0]["t_id"] is None
    assert {row["t_id"] for row in rows} >= {None, 1, 2}


def test_a_root_that_needs_a_parent_is_its_own(accept: Accept) -> None:
    rows = accept(tree(nullable=False).metadata, 4).rows["t"]
    assert [row["t_id"] for row in rows] == [1, 1, 1, 2]


def test_a_chain_takes_each_row_before_once(accept: Accept) -> None:
    rows = accept(tree(nullable=True, unique=True).metadata, 12).rows["t"]
    before = [row["t_id"] for row in rows if row["t_id"] is not None]
    assert len(before) == len(set(before)) == 8


def test_a_check_on_a_reference_to_itself_is_honoured(accept: Accept) -> None:
    rows = accept(tree(sa.CheckConstraint("t_id <> 1")).metadata, 12).rows["t"]
    assert 1 not in {row["t_id"] for row in rows}


def test_a_tree_within_a_tenant_stays_in_it(accept: Accept) -> None:
    metadata = sa.MetaData()
    sa.Table("tenant", metadata, key())
    sa.Table(
        "t",
        metadata,
        sa.Column("tenant", sa.ForeignKey("tenant.id"), primary_key=True),
        key(),
        sa.Column("up", sa.Integer),
        sa.ForeignKeyConstraint(["tenant", "up"], ["t.tenant", "t.id"]),
    )
    rows = accept(metadata, {"tenant": 3, "t": 30}).rows["t"]
    assert len({row["up"] for row in rows}) > 5


def test_a_tree_whose_tenant_is_a_plain_column_has_one(accept: Accept) -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        key("tenant"),
        key(),
        sa.Column("up_tenant", sa.Integer, nullable=False),
        sa.Column("up", sa.Integer),
        sa.ForeignKeyConstraint(["up_tenant", "up"], ["t.tenant", "t.id"]),
    )
    assert len(accept(made.metadata, 12).rows["t"]) == 12


def test_a_key_that_refers_to_itself_is_left_as_it_is(accept: Accept) -> None:
    made = sa.Table(
        "t", sa.MetaData(), sa.Column("id", sa.Integer, sa.ForeignKey("t.id"), primary_key=True)
    )
    assert len(accept(made.metadata, 3).rows["t"]) == 3


def test_rows_refer_to_the_rows_of_their_table_that_are_given() -> None:
    made = tree(nullable=False)
    rows = RowSynthesizer(made.metadata).rows(
        made, 3, parents={"t": [{"id": 70}, {"id": 80}]}, start=5
    )
    assert [row["t_id"] for row in rows] == [80, 70, 80]


def test_rows_from_a_start_on_refer_to_none_before_it() -> None:
    made = tree()
    rows = RowSynthesizer(made.metadata).rows(made, 9, start=100)
    assert {row["t_id"] for row in rows} <= {None, *range(101, 110)}
    assert len({row["t_id"] for row in rows}) > 2
