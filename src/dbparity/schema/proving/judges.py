"""Which two answers show a difference."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.backends.base import Refusal
    from dbparity.schema.proving.answers import Answer

_MOMENT = re.compile(r"'?\d{4}-\d\d-\d\d")
Judge: TypeAlias = "Callable[[Answer, Answer], bool]"


def by_meaning(meaning: Meaning, refusal: Refusal | None = None) -> Judge:
    """The judge of a claim: what one side holds or takes, the other does not.

    A refusal only counts for the reason that is claimed, if one is.
    """

    def narrower(left: Answer, right: Answer) -> bool:
        return left.held and not right.held

    def laxer(left: Answer, right: Answer) -> bool:
        refused = left.refusal is not None and refusal in {None, left.refusal}
        return refused and right.refusal is None

    def turned(judge: Judge) -> Judge:
        return lambda left, right: judge(right, left)

    def unlike(left: Answer, right: Answer) -> bool:
        return laxer(left, right) or laxer(right, left)

    judges: dict[Meaning, Judge] = {
        Meaning.NARROWER: narrower,
        Meaning.WIDER: turned(narrower),
        Meaning.LAXER: laxer,
        Meaning.STRICTER: turned(laxer),
        Meaning.MISSING: turned(laxer),
        Meaning.RENAMED: turned(laxer),
        Meaning.EXTRA: laxer,
        Meaning.COMPARES: unlike,
    }
    return judges.get(meaning, otherwise)


def otherwise(left: Answer, right: Answer) -> bool:
    """Whatever differs: one side refuses, or other rows are read."""
    refused = left.refusal is not None, right.refusal is not None
    return (refused[0], left.rows) != (refused[1], right.rows)


def of_defaults(left: Answer, right: Answer) -> bool:
    """Whatever differs, unless both sides fill in another value each time, or the time."""
    settled = [len(set(answer.rows)) <= 1 for answer in (left, right)]
    timed = [any(map(_MOMENT.match, chain(*answer.rows))) for answer in (left, right)]
    return any(settled) and not all(timed) and otherwise(left, right)
