"""What dialects drop of indexes: predicates, expressions, options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, SmallInteger, TextClause, UnaryExpression, literal_column, text
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import asc_op, desc_op
from sqlalchemy.types import NullType

from dbparity import plugins
from dbparity.backends.base import load_backend
from dbparity.results import Place
from dbparity.schema.drafts import Gap, called
from dbparity.schema.expressions import Scope, parse, read
from dbparity.schema.terms import guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ClauseElement, ColumnElement, Index, Table
    from sqlalchemy.types import TypeEngine

    from dbparity.schema.drafts import Draft, Remark

SAME_ROWS = "the same rows are accepted and returned"
_NAME_LENGTH = 50  # an ending fits in as well, wherever names are shortest
_REWRITING = frozenset({"lower", "upper", "trim", "ltrim", "rtrim"})


def partial_indexes(draft: Draft, table: Table) -> Iterator[Remark]:
    """A predicate that is not given for this dialect is dropped, and all rows are indexed."""
    for index in draft.indexes(table):
        given = {
            option.removesuffix("_where"): value
            for option, value in index.dialect_kwargs.items()
            if option.endswith("_where") and value is not None
        }
        if given and draft.dialect.name not in given:
            predicates = {name: _predicate(draft, name, given[name]) for name in given}
            yield _partial(draft, table, index, predicates)


def expression_indexes(draft: Draft, table: Table) -> Iterator[Remark]:
    """An index over an expression, where there are only those over columns."""
    if draft.features.expression_indexes:
        return
    for index in draft.indexes(table):
        expressions = [part for part in map(_undirected, index.expressions) if _is_made(part)]
        if expressions:
            yield _over_columns(draft, table, index, expressions)


def _partial(draft: Draft, table: Table, index: Index, predicates: dict[str, str]) -> Remark:
    source, predicate = next(iter(predicates.items()))
    promise = f"{'unique' if index.unique else 'of the rows'} where {predicate}"
    gap = Gap(Place(table.key), called(index), promise, f"no predicate for {draft.title} is given")
    if len(set(predicates.values())) > 1:
        table.indexes.discard(index)
        return gap.refused(f"give one, since those for {' and '.join(predicates)} differ")
    options = index.dialect_options[draft.dialect.name]
    if draft.features.partial_indexes and "where" in options:
        options["where"] = literal_column(predicate)
        return gap.emulated(f"with the predicate for {source}")
    gap = Gap(gap.place, gap.subject, promise, f"{draft.title} has no partial indexes")
    if not index.unique:
        return gap.omitted(f"all rows are indexed: {SAME_ROWS}")
    return _emulated(draft, table, index, predicate, gap)


def _emulated(draft: Draft, table: Table, index: Index, predicate: str, gap: Gap) -> Remark:
    """NULL never equals NULL: rows with a NULL in the index are as good as not in it."""
    existing = _guarding(draft, index, predicate)
    if existing:
        return gap.emulated(f"by the model's own generated column {existing}")
    expression = f"CASE WHEN {predicate} THEN 1 END"
    hidden = _hide(draft, table, _name(index, "when"), SmallInteger(), expression)
    if hidden is None:
        table.indexes.discard(index)
        return gap.refused(_cure(draft, "a generated column that is NULL for all other rows"))
    index.expressions = (
        [hidden, *index.expressions]
        if _unhinges(draft, table, index)
        else [*index.expressions, hidden]
    )
    return gap.emulated(f"with the hidden column {hidden.name}, {expression}, in the index")


def _unhinges(draft: Draft, table: Table, index: Index) -> bool:
    """Whether a NULL in the index would keep a foreign key from being enforced through it."""
    if draft.features.enforces_foreign_keys_beside_null:
        return False
    first: Any = index.expressions[0]
    return any(key.columns.contains_column(first) for key in table.foreign_key_constraints)


def _guarding(draft: Draft, index: Index, predicate: str) -> str:
    """The generated column of the index that is NULL unless ``predicate`` holds, if one is."""
    scope = Scope(draft.backend.sql_dialect)
    wanted = read(predicate, scope)
    for part in index.expressions:
        if isinstance(part, Column) and part.computed is not None:
            guarded = guard(read(draft.spelled(part.computed.sqltext), scope))
            if guarded is not None and guarded[0] == wanted:
                return str(part.name)
    return ""


def _over_columns(draft: Draft, table: Table, index: Index, made: list[Any]) -> Remark:
    spelled = ", ".join(map(draft.spelled, made))
    promise = f"{'unique over' if index.unique else 'over'} {spelled}"
    gap = Gap(Place(table.key), called(index), promise, f"{draft.title} indexes columns only")
    if not index.unique:
        table.indexes.discard(index)
        return gap.omitted(f"{SAME_ROWS}, though not as fast")
    parts: list[Any] = []
    for number, part in enumerate(map(_undirected, index.expressions), 1):
        hidden = part
        if _is_made(part):
            hidden = _hide(
                draft, table, _name(index, f"{number}"), _kind(part), draft.spelled(part)
            )
        parts.append(hidden)
    if any(part is None for part in parts):
        table.indexes.discard(index)
        return gap.refused(_cure(draft, "a generated column of that expression"))
    index.expressions = parts
    return gap.emulated("with hidden columns generated by the expressions")


def _kind(part: Any) -> TypeEngine[Any]:  # noqa: ANN401  # an expression
    """Its type; SQLAlchemy knows none for functions that only rewrite a text."""
    arguments = list(part.clauses) if isinstance(part, FunctionElement) else []
    if isinstance(part.type, NullType) and getattr(part, "name", "") in _REWRITING and arguments:
        return arguments[0].type
    return part.type  # type: ignore[no-any-return]


def _hide(
    draft: Draft, table: Table, name: str, kind: TypeEngine[Any], expression: str
) -> Column[Any] | None:
    if isinstance(kind, NullType):
        return None
    hidden = draft.backend.hidden_column(name, kind, expression, draft.version)
    if hidden is not None:
        table.append_column(hidden)
    return hidden


def _name(index: Index, ending: str) -> str:
    return f"{str(index.name)[:_NAME_LENGTH]}_{ending}"


def _cure(draft: Draft, column: str) -> str:
    return f"index {column}, or keep the index from {draft.title} with ddl_if"


def _predicate(draft: Draft, source: str, given: ClauseElement | str) -> str:
    """What was given for the dialect ``source``, as this one spells it."""
    element = text(given) if isinstance(given, str) else given
    spelled = draft.spelled(element)
    if not isinstance(element, TextClause) or source not in plugins.names("backends"):
        return spelled
    tree = parse(spelled, load_backend(source).sql_dialect)
    return spelled if tree is None else tree.sql(dialect=draft.backend.sql_dialect)


def _undirected(part: Any) -> Any:  # noqa: ANN401  # a column or an expression
    """The part without ASC or DESC."""
    while isinstance(part, UnaryExpression) and part.modifier in {asc_op, desc_op}:
        part = part.element
    return part


def _is_made(part: ColumnElement[Any]) -> bool:
    return not isinstance(part, Column)
