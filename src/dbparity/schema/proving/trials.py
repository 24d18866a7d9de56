"""What is tried, and which answers show a difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.schema.proving.acts import Act, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbparity.schema.proving.judges import Judge

MOST = 400  # rows or pairs of rows that are tried for one difference
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
