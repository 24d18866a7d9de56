from __future__ import annotations

import pytest

from dbparity.schema.expressions import Scope, read
from dbparity.schema.terms import Term, conjuncts, guard

SQLITE, POSTGRESQL, MYSQL = "sqlite", "postgres", "mysql"
BOOLEAN, BINARY = frozenset({"active"}), frozenset({"hash"})

# Each list is one meaning, as several servers spell it.
ALIKE = {
    "list": [
        (POSTGRESQL, "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::text])::text[]))"),
        (MYSQL, "(`s` in (_utf8mb4'b',_utf8mb4'a'))"),
        (SQLITE, "s = 'a' OR 'b' = \"s\""),
        (SQLITE, "S IN ('a', 'b', 'a')"),
    ],
    "no list": [
        (POSTGRESQL, "(n <> ALL (ARRAY[1, 2]))"),
        (MYSQL, "(`n` not in (2,1))"),
        (SQLITE, "n != 1 AND n <> 2"),
    ],
    "list of one": [(POSTGRESQL, "(n = 1)"), (MYSQL, "`n` in (1.0)"), (SQLITE, "1 == n")],
    "range": [
        (POSTGRESQL, "((n >= 0) AND (n <= 10))"),
        (MYSQL, "(`n` between 0 and 10)"),
        (SQLITE, "NOT (n < 0 OR n > 10)"),
    ],
    "no range": [(SQLITE, "n NOT BETWEEN 0 AND 10"), (MYSQL, "((`n` < 0) or (10 < `n`))")],
    "moment": [
        (POSTGRESQL, "now()"),
        (POSTGRESQL, "LOCALTIMESTAMP"),
        (POSTGRESQL, "timezone('utc'::text, now())"),
        (POSTGRESQL, "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text)"),
        (MYSQL, "current_timestamp(6)"),
        (MYSQL, "utc_timestamp()"),
        (SQLITE, "(datetime('now'))"),
        (SQLITE, "CURRENT_TIMESTAMP"),
    ],
    "truth": [
        (POSTGRESQL, "active"),
        (POSTGRESQL, "(active = true)"),
        (MYSQL, "(`active` <> 0)"),
        (MYSQL, "(0 <> `active`)"),
        (SQLITE, "active = 1"),
    ],
    "untruth": [
        (POSTGRESQL, "(NOT active)"),
        (MYSQL, "(`active` = false)"),
        (SQLITE, "NOT (active != 0)"),
    ],
    "condition that is true": [(SQLITE, "(n > 3) = 1"), (MYSQL, "(`n` > 3)")],
    "text that is there": [
        (POSTGRESQL, "(length((s)::text) > 0)"),
        (MYSQL, "(char_length(`s`) > 0)"),
        (MYSQL, "(length(`s`) >= 1)"),
        (MYSQL, "octet_length(`s`) <> 0"),
    ],
    "text that is empty": [
        (SQLITE, "length(s) = 0"),
        (MYSQL, "length(`s`) < 1"),
        (MYSQL, "char_length(`s`) <= 0"),
    ],
    "length of bytes": [
        (POSTGRESQL, "(length(hash) = 32)"),
        (MYSQL, "(length(`hash`) = 32)"),
        (SQLITE, "octet_length(hash) = 32"),
    ],
    "NULL": [(POSTGRESQL, "(s IS NOT NULL)"), (MYSQL, "(`s` is not null)"), (SQLITE, "s NOTNULL")],
    "likeness": [(POSTGRESQL, "((s)::text !~~ 'a%'::text)"), (MYSQL, "(not((`s` like 'a%')))")],
    "case": [
        (MYSQL, "(case when (`gone` is null) then 1 end)"),
        (MYSQL, "if((`gone` is null),1,NULL)"),
        (MYSQL, "if((`gone` is null),1,NULL)"),
        (SQLITE, "CASE WHEN gone IS NULL THEN 1 ELSE NULL END"),
        (POSTGRESQL, "NULLIF(CASE WHEN (gone IS NULL) THEN 1 ELSE 0 END, 0)"),
    ],
    "case of values": [
        (SQLITE, "CASE n WHEN 1 THEN 2 ELSE 3 END"),
        (MYSQL, "if((`n` = 1), 2, 3)"),
    ],
    "negative number": [(POSTGRESQL, "'-1'::integer"), (MYSQL, "-1"), (SQLITE, "(-1.0)")],
    "bit": [(POSTGRESQL, "B'101'::\"bit\""), (MYSQL, "b'101'"), (SQLITE, "5")],
    "joined texts": [
        (POSTGRESQL, "((a || b) || 'x'::text)"),
        (MYSQL, "concat(`a`,`b`,_utf8mb4'x')"),
    ],
    "sum": [(POSTGRESQL, "((a + b) * 2)"), (MYSQL, "(2 * (`b` + `a`))")],
    "documents": [(POSTGRESQL, "'{}'::jsonb"), (MYSQL, "json_object()"), (SQLITE, "'{}'")],
    "lists": [(POSTGRESQL, "'[]'::jsonb"), (MYSQL, "json_array()"), (SQLITE, "'[]'")],
    "functions": [
        (POSTGRESQL, "lower((s)::text)"),
        (MYSQL, "lcase(`s`)"),
        (SQLITE, 'LOWER("s")'),
    ],
    "identifier": [(POSTGRESQL, "gen_random_uuid()"), (MYSQL, "uuid()")],
    "trimmed": [(POSTGRESQL, "TRIM(BOTH FROM s)"), (MYSQL, "trim(`s`)")],
    "either": [(POSTGRESQL, "(((a > 1) OR (b > 2)))"), (MYSQL, "`b` > 2 or `a` > 1")],
    "whole part": [
        (POSTGRESQL, "((n)::integer > 1)"),
        (MYSQL, "(cast(`n` as signed) > 1)"),
        (SQLITE, "CAST(n AS INTEGER) > 1"),
    ],
    "never both": [(SQLITE, "NOT (a > 1 AND b > 2)"), (MYSQL, "`a` <= 1 or `b` <= 2")],
    "a column and another": [(SQLITE, "a = b"), (MYSQL, "(`b` = `a`)")],
    "unreadable": [(SQLITE, "a >>>\n   b ("), (MYSQL, "a >>> b (")],
}

