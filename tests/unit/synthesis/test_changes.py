from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from dbparity.synthesis import NO_OTHER_VALUE, RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]

ColumnType = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]


def table(*arguments: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), *arguments)


TYPES = [
    sa.String(20), sa.String(1), sa.Integer, sa.SmallInteger, sa.Numeric(5, 2), sa.Float,
    sa.Boolean, sa.Date, sa.DateTime(timezone=True), sa.Time, sa.Interval, sa.LargeBinary, sa.JSON,
    sa.Uuid, sa.Enum("x", "y"),
]  # fmt: skip


@pytest.mark.parametrize("type_", TYPES, ids=repr)
@pytest.mark.parametrize("nullable", [True, False])
def test_another_value_differs_and_is_accepted(
    accept: Accept, engine: sa.Engine, type_: ColumnType, *, nullable: bool
) -> None:
    made = table(sa.Column("a", type_, nullable=nullable))
    rows = accept(made.metadata, 12).rows["t"]
    synthesizer = RowSynthesizer(made.metadata)
    for index, row in enumerate(rows):
        value = synthesizer.another(made, made.c.a, row, index)
        assert value not in (row["a"], None, NO_OTHER_VALUE)
        with engine.begin() as connection:
            connection.execute(made.update().where(made.c.id == row["id"]).values(a=value))


def test_other_values_of_a_unique_column_repeat_neither_rows_nor_each_other(
    accept: Accept, engine: sa.Engine
) -> None:
    made = table(
        sa.Column("a", sa.String(30), unique=True), sa.Column("b", sa.SmallInteger, unique=True)
    )
    accept(made.metadata, 40)
    synthesizer = RowSynthesizer(made.metadata)
    for index, row in enumerate(synthesizer.rows(made, 40)):
        changed = {c.key: synthesizer.another(made, c, row, index) for c in (made.c.a, made.c.b)}
        with engine.begin() as connection:
            connection.execute(made.update().where(made.c.id == row["id"]).values(changed))


def test_another_value_honours_the_checks(accept: Accept) -> None:
    made = table(
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.DateTime, nullable=False),
        sa.Column("c", sa.DateTime, nullable=False),
        sa.CheckConstraint("a between 1 and 3"),
        sa.CheckConstraint("c > b"),
    )
    accept(made.metadata)
    synthesizer = RowSynthesizer(made.metadata)
    for index, row in enumerate(synthesizer.rows(made, 20)):
        assert synthesizer.another(made, made.c.a, row, index) in {1, 2, 3} - {row["a"]}
        assert synthesizer.another(made, made.c.c, row, index) > row["b"]  # type: ignore[operator]


def test_a_column_of_one_value_has_no_other() -> None:
    made = table(
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Enum("only"), nullable=False),
        sa.Column("c", sa.Integer, sa.Computed("a * 2")),
        sa.CheckConstraint("a = 42"),
    )
    synthesizer = RowSynthesizer(made.metadata)
    row = synthesizer.rows(made, 1)[0]
    found = [synthesizer.another(made, column, row, 0) for column in (made.c.a, made.c.b, made.c.c)]
    assert found == [NO_OTHER_VALUE] * 3


def test_a_value_of_a_full_key_has_no_other() -> None:
    made = table(sa.Column("a", sa.Enum("x", "y"), nullable=False, unique=True))
    synthesizer = RowSynthesizer(made.metadata)
    row = synthesizer.rows(made, 2)[0]
    assert synthesizer.another(made, made.c.a, row, 0) is NO_OTHER_VALUE


def family() -> tuple[sa.Table, dict[str, list[dict[str, Any]]]]:
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "b",
        metadata,
        sa.Column("a", sa.ForeignKey("a.id"), primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True),
    )
    made = sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.ForeignKey("a.id"), nullable=False),
        sa.Column("b", sa.Integer),
        sa.ForeignKeyConstraint(["a", "b"], ["b.a", "b.id"]),
    )
    parents = {
        "a": [{"id": 1}, {"id": 2}, {"id": 3}],
        "b": [{"a": 1, "id": 7}, {"a": 1, "id": 8}, {"a": 2, "id": 7}],
    }
    return made, parents


def test_another_parent_agrees_with_the_rest_of_the_row() -> None:
    made, parents = family()
    synthesizer = RowSynthesizer(made.metadata)
    row = {"id": 1, "a": 1, "b": 7}
    assert synthesizer.another(made, made.c.b, row, 0, parents=parents) == 8
    assert synthesizer.another(made, made.c.a, row, 0, parents=parents) == 2


def test_another_parent_is_null_where_there_is_none() -> None:
    made, parents = family()
    synthesizer = RowSynthesizer(made.metadata)
    row = {"id": 1, "a": 2, "b": 7}
    assert synthesizer.another(made, made.c.b, row, 0, parents=parents) is None
    assert synthesizer.another(made, made.c.b, row, 0) is None
    assert synthesizer.another(made, made.c.a, row, 0) is NO_OTHER_VALUE
