"""Which rows each side refuses by its check constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import Rule, both_ways, differing, sides
from dbparity.schema.aspects.implications import follows, is_typed
from dbparity.schema.differences import Meaning
from dbparity.schema.terms import Term, conjuncts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Check


def checks(pair: Pair) -> Iterator[Difference]:
    """Compare check constraints by what has to hold, whatever they are called."""
    if pair.left.checks or pair.right.checks:
        yield from both_ways(pair, _laxer)
        yield from both_ways(pair, _folding)


def _laxer(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    known = frozenset[Term]().union(*(rule.terms for rule in theirs.rules))
    for rule in ours.rules:
        if not rule.columns <= theirs.columns.keys() & ours.columns.keys():
            continue
        open_terms = [
            term for term in rule.terms if not (follows(term, known) or is_typed(term, theirs))
        ]
        if open_terms:
            near = _near(rule, theirs)
            yield differing(
                pair,
                Meaning.LAXER,
                "check",
                f"the {pair.there} side takes a row that CHECK ({rule.check.expression}) refuses "
                f"on the {pair.here} side",
                columns=ours.spelled(sorted(rule.columns)),
                left=rule.check.expression,
                right=near.expression if near else "",
                name=rule.check.name,
                recommendation=f"On the {pair.there} side, add the CHECK, and enforce it.",
            )


def _near(rule: Rule, theirs: Side) -> Check | None:
    """What the other side has in its place: of the same name, or about the same columns."""
    for check in theirs.table.checks:
        same = conjuncts(theirs.read(check.expression))
        if check.name == rule.check.name != "" or Rule(check, same).columns == rule.columns:
            return check
    return None


def _folding(pair: Pair) -> Iterator[Difference]:
    """Values in a check that the right side takes in capitals too, by its collation."""
    ours, theirs = sides(pair)
    others = frozenset[Term]().union(*(rule.terms for rule in theirs.rules))
    for rule in ours.rules:
        for term in sorted(rule.terms & others):
            folded = _folded(term, ours, theirs)
            if folded:
                value = folded.swapcase()
                yield differing(
                    pair,
                    Meaning.COMPARES,
                    "check",
                    f"the {pair.there} side takes '{value}' for '{folded}', as its collation does "
                    f"not tell case, the {pair.here} side refuses it",
                    columns=ours.spelled(sorted(term.columns)),
                    left=rule.check.expression,
                    right=_spelled(term, theirs),
                    name=rule.check.name,
                    recommendation=f"On the {pair.there} side, give the column a collation that "
                    "tells case.",
                )


def _spelled(term: Term, side: Side) -> str:
    """The check of that side by which ``term`` has to hold."""
    return next(rule.check.expression for rule in side.rules if term in rule.terms)


def _folded(term: Term, ours: Side, theirs: Side) -> str:
    """A listed value with letters, where only ``ours`` tells their case; "" where there is none."""
    match term:
        case Term("in", (Term("column", value=name), *values)):
            if _tells_case(ours, name) and _tells_case(theirs, name) is False:
                texts = (value.value for value in values if value.op == "text")
                return next((text for text in texts if text.swapcase() != text), "")
    return ""


def _tells_case(side: Side, name: str) -> bool | None:
    column = side.columns.get(name)
    collation = column.type.collation if column is not None else None
    return collation.case_sensitive if collation is not None else None
