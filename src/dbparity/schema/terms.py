"""The one form of expressions: terms that are equal where the meanings are."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Term(NamedTuple):
    """What is done to which operands; a leaf has a value in their place."""

    op: str
    args: tuple[Term, ...] = ()
    value: str = ""

    def leaves(self, op: str) -> Iterator[str]:
        """The values of all leaves of that kind, such as the columns."""
        if self.op == op:
            yield self.value
        for arg in self.args:
            yield from arg.leaves(op)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it reads, in lower case."""
        return frozenset(self.leaves("column"))


NULL = Term("null")
NOW = Term("now")
ONE, ZERO = Term("number", value="1"), Term("number", value="0")
LITERALS = frozenset({"text", "number", "null"})
_CONDITIONS = frozenset({"and", "or", "not", "in", "is", "empty", "=", "<", "<="})


def conjuncts(term: Term) -> frozenset[Term]:
    """What must hold together for ``term`` to hold."""
    return frozenset(_conjuncts(term))


def guard(term: Term) -> tuple[Term, Term] | None:
    """Condition and value of a term that is NULL unless the condition holds."""
    if term.op == "case" and len(term.args) == 3 and term.args[2] == NULL:  # noqa: PLR2004
        return term.args[0], term.args[1]
    return None


def as_number(term: Term) -> Term:
    """A text that spells a number, as that number; any other term as it is."""
    try:
        return number(term.value) if term.op == "text" else term
    except ArithmeticError:
        return term


def as_text(term: Term) -> Term:
    """A number as the text that it would be stored as; any other term as it is."""
    return term._replace(op="text") if term.op == "number" else term


def _conjuncts(term: Term) -> Iterator[Term]:
    if term.op == "and":
        yield from chain.from_iterable(map(_conjuncts, term.args))
    elif term.op == "not" and term.args[0].op == "in":
        operand, *values = term.args[0].args
        yield from (Term("not", (Term("in", (operand, value)),)) for value in values)
    else:
        yield term


def number(text: str) -> Term:
    """A number; 1.50, 1.5 and 15e-1 are the same one."""
    return Term("number", value=str(Decimal(text).normalize() + 0))


def negated(term: Term) -> Term:
    """NOT, moved inwards as far as three-valued logic lets it be."""
    match term:
        case Term("not", (inner,)):
            return inner
        case Term("and", args):
            return any_of(map(negated, args))
        case Term("or", args):
            return all_of(map(negated, args))
        case Term("<", (low, high)):
            return Term("<=", (high, low))
        case Term("<=", (low, high)):
            return Term("<", (high, low))
    return Term("not", (term,))


def all_of(terms: Iterable[Term]) -> Term:
    """AND, in whichever order."""
    return _joined("and", terms)


def any_of(terms: Iterable[Term]) -> Term:
    """OR; equalities of one operand are an IN."""
    others: list[Term] = []
    values: dict[Term, list[Term]] = {}
    for term in flat("or", terms):
        if term.op == "in":
            values.setdefault(term.args[0], []).extend(term.args[1:])
        else:
            others.append(term)
    return _joined("or", [*others, *(among(operand, many) for operand, many in values.items())])


def _joined(op: str, terms: Iterable[Term]) -> Term:
    parts = sorted(set(flat(op, terms)))
    return parts[0] if len(parts) == 1 else Term(op, tuple(parts))


def flat(op: str, terms: Iterable[Term]) -> Iterator[Term]:
    """``terms``, with the operands of those that do ``op`` in their place."""
    for term in terms:
        if term.op == op:
            yield from term.args
        else:
            yield term


def among(operand: Term, values: Iterable[Term]) -> Term:
    """IN a list."""
    return Term("in", (operand, *sorted(set(values))))


def equal(one: Term, other: Term, boolean: frozenset[str] = frozenset()) -> Term:
    """``one = other``; what is ``boolean``, or a condition, is itself where it equals 1."""
    if one.op in LITERALS:
        one, other = other, one
    if other in {ONE, ZERO} and _is_true_or_false(one, boolean):
        return one if other == ONE else negated(one)
    if one.op in {"length", "octets"} and other == ZERO:
        return Term("empty", one.args)
    if other.op in LITERALS:
        return Term("in", (one, other))
    return Term("=", tuple(sorted((one, other))))


def _is_true_or_false(term: Term, boolean: frozenset[str]) -> bool:
    return term.op in _CONDITIONS or (term.op == "column" and term.value in boolean)


def ordered(op: str, low: Term, high: Term) -> Term:
    """``low < high``; that something has a length at all is told alike in bytes and characters."""
    if high.op in {"length", "octets"} and (op, low) in {("<", ZERO), ("<=", ONE)}:
        return negated(Term("empty", high.args))
    if low.op in {"length", "octets"} and (op, high) in {("<", ONE), ("<=", ZERO)}:
        return Term("empty", low.args)
    return Term(op, (low, high))
