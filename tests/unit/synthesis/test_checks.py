from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import RowSynthesizer
from dbparity.synthesis.checks import Judge, read_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]


class Colour(Enum):
    RED = "r"
    GREEN = "g"


ColumnType = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]


def table(*arguments: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), *arguments)


def columns(**types: ColumnType) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_) for name, type_ in types.items()]


TEXT, NUMBER, MONEY = sa.String(40), sa.Integer, sa.Numeric(8, 2)
MOMENT, DAY = sa.DateTime, sa.Date

CONDITIONS: dict[str, dict[str, ColumnType]] = {
    "a > b": {"a": MOMENT, "b": MOMENT},
    "a >= b": {"a": DAY, "b": DAY},
    "a < b and b < c": {"a": NUMBER, "b": NUMBER, "c": NUMBER},
    "length(a) > 0": {"a": TEXT},
    "length(a) = 17": {"a": TEXT},
    "char_length(a) between 30 and 35": {"a": TEXT},
    "a in ('open', 'shut')": {"a": TEXT},
    "a not in ('amber', 'basil')": {"a": TEXT},
    "a >= 0 and a <= 100": {"a": MONEY},
    "a between 0 and 1": {"a": sa.Float},
    "a between 1 and 5": {"a": NUMBER},
    "a < 0": {"a": NUMBER},
    "a < -2.5": {"a": sa.Double},
    "a % 7 = 0": {"a": NUMBER},
    "a in (3, 5, 8)": {"a": NUMBER},
    "a = 42": {"a": NUMBER},
    "(a is null) <> (b is null)": {"a": TEXT, "b": NUMBER},
    "(a is not null) + (b is not null) + (c is not null) + (d is not null) = 1": {
        "a": TEXT,
        "b": NUMBER,
        "c": MOMENT,
        "d": NUMBER,
    },
    "a like '%@%'": {"a": TEXT},
    "a like 'inv_%' and a like '%-x'": {"a": TEXT},
    "a = upper(a)": {"a": TEXT},
    "a = 'fixed' or b is not null": {"a": TEXT, "b": TEXT},
    "a <> b": {"a": TEXT, "b": TEXT},
    "a = b": {"a": TEXT, "b": TEXT},
    "a + b <= 100": {"a": NUMBER, "b": NUMBER},
    "a = b * c": {"a": NUMBER, "b": NUMBER, "c": NUMBER},
    "a >= '2020-01-01' and a < '2021-01-01'": {"a": DAY},
    "a > '2035-06-01 00:00:00'": {"a": MOMENT},
    "a >= '09:00:00' and a < '17:00:00'": {"a": sa.Time},
    "a is null": {"a": TEXT},
    "a is not null": {"a": TEXT},
    "a in (1, 0) and a = 1": {"a": sa.Boolean},
    "a regexp '^[0-9a-f]{32}$'": {"a": TEXT},
    "regexp_like(a, '^[A-Z]{3}$')": {"a": TEXT},
    "a ~ '^[a-z]+$'": {"a": TEXT},
    "a !~ '^[a-z]+$'": {"a": TEXT},
    "a ~~ 'x%'": {"a": TEXT},
    "a !~~* 'a%'": {"a": TEXT},
    "a ilike 'x%'": {"a": TEXT},
    "(a)::text = any ((array['x'::character varying, 'y'::character varying])::text[])": {
        "a": TEXT
    },
    "a = any (array['x', 'y'])": {"a": TEXT},
    "`a` in (_utf8mb4'x',_utf8mb4'y')": {"a": TEXT},
    "btrim(a) <> ''": {"a": TEXT},
    "greatest(a, b) < 10 and least(a, b) > 2": {"a": NUMBER, "b": NUMBER},
    "mod(a, 11) = 0": {"a": NUMBER},
    "jsonb_typeof(a) = 'array'": {"a": sa.JSON},
    "json_typeof(a) = 'object'": {"a": sa.JSON},
    "json_valid(a)": {"a": TEXT},
    "octet_length(a) <= 3": {"a": TEXT},
    "character_length(a) < 3": {"a": TEXT},
    "a < now()": {"a": MOMENT},
    "a = 'it''s'": {"a": TEXT},
    "a = '11111111222233334444555555555555' or a is null": {"a": sa.Uuid},
    "a in ('r', 'RED')": {"a": sa.Enum(Colour, native_enum=False)},
    "1 = 1": {"a": TEXT},
    "length(a) >= 2 and substr(a, 1, 1) = 'Q'": {"a": TEXT},
}


