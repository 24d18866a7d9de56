"""What a column is set to where an INSERT, or an UPDATE, leaves it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, shared_columns, sides
from dbparity.schema.aspects.numbers import NUMBERS
from dbparity.schema.differences import Meaning
from dbparity.schema.terms import NULL, ONE, ZERO, Term, as_number, as_text
from dbparity.snapshots import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Column, Type

_WORDS = {"true": ONE, "t": ONE, "false": ZERO, "f": ZERO}


def defaults(pair: Pair) -> Iterator[Difference]:
    """Compare the server's defaults, and what MySQL sets at each update."""
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        if left.default != right.default and _meant(ours, left) != _meant(theirs, right):
            yield _default(pair, left, right)
    yield from both_ways(pair, _update)


def _meant(side: Side, column: Column) -> Term:
    if column.default is None:
        return NULL
    term = side.read(column.default)
    return _typed(term, side.columns[side.name(column.name)].type)


def _typed(term: Term, kind: Type) -> Term:
    """A literal as the column takes it: 0 and '0' are the same number, and the same text."""
    if kind.family is Family.BOOLEAN and term.value.lower() in _WORDS:
        return _WORDS[term.value.lower()]
    if kind.family in NUMBERS:
        return as_number(term)
    return as_text(term)


def _default(pair: Pair, left: Column, right: Column) -> Difference:
    said = [f"{_filled(side)} on the {word} side" for side, word in _sides(pair, left, right)]
    return differing(
        pair,
        Meaning.BEHAVES,
        "default",
        f"an INSERT that leaves it out {said[0]}, and {said[1]}",
        column=left.name,
        left=left.default or "",
        right=right.default or "",
        recommendation="Set the same DEFAULT on both sides, or let the application set it always.",
    )


def _sides(pair: Pair, left: Column, right: Column) -> tuple[tuple[Column, str], ...]:
    return (left, pair.here), (right, pair.there)


def _filled(column: Column) -> str:
    if column.default is not None:
        return f"gets {column.default}"
    return "gets NULL" if column.nullable else "is refused"


def _update(pair: Pair) -> Iterator[Difference]:
    for left, right in shared_columns(pair):
        if left.on_update is not None and right.on_update is None:
            yield differing(
                pair,
                Meaning.BEHAVES,
                "default",
                f"each UPDATE sets it to {left.on_update} on the {pair.here} side, and leaves it "
                f"alone on the {pair.there} side",
                column=left.name,
                left=f"ON UPDATE {left.on_update}",
                recommendation="Let the application set it, or a trigger on the other side.",
            )
