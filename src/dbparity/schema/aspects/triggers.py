"""What else happens when rows change."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from dbparity.schema.aspects.base import both_ways, differing
from dbparity.schema.differences import Meaning
from dbparity.schema.expressions import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Table, Trigger

_Occasions: TypeAlias = "dict[tuple[str, str], list[Trigger]]"


def triggers(pair: Pair) -> Iterator[Difference]:
    """Compare triggers by what they follow; by their words where both sides speak one dialect.

    What a trigger does is not compared across dialects: that is said in a note.
    """
    yield from both_ways(pair, _missing)
    others = _occasions(pair.right)
    for (timing, event), found in _occasions(pair.left).items():
        for left in found:
            right = _counterpart(left, found, others.get((timing, event), []))
            if right is not None and folded(left.definition) != folded(right.definition):
                yield _otherwise(pair, left, right, f"{timing} {event}")


def _occasions(table: Table) -> _Occasions:
    """Triggers by timing and event: what is one in a product may be several in another."""
    occasions: _Occasions = {}
    for trigger in table.triggers:
        for event in trigger.events:
            occasions.setdefault((trigger.timing, event), []).append(trigger)
    return occasions


def _counterpart(trigger: Trigger, found: list[Trigger], others: list[Trigger]) -> Trigger | None:
    """That of the same name; or the only one, beside the only one."""
    if len(found) == len(others) == 1:
        return others[0]
    return next((other for other in others if other.name == trigger.name), None)


def _missing(pair: Pair) -> Iterator[Difference]:
    others = _occasions(pair.right)
    for (timing, event), found in _occasions(pair.left).items():
        for trigger in found:
            if _counterpart(trigger, found, others.get((timing, event), [])) is None:
                yield differing(
                    pair,
                    Meaning.MISSING,
                    "trigger",
                    f"{timing} {event}, the {pair.here} side runs {trigger.name}, the {pair.there} "
                    "side does nothing of the kind",
                    left=trigger.definition,
                    name=trigger.name,
                    recommendation=f"On the {pair.there} side, create a trigger that does the "
                    "same, or let the application do it.",
                )


def _otherwise(pair: Pair, left: Trigger, right: Trigger, occasion: str) -> Difference:
    alike = pair.left_dialect == pair.right_dialect
    said = "are not alike" if alike else "cannot be compared, as they are in two dialects"
    return differing(
        pair,
        Meaning.BEHAVES,
        "trigger",
        f"what the two sides do {occasion} {said}",
        left=left.definition,
        right=right.definition,
        name=left.name,
        recommendation="Let the triggers do the same on both sides."
        if alike
        else "Test that the triggers do the same on both sides.",
        mild=not alike,
    )
