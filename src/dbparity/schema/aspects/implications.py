"""Whether what a check asks for holds anyway."""

from __future__ import annotations

from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

from dbparity.schema.terms import NULL, ONE, ZERO, Term
from dbparity.snapshots import Family, Unit

if TYPE_CHECKING:
    from dbparity.schema.aspects.base import Side
    from dbparity.snapshots import Column, Type


def follows(term: Term, known: frozenset[Term]) -> bool:
    """Whether ``term`` holds wherever all of ``known`` hold."""
    return term in known or any(_implies(other, term) for other in known)


def _implies(known: Term, term: Term) -> bool:
    match known, term:
        case Term("in", (one, *values)), Term("in", (other, *others)):
            return one == other and set(values) <= set(others)
        case Term("in", (one, *values)), Term("<" | "<=" as op, (low, high)):
            return all(_is_ordered(op, *_put(one, value, low, high)) for value in values)
        case Term("<" | "<=" as strict, (low, high)), Term("<" | "<=" as op, (lower, higher)):
            known_ends = _in_unit_of((lower, higher), (low, high))
            return _is_within(strict == "<" or op == "<=", known_ends, (lower, higher))
    return False


def _in_unit_of(term: tuple[Term, Term], known: tuple[Term, Term]) -> tuple[Term, Term]:
    """Ends of a length, told as those of ``term`` are: it is never more characters than bytes."""
    (low, high), (lower, higher) = known, term
    if (low.op, lower.op) == ("octets", "length"):
        low = low._replace(op="length")
    if (high.op, higher.op) == ("length", "octets"):
        high = high._replace(op="octets")
    return low, high


def _is_within(strict: bool, known: tuple[Term, Term], term: tuple[Term, Term]) -> bool:  # noqa: FBT001
    """Whether ``18 <= age`` is known, and ``0 <= age`` is asked for; or so of an upper end."""
    (low, high), (lower, higher) = known, term
    op = "<=" if strict else "<"
    if high == higher and low != lower:
        return _is_ordered(op, lower, low)
    return low == lower and (strict if high == higher else _is_ordered(op, high, higher))


def _put(operand: Term, value: Term, low: Term, high: Term) -> tuple[Term, Term]:
    return (value if low == operand else low), (value if high == operand else high)


def _is_ordered(op: str, low: Term, high: Term) -> bool:
    if low.op != "number" or high.op != "number":
        return False
    one, other = Decimal(low.value), Decimal(high.value)
    return one < other or (op == "<=" and one == other)


def is_typed(term: Term, side: Side) -> bool:
    """Whether a column of ``side`` takes nothing for which ``term`` does not hold, by its type.

    An enum is compared with a list of values where types are.
    """
    names = term.columns & side.columns.keys()
    return len(names) == 1 and any(
        _holds(term, Term("column", value=name), side.columns[name]) for name in names
    )


def _holds(term: Term, value: Term, column: Column) -> bool:
    kind = column.type
    match term:
        case Term("not", (Term("is", (operand, nothing)),)):
            return operand == value and nothing == NULL and not column.nullable
        case Term("in", (operand, *_)) if operand == value and kind.family is Family.ENUM:
            return True
        case Term("json_valid", (operand,)):
            return operand == value and kind.family is Family.JSON
    return kind.enforced and _holds_for_type(term, value, kind)


def _holds_for_type(term: Term, value: Term, kind: Type) -> bool:
    match term:
        case Term("in", (Term("typeof"), *_)):
            return True
        case Term("in", (operand, *values)):
            return operand == value and kind.family is Family.BOOLEAN and {ZERO, ONE} <= set(values)
        case Term("<=", (Term("length", (operand,)), Term("number") as most)):
            return operand == value and _ends(kind) <= Decimal(most.value)
        case Term("<=", (low, operand)):
            return operand == value and low == ZERO and not kind.signed
    return False


def _ends(kind: Type) -> float:
    return kind.length if kind.length is not None and kind.unit is Unit.CHARACTERS else inf
