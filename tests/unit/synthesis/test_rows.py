from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import Population, RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable

    Accept = Callable[..., Population]


def shop() -> sa.MetaData:
    """Ten tables: customers with orders, and lines of them."""
    metadata = sa.MetaData()
    for n in range(3):
        sa.Table(
            f"customer{n}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("email", sa.String(80), nullable=False, unique=True),
            sa.Column("name", sa.String(60)),
            sa.Column("joined", sa.DateTime, nullable=False),
            sa.Column("ended", sa.DateTime),
            sa.Column("profile", sa.JSON),
            sa.CheckConstraint("email like '%@%'"),
            sa.CheckConstraint("ended > joined"),
        )
        sa.Table(
            f"order{n}",
            metadata,
            sa.Column("id", sa.Uuid, primary_key=True),
            sa.Column("customer", sa.ForeignKey(f"customer{n}.id"), nullable=False),
            sa.Column("state", sa.String(10), nullable=False),
            sa.Column("total", sa.Numeric(10, 2), nullable=False),
            sa.CheckConstraint("state in ('open', 'paid', 'sent')"),
            sa.CheckConstraint("total >= 0 and total <= 5000"),
        )
        sa.Table(
            f"line{n}",
            metadata,
            sa.Column("order", sa.ForeignKey(f"order{n}.id"), primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("quantity", sa.Integer, nullable=False),
            sa.Column("note", sa.Text),
            sa.CheckConstraint("quantity > 0"),
        )
    sa.Table("settings", metadata, sa.Column("key", sa.String(30), primary_key=True))
    return metadata


def test_fewer_rows_are_the_first_of_more() -> None:
    metadata = shop()
    table = metadata.tables["customer0"]
    assert RowSynthesizer(metadata).rows(table, 5) == RowSynthesizer(metadata).rows(table, 10)[:5]


def test_rows_from_a_start_on_are_the_rest() -> None:
    metadata = shop()
    table = metadata.tables["customer0"]
    assert (
        RowSynthesizer(metadata).rows(table, 5, start=5)
        == RowSynthesizer(metadata).rows(table, 10)[5:]
    )


def test_rows_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    made = [RowSynthesizer(shop(), seed=seed).population(9).rows for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_rows_are_the_same_in_another_process() -> None:
    script = "import {0}; print({0}.RowSynthesizer({0}.shop()).population(9).rows)"
    command = [sys.executable, "-c", script.format(Path(__file__).stem)]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    printed = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1


@pytest.mark.parametrize("type_", [sa.Uuid(), sa.Uuid(as_uuid=False)])
def test_uuids_of_no_two_columns_are_the_same(type_: sa.Uuid[Any]) -> None:
    metadata = sa.MetaData()
    for name in ("left", "right"):
        key, other = (sa.Column(of, type_) for of in ("key", "other"))
        sa.Table(name, metadata, key, other, sa.PrimaryKeyConstraint("key"))
    rows = RowSynthesizer(metadata).population(20).rows.values()
    given = [value for row in chain(*rows) for value in row.values() if value is not None]
    assert len(set(given)) == len(given) > 60


def test_rows_belong_to_the_caller() -> None:
    metadata = shop()
    table = metadata.tables["customer0"]
    synthesizer = RowSynthesizer(metadata)
    synthesizer.rows(table, 1)[0]["name"] = "changed"
    assert synthesizer.rows(table, 1)[0]["name"] != "changed"


def test_other_parents_make_other_rows() -> None:
    metadata = shop()
    table = metadata.tables["order0"]
    synthesizer = RowSynthesizer(metadata)
    made = [synthesizer.rows(table, 1, parents={"customer0": [{"id": n}]})[0] for n in (3, 4)]
    assert [row["customer"] for row in made] == [3, 4]


def test_the_first_row_has_no_null_and_every_nullable_column_has_one_soon() -> None:
    metadata = shop()
    rows = RowSynthesizer(metadata).rows(metadata.tables["customer0"], 4)
    assert None not in rows[0].values()
    assert all(None in [row[column] for row in rows] for column in ("name", "ended", "profile"))


def test_all_rows_of_a_population_are_accepted(accept: Accept) -> None:
    population = accept(shop(), 60)
    assert {len(rows) for rows in population.rows.values()} == {60}


def test_a_population_has_the_counts_asked_for() -> None:
    population = RowSynthesizer(shop()).population({"customer0": 3, "order0": 2})
    assert {key: len(rows) for key, rows in population.rows.items() if rows} == {
        "customer0": 3,
        "order0": 2,
    }


def test_a_population_without_parents_says_which_are_missing() -> None:
    with pytest.raises(RowsUnsatisfiable, match=r"'order0'.*no rows of 'customer0' were given"):
        RowSynthesizer(shop()).population({"order0": 2})


def test_rows_go_by_the_keys_of_tables_and_columns(accept: Accept) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "a", metadata, sa.Column("number", sa.Integer, key="id", primary_key=True), schema="main"
    )
    child = sa.Table("b", metadata, sa.Column("ref", sa.Integer, key="parent", primary_key=True))
    child.append_constraint(sa.ForeignKeyConstraint(["parent"], ["main.a.id"]))
    population = accept(metadata, 2)
    assert population.rows["main.a"][0] == {"id": 1}
    assert population.rows["b"][0] == {"parent": 1}


def test_four_times_the_rows_take_about_four_times_as_long() -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        RowSynthesizer(shop()).population(count)
        return time.process_time() - started

    assert min(seconds(1000) for _ in range(2)) < 8 * min(seconds(250) for _ in range(3))


def test_threads_make_the_same_rows() -> None:
    synthesizer = RowSynthesizer(shop())
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: synthesizer.population(30).rows, range(8)))
    assert all(rows == made[0] for rows in made)


