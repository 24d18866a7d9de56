from __future__ import annotations

import pytest

from dbparity.cli.options import narrowed
from dbparity.errors import TargetInvalid
from dbparity.targets import Target

CONFIGURED = tuple(
    map(Target.parse, ["sqlite", "postgresql@17", "postgresql@18", "mysql+asyncmy@9"])
)


def chosen(*wanted: str) -> list[str]:
    return [str(target) for target in narrowed(CONFIGURED, wanted)]


def test_no_option_leaves_the_configured_targets() -> None:
    assert narrowed(CONFIGURED, None) == CONFIGURED


@pytest.mark.parametrize(
    ("wanted", "targets"),
    [
        ("postgresql", ["postgresql@17", "postgresql@18"]),
        ("postgresql@18", ["postgresql@18"]),
        ("postgresql+asyncpg", ["postgresql+asyncpg@17", "postgresql+asyncpg@18"]),
        ("mysql", ["mysql+asyncmy@9"]),
        ("sqlite+pysqlite", ["sqlite+pysqlite"]),
    ],
)
def test_option_stands_for_the_configured_targets_that_match(
    wanted: str, targets: list[str]
) -> None:
    assert chosen(wanted) == targets


@pytest.mark.parametrize("wanted", ["mariadb", "postgresql@16", "mysql+pymysql"])
def test_option_that_matches_none_is_a_target_itself(wanted: str) -> None:
    assert chosen(wanted) == [wanted]


def test_targets_of_several_options_come_once_in_their_order() -> None:
    assert chosen("mariadb", "postgresql@18", "postgresql") == [
        "mariadb",
        "postgresql@18",
        "postgresql@17",
    ]


def test_option_that_is_no_target_is_refused() -> None:
    with pytest.raises(TargetInvalid):
        chosen("postgresql 17")