OTHERS = [
    ("n > 0", "n >= 0"),
    ("length(s) = 3", "octet_length(s) = 3"),
    ("s = 'a'", "s = 'A'"),
    ("lower(s)", "upper(s)"),
    ("CAST(n AS INTEGER) = 1", "n = 1"),
    ("trim(LEADING FROM s)", "trim(s)"),
    ("NOT x IS TRUE", "NOT x"),
    ("a - b", "b - a"),
    ("-a", "a"),
    ("a IN (b, c)", "a IN (b, d)"),
    ("json_object('a', 1)", "json_object()"),
    ("nullif(a, 0)", "nullif(a, 1)"),
    ("a = 1, b = 2", "a = 1"),
    ("'active' = 1", "active = 1"),
    ("(SELECT a FROM t ORDER BY a DESC)", "(SELECT a FROM t ORDER BY a)"),
]


def meaning(dialect: str, text: str) -> frozenset[Term]:
    return conjuncts(read(text, Scope(dialect, binary=BINARY, boolean=BOOLEAN)))


@pytest.mark.parametrize("spellings", ALIKE.values(), ids=ALIKE)
def test_spellings_of_one_meaning_are_equal(spellings: list[tuple[str, str]]) -> None:
    assert len({meaning(dialect, text) for dialect, text in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_meanings_are_not_equal(one: str, other: str) -> None:
    assert meaning(POSTGRESQL, one) != meaning(POSTGRESQL, other)


def test_a_literal_cast_to_a_type_is_the_literal() -> None:
    assert meaning(POSTGRESQL, "'2024-01-02'::date") == meaning(MYSQL, "'2024-01-02'")
    assert meaning(POSTGRESQL, "'abc'::integer") == meaning(MYSQL, "'abc'")


def test_a_cast_to_a_system_type_is_left_out() -> None:
    assert meaning(POSTGRESQL, "nextval('s'::regclass)") == meaning(MYSQL, "nextval('s')")


def test_columns_go_by_their_new_names() -> None:
    assert read("old > 1", Scope(names={"old": "new"})) == read("new > 1", Scope())


def test_the_columns_of_an_expression_are_known() -> None:
    assert read("lower(A) || b = 'c'", Scope(SQLITE)).columns == {"a", "b"}


def test_a_guard_is_what_is_null_unless_a_condition_holds() -> None:
    term = read("CASE WHEN gone IS NULL THEN name END", Scope())

    assert guard(term) == (read("gone IS NULL", Scope()), read("name", Scope()))


@pytest.mark.parametrize("text", ["name", "CASE WHEN a THEN b ELSE c END"])
def test_other_expressions_guard_nothing(text: str) -> None:
    assert guard(read(text, Scope())) is None
