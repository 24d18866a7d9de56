from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.consistency.invariants import (
    ALWAYS,
    Entry,
    History,
    Read,
    Sample,
    Write,
    acknowledged_is_kept,
    at_rest_absent_or_committed,
    deleted_is_gone,
    every_key_expires,
    keys_carry,
    loads_are_bounded,
    only_committed_is_cached,
    reads_are_recent,
    replay_is_idempotent,
    versions_never_go_back,
)
from dbparity.results import Severity

if TYPE_CHECKING:
    from dbparity.consistency.invariants import Invariant


def seen(*states: tuple[object, object], **more: Any) -> History:  # noqa: ANN401
    """What was committed and cached of the key ``a``; what changed is acknowledged at once."""
    samples = [
        Sample(
            at,
            {} if committed is None else {"a": committed},
            {} if cached is None else {"a": Entry(cached, 60)},
            acknowledged=at,
        )
        for at, (committed, cached) in enumerate(states)
    ]
    return History(tuple(samples), **more)


SOUND = seen(
    (1, None),
    (1, 1),
    (2, 1),
    (2, None),
    (2, 2),
    (None, 2),
    (None, None),
    reads=(Read("a", 1, 0, 1), Read("a", 2, 3, 4)),
    writes=(Write("a", 2, 2),),
    loads=(1, 4),
)


def test_what_is_sound_has_no_finding() -> None:
    late: list[Invariant] = [
        partial(deleted_is_gone, delta=1),
        partial(keys_carry, tenant="a"),
        partial(loads_are_bounded, most=1),
    ]
    others = [holds for holds in ALWAYS if holds is not deleted_is_gone]
    assert [finding for holds in (*others, *late) for finding in holds(SOUND)] == []


@pytest.mark.parametrize(
    ("holds", "history", "code", "expected", "actual"),
    [
        (at_rest_absent_or_committed, seen((1, 1), (2, 1)), "cache.stale", "2", "1"),
        (at_rest_absent_or_committed, seen((1, 1), (None, 1)), "cache.stale", "nothing", "1"),
        (
            reads_are_recent,
            seen((1, 1), (2, 1), (2, 1), reads=(Read("a", 1, 1, 2),)),
            "cache.read-old",
            "2",
            "1",
        ),
        (
            reads_are_recent,
            seen((1, 1), reads=(Read("a", None, 0, 1),)),
            "cache.read-old",
            "1",
            "nothing",
        ),
        (
            partial(reads_are_recent, delta=1),
            seen((1, 1), (2, 1), (2, 1), reads=(Read("a", 1, 2, 2),)),
            "cache.read-old",
            "2",
            "1",
        ),
        (
            versions_never_go_back,
            seen((1, None), (2, 2), (2, None), (2, 1)),
            "cache.back",
            "2",
            "1",
        ),
        (only_committed_is_cached, seen((1, None), (1, 2), (2, 2)), "cache.uncommitted", "1", "2"),
        (deleted_is_gone, seen((1, 1), (None, 1)), "cache.deleted", "nothing", "1"),
        (
            partial(deleted_is_gone, delta=1),
            seen((1, 1), (None, 1), (None, 1)),
            "cache.deleted",
            "nothing",
            "1",
        ),
        (
            every_key_expires,
            History((Sample(0, {}, {"a": Entry(1)}),)),
            "cache.no-ttl",
            "a time to live",
            "none",
        ),
        (
            partial(keys_carry, tenant="blue"),
            seen((1, 1)),
            "cache.tenant",
            "a key with blue",
            "a",
        ),
        (
            partial(loads_are_bounded, most=2),
            seen((1, 1), (1, None), (1, 1), loads=(0.5, 1, 1.5, 2)),
            "cache.stampede",
            "2 loads",
            "3 loads",
        ),
        (
            acknowledged_is_kept,
            seen((1, None), (1, None), writes=(Write("a", 2, 1),)),
            "cache.lost",
            "2",
            "1",
        ),
        (
            partial(acknowledged_is_kept, window=1),
            seen((1, None), (1, None), writes=(Write("a", 2, 1),), crashes=(0.5, 2.5)),
            "cache.lost",
            "2",
            "1",
        ),
    ],
)
def test_what_does_not_hold_is_found(
    holds: Invariant,
    history: History,
    code: str,
    expected: str,
    actual: str,
) -> None:
    (finding,) = holds(history)
    assert (finding.code, finding.expected, finding.actual) == (code, expected, actual)
    assert finding.recommendation
    assert finding.severity is not Severity.NOTE


def test_a_read_may_have_what_was_committed_within_delta() -> None:
    history = seen((1, 1), (2, 1), (2, 1), reads=(Read("a", 1, 1, 2),))
    assert not list(reads_are_recent(history, delta=1))


def test_a_read_may_have_what_no_writer_was_told_yet() -> None:
    samples = Sample(0, {"a": 1}, {}), Sample(1, {"a": 2}, {})
    assert not list(reads_are_recent(History(samples, reads=(Read("a", 1, 2, 3),))))


def test_what_is_queued_may_be_cached_and_read_and_is_kept() -> None:
    queued = Sample(0, {"a": 1}, {"a": Entry(2, 60)}, (("a", 2),))
    history = History((queued,), reads=(Read("a", 2, 0, 1),), writes=(Write("a", 2, 0),))
    for holds in (only_committed_is_cached, reads_are_recent, acknowledged_is_kept):
        assert not list(holds(history))


def test_a_crash_may_take_what_was_acknowledged_within_the_declared_window() -> None:
    history = seen((1, None), (1, None), writes=(Write("a", 2, 1),), crashes=(2,))
    assert not list(acknowledged_is_kept(history, window=1))
    assert list(acknowledged_is_kept(history, window=0.5))


def test_a_queue_of_changes_is_not_to_be_replayed() -> None:
    (finding,) = replay_is_idempotent({"a": 1, "b": 1}, {"a": 1, "b": 2})
    assert (finding.code, finding.place.key) == ("cache.replayed", "b")
    assert not list(replay_is_idempotent({"a": 1}, {"a": 1}))