def conditioned(condition: str, types: dict[str, ColumnType]) -> sa.Table:
    """A table with some columns and one check; a colon is no parameter."""
    text = condition.replace("::", "\\:\\:")
    return table(*columns(**types), sa.CheckConstraint(text, name="asked"))


def check_of(table: sa.Table) -> sa.CheckConstraint:
    return next(each for each in table.constraints if isinstance(each, sa.CheckConstraint))


def holds(table: sa.Table, row: dict[str, object]) -> bool:
    checks, opaque = read_checks(table, Judge(), Judge(loose=True))
    assert not opaque
    return not checks.broken(row)


@pytest.mark.parametrize(("condition", "types"), CONDITIONS.items())
def test_rows_satisfy_the_check(condition: str, types: dict[str, ColumnType]) -> None:
    made = conditioned(condition, types)
    rows = RowSynthesizer(made.metadata).rows(made, 30)
    assert len(rows) == 30
    assert all(holds(made, row) for row in rows)


@pytest.mark.parametrize(
    ("condition", "types"), [each for each in CONDITIONS.items() if each[0] != "1 = 1"]
)
def test_a_violation_breaks_the_check(condition: str, types: dict[str, ColumnType]) -> None:
    made = conditioned(condition, types)
    synthesizer = RowSynthesizer(made.metadata)
    row = synthesizer.rows(made, 1)[0]
    broken = synthesizer.violation(made, check_of(made), row)
    assert broken is not None
    assert not holds(made, broken)


FILLED = ("a > b", "a < b and b < c", "a + b <= 100", "a = b * c", "a <> b", "length(a) = 17")


@pytest.mark.parametrize("condition", FILLED)
def test_the_first_row_has_no_null_where_none_is_needed(condition: str) -> None:
    made = conditioned(condition, CONDITIONS[condition])
    assert None not in RowSynthesizer(made.metadata).rows(made, 1)[0].values()


def test_sqlite_accepts_what_satisfies_several_checks(accept: Accept) -> None:
    made = table(
        *columns(a=TEXT, b=MOMENT, c=MOMENT, d=MONEY, e=NUMBER),
        sa.CheckConstraint("length(a) between 3 and 12"),
        sa.CheckConstraint("a = lower(a)"),
        sa.CheckConstraint("c > b"),
        sa.CheckConstraint("d > 0 or e is null"),
        sa.CheckConstraint("e between 1 and 9"),
    )
    assert len(accept(made.metadata, 200).rows["t"]) == 200


def test_sqlite_refuses_a_violation_for_the_check_alone(accept: Accept, engine: sa.Engine) -> None:
    made = table(
        *columns(a=NUMBER, b=NUMBER),
        sa.CheckConstraint("a > 10", name="large"),
        sa.CheckConstraint("b > a", name="larger"),
    )
    accept(made.metadata, 0)
    synthesizer = RowSynthesizer(made.metadata)
    row = synthesizer.rows(made, 1)[0]
    for constraint in made.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            broken = synthesizer.violation(made, constraint, row)
            with (
                pytest.raises(sa.exc.IntegrityError, match=rf"failed: {constraint.name}\n"),
                engine.begin() as connection,
            ):
                connection.execute(made.insert(), broken)


def test_conditions_written_as_expressions_are_honoured(accept: Accept) -> None:
    made = table(*columns(a=TEXT, b=NUMBER))
    made.append_constraint(sa.CheckConstraint(made.c.a.in_(["x", "y"]), name="one"))
    made.append_constraint(sa.CheckConstraint(made.c.b > sa.func.length(made.c.a), name="two"))
    rows = accept(made.metadata).rows["t"]
    assert {row["a"] for row in rows} == {"x", "y", None}


def test_checks_of_enums_and_booleans_are_honoured(accept: Accept) -> None:
    made = table(
        sa.Column("a", sa.Enum(Colour, native_enum=False, create_constraint=True, name="a_is")),
        sa.Column("b", sa.Enum("x", "y", native_enum=False, create_constraint=True, name="b_is")),
        sa.Column("c", sa.Boolean(create_constraint=True, name="c_is")),
    )
    rows = accept(made.metadata).rows["t"]
    assert {row["a"] for row in rows} == {*Colour, None}


