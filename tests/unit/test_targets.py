from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbparity.errors import TargetInvalid
from dbparity.targets import Target, covers, version_tuple

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite", Target("sqlite")),
        ("postgresql@17", Target("postgresql", "", "17")),
        ("mysql+asyncmy", Target("mysql", "asyncmy")),
        ("mariadb+aiomysql@10.11", Target("mariadb", "aiomysql", "10.11")),
    ],
)
def test_target_is_read_from_its_spelling(text: str, expected: Target) -> None:
    assert Target.parse(text) == expected


@given(backend=NAMES, driver=st.just("") | NAMES, version=st.just("") | VERSIONS)
def test_every_target_is_read_back_as_it_was_spelled(
    backend: str, driver: str, version: str
) -> None:
    target = Target(backend, driver, version)
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "text", ["", "PostgreSQL", "postgresql+", "mysql@", "mysql@9.", "a b", "mysql@9\n", "@17", "+x"]
)
def test_anything_else_is_no_target(text: str) -> None:
    with pytest.raises(TargetInvalid) as refused:
        Target.parse(text)
    assert refused.value.text == text


def test_server_is_the_target_without_its_driver() -> None:
    assert Target("postgresql", "asyncpg", "17").server == "postgresql@17"


TARGET = Target.parse("postgresql+asyncpg@17.2")


@pytest.mark.parametrize(
    "pattern",
    ["postgresql", "postgresql+asyncpg", "postgresql@17", "postgresql+asyncpg@17.2"],
)
def test_pattern_stands_for_all_that_it_leaves_open(pattern: str) -> None:
    assert TARGET.matches(Target.parse(pattern))


@pytest.mark.parametrize("pattern", ["mysql", "postgresql+psycopg", "postgresql@18"])
def test_pattern_excludes_what_it_names_otherwise(pattern: str) -> None:
    assert not TARGET.matches(Target.parse(pattern))


@pytest.mark.parametrize("wanted", ["", "10", "10.11"])
def test_version_covers_those_that_begin_with_it(wanted: str) -> None:
    assert covers(wanted, "10.11.19")


@pytest.mark.parametrize("wanted", ["1", "10.1", "10.11.19.1"])
def test_version_is_compared_part_by_part(wanted: str) -> None:
    assert not covers(wanted, "10.11.19")


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("10.11.19-MariaDB", (10, 11, 19)), ("18beta1", (18,)), ("17", (17,)), ("devel", ())],
)
def test_version_is_compared_by_its_leading_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(version) == numbers
