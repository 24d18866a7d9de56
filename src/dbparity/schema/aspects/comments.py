"""Comments of tables and columns: no data is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, shared_columns
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference, Pair


def comments(pair: Pair) -> Iterator[Difference]:
    """Compare comments; where a backend keeps none, that is one note for a table."""
    if pair.left_features.comments and pair.right_features.comments:
        for column, left, right in _remarks(pair):
            if left != right:
                yield _otherwise(pair, column, left, right)
    else:
        yield from both_ways(pair, _lost)


def _remarks(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """Column, or "" for the table, and what both sides say of it."""
    yield "", pair.left.comment, pair.right.comment
    for left, right in shared_columns(pair):
        yield left.name, left.comment, right.comment


def _otherwise(pair: Pair, column: str, left: str, right: str) -> Difference:
    if left and right:
        meaning, said = Meaning.BEHAVES, "the two sides comment it otherwise"
    elif left:
        meaning, said = Meaning.MISSING, f"the {pair.there} side has no comment on it"
    else:
        meaning, said = Meaning.EXTRA, f"the {pair.here} side has no comment on it"
    return differing(
        pair,
        meaning,
        "comment",
        said,
        column=column,
        left=left,
        right=right,
        recommendation="Comment it alike on both sides.",
        mild=True,
    )


def _lost(pair: Pair) -> Iterator[Difference]:
    said = [column or "the table" for column, left, _ in _remarks(pair) if left]
    if said and not pair.right_features.comments:
        yield differing(
            pair,
            Meaning.MISSING,
            "comment",
            f"the {pair.there} side keeps no comments: those on {', '.join(said)} are gone",
            columns=tuple(column for column, left, _ in _remarks(pair) if column and left),
            mild=True,
        )