@pytest.mark.parametrize("members", [[Colour], ["x", "y"]])
def test_an_enum_is_violated_by_no_member(members: list[Any]) -> None:
    made = table(
        sa.Column("a", sa.Enum(*members, native_enum=False, create_constraint=True, name="e"))
    )
    synthesizer = RowSynthesizer(made.metadata)
    broken = synthesizer.violation(made, check_of(made), synthesizer.rows(made, 1)[0])
    assert broken is not None
    assert not holds(made, broken)


def test_a_boolean_cannot_be_violated() -> None:
    made = table(sa.Column("a", sa.Boolean(create_constraint=True, name="e"), nullable=False))
    synthesizer = RowSynthesizer(made.metadata)
    row = synthesizer.rows(made, 1)[0]
    assert synthesizer.violation(made, check_of(made), row) is None


def test_a_violation_that_breaks_another_check_too_is_the_last_resort() -> None:
    made = table(
        *columns(a=NUMBER), sa.CheckConstraint("a > 10", name="b"), sa.CheckConstraint("a > 10")
    )
    synthesizer = RowSynthesizer(made.metadata)
    broken = synthesizer.violation(made, check_of(made), synthesizer.rows(made, 1)[0])
    assert broken is not None
    assert not holds(made, broken)


def test_a_violation_leaves_keys_and_foreign_keys_alone_where_it_can() -> None:
    metadata = sa.MetaData()
    sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
    made = sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent", sa.ForeignKey("parent.id")),
        sa.Column("a", sa.Integer),
        sa.CheckConstraint("id > 0 and parent > 0 and a > 0"),
    )
    synthesizer = RowSynthesizer(metadata)
    row = synthesizer.population(3).rows["t"][0]
    broken = synthesizer.violation(made, check_of(made), row)
    assert broken == row | {"a": broken["a"] if broken else None}


def test_a_check_between_foreign_keys_is_violated_by_a_parent_of_the_other() -> None:
    metadata = sa.MetaData()
    sa.Table("node", metadata, sa.Column("id", sa.Integer, primary_key=True))
    made = sa.Table(
        "edge",
        metadata,
        sa.Column("start", sa.ForeignKey("node.id"), primary_key=True),
        sa.Column("end", sa.ForeignKey("node.id"), primary_key=True),
        sa.CheckConstraint('start <> "end"'),
    )
    synthesizer = RowSynthesizer(metadata)
    row = synthesizer.population(3).rows["edge"][0]
    broken = synthesizer.violation(made, check_of(made), row)
    assert broken is not None
    assert broken["start"] == broken["end"]


def test_an_unnamed_check_is_called_by_its_condition() -> None:
    made = table(*columns(a=NUMBER), sa.CheckConstraint("a > 5 and a < 5 and a is not null"))
    made.c.a.nullable = False
    with pytest.raises(RowsUnsatisfiable, match=r"CHECK \(a > 5 and a < 5 and a is not null\)"):
        RowSynthesizer(made.metadata).rows(made, 1)


def test_a_check_that_no_value_of_its_column_satisfies_is_named() -> None:
    made = table(
        sa.Column("a", sa.Integer, nullable=False), sa.CheckConstraint("a <> a", name="no")
    )
    with pytest.raises(RowsUnsatisfiable, match=r"'t': no: no value of 'a' satisfies it.*factory"):
        RowSynthesizer(made.metadata).rows(made, 1)


def test_a_check_that_no_values_of_its_columns_satisfy_is_named() -> None:
    made = table(
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Integer, nullable=False),
        sa.CheckConstraint("a <> a and b <> b", name="never"),
    )
    with pytest.raises(RowsUnsatisfiable) as caught:
        RowSynthesizer(made.metadata).rows(made, 1)
    assert caught.value.constraint == "never"
    assert "row 0 breaks it" in caught.value.reason


OPAQUE: dict[str, dict[str, ColumnType]] = {
    "a @> 'b'": {"a": TEXT},
    "similarity(a, 'x') > 1": {"a": TEXT},
    "a is not null": {"a": sa.ARRAY(sa.Integer)},
    "b is not null": {"b": sa.types.NullType},
}


