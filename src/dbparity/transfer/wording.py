"""Expressions of one product in the words of another, where all products mean the same by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from dbparity.schema.terms import LITERALS, NULL, Term
from dbparity.snapshots import Column, Family

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dbparity.backends.homes.base import Home

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_MOMENTS = frozenset({Family.DATE, Family.TIME, Family.DATETIME})
_SPELLED = frozenset({Family.TEXT, Family.ENUM, Family.UUID})
_CONDITIONS = frozenset({"and", "or", "not", "is", "in", "=", "<", "<=", "empty", "json_valid"})
_INFIX = {"add": "+", "sub": "-", "mul": "*", "mod": "%"}
_TEXTS = frozenset({"lower", "upper", "trim", "length", "octets"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?|\d\d:\d\d(:\d\d(\.\d+)?)?")
_TRUTHS = {"1": True, "0": False, "true": True, "false": False, "t": True, "f": False}


class _Foreign(Exception):  # it never leaves the module
    """The products do not share a meaning."""


@dataclass(frozen=True)
class Words:
    """A table's columns on the target, by their names in lower case, and its spelling."""

    home: Home
    columns: Mapping[str, Column]


def spelled(term: Term, words: Words) -> str | None:
    """A value in the target's words; None where these would not surely mean the same."""
    try:
        return _value(term, words)
    except _Foreign:
        return None


def condition(term: Term, words: Words) -> str | None:
    """A condition, likewise."""
    try:
        return _condition(term, words)
    except _Foreign:
        return None


def literal(term: Term, family: Family, home: Home) -> str | None:
    """A literal as one of a column; None where the term is none, or one of another sort."""
    if term.op not in LITERALS:
        return None
    try:
        return _literal(term, family, home)
    except _Foreign:
        return None


def is_condition(term: Term) -> bool:
    """Whether it is true or false."""
    return term.op in _CONDITIONS


def _literal(term: Term, family: Family | None, home: Home) -> str:
    if term == NULL:
        return "NULL"
    if family is Family.BOOLEAN:
        if term.value.lower() not in _TRUTHS:
            raise _Foreign
        return home.boolean(_TRUTHS[term.value.lower()])
    if family in _NUMBERS or (family is None and term.op == "number"):
        return _number(term)
    if term.op == "number" and family not in {*_SPELLED, None}:
        raise _Foreign
    if family in _MOMENTS and not _MOMENT.fullmatch(term.value):
        raise _Foreign
    return home.text(_number(term) if term.op == "number" else term.value)


def _number(term: Term) -> str:
    try:
        return format(Decimal(term.value), "f")
    except InvalidOperation:
        raise _Foreign from None


def _value(term: Term, words: Words) -> str:
    if is_condition(term):
        return f"({_condition(term, words)})"
    if term.op in LITERALS:
        return _literal(term, None, words.home)
    if term.op in _INFIX:
        sign = f" {_INFIX[term.op]} "
        return f"({sign.join(_number_of(arg, words) for arg in term.args)})"
    rule = _RULES.get(term.op, _function)
    return rule(term, words)


def _family(term: Term, words: Words) -> Family | None:
    """The sort of a value, as far as it is told; None of a literal."""
    if term.op == "column":
        return _column(term, words).type.family
    if term.op in _INFIX or term.op in {"abs", "neg", "length", "octets"}:
        return Family.INTEGER
    if term.op in {"coalesce", "nullif"}:
        return _family(term.args[0], words)
    if term.op == "case":
        return _family(term.args[1], words)
    return None if term.op in LITERALS else Family.TEXT


def _column(term: Term, words: Words) -> Column:
    if term.value not in words.columns:
        raise _Foreign
    return words.columns[term.value]


def _named(term: Term, words: Words) -> str:
    return words.home.name(_column(term, words).name)


def _number_of(term: Term, words: Words) -> str:
    if term.op == "text" or _family(term, words) not in {*_NUMBERS, None}:
        raise _Foreign
    return _value(term, words)


def _negative(term: Term, words: Words) -> str:
    return f"(-{_number_of(term.args[0], words)})"


