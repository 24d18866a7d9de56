from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbparity.values import canonical, row


class Mood(Enum):
    GLAD = "glad"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (None, "NULL"),
        ("NULL", "'NULL'"),
        (True, "true"),
        (1, "1"),
        (Level.HIGH, "3"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
        (Decimal("1E2"), "100"),
        (Decimal("-0.00"), "0"),
        (Decimal("NaN"), "NaN"),
        (Decimal("1234567890123456789012345678.9010"), "1234567890123456789012345678.901"),
        ({2: "b", "1": "a"}, '{"1": "a", "2": "b"}'),
        (datetime.fromisoformat("2024-02-29 01:02:03.000004"), "2024-02-29 01:02:03.000004"),
        (date(2024, 2, 29), "2024-02-29"),
        (time(1, 2, 3), "01:02:03"),
        (timedelta(days=-1, microseconds=1), "-86399999999 µs"),
        (b"\x00\xff", "0x00ff"),
        (bytearray(b"\x01"), "0x01"),
        (memoryview(b"\x01"), "0x01"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Mood.GLAD, "Mood.GLAD"),
        ({"b": 1, "a": [None, "é"]}, '{"a": [null, "é"], "b": 1}'),
        ([Decimal("1.50")], '["1.5"]'),
        ({2, 1}, "{1, 2}"),
        (frozenset(), "{}"),
    ],
)
def test_value_has_one_spelling(value: object, spelling: str) -> None:
    assert canonical(value) == spelling


def test_equal_numbers_are_spelled_alike_whatever_their_type() -> None:
    assert {canonical(1), canonical(Decimal("1.00")), canonical(Decimal("1E0"))} == {"1"}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8), st.integers(-99, 99))
def test_spelling_of_a_decimal_is_equal_to_it(value: Decimal, more: int) -> None:
    assert Decimal(canonical(value + more)) == value + more


@given(st.floats(allow_nan=False))
def test_float_keeps_every_bit(value: float) -> None:
    assert float(canonical(value)) == value


def test_one_moment_in_two_zones_is_spelled_alike() -> None:
    moment = datetime(2024, 2, 29, 23, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert canonical(elsewhere) == canonical(moment) == "2024-02-29 23:00:00+00:00"


def test_aware_and_naive_times_are_told_apart() -> None:
    naive = datetime.fromisoformat("2024-02-29 00:00:00")
    assert canonical(naive) != canonical(naive.replace(tzinfo=UTC))


def test_row_is_spelled_by_column() -> None:
    assert row({"id": 1, "note": None}) == {"id": "1", "note": "NULL"}
