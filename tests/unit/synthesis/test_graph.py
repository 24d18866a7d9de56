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


def entity(metadata: sa.MetaData, name: str, **references: str) -> sa.Table:
    """A table with an integer key, and foreign keys: those that end in "?" may be NULL."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(
                column,
                sa.ForeignKey(f"{parent.rstrip('?')}.id", name=f"{name}_{column}", use_alter=False),
                nullable=parent.endswith("?"),
            )
            for column, parent in references.items()
        ),
    )


def order_of(**tables: dict[str, str]) -> list[str]:
    metadata = sa.MetaData()
    for name, references in tables.items():
        entity(metadata, name, **references)
    return [table.name for table in RowSynthesizer(metadata).order]


def test_parents_come_first() -> None:
    assert order_of(c={"b": "b", "a": "a?"}, b={"a": "a"}, a={}) == ["a", "b", "c"]


def test_tables_that_do_not_wait_keep_their_order() -> None:
    assert order_of(b={}, a={}, c={"a": "a"}) == ["b", "a", "c"]


def test_a_cycle_is_broken_where_the_foreign_key_may_be_null() -> None:
    assert order_of(a={"b": "b"}, b={"a": "a?"}) == ["b", "a"]


def test_what_only_waits_for_a_cycle_comes_after_it() -> None:
    found = order_of(late={"a": "a?"}, a={"b": "b"}, b={"c": "c"}, c={"a": "a?"})
    assert found == ["c", "b", "a", "late"]


def test_a_reference_to_itself_is_no_cycle() -> None:
    assert order_of(a={"up": "a"}, b={"a": "a"}) == ["a", "b"]


def test_two_foreign_keys_in_one_cycle_are_broken_together() -> None:
    assert order_of(a={"b": "b", "c": "c"}, b={"a": "a?"}, c={"a": "a?"}) == ["b", "c", "a"]


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
def test_cycles_are_closed_by_updates(accept: Accept, engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    entity(metadata, "team", captain="player?")
    player = entity(metadata, "player", team="team")
    population = accept(metadata, 9)
    assert [table.name for table, _, _ in population.deferred] == ["team"] * 7
    assert {row["captain"] for row in population.rows["team"]} == {None}
    with engine.connect() as connection:
        led = sa.select(sa.func.count()).where(metadata.tables["team"].c.captain == player.c.id)
        assert connection.scalar(led) == 7


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
def test_updates_that_close_cycles_keep_unique_columns_and_checks(accept: Accept) -> None:
    metadata = sa.MetaData()
    team = entity(metadata, "team", captain="player?")
    team.append_constraint(sa.UniqueConstraint("captain"))
    team.append_constraint(sa.CheckConstraint("captain <> id"))
    entity(metadata, "player", team="team")
    population = accept(metadata, {"team": 9, "player": 4})
    captains = [values["captain"] for _, _, values in population.deferred]
    assert Counter(captains) == {1: 1, 2: 1, 3: 1, 4: 1}


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
def test_updates_that_close_cycles_agree_with_what_the_row_shares(accept: Accept) -> None:
    metadata = sa.MetaData()
    entity(metadata, "tenant")
    sa.Table(
        "folder",
        metadata,
        sa.Column("tenant", sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cover", sa.Integer),
        sa.ForeignKeyConstraint(["tenant", "cover"], ["file.tenant", "file.id"], name="cover"),
    )
    sa.Table(
        "file",
        metadata,
        sa.Column("tenant", sa.Integer, primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["tenant", "folder"], ["folder.tenant", "folder.id"]),
    )
    population = accept(metadata, {"tenant": 3, "folder": 8, "file": 12})
    assert len(population.deferred) == 6


def test_rows_without_a_primary_key_stay_open() -> None:
    metadata = sa.MetaData()
    entity(metadata, "a", b="b")
    late = sa.ForeignKey("a.id")
    sa.Table("b", metadata, sa.Column("id", sa.Integer, unique=True), sa.Column("a", late))
    population = RowSynthesizer(metadata).population(4)
    assert population.deferred == ()
    assert {row["a"] for row in population.rows["b"]} == {None}


def test_a_cycle_that_nothing_breaks_is_named() -> None:
    metadata = sa.MetaData()
    entity(metadata, "a", b="b")
    entity(metadata, "b", c="c")
    entity(metadata, "c", a="a", b="b")
    synthesizer = RowSynthesizer(metadata)
    with pytest.raises(RowsUnsatisfiable) as caught:
        synthesizer.population(1)
    assert caught.value.table == synthesizer.order[0].name
    assert "is a cycle of foreign keys that may not be NULL" in caught.value.reason
    assert "→" in caught.value.reason


def test_the_parents_given_break_a_cycle() -> None:
    metadata = sa.MetaData()
    first = entity(metadata, "a", b="b")
    entity(metadata, "b", a="a")
    parents: dict[str, list[dict[str, Any]]] = {"b": [{"id": 7, "a": 1}]}
    assert RowSynthesizer(metadata).rows(first, 1, parents=parents) == [{"id": 1, "b": 7}]