def test_binary_of_a_given_length_has_a_value_for_every_row(accept: Accept) -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.LargeBinary(32), nullable=False, unique=True),
        sa.CheckConstraint("length(a) = 32"),
    )
    assert len(accept(made.metadata, 300).rows["t"]) == 300


def factories(**columns: Callable[[int], object]) -> dict[str, Callable[[int], dict[str, object]]]:
    return {"t": lambda n: {key: make(n) for key, make in columns.items()}}


def opaque(*more: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Text, nullable=False),
        *more,
        sa.CheckConstraint("a @> 'x'", name="opaque"),
    )


def test_a_factory_gives_what_only_the_application_knows() -> None:
    made = opaque(sa.Column("b", sa.String(20)))
    synthesizer = RowSynthesizer(made.metadata, factories=factories(a=lambda n: f"x{n}"))
    rows = synthesizer.rows(made, 2, start=3)
    assert [row["a"] for row in rows] == ["x3", "x4"]
    assert list(rows[0]) == ["id", "a", "b"]


def test_a_factory_gives_values_of_unknown_types_and_parents() -> None:
    made = opaque(
        sa.Column("b", sa.types.NullType), sa.Column("c", sa.ForeignKey("u.id"), nullable=False)
    )
    sa.Table("u", made.metadata, sa.Column("id", sa.Integer, primary_key=True))
    given = factories(a=str, b=lambda n: (n,), c=lambda n: n + 7)
    assert RowSynthesizer(made.metadata, factories=given).rows(made, 1) == [
        {"id": 1, "a": "0", "b": (0,), "c": 7}
    ]


def test_a_key_that_a_factory_gives_has_a_value_for_every_row(accept: Accept) -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, nullable=False, unique=True),
        sa.CheckConstraint("a % 1000 = 7", name="lucky"),
    )
    rows = accept(made.metadata, 300, factories=factories(a=lambda n: n * 1000 + 7)).rows["t"]
    assert len(rows) == 300


def test_the_other_columns_adapt_to_what_a_factory_gives(accept: Accept) -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Integer, nullable=False),
        sa.CheckConstraint("b = a + 1"),
    )
    rows = accept(made.metadata, 5, factories=factories(a=lambda n: n * 50)).rows["t"]
    assert [row["b"] for row in rows] == [1, 51, 101, 151, 201]


def test_a_factory_that_breaks_a_check_is_told_which() -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("a", sa.Integer),
        sa.CheckConstraint("a > 0", name="positive"),
    )
    with pytest.raises(
        RowsUnsatisfiable, match="positive: row 0, which the factory helped with, breaks"
    ):
        RowSynthesizer(made.metadata, factories=factories(a=lambda n: -n)).rows(made, 1)


def test_a_factory_that_names_no_column_is_told_which_there_are() -> None:
    made = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
    with pytest.raises(RowsUnsatisfiable, match=r"column 'c': .*the columns are a, b"):
        RowSynthesizer(made.metadata, factories=factories(c=int)).rows(made, 1)


def test_a_factory_may_link_rows_of_its_table(accept: Accept) -> None:
    made = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.String(5), primary_key=True),
        sa.Column("up", sa.ForeignKey("t.id"), nullable=False),
    )
    rows = accept(made.metadata, 3, factories=factories(id=lambda n: f"k{n}")).rows["t"]
    assert [row["up"] for row in rows] == ["k0", "k0", "k0"]
