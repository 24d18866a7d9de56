"""Which values are tried for which types and texts, and when one is said to have come back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from dbparity.results import Place
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.proving.acts import Act, spelled
from dbparity.schema.proving.binding import Bound, adapted
from dbparity.schema.proving.samples import of_texts, sample
from dbparity.schema.proving.witnesses import of_claim, of_types
from dbparity.snapshots import Family, Type, Unit

NOON = datetime(2024, 1, 2, 12)  # noqa: DTZ001  # as a column without a zone has it
EAST = timezone(timedelta(hours=5))


def kind(family: Family, **attributes: object) -> Type:
    return Type("", family, **attributes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "witness"),
    [
        (kind(Family.TEXT, length=20), kind(Family.TEXT, length=10), "x" * 11),
        (kind(Family.TEXT), kind(Family.TEXT, length=10, unit=Unit.BYTES), "é" * 6),
        (kind(Family.BINARY), kind(Family.BINARY, length=3), b"xxxx"),
        (kind(Family.INTEGER, bits=64), kind(Family.INTEGER, bits=32), 2**31),
        (kind(Family.INTEGER), kind(Family.INTEGER, bits=32, signed=False), -1),
        (kind(Family.INTEGER, bits=64), kind(Family.FLOAT, bits=64), 2**53 + 1),
        (kind(Family.DECIMAL), kind(Family.DECIMAL, precision=5, scale=2), Decimal(1000)),
        (kind(Family.DECIMAL), kind(Family.DECIMAL, precision=5, scale=2), Decimal("0.001")),
        (kind(Family.FLOAT, bits=64), kind(Family.FLOAT, bits=32), 2.0**24 + 1),
        (kind(Family.DATETIME), kind(Family.DATE), datetime(2024, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        (kind(Family.TIME, fraction=6), kind(Family.TIME, fraction=0), time(1, 2, 3, 123456)),
        (kind(Family.DATE), kind(Family.DATE), date(1, 1, 1)),
        (kind(Family.INTERVAL), kind(Family.INTERVAL), timedelta(days=3, microseconds=123456)),
        (kind(Family.BOOLEAN), kind(Family.INTEGER), 2),
        (kind(Family.JSON), kind(Family.TEXT), "no document"),
        (kind(Family.UUID), kind(Family.TEXT), "no uuid"),
        (kind(Family.ENUM, values=("a", "b")), kind(Family.ENUM, values=("a",)), "b"),
        (kind(Family.OTHER), kind(Family.TEXT), "outsider"),
        (kind(Family.ARRAY), kind(Family.TEXT), "outsider"),
        (
            kind(Family.ARRAY, element=kind(Family.INTEGER, bits=16)),
            kind(Family.ARRAY, element=kind(Family.INTEGER, bits=16)),
            [2**15],
        ),
    ],
    ids=lambda value: str(value.family) if isinstance(value, Type) else "",
)
def test_a_value_at_which_two_types_part_is_tried_on_both_sides(
    left: Type, right: Type, witness: object
) -> None:
    assert witness in list(of_types(left, right))
    assert witness in list(of_types(right, left))


def test_a_text_of_more_than_a_megabyte_is_not_tried() -> None:
    texts = list(of_types(kind(Family.TEXT, length=2**24), kind(Family.TEXT)))

    assert max(len(str(text)) for text in texts) < 100
    assert list(of_types(kind(Family.BINARY, length=2**24), kind(Family.BINARY, length=2**24)))


def claim(message: str, *, mild: bool = False) -> Difference:
    return Difference(Meaning.BEHAVES, "type", Place("t", "v"), message, mild=mild)


@pytest.mark.parametrize(
    ("message", "tried"),
    [
        ("DATETIME keeps whole seconds, the left side keeps microseconds", {123456}),
        ("DATETIME drops the offset of 12:00+05:00", {0}),
    ],
)
def test_only_what_a_claim_is_about_is_tried(message: str, tried: set[int]) -> None:
    moment = kind(Family.DATETIME)
    values = [v for v in of_claim(claim(message), moment, moment) if isinstance(v, datetime)]

    assert {value.microsecond for value in values} == tried
    assert {value.tzinfo is not None for value in values} == {"offset" in message}


def test_nothing_is_tried_for_a_limit_that_nobody_enforces() -> None:
    lax = kind(Family.TEXT, length=3)

    assert list(of_claim(claim("it is declared shorter", mild=True), lax, lax)) == []


@pytest.mark.parametrize("family", sorted(set(Family) - {Family.ENUM, Family.ARRAY, Family.OTHER}))
def test_there_are_two_ordinary_values_of_a_type(family: Family) -> None:
    first, second = (sample(kind(family), kind(family), number) for number in (0, 1))

    assert first is not None
    assert first != second


def test_an_ordinary_value_is_one_for_both_sides() -> None:
    text, named = kind(Family.TEXT), kind(Family.ENUM, values=("a", "b", "c"))

    assert sample(text, named, 1) == "b"
    assert sample(named, kind(Family.ENUM, values=("c",)), 0) == "c"
    assert sample(named, kind(Family.ENUM, values=("c",)), 1) is None
    assert sample(kind(Family.OTHER), text, 0) is None


@pytest.mark.parametrize(
    ("expression", "family", "values"),
    [
        ("v BETWEEN 1 AND 5", Family.INTEGER, {0, 1, 5, 6}),
        ("v <> -10", Family.INTEGER, {-10, -11, -9}),
        ("v >= 0.5", Family.DECIMAL, {Decimal("0.5"), Decimal(-1)}),
        ("v IN ('on', 'it''s')", Family.TEXT, {"on", "it's", "ON", "outsider", ""}),
        ("length(v) > 3", Family.TEXT, {"xx", "xxx", "xxxx", "ééé"}),
        ("v >= '2020-01-01'", Family.DATE, {date(2019, 12, 31), date(2020, 1, 1)}),
        (
            "v >= '2020-01-01' AND w = 'never'",
            Family.DATETIME,
            {datetime(2019, 12, 31, 23, 59, 59), datetime(2020, 1, 1)},  # noqa: DTZ001
        ),
        ("v", Family.BOOLEAN, {True, False}),
    ],
)
def test_literals_of_an_expression_are_tried_and_what_is_about_them(
    expression: str, family: Family, values: set[object]
) -> None:
    assert values <= set(of_texts([expression], kind(family)))


def test_a_number_in_a_check_makes_no_endless_text() -> None:
    texts = of_texts(["length(v) < 1000000"], kind(Family.TEXT))

    assert max(len(str(text)) for text in texts) < 100


@pytest.mark.parametrize(
    ("value", "column", "written"),
    [
        (None, kind(Family.TEXT), None),
        (NOON, kind(Family.DATETIME), NOON),
        (NOON, kind(Family.DATETIME, zone=True), NOON.replace(tzinfo=UTC)),
        (True, kind(Family.BOOLEAN), True),
        (True, kind(Family.INTEGER), 1),
        (Decimal("0.5"), kind(Family.FLOAT), 0.5),
        (7, kind(Family.TEXT), "7"),
        (b"a", kind(Family.TEXT), b"a"),
    ],
)
def test_a_value_is_written_as_its_column_takes_it(
    value: object, column: Type, written: object
) -> None:
    found = adapted(value, column)

    assert (found, type(found)) == (written, type(written))


@pytest.mark.parametrize(
    ("given", "column", "returned", "held"),
    [
        ("a", kind(Family.TEXT), "a", True),
        ("a ", kind(Family.TEXT), "a", False),
        (7, kind(Family.INTEGER), Decimal(7), True),
        (2**53 + 1, kind(Family.FLOAT), float(2**53), False),
        (Decimal("0.1"), kind(Family.DECIMAL), 0.1, True),
        (NOON.replace(tzinfo=UTC), kind(Family.DATETIME, zone=True), NOON, True),
        (NOON.replace(tzinfo=EAST), kind(Family.DATETIME, zone=True), NOON, False),
        (
            NOON.replace(tzinfo=EAST),
            kind(Family.DATETIME, zone=True),
            NOON.replace(hour=7, tzinfo=UTC),
            True,
        ),
        ('{"b": 1, "a": 2}', kind(Family.JSON), {"a": 2, "b": 1}, True),
        ('"a"', kind(Family.JSON), "a", True),
        ('{"a": 1}', kind(Family.JSON), '{"a": 2}', False),
    ],
)
def test_a_value_is_held_if_it_comes_back_as_it_was(
    given: object, column: Type, returned: object, *, held: bool
) -> None:
    assert Bound(given, adapted(given, column), column).equals(returned) is held


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act("INSERT", {"v": "it's", "w": None}), "INSERT INTO t (v, w) VALUES ('it''s', NULL)"),
        (Act("INSERT", {"v": b"x" * 99}), "INSERT INTO t (v) VALUES (0x"),
        (
            Act("INSERT", {"v": "x" * 99}),
            f"INSERT INTO t (v) VALUES ('{'x' * 39}… (99 characters))",
        ),
        (Act("INSERT"), "INSERT INTO t DEFAULT VALUES"),
        (Act("UPDATE", {"v": 2}, {"v": 1}), "UPDATE t SET v = 2 WHERE v = 1"),
        (Act("UPDATE", where={"v": 1}), "UPDATE t SET … WHERE v = 1"),
        (Act("DELETE", where={"v": 1}), "DELETE FROM t WHERE v = 1"),
        (Act("COUNT", where={"v": "a"}), "SELECT count(*) FROM t WHERE v = 'a'"),
        (Act("SORT", {"v": None}), "SELECT v FROM t ORDER BY v"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_act_is_told_in_short(act: Act, words: str) -> None:
    assert spelled(act, "t").startswith(words)