def _concatenated(term: Term, words: Words) -> str:
    families = [_family(arg, words) for arg in term.args]
    if not {Family.TEXT, Family.ENUM, Family.INTEGER, None}.issuperset(families):
        raise _Foreign
    parts = [_value(arg, words) for arg in term.args]
    return f"({words.home.concatenated(list(zip(parts, families, strict=True)))})"


def _case(term: Term, words: Words) -> str:
    *pairs, default = term.args
    branches = [
        f"WHEN {_condition(when, words)} THEN {_value(then, words)}"
        for when, then in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    otherwise = [] if default == NULL else [f"ELSE {_value(default, words)}"]
    return " ".join(["CASE", *branches, *otherwise, "END"])


def _function(term: Term, words: Words) -> str:
    name = words.home.functions.get(term.op)
    if name is None or not term.args or term.value:
        raise _Foreign
    if term.op in _TEXTS and _family(term.args[0], words) is not Family.TEXT:
        raise _Foreign
    if term.op == "abs":
        return f"{name}({_number_of(term.args[0], words)})"
    return f"{name}({', '.join(_among(term, words))})"


def _among(term: Term, words: Words) -> list[str]:
    """Operands that are one sort of values, such as those of coalesce."""
    first = _family(term.args[0], words)
    return [_beside(arg, first, words) for arg in term.args]


def _beside(term: Term, family: Family | None, words: Words) -> str:
    """A value to compare with one of ``family``."""
    if term.op in LITERALS:
        return _literal(term, family, words.home)
    if not _comparable(family, _family(term, words)):
        raise _Foreign
    return _value(term, words)


def _comparable(one: Family | None, other: Family | None) -> bool:
    together = {one, other} - {None}
    return len(together) < 2 or together <= _NUMBERS  # noqa: PLR2004


def _condition(term: Term, words: Words) -> str:
    if term.op == "column" and _column(term, words).type.family is Family.BOOLEAN:
        return _named(term, words)
    if term.op not in _CONDITIONS_RULES:
        raise _Foreign
    return _CONDITIONS_RULES[term.op](term, words)


def _joined(term: Term, words: Words) -> str:
    word = f" {term.op.upper()} "
    return word.join(f"({_condition(arg, words)})" for arg in term.args)


def _not(term: Term, words: Words) -> str:
    (inner,) = term.args
    if inner.op == "is":
        return _is(inner, words, "IS NOT")
    return f"NOT ({_condition(inner, words)})"


def _is(term: Term, words: Words, verb: str = "IS") -> str:
    operand, other = term.args
    if other != NULL:
        raise _Foreign
    return f"{_value(operand, words)} {verb} NULL"


def _in(term: Term, words: Words) -> str:
    operand, *values = term.args
    family = _family(operand, words)
    if family not in {*_NUMBERS, *_SPELLED, *_MOMENTS, Family.BOOLEAN}:
        raise _Foreign
    spelled_values = [_beside(value, family, words) for value in values]
    left = _value(operand, words)
    if len(spelled_values) == 1:
        return f"{left} = {spelled_values[0]}"
    return f"{left} IN ({', '.join(spelled_values)})"


def _compared(term: Term, words: Words) -> str:
    low, high = term.args
    family = _family(low, words) or _family(high, words)
    if family not in {*_NUMBERS, *_MOMENTS, Family.TEXT}:
        raise _Foreign
    return f"{_beside(low, family, words)} {term.op} {_beside(high, family, words)}"


def _empty(term: Term, words: Words) -> str:
    (operand,) = term.args
    if _family(operand, words) is not Family.TEXT:
        raise _Foreign
    return f"{words.home.functions['length']}({_value(operand, words)}) = 0"


_RULES: Mapping[str, Callable[[Term, Words], str]] = {
    "column": _named,
    "neg": _negative,
    "concat": _concatenated,
    "case": _case,
}
_CONDITIONS_RULES: Mapping[str, Callable[[Term, Words], str]] = {
    "and": _joined,
    "or": _joined,
    "not": _not,
    "is": _is,
    "in": _in,
    "=": _compared,
    "<": _compared,
    "<=": _compared,
    "empty": _empty,
    "json_valid": _function,
}
