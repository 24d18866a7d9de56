"""Which references each side keeps, and what becomes of them."""

from __future__ import annotations

from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from dbparity.schema.aspects.base import both_ways, differing, sides
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import ForeignKey

# The referred table, and which column refers to which, by the left side's names.
_Reference: TypeAlias = "tuple[str, frozenset[tuple[str, str]]]"
_REFUSING = {"RESTRICT", "NO ACTION"}


def foreign_keys(pair: Pair) -> Iterator[Difference]:
    """Compare foreign keys by what refers to what, whatever they are called."""
    if pair.left.foreign_keys or pair.right.foreign_keys:
        yield from both_ways(pair, _orphans)
        yield from both_ways(pair, _deferred)
        yield from both_ways(pair, _partly_null)
        for left, right in _matched(pair):
            yield from _followed(pair, left, right)


def _orphans(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    others = _references(pair)[1]
    for reference, key in _references(pair)[0].items():
        there = key.table in pair.tables and ours.shared.issuperset(ours.names(key.columns))
        if _is_kept(key, ours) and there and not _is_kept(others.get(reference), theirs):
            yield differing(
                pair,
                Meaning.LAXER,
                "foreign key",
                f"the {pair.there} side takes a ({', '.join(key.columns)}) that {key.table} has "
                f"no row for, the {pair.here} side refuses it",
                columns=key.columns,
                left=_words(key),
                right=_near(key, ours, theirs),
                name=key.name,
                recommendation=f"On the {pair.there} side, declare FOREIGN KEY {_words(key)}, "
                "and enforce it.",
            )


def _is_kept(key: ForeignKey | None, side: Side) -> bool:
    return key is not None and key.enforced and side.features.enforces_foreign_keys


def _near(key: ForeignKey, ours: Side, theirs: Side) -> str:
    """What the same columns refer to on the other side."""
    columns = set(ours.names(key.columns))
    found = (k for k in theirs.table.foreign_keys if set(theirs.names(k.columns)) == columns)
    return next(map(_words, found), "")


@lru_cache(maxsize=4)
def _references(pair: Pair) -> tuple[dict[_Reference, ForeignKey], dict[_Reference, ForeignKey]]:
    """The foreign keys of both sides by what they refer to."""
    ours, theirs = sides(pair)
    tables = pair.turned.tables
    columns = {(pair.tables[table], new): old for (table, old), new in pair.renamed.items()}
    left = {
        (key.table.lower(), _linked(ours.names(key.columns), key.referred)): key
        for key in pair.left.foreign_keys
    }
    right = {
        (
            tables.get(key.table, key.table).lower(),
            _linked(
                theirs.names(key.columns),
                tuple(columns.get((key.table, name), name) for name in key.referred),
            ),
        ): key
        for key in pair.right.foreign_keys
    }
    return left, right


def _linked(columns: tuple[str, ...], referred: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    # SQLite takes a reference to a table that is not there, and then names no columns.
    return frozenset(zip_longest(columns, (name.lower() for name in referred), fillvalue=""))


def _matched(pair: Pair) -> Iterator[tuple[ForeignKey, ForeignKey]]:
    left, right = _references(pair)
    for reference in left:
        if reference in right:
            yield left[reference], right[reference]


def _words(key: ForeignKey) -> str:
    return f"({', '.join(key.columns)}) REFERENCES {key.table} ({', '.join(key.referred)})"


def _followed(pair: Pair, left: ForeignKey, right: ForeignKey) -> Iterator[Difference]:
    """Compare what becomes of rows when those that they refer to go, or change."""
    actions = (
        ("DELETE", "is deleted", left.on_delete, right.on_delete),
        ("UPDATE", "changes its key", left.on_update, right.on_update),
    )
    for event, words, one, other in actions:
        if one == other:
            continue
        alike = _REFUSING.issuperset({one, other}) and not (left.deferrable or right.deferrable)
        said = (
            "both sides refuse it at once, as nothing is deferred"
            if alike
            else f"the {pair.here} side does {one}, the {pair.there} side {other}"
        )
        yield differing(
            pair,
            Meaning.EQUIVALENT if alike else Meaning.BEHAVES,
            "foreign key",
            f"when a row of {left.table} {words}, {said}",
            columns=left.columns,
            left=f"ON {event} {one}",
            right=f"ON {event} {other}",
            name=left.name,
            recommendation="" if alike else f"Declare the same ON {event} on both sides.",
        )


def _deferred(pair: Pair) -> Iterator[Difference]:
    for left, right in _matched(pair):
        if left.deferrable and not right.deferrable:
            yield differing(
                pair,
                Meaning.STRICTER,
                "foreign key",
                f"the {pair.there} side refuses a row before the one that it refers to, the "
                f"{pair.here} side can wait for the end of the transaction",
                columns=left.columns,
                left="DEFERRABLE INITIALLY DEFERRED" if left.deferred else "DEFERRABLE",
                right="NOT DEFERRABLE",
                name=left.name,
                recommendation="Insert rows after those that they refer to.",
                mild=not left.deferred,
            )


def _partly_null(pair: Pair) -> Iterator[Difference]:
    for left, right in _matched(pair):
        if left.full and not right.full:
            yield differing(
                pair,
                Meaning.LAXER,
                "foreign key",
                f"the {pair.there} side takes a ({', '.join(left.columns)}) that is NULL in part, "
                f"whatever the rest refers to, the {pair.here} side refuses it",
                columns=left.columns,
                left="MATCH FULL",
                right="MATCH SIMPLE",
                name=left.name,
                recommendation="Declare the columns NOT NULL, or add a CHECK that all or none of "
                "them are NULL.",
            )
