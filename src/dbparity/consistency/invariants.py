"""What holds of a cache, whatever the order in which its writers and readers go on.

    History → invariant → Finding

An invariant is a function that yields what does not hold; `ALWAYS` has those that need no limit
from the application. Points in time are of any unit, as long as all of a history are of the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from dbparity.results import Finding, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Invariant = Callable[["History"], Iterator[Finding]]


@dataclass(frozen=True)
class Entry:
    """What a cache has under a key, and the seconds until it expires; None if it never does."""

    value: object
    seconds_left: float | None = None


@dataclass(frozen=True)
class Sample:
    """What there was at one moment.

    Attributes:
        committed: by cache key, the value that the database has committed for it.
        cached: by cache key, what the cache has.
        queued: keys and values that have been accepted and wait to be written to the database.
        acknowledged: when those had returned who brought it about; infinite if they never did.
    """

    at: float
    committed: Mapping[str, object]
    cached: Mapping[str, Entry]
    queued: tuple[tuple[str, object], ...] = ()
    acknowledged: float = inf


@dataclass(frozen=True)
class Read:
    """A value that was read of a key; None if there was none."""

    key: str
    value: object
    began: float
    ended: float


@dataclass(frozen=True)
class Write:
    """A value that was written, and when its writer was told so."""

    key: str
    value: object
    acknowledged: float


@dataclass(frozen=True)
class History:
    """All that was seen of a cache and its database; the last sample is of when all had ended.

    Attributes:
        loads: when values were asked of the database in order to be cached.
        crashes: when processes died.
    """

    samples: tuple[Sample, ...]
    reads: tuple[Read, ...] = ()
    writes: tuple[Write, ...] = ()
    loads: tuple[float, ...] = ()
    crashes: tuple[float, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that was in the cache or in the database."""
        found = (key for sample in self.samples for key in (*sample.committed, *sample.cached))
        return tuple(dict.fromkeys(found))

    def commits(self, key: str) -> list[Sample]:
        """The samples from which on the database had another value of ``key``; the first too."""
        changed = [
            after
            for before, after in pairwise(self.samples)
            if before.committed.get(key) != after.committed.get(key)
        ]
        return [self.samples[0], *changed]

    def age(self, key: str, value: object) -> int | None:
        """The number of the last commit of that value, the greater the newer; None without one."""
        values = [sample.committed.get(key) for sample in self.commits(key)]
        return max((n for n, committed in enumerate(values) if committed == value), default=None)


def at_rest_absent_or_committed(history: History) -> Iterator[Finding]:
    """When all have ended, the cache has what the database has committed, or nothing."""
    rest = history.samples[-1]
    for key, entry in rest.cached.items():
        if entry.value != rest.committed.get(key):
            yield _finding(
                "cache.stale",
                "the cache keeps a value that is not the committed one",
                key,
                rest.committed.get(key),
                entry.value,
                "fill by a lease that a write takes away, or by compare-and-set of versions",
            )


def reads_are_recent(history: History, delta: float = 0) -> Iterator[Finding]:
    """A read has what was committed and acknowledged ``delta`` before it began, or newer."""
    for read in history.reads:
        known = [
            number
            for number, commit in enumerate(history.commits(read.key))
            if not number or commit.acknowledged <= read.began - delta
        ]
        age = history.age(read.key, read.value)
        queued = any((read.key, read.value) in sample.queued for sample in history.samples)
        if not queued and (age is None or age < known[-1]):
            expected = history.commits(read.key)[known[-1]].committed.get(read.key)
            yield _finding(
                "cache.read-old",
                "a read has another value than was acknowledged before it began, and none since",
                read.key,
                expected,
                read.value,
                "invalidate before the writer is told that its value is there",
            )


def versions_never_go_back(history: History) -> Iterator[Finding]:
    """What the cache has of a key is never replaced by something older."""
    for key in history.keys:
        cached = [s.cached[key].value for s in history.samples if key in s.cached]
        ages = [(age, value) for value in cached if (age := history.age(key, value)) is not None]
        newest = max(ages, default=(0, None), key=lambda pair: pair[0])
        back = [pair for before, pair in pairwise(ages) if pair[0] < before[0]]
        if back:
            yield _finding(
                "cache.back",
                "the cache replaces a value by an older one",
                key,
                newest[1],
                back[0][1],
                "compare versions where the cache is filled, in one script",
            )


def only_committed_is_cached(history: History) -> Iterator[Finding]:
    """The cache has no value before it was committed, or was accepted into a queue."""
    for key in history.keys:
        known: list[object] = []
        for sample in history.samples:
            known.append(sample.committed.get(key))
            known += [value for queued, value in sample.queued if queued == key]
            if key in sample.cached and sample.cached[key].value not in known:
                yield _finding(
                    "cache.uncommitted",
                    "the cache has a value that was not committed",
                    key,
                    sample.committed.get(key),
                    sample.cached[key].value,
                    "fill the cache behind the commit, with what was read and not with an argument",
                )
                break


