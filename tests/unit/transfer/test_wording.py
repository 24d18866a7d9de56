"""Expressions are taken over where all products mean the same by them, and nowhere else."""

from __future__ import annotations

import pytest

from dbparity.backends.base import load_backend
from dbparity.schema.expressions import Scope, read
from dbparity.snapshots import Column, Family, Type
from dbparity.transfer import wording
from dbparity.transfer.wording import Words

COLUMNS = {
    "name": Family.TEXT,
    "age": Family.INTEGER,
    "ratio": Family.FLOAT,
    "ok": Family.BOOLEAN,
    "day": Family.DATE,
    "data": Family.BINARY,
    "kind": Family.ENUM,
    "key": Family.UUID,
    "doc": Family.JSON,
}
SCOPE = Scope("postgres", binary=frozenset({"data"}), boolean=frozenset({"ok"}))
VERSIONS = {"postgresql": (17,), "mysql": (9, 1), "mariadb": (11, 4), "sqlite": (3, 40)}


def words(backend: str) -> Words:
    home = load_backend(backend).home(VERSIONS[backend])
    assert home is not None
    return Words(home, {name: Column(name, Type("", kind)) for name, kind in COLUMNS.items()})


def condition(text: str, backend: str = "postgresql") -> str | None:
    return wording.condition(read(text, SCOPE), words(backend))


def spelled(text: str, backend: str = "postgresql") -> str | None:
    return wording.spelled(read(text, SCOPE), words(backend))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok", '"ok"'),
        ("NOT ok AND age > 18", '(18 < "age") AND (NOT ("ok"))'),
        ("age BETWEEN 1 AND 5", '("age" <= 5) AND (1 <= "age")'),
        ("name IS NULL OR name = ''", '("name" = \'\') OR ("name" IS NULL)'),
        ("name IS NOT NULL", '"name" IS NOT NULL'),
        ("kind IN ('a', 'b')", "\"kind\" IN ('a', 'b')"),
        ("length(name) > 0", 'NOT (length("name") = 0)'),
        ("age + 1 < ratio", '("age" + 1) < "ratio"'),
        ("age = -ratio", '"age" = (-"ratio")'),
        ("abs(age) > 1", '1 < abs("age")'),
        ("day > '2020-01-01'", "'2020-01-01' < \"day\""),
        ("key = '0'", "\"key\" = '0'"),
        ("coalesce(name, 'x') = 'y'", "coalesce(\"name\", 'x') = 'y'"),
        ("CASE WHEN ok THEN age ELSE 0 END > 3", '3 < CASE WHEN "ok" THEN "age" ELSE 0 END'),
    ],
)
def test_conditions_that_mean_the_same_everywhere(text: str, expected: str) -> None:
    assert condition(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "age",  # a number is no condition
        "ok IN (2, 3)",
        "name LIKE 'a%'",
        "name > 5 AND age = 'x'",
        "age = 'x'",
        "day > 5",
        "day > 'yesterday'",
        "name = age",
        "name + 1 > 2",
        "lower(age) = '1'",
        "doc = '{}'",
        "ok < TRUE",
        "name IS TRUE",
        "strftime(name) = '1'",
        "gone = 1",
        "now() > day",
        "abs(name) = 1",
        "octet_length(data) = 0",
    ],
)
def test_conditions_that_products_read_each_in_its_way(text: str) -> None:
    assert condition(text) is None


@pytest.mark.parametrize(
    ("text", "backend", "expected"),
    [
        ("name || age", "postgresql", '("name" || CAST("age" AS text))'),
        ("name || '\\'", "mysql", "(concat(`name`, '\\\\'))"),
        ("name || 'x'", "sqlite", "(\"name\" || 'x')"),
        ("nullif(name, '')", "mariadb", "nullif(`name`, '')"),
        ("age > 1", "sqlite", '(1 < "age")'),
        ("length(name)", "mysql", "char_length(`name`)"),
        ("CASE WHEN ok THEN 1 END", "mysql", "CASE WHEN `ok` THEN 1 END"),
        ("NULL", "mysql", "NULL"),
        ("name || ratio", "postgresql", None),
    ],
)
def test_values_in_the_words_of_each_product(text: str, backend: str, expected: str | None) -> None:
    assert spelled(text, backend) == expected


@pytest.mark.parametrize(
    ("text", "family", "expected"),
    [
        ("'t'", Family.BOOLEAN, "TRUE"),
        ("'maybe'", Family.BOOLEAN, None),
        ("'12'", Family.DECIMAL, "12"),
        ("'x'", Family.DECIMAL, None),
        ("5", Family.TEXT, "'5'"),
        ("5", Family.DATE, None),
        ("100", Family.INTEGER, "100"),
        ("'2020-01-01 00:00'", Family.DATETIME, "'2020-01-01 00:00'"),
        ("NULL", Family.TEXT, "NULL"),
        ("age", Family.INTEGER, None),
    ],
)
def test_literals_become_those_of_the_column(
    text: str, family: Family, expected: str | None
) -> None:
    assert wording.literal(read(text, SCOPE), family, words("postgresql").home) == expected
