"""What primary keys, unique constraints and unique indexes promise, in one form.

A partial unique index, and a unique index over what is NULL unless a condition holds, are two
ways to promise the same: NULL is never equal to NULL. So both become a promise under a condition.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from dbparity.schema.terms import NULL, Term, conjuncts, guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.snapshots import Index, Key, Part

_FOLDS = frozenset({"lower", "upper", "trim"})  # equal texts stay equal


class Compared(NamedTuple):
    """One part of a key: what is compared, up to which length, under which collation."""

    term: Term
    prefix: float = inf
    collation: str = ""


@dataclass(frozen=True)
class Promise:
    """That no two rows agree in all parts, among the rows that meet all conditions.

    Attributes:
        kind: what makes it, such as "unique index".
        name: the constraint's or the index's.
        parts: what is compared.
        conditions: of the rows that are compared.
        nulls_distinct: whether rows with a NULL among the parts are left alone.
        columns: the columns among the parts, by the left side's names.
        labels: the parts in SQL.
        predicate: the conditions in SQL.
        helpers: generated columns that only carry a condition or an expression.
    """

    kind: str
    name: str
    parts: frozenset[Compared]
    conditions: frozenset[Term] = frozenset()
    nulls_distinct: bool = True
    deferrable: bool = False
    deferred: bool = False
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    predicate: str = ""
    helpers: frozenset[str] = field(default=frozenset())

    @property
    def meaning(self) -> tuple[object, ...]:
        """Promises with an equal one refuse the same rows."""
        return self.parts, self.conditions, self.nulls_distinct

    @property
    def words(self) -> str:
        """The promise in short."""
        where = f" WHERE {self.predicate}" if self.predicate else ""
        return f"{self.kind} ({', '.join(self.labels)}){where}"

    def implies(self, other: Promise) -> bool:
        """Whether all that ``other`` refuses is refused."""
        return (
            all(_follows(part, other) for part in self.parts)
            and self.conditions <= other.conditions
            and (other.nulls_distinct or not self.nulls_distinct)
        )


@lru_cache(maxsize=4)
def promises(side: Side) -> tuple[Promise, ...]:
    """All promises of a table that its keys, constraints and indexes make."""
    return tuple(_simplified(promise, side) for promise in _promises(side))


def _promises(side: Side) -> Iterator[Promise]:
    table = side.table
    if table.primary_key is not None:
        yield _of_key("primary key", table.primary_key, side)
    for key in table.uniques:
        yield _of_key("unique constraint", key, side)
    for index in table.indexes:
        if index.unique:
            yield _of_index(index, side)


def _of_key(kind: str, key: Key, side: Side) -> Promise:
    bare = Promise(
        kind,
        key.name,
        frozenset(),
        nulls_distinct=key.nulls_distinct,
        deferrable=key.deferrable,
        deferred=key.deferred,
    )
    for column in key.columns:
        bare = _with_column(bare, side.name(column), Compared(Term("")), side)
    return bare


def _of_index(index: Index, side: Side) -> Promise:
    conditions = conjuncts(side.read(index.predicate)) if index.predicate else frozenset()
    promise = Promise(
        "unique index",
        index.name,
        frozenset(),
        conditions,
        index.nulls_distinct,
        predicate=index.predicate,
    )
    for part in index.parts:
        promise = _with_part(promise, part, side)
    return promise


def _with_part(promise: Promise, part: Part, side: Side) -> Promise:
    details = Compared(Term(""), part.prefix or inf, part.collation)
    if part.column:
        return _with_column(promise, side.name(part.column), details, side)
    return _with_expression(promise, part.expression, details, side)


def _with_column(promise: Promise, name: str, details: Compared, side: Side) -> Promise:
    """A generated column is what it is made of, where that is a condition or known here only."""
    made = side.columns[name].computed
    if made is not None:
        term = side.read(made.expression)
        if (guard(term) is not None and promise.nulls_distinct) or name not in side.shared:
            helped = replace(promise, helpers=promise.helpers | {name})
            return _with_expression(helped, made.expression, details, side)
    part = details._replace(term=Term("column", value=name))
    label = name if part.prefix == inf else f"{name}({part.prefix})"
    return replace(
        promise,
        parts=promise.parts | {part},
        columns=(*promise.columns, name),
        labels=(*promise.labels, label),
    )


def _with_expression(promise: Promise, text: str, details: Compared, side: Side) -> Promise:
    term = side.read(text)
    guarded = guard(term) if promise.nulls_distinct else None
    if guarded is not None:
        condition, term = guarded
        promise = _under(promise, condition, text)
    if term.op in {"number", "text"}:
        return promise
    columns = sorted(term.columns & side.columns.keys())
    return replace(
        promise,
        parts=promise.parts | {details._replace(term=term)},
        columns=tuple(dict.fromkeys((*promise.columns, *columns))),
        labels=(*promise.labels, term.value if term.op == "column" else text),
    )


def _under(promise: Promise, condition: Term, text: str) -> Promise:
    added = conjuncts(condition)
    if added <= promise.conditions:
        return promise
    predicate = f"{promise.predicate} AND {text}" if promise.predicate else f"{text} IS NOT NULL"
    return replace(promise, conditions=promise.conditions | added, predicate=predicate)


def _simplified(promise: Promise, side: Side) -> Promise:
    """Without conditions that a part is not NULL, where rows with a NULL are left alone anyway."""
    filled = {_is_filled(name): name for name in promise.columns}
    without_null = all(
        not side.columns[name].nullable or _is_filled(name) in promise.conditions
        for name in promise.columns
    )
    if not (promise.nulls_distinct or without_null):
        return promise
    plain = {part.term.value for part in promise.parts if part.term.op == "column"}
    needless = {term for term, name in filled.items() if name in plain}
    return replace(promise, conditions=promise.conditions - needless, nulls_distinct=True)


def _is_filled(name: str) -> Term:
    return Term("not", (Term("is", (Term("column", value=name), NULL)),))


def _follows(part: Compared, other: Promise) -> bool:
    """Whether rows that agree in the parts of ``other`` agree in this one."""
    term = part.term
    same = (
        found.prefix >= part.prefix and found.collation == part.collation
        for found in other.parts
        if found.term == term
    )
    inner = term.args[0] if term.op in _FOLDS else None
    return any(same) or any(found == Compared(inner) for found in other.parts if inner)