def deleted_is_gone(history: History, delta: float = 0) -> Iterator[Finding]:
    """A row that is deleted, and was so ``delta`` ago, is not in the cache."""
    for key in history.keys:
        for sample in history.samples:
            last = [commit for commit in history.commits(key) if commit.at <= sample.at][-1]
            gone = key not in last.committed and last.acknowledged <= sample.at - delta
            if gone and key in sample.cached:
                yield _finding(
                    "cache.deleted",
                    "the cache has a row that was deleted",
                    key,
                    None,
                    sample.cached[key].value,
                    "invalidate where rows are deleted, or leave a tombstone with a version",
                )
                break


def every_key_expires(history: History) -> Iterator[Finding]:
    """Every key has a time to live."""
    for key in history.keys:
        entries = [s.cached[key] for s in history.samples if key in s.cached]
        if any(entry.seconds_left is None for entry in entries):
            yield _finding(
                "cache.no-ttl",
                "the key never expires",
                key,
                "a time to live",
                "none",
                "give a time to live in the command that writes the value: SET ... PX",
            )


def keys_carry(history: History, tenant: str) -> Iterator[Finding]:
    """Every key names the tenant whose value it is."""
    for key in history.keys:
        if tenant not in key:
            yield _finding(
                "cache.tenant",
                "the key does not tell whose value it is",
                key,
                f"a key with {tenant}",
                key,
                "make the tenant a part of the key",
            )


def loads_are_bounded(history: History, most: int) -> Iterator[Finding]:
    """Between two expiries the database is asked ``most`` times at most."""
    gone = [
        after.at
        for before, after in pairwise(history.samples)
        if before.cached.keys() - after.cached.keys()
    ]
    for begin, end in pairwise((-inf, *gone, inf)):
        loads = sum(begin <= load < end for load in history.loads)
        if loads > most:
            yield _finding(
                "cache.stampede",
                "the database is asked for the same value again and again",
                "",
                f"{most} loads",
                f"{loads} loads",
                "let one caller load, and the others wait for it or take the old value",
            )


def acknowledged_is_kept(history: History, window: float = 0) -> Iterator[Finding]:
    """What was acknowledged is in the database or in the queue.

    A crash may take what was acknowledged ``window`` before it, and nothing else may.
    """
    for write in history.writes:
        sample = next(filter(None, (_missed(write, s, history) for s in history.samples)), None)
        spared = any(0 <= crash - write.acknowledged <= window for crash in history.crashes)
        if sample and not spared:
            yield _finding(
                "cache.lost",
                "a write that was acknowledged is neither in the database nor in the queue",
                write.key,
                write.value,
                sample.committed.get(write.key),
                "take it off the queue behind the commit: LMOVE to a list of work under way",
            )


def _missed(write: Write, sample: Sample, history: History) -> Sample | None:
    """``sample``, if it misses what was acknowledged by then, and was not committed before it."""
    committed = [s.committed.get(write.key) for s in history.samples if s.at <= sample.at]
    kept = write.value in committed or (write.key, write.value) in sample.queued
    return sample if write.acknowledged <= sample.at and not kept else None


def replay_is_idempotent(
    once: Mapping[str, object], twice: Mapping[str, object]
) -> Iterator[Finding]:
    """A queue that is written ``twice`` leaves the rows that it leaves when written ``once``."""
    for key in dict.fromkeys((*once, *twice)):
        if once.get(key) != twice.get(key):
            yield _finding(
                "cache.replayed",
                "a write that is replayed changes the row again",
                key,
                once.get(key),
                twice.get(key),
                "queue values with versions, not changes, and write a version once",
            )


ALWAYS: tuple[Invariant, ...] = (
    at_rest_absent_or_committed,
    reads_are_recent,
    versions_never_go_back,
    only_committed_is_cached,
    deleted_is_gone,
    every_key_expires,
    acknowledged_is_kept,
)


def _finding(  # noqa: PLR0913, PLR0917  # a code, a sentence, a place, both sides and the cure
    code: str, message: str, key: str, expected: object, actual: object, cure: str
) -> Finding:
    return Finding(
        code=code,
        severity=_SEVERITIES.get(code, Severity.WRONG),
        message=message,
        place=Place(key=key),
        expected=_spelled(expected),
        actual=_spelled(actual),
        recommendation=cure,
    )


_SEVERITIES = {
    "cache.lost": Severity.LOST,
    "cache.replayed": Severity.LOST,
    "cache.no-ttl": Severity.DEGRADED,
    "cache.stampede": Severity.DEGRADED,
}


def _spelled(value: object) -> str:
    return "nothing" if value is None else str(value)
