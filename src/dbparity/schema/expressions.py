"""SQL texts of several products, read into one form in which equal meanings are equal.

Servers rewrite what they are given: PostgreSQL adds casts and spells IN as ``= ANY (ARRAY[...])``,
MySQL adds character sets and parentheses, MariaDB renames functions. `read` undoes that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


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


@dataclass(frozen=True)
class Scope:
    """What must be known of a table to read its texts; all names are in lower case.

    Attributes:
        dialect: sqlglot's name for what the texts are written in.
        renamed: what a column is to be called instead.
        binary: columns that hold bytes, whose length is told in bytes everywhere.
        boolean: columns that are true or false, whether they are compared with 1 or not.
    """

    dialect: str = ""
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    binary: frozenset[str] = frozenset()
    boolean: frozenset[str] = frozenset()


NULL = Term("null")
NOW = Term("now")
ONE, ZERO = Term("number", value="1"), Term("number", value="0")
_LITERALS = frozenset({"text", "number", "null"})
_CONDITIONS = frozenset({"and", "or", "not", "in", "is", "empty", "=", "<", "<="})


def read(text: str, scope: Scope) -> Term:
    """The meaning of ``text``; what cannot be parsed stands for itself, its whitespace folded."""
    node = parse(text, scope.dialect)
    if node is None:
        return Term("text as it is", value=folded(text))
    return _term(node, scope)


def folded(text: str) -> str:
    """``text`` with its whitespace folded."""
    return " ".join(text.split())


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
        return _number(term.value) if term.op == "text" else term
    except ArithmeticError:
        return term


def as_text(term: Term) -> Term:
    """A number as the text that it would be stored as; any other term as it is."""
    return term._replace(op="text") if term.op == "number" else term


@lru_cache(maxsize=8192)
def parse(text: str, dialect: str) -> exp.Expression | None:
    """The syntax tree of an expression, or None."""
    try:
        select = sqlglot.parse_one(f"SELECT {text}", dialect=dialect or None)
    except (SqlglotError, ValueError):
        return None
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        return None
    return select.expressions[0]  # type: ignore[no-any-return]


def _conjuncts(term: Term) -> Iterator[Term]:
    if term.op == "and":
        yield from chain.from_iterable(map(_conjuncts, term.args))
    elif term.op == "not" and term.args[0].op == "in":
        operand, *values = term.args[0].args
        yield from (Term("not", (Term("in", (operand, value)),)) for value in values)
    else:
        yield term


def _term(node: Any, scope: Scope) -> Term:  # noqa: ANN401  # each rule knows its own node
    if node.args.get("negate"):
        positive = node.copy()
        positive.set("negate", None)
        return _negated(_term(positive, scope))
    return _RULES.get(type(node), _plain)(node, scope)


def _plain(node: exp.Expression, scope: Scope) -> Term:
    """A node whose meaning is in its name and its operands."""
    words = [node.key, *_words(node)]
    return Term("-".join(words), tuple(_operands(node, scope)), _name(node))


def _words(node: exp.Expression) -> Iterator[str]:
    """Keywords of a node, such as LEADING of a TRIM."""
    for name, arg in node.args.items():
        if arg is True and name not in _IDLE:
            yield name
        elif isinstance(arg, str) and name != "this" and arg != "BOTH":
            yield arg.lower()


# They say how sqlglot would spell a node elsewhere.
_IDLE = frozenset(
    {"safe", "coalesce", "binary", "typed", "value_constructor", "return_type", "nested", "quoted"}
)


def _operands(node: exp.Expression, scope: Scope) -> Iterator[Term]:
    for value in node.args.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, exp.Expr):
                yield _term(part, scope)


def _name(node: exp.Expression) -> str:
    """What a leaf is: an identifier, a keyword, a type."""
    this = node.args.get("this")
    return "" if isinstance(this, exp.Expr) else str(this or "").lower()


def _number(text: str) -> Term:
    return Term("number", value=str(Decimal(text).normalize() + 0))


def _inner(node: exp.Expression, scope: Scope) -> Term:
    return _term(node.this, scope)


def _column(node: exp.Column, scope: Scope) -> Term:
    name = node.name.lower()
    return Term("column", value=scope.renamed.get(name, name))


def _literal(node: exp.Literal, scope: Scope) -> Term:  # noqa: ARG001
    return Term("text", value=node.name) if node.is_string else _number(node.name)


def _bits(node: exp.BitString, scope: Scope) -> Term:  # noqa: ARG001
    return _number(str(int(node.name, 2)))


def _neg(node: exp.Neg, scope: Scope) -> Term:
    term = _term(node.this, scope)
    return _number(f"-{term.value}") if term.op == "number" else Term("neg", (term,))


def _cast(node: exp.Cast, scope: Scope) -> Term:
    """Only a cast that can change a column's value is more than what a server adds."""
    term, kind = _term(node.this, scope), node.to
    if isinstance(kind, exp.DataType):
        if term.op in _LITERALS:
            return as_number(term) if kind.this in exp.DataType.NUMERIC_TYPES else term
        if kind.this in _NARROWING:
            return Term("cast", (term,), str(kind.this.value).lower())
    return term


