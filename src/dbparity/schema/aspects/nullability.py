"""Which columns take NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, shared_columns
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference, Pair


def nullability(pair: Pair) -> Iterator[Difference]:
    """Compare what each column says to NULL."""
    yield from both_ways(pair, _laxer)


def _laxer(pair: Pair) -> Iterator[Difference]:
    for left, right in shared_columns(pair):
        if right.nullable and not left.nullable:
            yield differing(
                pair,
                Meaning.LAXER,
                "nullability",
                f"the {pair.there} side takes NULL, the {pair.here} side refuses it",
                column=left.name,
                left="NOT NULL",
                right="NULL",
                recommendation=f"On the {pair.there} side, declare the column NOT NULL.",
            )
