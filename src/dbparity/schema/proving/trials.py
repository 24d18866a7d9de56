"""What is tried, and which answers show a difference."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, TypeVar

from dbparity.schema.proving.acts import Act, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dbparity.schema.proving.judges import Judge

T = TypeVar("T")
_MOST = 400  # rows or pairs of rows that are tried for one difference
_MOST_RANKED = 50_000
Acts = tuple[Act, ...]


@dataclass(frozen=True)
class Trial:
    """Acts to be tried one after the other on both sides, until the judge has seen enough.

    ``reads`` are the columns, as the left side calls them, whose values are part of an answer.
    """

    left: Stage
    right: Stage
    acts: Iterable[Acts]
    judge: Judge
    reads: tuple[str, ...] = ()


def chosen(choices: Mapping[str, Sequence[T]]) -> Iterator[dict[str, T]]:
    """One choice for each name, those that come first in their lists before the others."""
    ranked = islice(product(*map(enumerate, choices.values())), _MOST_RANKED)
    nearest = sorted(ranked, key=lambda row: sum(rank for rank, _ in row))
    for row in nearest[:_MOST]:
        yield {name: choice for name, (_, choice) in zip(choices, row, strict=True)}
