"""Indexes: each one is used for the rows that it is there for, by the planner's own word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    UniqueConstraint,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.sql.elements import BindParameter, UnaryExpression
from sqlalchemy.sql.visitors import replacement_traverse

from dbparity.conformance.base import check
from dbparity.conformance.inventory import (
    created_constraints,
    created_indexes,
    name_of,
    reflected_indexes,
)
from dbparity.conformance.population import application_of, close_cycles, synthesizer
from dbparity.conformance.spares import fill
from dbparity.results import Finding, Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Index, Inspector, Table, TextClause
    from sqlalchemy.engine.interfaces import ReflectedIndex

    from dbparity.backends.base import Backend, Plan
    from dbparity.results import Item
    from dbparity.servers.database import Database

    _Predicate = ColumnElement[Any] | TextClause

_ROWS, _ENOUGH = 2000, 1000  # fewer are read at once, whatever index there is
_SELECTIVE = 0.05  # of the rows; to read all of them is right for more
_EQUALITY = {"btree", "hash"}
_ORDER = (Verified, Finding, Skipped)


@dataclass(frozen=True, eq=False)
class Lookup:
    """What an index is there for: rows by equality on ``expressions``, among those ``where``."""

    index: str
    expressions: tuple[ColumnElement[Any], ...]
    where: tuple[_Predicate, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The names of the expressions that are columns."""
        return {part.name for part in self.expressions if isinstance(part, Column)}

    @property
    def ways(self) -> tuple[Lookup, ...]:
        """By all expressions, and by the first alone."""
        first = replace(self, expressions=self.expressions[:1])
        return (self, first) if len(self.expressions) > 1 else (self,)


@check("schema", needs=("explains_indexes", "reflects_schema"))
def indexes_used(database: Database) -> Iterator[Item]:
    """The planner uses every index and unique constraint for the rows that it is there for."""
    population = synthesizer(database).population(_ROWS)
    filled = []
    for table, reason in fill(database, lambda table: population.rows[table.key]):
        if reason:
            yield Skipped(reason, Place(table.key))
        else:
            filled.append(table)
    with database.engine.begin() as connection:
        if len(filled) == len(population.rows):
            close_cycles(connection, population)
        database.backend.analyze(connection, filled)
    with database.engine.connect() as connection:
        for table in filled:
            rows = len(population.rows[table.key])
            yield from _table(database.backend, connection, table, rows)


@check("schema", needs=("reflects_schema",))
def foreign_keys_indexed(database: Database) -> Iterator[Item]:
    """Every foreign key has an index, so that to delete a parent need not read all children."""
    with database.engine.connect() as connection:
        inspector = inspect(connection)
        for table in application_of(database).metadata.tables.values():
            begun = _column_lists(inspector, table)
            keys = [
                [element.parent.name for element in constraint.elements]
                for constraint in created_constraints(connection, table)
                if isinstance(constraint, ForeignKeyConstraint)
            ]
            bare = [columns for columns in keys if not _begins(columns, begun)]
            if bare:
                yield _unindexed(table, bare)
            elif keys:
                yield Verified("every foreign key has an index", Place(table.key))


def _table(backend: Backend, connection: Connection, table: Table, rows: int) -> Iterator[Item]:
    reflected = reflected_indexes(inspect(connection), table)
    planner = _Planner(backend, connection, table, rows, _first_columns(reflected))
    for name, lookup in _lookups(connection, table, reflected):
        if isinstance(lookup, str):
            yield Skipped(f"{name}: {lookup}", Place(table.key))
        elif rows < _ENOUGH:
            reason = f"{name}: no more than {rows} rows can be made, too few for an index to matter"
            yield Skipped(reason, Place(table.key))
        else:
            yield planner.verdict(lookup)


def _lookups(
    connection: Connection, table: Table, reflected: list[ReflectedIndex]
) -> Iterator[tuple[str, Lookup | str]]:
    """What each index is there for, or why that cannot be asked."""
    for constraint in created_constraints(connection, table):
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(constraint.columns)
            spelled = ", ".join(column.name for column in columns)
            name = str(constraint.name or f"UNIQUE ({spelled})")
            yield name, Lookup(name, columns)
    quote = connection.dialect.identifier_preparer.quote
    methods = {quote(index["name"] or ""): _method(index) for index in reflected}
    for index in created_indexes(connection, table):
        name = name_of(connection, index)
        expressions = [_expression(given) for given in index.expressions]
        known = tuple(expression for expression in expressions if expression is not None)
        if methods.get(name):
            yield name, f"{methods[name]} indexes are not there for equality"
        elif len(known) < len(expressions):
            yield name, "it is over an expression that is given as text"
        else:
            yield name, Lookup(name, known, _predicate(connection, index))


def _method(index: ReflectedIndex) -> str:
    """How the index works, if it is not there for equality: gin, FULLTEXT, ..."""
    options = index.get("dialect_options", {})
    methods = [str(v) for key, v in options.items() if key.endswith(("_using", "_prefix"))]
    return "".join(method for method in methods if method.lower() not in _EQUALITY)


