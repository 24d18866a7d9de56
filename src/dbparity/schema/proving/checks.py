"""Trials of check constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.backends.base import Refusal
from dbparity.schema.proving import judges, samples
from dbparity.schema.proving.acts import Act
from dbparity.schema.proving.trials import Trial, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.parts import Both
    from dbparity.snapshots import Column


def of_checks(difference: Difference, both: Both) -> Iterator[Trial]:
    """Rows of the literals in the checks, of values about them, and of NULLs."""
    found = [both.shared(name) for name in difference.columns]
    left, right = frozenset(c.name for c, _ in found), frozenset(c.name for _, c in found)
    tables = (
        replace(both.left.bare(left), checks=both.left.checks(left)),
        replace(both.right.bare(right), checks=both.right.checks(right)),
    )
    texts = [*both.left.expressions(left), *both.right.expressions(right)]
    choices = {one.name: _checked(one, other, texts) for one, other in found}
    acts = ((Act("INSERT", row),) for row in chosen(choices))
    judge = judges.by_meaning(difference.meaning, Refusal.CHECK)
    yield Trial(*both.stages(*tables), acts, judge, tuple(one.name for one, _ in found))


def _checked(one: Column, other: Column, texts: list[str]) -> list[object]:
    literals = samples.of_texts(texts, one.type)
    values = (*literals, samples.sample(one.type, other.type, 0), None)
    return list(dict.fromkeys(values))
