from __future__ import annotations

import pytest

from dbparity.stores.patterns import KeyPattern


@pytest.mark.parametrize(
    ("text", "values", "key"),
    [
        ("doc:{id}", {"id": "7"}, "doc:7"),
        ("t:{tenant}:doc:{id}:body", {"tenant": "a", "id": "7"}, "t:a:doc:7:body"),
        ("{id}", {"id": "a:b"}, "a:b"),
        ("100%:{id}", {"id": "7"}, "100%:7"),
        ("{id}:{id}", {"id": "7"}, "7:7"),
    ],
)
def test_what_is_filled_in_is_read_again(text: str, values: dict[str, str], key: str) -> None:
    pattern = KeyPattern(text)
    assert pattern.template % tuple(values[name] for name in pattern.names) == key
    assert pattern.parse(key) == values
    assert {name: pattern.read(name)(key) for name in pattern.names} == values


@pytest.mark.parametrize("key", ["doc:", "Doc:7", "other:7", "xdoc:7"])
def test_what_is_not_of_the_pattern_is_not_read(key: str) -> None:
    assert KeyPattern("doc:{id}").parse(key) is None
    assert KeyPattern("doc:{id}").read("id")(key) is None
    assert KeyPattern("doc:{tenant}:{id}").read("id")(key) is None


def test_all_but_the_last_have_no_colon() -> None:
    assert KeyPattern("{tenant}:{id}").parse("a:b:c") == {"tenant": "a", "id": "b:c"}


def test_one_that_stands_twice_is_the_same_both_times() -> None:
    assert KeyPattern("{id}:{id}").parse("1:2") is None


def test_signs_that_mean_something_to_redis_are_taken_as_they_are() -> None:
    assert KeyPattern("a*b[c]?:{id}^").glob == r"a\*b\[c\]\?:*\^"
