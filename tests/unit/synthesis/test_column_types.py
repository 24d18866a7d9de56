from __future__ import annotations

import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import RowSynthesizer
from dbparity.synthesis.decorators import domain_of
from dbparity.synthesis.words import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]

ColumnType = sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]


class Colour(Enum):
    RED = "r"
    GREEN = "g"


GENERIC: list[tuple[sa.types.TypeEngine[Any], type[object]]] = [
    (sa.String(40), str),
    (sa.String(14), str),
    (sa.String(3), str),
    (sa.String(1), str),
    (sa.String(), str),
    (sa.Unicode(30), str),
    (sa.Text(), str),
    (sa.UnicodeText(), str),
    (sa.CHAR(5), str),
    (sa.CHAR(36), str),
    (sa.NCHAR(2), str),
    (sa.CHAR(), str),
    (sa.Integer(), int),
    (sa.SmallInteger(), int),
    (sa.BigInteger(), int),
    (sa.Numeric(10, 2), Decimal),
    (sa.Numeric(4, 4), Decimal),
    (sa.Numeric(30, 10), Decimal),
    (sa.Numeric(5), Decimal),
    (sa.Numeric(), Decimal),
    (sa.Numeric(10, 2, asdecimal=False), float),
    (sa.Float(), float),
    (sa.Float(53), float),
    (sa.Float(asdecimal=True), Decimal),
    (sa.Double(), float),
    (sa.Boolean(), bool),
    (sa.Date(), date),
    (sa.DateTime(), datetime),
    (sa.DateTime(timezone=True), datetime),
    (sa.TIMESTAMP(timezone=True), datetime),
    (sa.Time(), time),
    (sa.Time(timezone=True), time),
    (sa.Interval(), timedelta),
    (sa.LargeBinary(), bytes),
    (sa.LargeBinary(9), bytes),
    (sa.LargeBinary(1), bytes),
    (sa.BINARY(16), bytes),
    (sa.BINARY(), bytes),
    (sa.VARBINARY(3), bytes),
    (sa.JSON(), dict),
    (sa.Uuid(), UUID),
    (sa.Uuid(as_uuid=False), str),
    (sa.Enum("x", "y", "z"), str),
    (sa.Enum(Colour), Colour),
    (sa.PickleType(), dict),
]
# They are not for SQLite.
OTHERS: list[tuple[sa.types.TypeEngine[Any], type[object]]] = [
    (sa.ARRAY(sa.Integer), list),
    (sa.ARRAY(sa.Text, dimensions=2), list),
    (sa.ARRAY(sa.Integer, as_tuple=True), tuple),
    (postgresql.ARRAY(sa.Uuid), list),
    (postgresql.JSONB(), dict),
    (postgresql.UUID(), UUID),
    (postgresql.CITEXT(), str),
    (postgresql.INET(), IPv4Address),
    (postgresql.CIDR(), IPv4Network),
    (postgresql.MACADDR(), str),
    (postgresql.HSTORE(), dict),
    (postgresql.INTERVAL(), timedelta),
    (postgresql.BIT(4), postgresql.BitString),
    (postgresql.BIT(), postgresql.BitString),
    (postgresql.OID(), int),
    (postgresql.TSVECTOR(), str),
    (postgresql.INT4RANGE(), postgresql.Range),
    (postgresql.INT8RANGE(), postgresql.Range),
    (postgresql.NUMRANGE(), postgresql.Range),
    (postgresql.DATERANGE(), postgresql.Range),
    (postgresql.TSRANGE(), postgresql.Range),
    (postgresql.TSTZRANGE(), postgresql.Range),
    (postgresql.DOMAIN("price", sa.Numeric(6, 2)), Decimal),
    (postgresql.ENUM("x", "y", name="e"), str),
    (mysql.TINYINT(), int),
    (mysql.TINYINT(unsigned=True), int),
    (mysql.MEDIUMINT(), int),
    (mysql.BIGINT(unsigned=True), int),
    (mysql.DATETIME(fsp=6), datetime),
    (mysql.LONGTEXT(), str),
    (mysql.TINYTEXT(), str),
    (mysql.YEAR(), int),
    (mysql.SET("x", "y", "z"), set),
    (mysql.BIT(8), int),
    (mysql.BIT(), int),
    (mysql.ENUM("x", "y"), str),
    (mysql.DOUBLE(), Decimal),
    (sqlite.JSON(), dict),
]


def one_column(type_: ColumnType, *, nullable: bool = True, default: str | None = None) -> sa.Table:
    return sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", type_, nullable=nullable, default=default, server_default=default),
    )


def values(type_: ColumnType, count: int = 60, default: str | None = None) -> list[Any]:
    table = one_column(type_, nullable=False, default=default)
    return [row["a"] for row in RowSynthesizer(table.metadata).rows(table, count)]


@pytest.mark.parametrize(("type_", "kind"), GENERIC + OTHERS, ids=repr)
def test_ordinary_values_are_of_the_type_that_comes_back(
    type_: sa.types.TypeEngine[Any], kind: type[object]
) -> None:
    domain = domain_of(type_)
    assert domain is not None
    assert {type(value) for value in domain.first(50)} == {kind}


