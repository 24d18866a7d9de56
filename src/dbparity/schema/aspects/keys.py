"""Which rows each side refuses as duplicates, by whichever means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, sides
from dbparity.schema.aspects.promises import promises
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.aspects.promises import Promise
    from dbparity.schema.differences import Difference, Pair


def keys(pair: Pair) -> Iterator[Difference]:
    """Compare primary keys, unique constraints and unique indexes by what they refuse."""
    yield from both_ways(pair, _not_refused)
    yield from both_ways(pair, _only_unique)
    yield from both_ways(pair, _emulated)
    yield from both_ways(pair, _deferred)


def matched(ours: Side, theirs: Side) -> Iterator[tuple[Promise, Promise]]:
    """The promises that both sides make."""
    mine, others = _by_meaning(ours), _by_meaning(theirs)
    for meaning in mine:
        if meaning in others:
            yield mine[meaning], others[meaning]


def _by_meaning(side: Side) -> dict[tuple[object, ...], Promise]:
    """One promise for each meaning: of several, the one that refuses first, or the primary key."""
    found: dict[tuple[object, ...], Promise] = {}
    for promise in sorted(promises(side), key=lambda each: (each.deferrable, each.deferred)):
        found.setdefault(promise.meaning, promise)
    return found


def helpers(ours: Side, theirs: Side) -> frozenset[str]:
    """Columns on the right that only help to make a promise that the left makes without."""
    met = {other.meaning for _, other in matched(ours, theirs)}
    helped = [promise for promise in promises(theirs) if promise.helpers]
    idle = {name for promise in helped if promise.meaning not in met for name in promise.helpers}
    return frozenset(name for promise in helped for name in promise.helpers) - idle


def _not_refused(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    others = promises(theirs)
    for promise in promises(ours):
        hangs = not theirs.columns.keys() >= set(promise.columns)
        if hangs or any(other.implies(promise) for other in others):
            continue
        near = _nearest(promise, others)
        yield differing(
            pair,
            Meaning.LAXER,
            "primary key" if promise.kind == "primary key" else "unique",
            f"the {pair.there} side takes two rows with the same {_listed(promise)}, "
            f"the {pair.here} side refuses the second",
            columns=ours.spelled(promise.columns),
            left=promise.words,
            right=near.words if near else "",
            name=promise.name,
            recommendation=_cure(promise, pair, theirs),
        )


def _nearest(promise: Promise, others: tuple[Promise, ...]) -> Promise | None:
    """What the other side has in its place: of the same name, or over the same columns."""
    alike = (
        other
        for other in others
        if set(other.columns) == set(promise.columns)
        or (other.name == promise.name != "" and other.kind == promise.kind)
    )
    return next(alike, None)


def _listed(promise: Promise) -> str:
    where = f" among those WHERE {promise.predicate}" if promise.predicate else ""
    return f"({', '.join(promise.labels)}){where}"


def _cure(promise: Promise, pair: Pair, theirs: Side) -> str:
    columns = ", ".join(promise.labels)
    if not promise.predicate:
        return f"On the {pair.there} side, declare UNIQUE ({columns})."
    if theirs.features.partial_indexes:
        return (
            f"On the {pair.there} side, create a UNIQUE INDEX ({columns}) WHERE "
            f"{promise.predicate}."
        )
    return (
        f"On the {pair.there} side, which has no partial indexes, add a column GENERATED ALWAYS AS "
        f"(CASE WHEN {promise.predicate} THEN 1 END) and make ({columns}, that column) unique."
    )


def _only_unique(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for promise, other in matched(ours, theirs):
        if promise.kind == "primary key" != other.kind:
            yield differing(
                pair,
                Meaning.EQUIVALENT,
                "primary key",
                f"it is the primary key on the {pair.here} side, and a {other.kind} on the "
                f"{pair.there} side",
                columns=ours.spelled(promise.columns),
                left=promise.words,
                right=other.words,
                name=promise.name,
            )


def _emulated(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for promise, other in matched(ours, theirs):
        added = other.helpers - promise.helpers
        if added:
            yield differing(
                pair,
                Meaning.EQUIVALENT,
                "unique",
                f"the {pair.there} side makes the same promise by the generated column "
                f"{', '.join(sorted(added))}, which is NULL for the rows that are left alone",
                columns=ours.spelled(promise.columns),
                left=promise.words,
                right=other.words,
                name=promise.name,
            )


def _deferred(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for promise, other in matched(ours, theirs):
        if promise.deferrable and not other.deferrable:
            yield differing(
                pair,
                Meaning.STRICTER,
                "unique",
                f"the {pair.there} side refuses a duplicate at once, the {pair.here} side can wait "
                "for the end of the transaction",
                columns=ours.spelled(promise.columns),
                left=f"{promise.words} DEFERRABLE",
                right=other.words,
                name=promise.name,
                recommendation="Do not rely on duplicates within a transaction.",
                mild=not promise.deferred,
            )
