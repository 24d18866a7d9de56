"""SQL texts of several products, read into one form in which equal meanings are equal.

Servers rewrite what they are given: PostgreSQL adds casts and spells IN as ``= ANY (ARRAY[...])``,
MySQL adds character sets and parentheses, MariaDB renames functions. `read` undoes that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbparity.schema.terms import (
    LITERALS,
    NOW,
    NULL,
    ONE,
    ZERO,
    Term,
    all_of,
    among,
    any_of,
    as_number,
    equal,
    flat,
    negated,
    number,
    ordered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Scope:
    """What must be known of a table to read its texts.

    Attributes:
        dialect: sqlglot's name for what the texts are written in.
        names: what its columns are to be called, by their names, and by those in lower case.
        binary: columns that hold bytes, whose length is told in bytes everywhere.
        boolean: columns that are true or false, whether they are compared with 1 or not.
    """

    dialect: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    binary: frozenset[str] = frozenset()
    boolean: frozenset[str] = frozenset()

    def name(self, column: str) -> str:
        """What a column is to be called, in whichever case it is written."""
        plain = column.lower()
        return self.names.get(column, self.names.get(plain, plain))


def read(text: str, scope: Scope) -> Term:
    """The meaning of ``text``; what cannot be parsed stands for itself, its whitespace folded."""
    node = parse(text, scope.dialect)
    if node is None:
        return Term("text as it is", value=folded(text))
    return _term(node, scope)


def folded(text: str) -> str:
    """``text`` with its whitespace folded."""
    return " ".join(text.split())


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


def _term(node: Any, scope: Scope) -> Term:  # noqa: ANN401  # each rule knows its own node
    if node.args.get("negate"):
        positive = node.copy()
        positive.set("negate", None)
        return negated(_term(positive, scope))
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


def _inner(node: exp.Expression, scope: Scope) -> Term:
    return _term(node.this, scope)


def _column(node: exp.Column, scope: Scope) -> Term:
    return Term("column", value=scope.name(node.name))


def _literal(node: exp.Literal, scope: Scope) -> Term:  # noqa: ARG001
    return Term("text", value=node.name) if node.is_string else number(node.name)


def _bits(node: exp.BitString, scope: Scope) -> Term:  # noqa: ARG001
    return number(str(int(node.name, 2)))


def _neg(node: exp.Neg, scope: Scope) -> Term:
    term = _term(node.this, scope)
    return number(f"-{term.value}") if term.op == "number" else Term("neg", (term,))


def _cast(node: exp.Cast, scope: Scope) -> Term:
    """Only a cast that can change a column's value is more than what a server adds."""
    term, kind = _term(node.this, scope), node.to.this
    if term.op in LITERALS:
        return as_number(term) if kind in exp.DataType.NUMERIC_TYPES else term
    return Term("cast", (term,), _NARROWING[kind]) if kind in _NARROWING else term


_NARROWING = {
    **dict.fromkeys(exp.DataType.INTEGER_TYPES, "integer"),
    exp.DataType.Type.BOOLEAN: "boolean",
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.TIME: "time",
    exp.DataType.Type.BINARY: "binary",
}


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
    return negated(_term(node.this, scope))


def _and(node: exp.And, scope: Scope) -> Term:
    return all_of(_term(part, scope) for part in node.flatten())


def _or(node: exp.Or, scope: Scope) -> Term:
    return any_of(_term(part, scope) for part in node.flatten())


def _in(node: exp.In, scope: Scope) -> Term:
    values = [_term(value, scope) for value in node.expressions]
    if not values or any(value.op not in LITERALS for value in values):
        return _plain(node, scope)
    operand = _term(node.this, scope)
    return equal(operand, values[0], scope.boolean) if len(values) == 1 else among(operand, values)


def _between(node: exp.Between, scope: Scope) -> Term:
    operand, low, high = (_term(node.args[name], scope) for name in ("this", "low", "high"))
    return all_of((ordered("<=", low, operand), ordered("<=", operand, high)))


def _eq(node: exp.EQ, scope: Scope) -> Term:
    listed = _listed(node.expression, exp.Any, scope)
    if listed is not None:
        return among(_term(node.this, scope), listed)
    return equal(_term(node.this, scope), _term(node.expression, scope), scope.boolean)


def _neq(node: exp.NEQ, scope: Scope) -> Term:
    listed = _listed(node.expression, exp.All, scope)
    if listed is not None:
        return negated(among(_term(node.this, scope), listed))
    return negated(equal(_term(node.this, scope), _term(node.expression, scope), scope.boolean))


def _listed(node: exp.Expression, kind: type[exp.Expression], scope: Scope) -> list[Term] | None:
    """The values of ``ANY (ARRAY[...])`` or ``ALL (ARRAY[...])``."""
    named = isinstance(node, exp.Anonymous) and node.name.lower() == kind.key
    if not named and not isinstance(node, kind):
        return None
    array = node.expressions[0] if named else node.this
    while isinstance(array, exp.Paren | exp.Cast):
        array = array.this
    return [_term(value, scope) for value in array.expressions]


def _comparison(op: str, node: exp.Binary, scope: Scope, *, turned: bool = False) -> Term:
    one, other = _term(node.this, scope), _term(node.expression, scope)
    return ordered(op, other, one) if turned else ordered(op, one, other)


def _is(node: exp.Is, scope: Scope) -> Term:
    return Term("is", (_term(node.this, scope), _term(node.expression, scope)))


def _boolean(node: exp.Boolean, scope: Scope) -> Term:  # noqa: ARG001
    return ONE if node.this else ZERO


def _concatenated(node: exp.Expression, scope: Scope) -> Term:
    parts = flat("concat", _operands(node, scope))
    return Term("concat", tuple(parts))


def _commutative(node: exp.Expression, scope: Scope) -> Term:
    return Term(node.key, tuple(sorted(flat(node.key, _operands(node, scope)))))


def _case(node: exp.Case, scope: Scope) -> Term:
    parts = []
    for branch in node.args["ifs"]:
        condition = _term(branch.this, scope)
        if node.this is not None:
            condition = equal(_term(node.this, scope), condition, scope.boolean)
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
