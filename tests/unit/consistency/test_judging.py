from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from dbparity.consistency.judging import Kind, judge, same
from dbparity.consistency.references import Pair, Reference
from dbparity.stores.base import Record, Records

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOCAL = NOON.astimezone(timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (1, 1),
        (1, "1"),
        (Decimal("1.50"), "1.5"),
        (True, "true"),
        (None, None),
        (NOON, "2026-01-01T12:00:00+00:00"),
        (NOON, "2026-01-01 14:00:00+02:00"),
        (NOON, LOCAL),
        (NOON.replace(tzinfo=None), "2026-01-01T12:00:00Z"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_says_the_same_is_the_same(ours: object, theirs: object) -> None:
    assert same(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(1, 2), (1, None), (None, "NULL"), ("a", "A"), (NOON, "noon"), (NOON, None), (1, "1.0.0")],
)
def test_what_says_something_else_is_not(ours: object, theirs: object) -> None:
    assert not same(ours, theirs)


def kinds(ours: object, theirs: object) -> tuple[Kind, ...]:
    reference = Reference(
        "r",
        "db",
        Records("docs", "", ("v",)),
        "cache",
        Records("doc:{v}", "", ("v",)),
        version=Pair("v", "v"),
    )
    return judge(reference, Record(1, (ours,)), Record("doc:1", (theirs,)))


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (2, 1, Kind.STALE),
        (1, 2, Kind.AHEAD),
        (1, "2", Kind.AHEAD),
        (1, None, Kind.STALE),
        ("b", "c", Kind.STALE),
        (1, "x", Kind.STALE),
        (NOON, "2026-01-01T13:00:00Z", Kind.AHEAD),
        (NOON, "2026-01-01T11:00:00Z", Kind.STALE),
        (NOON, "noon", Kind.STALE),
    ],
)
def test_what_has_an_order_is_older_or_newer(ours: object, theirs: object, kind: Kind) -> None:
    assert kinds(ours, theirs) == (kind,)


def test_where_neither_is_there_nothing_is_wrong() -> None:
    reference = Reference("r", "db", Records("docs"), "cache", Records("doc:{id}"))
    assert judge(reference, None, None) == ()