_NARROWING = frozenset(
    {
        *exp.DataType.INTEGER_TYPES,
        exp.DataType.Type.BOOLEAN,
        exp.DataType.Type.DATE,
        exp.DataType.Type.TIME,
        exp.DataType.Type.BINARY,
        exp.DataType.Type.VARBINARY,
    }
)


def _introduced(node: exp.Introducer, scope: Scope) -> Term:
    return _term(node.expression, scope)


def _length(node: exp.Length, scope: Scope) -> Term:
    term = _term(node.this, scope)
    octets = node.args.get("binary") or term.columns & scope.binary
    return Term("octets" if octets else "length", (term,))


def _function(node: exp.Anonymous, scope: Scope) -> Term:
    name = node.name.lower()
    operands = tuple(_operands(node, scope))
    if name in _MOMENTS or (name, operands) in _SPELLED_MOMENTS:
        return NOW
    if name == "json_array" and not operands:
        return Term("text", value="[]")
    return Term(_SYNONYMS.get(name, name), operands)


_MOMENTS = frozenset({"now", "utc_timestamp", "statement_timestamp", "transaction_timestamp"})
_SPELLED_MOMENTS = frozenset(
    {
        ("datetime", (Term("text", value="now"),)),
        ("timezone", (Term("text", value="utc"), NOW)),
    }
)
_SYNONYMS = {
    "octet_length": "octets",
    "lcase": "lower",
    "ucase": "upper",
    "uuid_generate_v4": "uuid",
    "uuidv4": "uuid",
    "uuid_v4": "uuid",
}


def _now(node: exp.Expression, scope: Scope) -> Term:  # noqa: ARG001
    return NOW


def _at_zone(node: exp.AtTimeZone, scope: Scope) -> Term:
    term = _plain(node, scope)
    moment, zone = term.args
    return NOW if moment == NOW and zone.value.lower() == "utc" else term


def _not(node: exp.Not, scope: Scope) -> Term:
    return _negated(_term(node.this, scope))


def _negated(term: Term) -> Term:
    """NOT, moved inwards as far as three-valued logic lets it be."""
    match term:
        case Term("not", (inner,)):
            return inner
        case Term("and", args):
            return _any(map(_negated, args))
        case Term("or", args):
            return _all(map(_negated, args))
        case Term("<", (low, high)):
            return Term("<=", (high, low))
        case Term("<=", (low, high)):
            return Term("<", (high, low))
    return Term("not", (term,))


def _and(node: exp.And, scope: Scope) -> Term:
    return _all(_term(part, scope) for part in node.flatten())


def _or(node: exp.Or, scope: Scope) -> Term:
    return _any(_term(part, scope) for part in node.flatten())


def _all(terms: Iterator[Term]) -> Term:
    return _joined("and", terms)


def _any(terms: Iterator[Term]) -> Term:
    """OR; equalities of one operand are an IN."""
    others: list[Term] = []
    values: dict[Term, list[Term]] = {}
    for term in _flat("or", terms):
        if term.op == "in":
            values.setdefault(term.args[0], []).extend(term.args[1:])
        else:
            others.append(term)
    return _joined("or", [*others, *(_among(operand, many) for operand, many in values.items())])


def _joined(op: str, terms: Any) -> Term:  # noqa: ANN401  # an iterable of terms
    parts = sorted(set(_flat(op, terms)))
    return parts[0] if len(parts) == 1 else Term(op, tuple(parts))


def _flat(op: str, terms: Any) -> Iterator[Term]:  # noqa: ANN401  # likewise
    for term in terms:
        if term.op == op:
            yield from term.args
        else:
            yield term


def _among(operand: Term, values: list[Term]) -> Term:
    return Term("in", (operand, *sorted(set(values))))


def _in(node: exp.In, scope: Scope) -> Term:
    values = [_term(value, scope) for value in node.expressions]
    if not values or any(value.op not in _LITERALS for value in values):
        return _plain(node, scope)
    operand = _term(node.this, scope)
    return _equal(operand, values[0], scope) if len(values) == 1 else _among(operand, values)


def _between(node: exp.Between, scope: Scope) -> Term:
    operand, low, high = (_term(node.args[name], scope) for name in ("this", "low", "high"))
    return _all(iter((_ordered("<=", low, operand), _ordered("<=", operand, high))))


def _eq(node: exp.EQ, scope: Scope) -> Term:
    listed = _listed(node.expression, exp.Any, scope)
    if listed is not None:
        return _among(_term(node.this, scope), listed)
    return _equal(_term(node.this, scope), _term(node.expression, scope), scope)


def _neq(node: exp.NEQ, scope: Scope) -> Term:
    listed = _listed(node.expression, exp.All, scope)
    if listed is not None:
        return _negated(_among(_term(node.this, scope), listed))
    return _negated(_equal(_term(node.this, scope), _term(node.expression, scope), scope))