@pytest.mark.parametrize(("type_", "kind"), GENERIC + OTHERS, ids=repr)
def test_different_numbers_give_different_values(
    type_: sa.types.TypeEngine[Any], kind: type[object]
) -> None:
    del kind
    domain = domain_of(type_)
    assert domain is not None
    numbers = {*range(min(domain.size, 3000)), domain.size - 1, domain.size // 2}
    assert len({fold(domain.at(number)) for number in numbers}) == len(numbers)


@pytest.mark.parametrize(("type_", "kind"), GENERIC, ids=repr)
def test_sqlite_gives_every_ordinary_value_back(
    accept: Accept, engine: sa.Engine, type_: sa.types.TypeEngine[Any], kind: type[object]
) -> None:
    del kind
    table = one_column(type_, nullable=False)
    rows = [row for place, row in enumerate(accept(table.metadata, 40).rows["t"]) if place % 4 == 0]
    with engine.connect() as connection:
        found = {row.id: row.a for row in connection.execute(sa.select(table))}
    expected = {row["id"]: row["a"] for row in rows}
    if getattr(type_, "timezone", False):  # SQLite has none
        expected = {key: value.replace(tzinfo=None) for key, value in expected.items()}  # type: ignore[attr-defined]
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(("type_", "kind"), GENERIC + OTHERS, ids=repr)
def test_edges_are_hashed_or_spelled_alike_only_once(
    type_: sa.types.TypeEngine[Any], kind: type[object]
) -> None:
    del kind
    domain = domain_of(type_)
    assert domain is not None
    spelled = [repr(edge) for edge in domain.edges]
    assert len(set(spelled)) == len(spelled)


@pytest.mark.parametrize("length", [1, 2, 5, 12, 13, 28, 255, 9000])
def test_texts_are_no_longer_than_their_column(length: int) -> None:
    found = values(sa.String(length), 200)
    assert max(map(len, found)) == min(length, 8000)
    assert all(text == text.rstrip() and "\0" not in text for text in found)


def test_some_texts_are_empty_and_some_are_beyond_the_basic_plane() -> None:
    found = values(sa.Text)
    assert "" in found
    assert any(ord(character) > 0xFFFF for text in found for character in text)


def test_texts_of_fixed_length_are_not_padded() -> None:
    assert {len(text) for text in values(sa.CHAR(400), 20)} == {400}


def test_binary_of_fixed_length_is_not_padded() -> None:
    found = values(sa.BINARY(70), 20)
    assert {len(value) for value in found} == {70}
    assert all(value[-1] for value in found)


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        (sa.Integer, -(2**31), 2**31 - 1),
        (sa.SmallInteger, -(2**15), 2**15 - 1),
        (sa.BigInteger, -(2**63), 2**63 - 1),
        (mysql.TINYINT(unsigned=True), 0, 255),
        (mysql.MEDIUMINT, -(2**23), 2**23 - 1),
    ],
)
def test_integers_reach_the_limits_of_their_type(type_: ColumnType, low: int, high: int) -> None:
    found = values(type_, 200)
    assert (min(found), max(found)) == (low, high)


def test_decimals_fill_precision_and_scale() -> None:
    found = values(sa.Numeric(6, 2))
    assert max(found) == Decimal("9999.99")
    assert {value.as_tuple().exponent for value in found} == {-2}


def test_ordinary_floats_survive_32_bits() -> None:
    domain = domain_of(sa.Float())
    assert domain is not None
    numbers = domain.first(4096)
    assert numbers == tuple(struct.unpack("f", struct.pack("f", number))[0] for number in numbers)


def test_moments_lie_between_1970_and_2037() -> None:
    found = values(sa.DateTime, 400)
    assert {value.year for value in found} <= set(range(1970, 2038))
    assert 999_999 in {value.microsecond for value in found}


def test_moments_with_a_zone_are_aware_and_not_all_of_utc() -> None:
    found = values(sa.DateTime(timezone=True))
    assert {value.utcoffset() for value in found} == {timedelta(0), timedelta(hours=5, minutes=30)}
    assert any(value.tzinfo is UTC for value in found)


def test_json_values_have_other_shapes_too() -> None:
    assert {type(value) for value in values(sa.JSON)} == {dict, list, str}


def test_unknown_types_name_the_column() -> None:
    class Vector(sa.types.UserDefinedType[object]):
        pass

    for type_ in (Vector(), sa.ARRAY(Vector()), postgresql.DOMAIN("d", sa.Text, check="x")):
        with pytest.raises(RowsUnsatisfiable, match="'t': column 'a': no values are known"):
            values(type_)


def test_an_unknown_type_that_names_its_python_type_is_known_by_it() -> None:
    class Point(sa.types.UserDefinedType[int]):
        @property
        def python_type(self) -> type[int]:
            return int

    assert values(Point(), 1) == [3190]


def test_a_column_that_refers_needs_no_type() -> None:
    metadata = sa.MetaData()
    sa.Table("parent", metadata, sa.Column("id", sa.Uuid, primary_key=True))
    sa.Table("t", metadata, sa.Column("id", sa.ForeignKey("parent.id"), primary_key=True))
    rows = RowSynthesizer(metadata).population(3).rows
    assert rows["t"] == rows["parent"]


def test_computed_and_generated_columns_are_left_to_the_server(accept: Accept) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Integer, sa.Computed("a * 2")),
        sa.Column("c", sa.Integer, sa.Identity(), nullable=False),
    )
    rows = accept(table.metadata, 5).rows["t"]
    assert {tuple(row) for row in rows} == {("a", "c")}


def test_columns_with_defaults_have_values_all_the_same() -> None:
    assert None not in values(sa.String(20), default="x")
