"""Generated columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, shared_columns, sides
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Column


def computed(pair: Pair) -> Iterator[Difference]:
    """Compare what generated columns are made of, and whether they are generated at all."""
    yield from both_ways(pair, _plain)
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        if left.computed is None or right.computed is None:
            continue
        one, other = left.computed.expression, right.computed.expression
        if one != other and ours.read(one) != theirs.read(other):
            yield _made_otherwise(pair, left, one, other)


def _plain(pair: Pair) -> Iterator[Difference]:
    for left, right in shared_columns(pair):
        if left.computed is not None and right.computed is None:
            yield differing(
                pair,
                Meaning.BEHAVES,
                "computed",
                f"the {pair.here} side computes it, the {pair.there} side keeps what is written",
                column=left.name,
                left=left.computed.expression,
                recommendation=f"On the {pair.there} side, declare it GENERATED ALWAYS AS "
                f"({left.computed.expression}).",
            )


def _made_otherwise(pair: Pair, column: Column, one: str, other: str) -> Difference:
    return differing(
        pair,
        Meaning.BEHAVES,
        "computed",
        "it is computed by another expression on each side",
        column=column.name,
        left=one,
        right=other,
        recommendation="Generate it by the same expression on both sides.",
    )
