from __future__ import annotations

import pytest

from dbparity.results import Finding, Item, Measurement, Severity, Verified
from dbparity.stores import conditions
from dbparity.stores.base import Greeting
from dbparity.stores.options import HealthOptions
from dbparity.stores.pools import Pool

OPTIONS = HealthOptions(slow=0.5, lag=10, read_only=("archive",))


def greeted(greeting: Greeting, seconds: float = 0.1, name: str = "main") -> list[Item]:
    return list(conditions.greeted(name, greeting, seconds, OPTIONS))


def codes(items: list[Item]) -> list[str]:
    return [item.code for item in items if isinstance(item, Finding)]


def claims(items: list[Item]) -> list[str]:
    return [item.claim for item in items if isinstance(item, Verified)]


@pytest.mark.parametrize(
    ("greeting", "seconds", "code", "actual"),
    [
        (Greeting("17.5"), 0.51, "health.slow", "0.510 s"),
        (Greeting("17.5", read_only=True), 0.1, "health.read-only", "read-only"),
        (Greeting("17.5", True, "primary"), 0.1, "health.read-only", "read-only, primary"),  # noqa: FBT003
        (Greeting("17.5", role="replica", lag=10.06), 0.1, "health.lag", "10.1 s"),
    ],
    ids=["slow", "read-only", "read-only primary", "lag"],
)
def test_what_degrades_a_store_is_found(
    greeting: Greeting, seconds: float, code: str, actual: str
) -> None:
    found = [each for each in greeted(greeting, seconds) if isinstance(each, Finding)]
    assert [(each.code, each.severity, each.actual) for each in found] == [
        (code, Severity.DEGRADED, actual)
    ]
    assert found[0].recommendation


def test_a_store_that_is_as_it_should_be_says_so() -> None:
    items = greeted(Greeting("17.5", role="primary"), 0.5)
    assert claims(items) == ["it answers", "it answers in time", "it takes writes"]
    assert codes(items) == []


def test_a_replica_need_not_take_writes() -> None:
    items = greeted(Greeting("17.5", read_only=True, role="replica", lag=10))
    assert codes(items) == []
    assert "it is not far behind its primary" in claims(items)
    assert Measurement("lag", 10, "s") in items


def test_a_store_may_be_declared_read_only() -> None:
    assert codes(greeted(Greeting("3.50", read_only=True), name="archive")) == []


def test_an_exhausted_pool_is_found() -> None:
    items = list(conditions.pooled(Pool(checked_out=3, size=2, overflow=1, limit=3)))
    assert codes(items) == ["health.pool-exhausted"]
    assert Measurement("in use", 3, "connections") in items


def test_a_pool_with_room_is_verified() -> None:
    assert claims(list(conditions.pooled(Pool(2, limit=3)))) == ["the pool has room"]


def test_a_store_without_which_the_application_goes_on_is_degraded_when_it_is_down() -> None:
    required = conditions.down("refused", 2, required=True)
    optional = conditions.down("", 2, required=False)

    assert (required.code, required.severity) == ("health.down", Severity.WRONG)
    assert (optional.code, optional.severity) == ("health.down", Severity.DEGRADED)
    assert (required.actual, optional.actual) == ("refused", "no answer within 2 s")
    assert "overloaded" in optional.recommendation