def _expression(given: object) -> ColumnElement[Any] | None:
    """What is indexed, whichever way it is sorted; None where it is given as text."""
    while isinstance(given, UnaryExpression) and given.modifier is not None:
        given = given.element
    return _literal(given) if isinstance(given, ColumnElement) else None


def _literal(clause: ColumnElement[Any]) -> ColumnElement[Any]:
    """With its values written out, as they are in the index: bound, they could be any."""

    def written(element: object, **_: object) -> BindParameter[Any] | None:
        return element.render_literal_execute() if isinstance(element, BindParameter) else None

    return cast("ColumnElement[Any]", replacement_traverse(clause, {}, written))


def _predicate(connection: Connection, index: Index) -> tuple[_Predicate, ...]:
    """What a partial index is restricted to on this backend, if it is."""
    where = index.dialect_options[connection.dialect.name].get("where")
    if where is None:
        return ()
    return (_literal(where) if isinstance(where, ColumnElement) else text(str(where)),)


@dataclass(frozen=True, eq=False)
class _Planner:
    """A backend's planner, asked about a table of so many ``rows``.

    ``first_columns`` has, of each index that is known by name, the column that it begins with.
    """

    backend: Backend
    connection: Connection
    table: Table
    rows: int
    first_columns: Mapping[str, str | None]

    def verdict(self, lookup: Lookup) -> Item:
        """Whether an index is used for ``lookup``: best by all its expressions, or by its first."""
        items = [self._ask(way) for way in lookup.ways]
        return min(items, key=lambda item: _ORDER.index(type(item)))

    def _ask(self, lookup: Lookup) -> Verified | Finding | Skipped:
        place = Place(self.table.key)
        key = {column.name for column in self.table.primary_key.columns}
        if key and key <= lookup.columns:
            return Skipped(f"{lookup.index}: the primary key tells its rows apart", place)
        rarest = self._rarest(lookup)
        if rarest is None:
            return Skipped(f"{lookup.index}: no row has values in all its columns", place)
        *values, share = rarest
        if share > _SELECTIVE:
            reason = f"{lookup.index}: not selective: any value is that of {share:.0%} of the rows"
            return Skipped(reason, place)
        conditions = [part == value for part, value in zip(lookup.expressions, values, strict=True)]
        asked = select(self.table).where(*conditions, *lookup.where)
        plan = self.backend.explain(self.connection, asked)
        if any(self._serves(name, lookup) for name in plan.indexes):
            return Verified(f"{lookup.index} is used for the rows that it is there for", place)
        return _unused(self.table, lookup, plan)

    def _rarest(self, lookup: Lookup) -> list[Any] | None:
        """The values that fewest rows have, and their share of all rows."""
        keys = [part.label(f"key_{number}") for number, part in enumerate(lookup.expressions)]
        filled = (part.is_not(None) for part in lookup.expressions)
        # A subquery, since an expression with values in it could not be grouped by.
        rows = select(*keys).where(*filled, *lookup.where).subquery()
        count = func.count()
        grouped = select(*rows.c, count).group_by(*rows.c).order_by(count).limit(1)
        found = self.connection.execute(grouped).first()
        if found is None:
            return None
        *values, these = found
        return [*values, these / self.rows]

    def _serves(self, name: str, lookup: Lookup) -> bool:
        """Whether the index ``name`` is the one meant, or finds the same rows another way."""
        quote = self.connection.dialect.identifier_preparer.quote
        # Nameless to SQLAlchemy is the index of a primary key.
        first = next((column.name for column in self.table.primary_key.columns), None)
        return quote(name) == lookup.index or self.first_columns.get(name, first) in lookup.columns


def _unused(table: Table, lookup: Lookup, plan: Plan) -> Finding:
    return Finding(
        code="INDEX-UNUSED",
        severity=Severity.DEGRADED,
        message=f"{lookup.index} is not used for the rows that it is there for",
        place=Place(table.key),
        expected=f"a plan that uses {lookup.index}",
        actual=plan.text,
        recommendation="see in the plan what is read instead; an index whose type, collation or "
        "expression is not that of the query, or that is invalid or invisible, is not used",
    )


def _first_columns(indexes: list[ReflectedIndex]) -> dict[str, str | None]:
    return {str(index["name"]): next(iter(index["column_names"]), None) for index in indexes}


def _column_lists(inspector: Inspector, table: Table) -> list[list[str | None]]:
    """The columns of everything by which rows of ``table`` are found."""
    key = inspector.get_pk_constraint(table.name)["constrained_columns"]
    return [list(key), *(index["column_names"] for index in reflected_indexes(inspector, table))]


def _begins(columns: list[str], lists: list[list[str | None]]) -> bool:
    return any(set(listed[: len(columns)]) == set(columns) for listed in lists)


def _unindexed(table: Table, keys: list[list[str]]) -> Finding:
    return Finding(
        code="FOREIGN-KEY-UNINDEXED",
        severity=Severity.NOTE,
        message="no index begins with the columns of some foreign keys",
        place=Place(table.key),
        expected="an index for each foreign key",
        actual="none for " + "; ".join(", ".join(columns) for columns in keys),
        recommendation="add indexes to the model if parents are ever deleted, or joined: MySQL and "
        "MariaDB make them by themselves, and the others read the whole table",
    )