def _listed(node: exp.Expression, kind: type[exp.Expression], scope: Scope) -> list[Term] | None:
    """The values of ``ANY (ARRAY[...])`` or ``ALL (ARRAY[...])``."""
    named = isinstance(node, exp.Anonymous) and node.name.lower() == kind.key
    if not named and not isinstance(node, kind):
        return None
    array = node.expressions[0] if named else node.this
    while isinstance(array, exp.Paren | exp.Cast):
        array = array.this
    return [_term(value, scope) for value in array.expressions]


def _equal(one: Term, other: Term, scope: Scope) -> Term:
    if one.op in _LITERALS:
        one, other = other, one
    if other in {ONE, ZERO} and (one.op in _CONDITIONS or one.value in scope.boolean):
        return one if other == ONE else _negated(one)
    if one.op in {"length", "octets"} and other == ZERO:
        return Term("empty", one.args)
    if other.op in _LITERALS:
        return Term("in", (one, other))
    return Term("=", tuple(sorted((one, other))))


def _comparison(op: str, node: exp.Binary, scope: Scope, *, turned: bool = False) -> Term:
    one, other = _term(node.this, scope), _term(node.expression, scope)
    return _ordered(op, other, one) if turned else _ordered(op, one, other)


def _ordered(op: str, low: Term, high: Term) -> Term:
    """``low < high``; that something has a length at all is told alike in bytes and characters."""
    if high.op in {"length", "octets"} and (op, low) in {("<", ZERO), ("<=", ONE)}:
        return _negated(Term("empty", high.args))
    if low.op in {"length", "octets"} and (op, high) in {("<", ONE), ("<=", ZERO)}:
        return Term("empty", low.args)
    return Term(op, (low, high))


def _is(node: exp.Is, scope: Scope) -> Term:
    return Term("is", (_term(node.this, scope), _term(node.expression, scope)))


def _boolean(node: exp.Boolean, scope: Scope) -> Term:  # noqa: ARG001
    return ONE if node.this else ZERO


def _concatenated(node: exp.Expression, scope: Scope) -> Term:
    parts = _flat("concat", _operands(node, scope))
    return Term("concat", tuple(parts))


def _commutative(node: exp.Expression, scope: Scope) -> Term:
    return Term(node.key, tuple(sorted(_flat(node.key, _operands(node, scope)))))


def _case(node: exp.Case, scope: Scope) -> Term:
    parts = []
    for branch in node.args["ifs"]:
        condition = _term(branch.this, scope)
        if node.this is not None:
            condition = _equal(_term(node.this, scope), condition, scope)
        parts += [condition, _term(branch.args["true"], scope)]
    default = node.args.get("default")
    return Term("case", (*parts, NULL if default is None else _term(default, scope)))


def _if(node: exp.If, scope: Scope) -> Term:
    otherwise = node.args.get("false")
    return Term(
        "case",
        (
            _term(node.this, scope),
            _term(node.args["true"], scope),
            NULL if otherwise is None else _term(otherwise, scope),
        ),
    )


def _nullif(node: exp.Nullif, scope: Scope) -> Term:
    """``nullif(CASE WHEN p THEN 1 ELSE 0 END, 0)`` is ``CASE WHEN p THEN 1 END``."""
    operand, unwanted = _term(node.this, scope), _term(node.expression, scope)
    match operand:
        case Term("case", (condition, value, default)) if default == unwanted != value:
            return Term("case", (condition, value, NULL))
    return Term("nullif", (operand, unwanted))


def _object(node: exp.JSONObject, scope: Scope) -> Term:
    return _plain(node, scope) if node.expressions else Term("text", value="{}")


_RULES: dict[type[Any], Callable[[Any, Scope], Term]] = {
    exp.Paren: _inner,
    exp.Column: _column,
    exp.Literal: _literal,
    exp.BitString: _bits,
    exp.Boolean: _boolean,
    exp.Neg: _neg,
    exp.Cast: _cast,
    exp.Introducer: _introduced,
    exp.Length: _length,
    exp.Anonymous: _function,
    exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _now,
    exp.UtcTimestamp: _now,
    exp.AtTimeZone: _at_zone,
    exp.Not: _not,
    exp.And: _and,
    exp.Or: _or,
    exp.In: _in,
    exp.Between: _between,
    exp.EQ: _eq,
    exp.NEQ: _neq,
    exp.LT: partial(_comparison, "<"),
    exp.LTE: partial(_comparison, "<="),
    exp.GT: partial(_comparison, "<", turned=True),
    exp.GTE: partial(_comparison, "<=", turned=True),
    exp.Is: _is,
    exp.DPipe: _concatenated,
    exp.Concat: _concatenated,
    exp.Add: _commutative,
    exp.Mul: _commutative,
    exp.StrPosition: _commutative,
    exp.Case: _case,
    exp.If: _if,
    exp.Nullif: _nullif,
    exp.JSONObject: _object,
}
