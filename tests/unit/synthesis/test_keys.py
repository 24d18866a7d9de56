from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import RowSynthesizer
from dbparity.synthesis.words import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]

ColumnType = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]


def table(*arguments: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), *arguments)


def letters(name: str = "a", *, nullable: bool = False, unique: bool = False) -> sa.Column[str]:
    type_ = sa.Enum("x", "y", "z", name=name)
    return sa.Column(name, type_, nullable=nullable, unique=unique)


def rows_of(table: sa.Table, count: int) -> list[dict[str, Any]]:
    return RowSynthesizer(table.metadata).rows(table, count)


def test_integer_primary_keys_count_from_one(accept: Accept) -> None:
    rows = accept(table().metadata, 5).rows["t"]
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "type_",
    [sa.String(30), sa.String(6), sa.CHAR(4), sa.Uuid, sa.Date, sa.DateTime, sa.Time, sa.Float,
     sa.Numeric(12, 2), sa.LargeBinary(8), sa.SmallInteger, sa.Interval],
)  # fmt: skip
def test_unique_values_differ_under_every_collation_and_clock(
    accept: Accept, type_: ColumnType
) -> None:
    found = [
        row["a"]
        for row in accept(table(sa.Column("a", type_, unique=True)).metadata, 600).rows["t"]
    ]
    present = [value for value in found if value is not None]
    assert len({fold(value) for value in present}) == len(present) == 450


def test_unique_texts_are_ascii_and_never_empty() -> None:
    rows = rows_of(table(sa.Column("a", sa.String(30), unique=True)), 100)
    assert all(row["a"].isascii() and row["a"] for row in rows if row["a"] is not None)


def test_fold_takes_case_accents_padding_and_fractions_away() -> None:
    assert fold("ÉTÉ  ") == fold("ete")
    assert fold([1]) == fold([1])


def test_a_key_of_several_columns_differs_in_one(accept: Accept) -> None:
    made = table(
        letters(), sa.Column("b", sa.String(20), nullable=False), sa.UniqueConstraint("a", "b")
    )
    assert len(accept(made.metadata, 50).rows["t"]) == 50


def test_a_key_of_few_values_takes_each_combination_once(accept: Accept) -> None:
    made = table(letters(), letters("b"), sa.UniqueConstraint("a", "b"))
    assert len(accept(made.metadata, 50).rows["t"]) == 9


def test_keys_that_share_a_column_hold_together(accept: Accept) -> None:
    made = table(
        letters(),
        letters("b"),
        letters("c"),
        sa.UniqueConstraint("a", "b"),
        sa.UniqueConstraint("b", "c"),
    )
    assert 6 <= len(accept(made.metadata, 50).rows["t"]) <= 9


def test_a_key_that_may_be_null_goes_on_with_null(accept: Accept) -> None:
    made = table(letters(nullable=True, unique=True))
    assert len(accept(made.metadata, 50).rows["t"]) == 50


def test_nulls_that_are_not_distinct_do_not_repeat() -> None:
    made = table(
        letters(nullable=True), sa.UniqueConstraint("a", postgresql_nulls_not_distinct=True)
    )
    assert [row["a"] for row in rows_of(made, 50)] == ["x", "y", "z"]


def test_a_partial_unique_index_counts_for_all_rows(accept: Accept) -> None:
    made = table(letters(), sa.Column("gone", sa.DateTime))
    sa.Index("active", made.c.a, unique=True, sqlite_where=made.c.gone.is_(None))
    assert len(accept(made.metadata, 50).rows["t"]) == 3


@pytest.mark.parametrize("expression", ["lower(a)", None])
def test_a_unique_index_over_an_expression_counts_for_its_columns(
    accept: Accept, expression: str | None
) -> None:
    made = table(sa.Column("a", sa.String(20), nullable=False), sa.Column("b", sa.Integer))
    sa.Index(
        "folded",
        sa.text(expression) if expression else sa.func.lower(made.c.a),
        unique=True,
        _table=made,
    )
    rows = accept(made.metadata, 5000).rows["t"]
    assert len({row["a"] for row in rows}) == 5000


def test_an_index_over_no_column_asks_for_nothing(accept: Accept) -> None:
    made = table()
    sa.Index("plain", made.c.id)
    sa.Index("odd", sa.text("1"), unique=True, _table=made)
    assert len(rows_of(made, 3)) == 3
    del accept


def test_an_exclusion_counts_as_a_key() -> None:
    made = table(letters(), sa.Column("during", postgresql.TSRANGE, nullable=False))
    made.append_constraint(postgresql.ExcludeConstraint(("a", "="), ("during", "&&")))
    rows = rows_of(made, 40)
    assert not any(
        one["a"] == other["a"] and one["during"].overlaps(other["during"])
        for one, other in combinations(rows, 2)
    )


def test_a_table_without_any_key_has_rows() -> None:
    made = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Boolean))
    assert len(rows_of(made, 5)) == 5


def test_a_primary_key_of_one_letter_ends(accept: Accept) -> None:
    made = sa.Table("t", sa.MetaData(), sa.Column("a", sa.String(1), primary_key=True))
    assert len(accept(made.metadata, 99).rows["t"]) == 26


def test_a_factory_that_repeats_a_key_is_told_which() -> None:
    made = table(sa.Column("a", sa.String(9), unique=True))
    synthesizer = RowSynthesizer(made.metadata, factories={"t": lambda _: {"a": "same"}})
    with pytest.raises(RowsUnsatisfiable) as caught:
        synthesizer.rows(made, 2)
    assert caught.value.constraint == "UNIQUE (a)"
    assert (
        caught.value.reason == "row 1, which the factory helped with, repeats the values of another"
    )


def test_a_value_changed_for_a_check_does_not_meet_a_later_key(accept: Accept) -> None:
    made = table(
        sa.Column("a", sa.Integer, nullable=False, unique=True),
        sa.Column("b", sa.Integer, nullable=False, unique=True),
        sa.CheckConstraint("a <> b"),
    )
    assert len(accept(made.metadata, 300).rows["t"]) == 300
