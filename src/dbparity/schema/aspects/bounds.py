"""What checks leave of a type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

from dbparity.schema.terms import Term

if TYPE_CHECKING:
    from dbparity.schema.aspects.base import Side


@dataclass(frozen=True)
class Bounds:
    """The lowest and the highest number, and the longest text in characters and in bytes."""

    low: float | Decimal = -inf
    high: float | Decimal = inf
    characters: float = inf
    octets: float = inf


FREE = Bounds()


def bounds(side: Side, name: str) -> Bounds:
    """What the enforced checks of a column leave."""
    column, found = Term("column", value=name), FREE
    for rule in side.rules:
        for term in rule.terms:
            found = _within(found, term, column)
    return found


def _within(found: Bounds, term: Term, column: Term) -> Bounds:
    match term:
        case Term("in", (operand, *values)) if operand == column:
            return _listed(found, values)
        case Term("in", (Term(unit, (operand,)), *values)) if operand == column:
            return _shorter(found, unit, max(map(_number, values)))
        case Term("<" | "<=", (Term(unit, (operand,)), most)) if operand == column:
            return _shorter(found, unit, _number(most) - (term.op == "<"))
        case Term("<" | "<=", (operand, most)) if operand == column:
            return replace(found, high=min(found.high, _number(most)))
        case Term("<" | "<=", (least, operand)) if operand == column:
            return replace(found, low=max(found.low, -_number(least, -1)))
    return found


def _listed(found: Bounds, values: list[Term]) -> Bounds:
    numbers = [_number(value) for value in values]
    longest = max(len(value.value) for value in values)
    return replace(
        found,
        low=max(found.low, min(-_number(value, -1) for value in values)),
        high=min(found.high, max(numbers)),
        characters=min(found.characters, longest),
    )


def _shorter(found: Bounds, unit: str, length: float | Decimal) -> Bounds:
    if unit == "length":
        return replace(found, characters=min(found.characters, float(length)))
    if unit == "octets":
        return replace(found, octets=min(found.octets, float(length)))
    return found


def _number(term: Term, sign: int = 1) -> float | Decimal:
    """The number times ``sign``; without end of what is none."""
    return Decimal(term.value) * sign if term.op == "number" else inf
