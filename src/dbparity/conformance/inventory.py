"""Inventory: what the model says of a table, against what the database says of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, UniqueConstraint, inspect
from sqlalchemy.exc import SAWarning
from sqlalchemy.schema import CreateIndex, CreateTable

from dbparity.results import Finding, Place, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Constraint, Index, Inspector, Table
    from sqlalchemy.engine.interfaces import ReflectedIndex
    from sqlalchemy.sql.compiler import DDLCompiler


@dataclass(frozen=True)
class Part:
    """A part of a table: its kind, what tells it from others, and what else is said of it."""

    kind: str
    identity: str
    definition: str = ""


def absences(connection: Connection, table: Table) -> Iterator[Finding | Skipped]:
    """What the model says of ``table`` and the database does not, or says otherwise."""
    inspector = inspect(connection)
    if not inspector.has_table(table.name):
        yield _missing(table, Part("table", table.name))
        return
    present = {(part.kind, part.identity): part for part in _present(inspector, connection, table)}
    for part in _modelled(connection, table):
        found = present.get((part.kind, part.identity))
        if found is None:
            yield _missing(table, part)
        elif found.definition != part.definition:
            yield _differs(table, part, found)
    yield from _unreflected(connection, table)


def created_indexes(connection: Connection, table: Table) -> list[Index]:
    """The indexes that the model has on this backend, by name."""
    created = (
        index
        for index in table.indexes
        # Whether ddl_if keeps it away.
        if CreateIndex(index)._should_execute(index, connection)  # type: ignore[no-untyped-call]  # noqa: SLF001
    )
    return sorted(created, key=lambda index: str(index.name))


def created_constraints(connection: Connection, table: Table) -> list[Constraint]:
    """The constraints that the model has on this backend, in a stable order."""
    compiler = cast("DDLCompiler", CreateTable(table).compile(dialect=connection.dialect))
    created = (
        constraint
        for constraint in table.constraints
        # Whether ddl_if, or a type that needs no check here, keeps it away.
        if constraint._should_create_for_compiler(compiler)  # noqa: SLF001
    )
    return sorted(created, key=_order)


def reflected_indexes(inspector: Inspector, table: Table) -> list[ReflectedIndex]:
    """The indexes that the database has on ``table``, those behind unique constraints too.

    SQLite's indexes over expressions are not among them.
    """
    warnings.filterwarnings("ignore", "Skipped unsupported reflection of expr", SAWarning)
    return inspector.get_indexes(table.name, include_auto_indexes=True)


def name_of(connection: Connection, index: Index) -> str:
    """The index's name as this backend spells it: quoted, and cut to its longest name."""
    return connection.dialect.identifier_preparer.format_index(index)


def _modelled(connection: Connection, table: Table) -> Iterator[Part]:
    yield from (Part("column", column.name) for column in table.columns)
    yield Part("primary key", "", _listed(column.name for column in table.primary_key.columns))
    for constraint in created_constraints(connection, table):
        if isinstance(constraint, UniqueConstraint):
            yield Part("unique constraint", _listed(sorted(c.name for c in constraint.columns)))
        elif isinstance(constraint, ForeignKeyConstraint):
            yield Part("foreign key", _spelled(constraint))
        elif isinstance(constraint, CheckConstraint) and (name := _name(connection, constraint)):
            yield Part("check constraint", name)
    yield from (_index(connection, i) for i in created_indexes(connection, table) if _plain(i))


def _name(connection: Connection, constraint: CheckConstraint) -> str | None:
    """The constraint's name; one without has another on each backend."""
    if constraint.name is None:
        return None
    return connection.dialect.identifier_preparer.format_constraint(constraint)


def _index(connection: Connection, index: Index) -> Part:
    columns = _listed(column.name for column in index.columns)
    return Part("index", name_of(connection, index), _definition(columns, unique=index.unique))


def _present(inspector: Inspector, connection: Connection, table: Table) -> Iterator[Part]:
    quote = connection.dialect.identifier_preparer.quote
    name = table.name
    indexes = reflected_indexes(inspector, table)
    yield from (Part("column", column["name"]) for column in inspector.get_columns(name))
    yield Part("primary key", "", _listed(inspector.get_pk_constraint(name)["constrained_columns"]))
    for found in inspector.get_unique_constraints(name):
        yield Part("unique constraint", _listed(sorted(found["column_names"])))
    for check in inspector.get_check_constraints(name):
        yield Part("check constraint", quote(check["name"] or ""))
    for key in inspector.get_foreign_keys(name):
        pairs = zip(key["constrained_columns"], key["referred_columns"], strict=True)
        yield Part("foreign key", _reference(pairs, key["referred_table"]))
    for index in indexes:
        columns = _listed(column or "" for column in index["column_names"])
        definition = _definition(columns, unique=bool(index["unique"]))
        yield Part("index", quote(index["name"] or ""), definition)


def _unreflected(connection: Connection, table: Table) -> Iterator[Skipped]:
    for index in created_indexes(connection, table):
        if not _plain(index):
            reason = f"an index over an expression ({index.name}) is proven by its use only"
            yield Skipped(reason, Place(table.key))


def _order(constraint: Constraint) -> tuple[str, str]:
    columns = getattr(constraint, "columns", ())
    return type(constraint).__name__, _listed(sorted(column.name for column in columns))


def _plain(index: Index) -> bool:
    return all(isinstance(expression, Column) for expression in index.expressions)


def _definition(columns: str, *, unique: bool) -> str:
    return f"{'unique ' if unique else ''}({columns})"


def _spelled(key: ForeignKeyConstraint) -> str:
    pairs = ((element.parent.name, element.column.name) for element in key.elements)
    return _reference(pairs, key.referred_table.name)


def _reference(pairs: Iterable[tuple[str, str]], table: str) -> str:
    own, theirs = zip(*sorted(pairs), strict=True)
    return f"({_listed(own)}) → {table}({_listed(theirs)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _missing(table: Table, part: Part) -> Finding:
    return Finding(
        code=f"{part.kind.upper().replace(' ', '-')}-MISSING",
        severity=_severity(part),
        message=f"{part.kind} {part.identity} of the model is not in the database",
        place=_place(table, part),
        expected=f"{part.identity} {part.definition}".strip(),
        actual="missing",
        recommendation="create it, or take it out of the model",
    )


def _differs(table: Table, part: Part, found: Part) -> Finding:
    return Finding(
        code=f"{part.kind.upper().replace(' ', '-')}-DIFFERS",
        severity=_severity(part),
        message=f"{part.kind} {part.identity} is not as in the model".replace("  ", " "),
        place=_place(table, part),
        expected=part.definition,
        actual=found.definition,
        recommendation="drop it and create it as the model has it",
    )


def _severity(part: Part) -> Severity:
    plain = part.kind == "index" and not part.definition.startswith("unique")
    return Severity.DEGRADED if plain else Severity.WRONG


def _place(table: Table, part: Part) -> Place:
    return Place(table.key, part.identity if part.kind == "column" else "")