@pytest.mark.parametrize(("condition", "types"), OPAQUE.items())
def test_a_check_that_cannot_be_evaluated_asks_for_a_factory(
    condition: str, types: dict[str, ColumnType]
) -> None:
    made = conditioned(condition, types)
    with pytest.raises(RowsUnsatisfiable, match=r"'t': asked: SQLite.*factory"):
        RowSynthesizer(made.metadata).rows(made, 1)


def test_a_condition_that_sqlite_cannot_spell_asks_for_a_factory() -> None:
    made = table(*columns(a=TEXT))
    condition = sa.cast(made.c.a, postgresql.INET).is_not(None)
    made.append_constraint(sa.CheckConstraint(condition, name="is_inet"))
    with pytest.raises(RowsUnsatisfiable, match="is_inet: SQLite"):
        RowSynthesizer(made.metadata).rows(made, 1)


def test_a_check_that_cannot_be_evaluated_has_no_violation() -> None:
    made = conditioned("a @> 'b'", {"a": TEXT})
    synthesizer = RowSynthesizer(made.metadata, factories={"t": lambda n: {"a": f"b{n}"}})
    row = synthesizer.rows(made, 1)[0]
    assert synthesizer.violation(made, check_of(made), row) is None


def test_only_checks_of_the_table_asked_for_matter() -> None:
    made = conditioned("a @> 'b'", {"a": TEXT})
    other = sa.Table("other", made.metadata, sa.Column("id", sa.Integer, primary_key=True))
    assert len(RowSynthesizer(made.metadata).rows(other, 2)) == 2


def test_a_column_is_found_by_its_name_though_its_key_differs() -> None:
    made = table(sa.Column("a b", sa.Integer, key="key"), sa.CheckConstraint('"a b" > 10'))
    assert RowSynthesizer(made.metadata).rows(made, 1)[0]["key"] > 10  # type: ignore[operator]


def test_texts_in_checked_columns_are_ascii() -> None:
    made = conditioned("length(a) > 0", {"a": TEXT})
    assert all(str(row["a"]).isascii() for row in RowSynthesizer(made.metadata).rows(made, 80))


def test_a_default_that_satisfies_an_odd_check_is_used() -> None:
    made = table(
        sa.Column("a", sa.String(9), default="xyzq7", nullable=False),
        sa.CheckConstraint("instr(a, 'q7') = 4", name="odd"),
    )
    assert RowSynthesizer(made.metadata).rows(made, 1)[0]["a"] == "xyzq7"


def test_values_of_a_checked_key_differ(accept: Accept) -> None:
    made = table(
        sa.Column("a", sa.String(12), unique=True),
        sa.Column("b", sa.Integer, unique=True),
        sa.CheckConstraint("a like '%@%' and length(a) < 10"),
        sa.CheckConstraint("b between 5 and 300"),
    )
    assert len(accept(made.metadata, 250).rows["t"]) == 250


def test_a_condition_that_fails_for_some_values_only_is_judged_for_the_others() -> None:
    made = table(
        sa.Column("a", sa.Text, nullable=False),
        sa.Column("b", sa.Integer, nullable=False),
        sa.CheckConstraint("json_extract(a, '$.id') is not null"),
        sa.CheckConstraint("b > 3"),
    )
    rows = RowSynthesizer(made.metadata).rows(made, 5)
    assert all(str(row["a"]).startswith('{"id"') for row in rows)


def test_a_value_that_its_type_refuses_breaks_the_check() -> None:
    made = table(sa.Column("a", sa.Boolean), sa.CheckConstraint("a is not null", name="set"))
    with pytest.raises(RowsUnsatisfiable, match="set: row 0"):
        RowSynthesizer(made.metadata, factories={"t": lambda _: {"a": "no"}}).rows(made, 1)


def test_a_day_after_the_last_one_is_not_tried() -> None:
    made = table(*columns(a=DAY, b=DAY), sa.CheckConstraint("b > a"))
    rows = RowSynthesizer(made.metadata, factories={"t": lambda _: {"a": date.max}}).rows(made, 3)
    assert {row["b"] for row in rows} == {None}
