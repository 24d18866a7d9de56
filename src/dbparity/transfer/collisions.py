"""Rows that are one to a unique key of the target, as the target itself compares them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, column, func, select
from sqlalchemy import table as named_table

from dbparity.results import Finding, Place, Severity
from dbparity.snapshots import Column, Family, Key, Table
from dbparity.targets import version_tuple
from dbparity.transfer.bisect import load_or_bisect
from dbparity.wires import Field, Kind, Selection, raw, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnClause, Connection, Engine, Select

    from dbparity.backends.base import Backend
    from dbparity.backends.homes.base import Home
    from dbparity.backends.wires.base import Reader
    from dbparity.snapshots import Collation, Type
    from dbparity.transfer.plan import Plan
    from dbparity.transfer.routes import Route
    from dbparity.wires import BadCell

COLLIDES = "DATA-COLLIDES"
_SHOWN = 20  # of a key; all are counted
_CURE = "Make them differ in more than case, accents or spelling, or have the key compare exactly."
_KEYS = "dbparity_keys"  # a temporary table
# One value in several spellings, where nobody is held to a type.
_SPELLED = frozenset({Family.DATE, Family.TIME, Family.DATETIME, Family.UUID, Family.JSON})
_WHOLE = frozenset({Family.INTEGER, Family.BOOLEAN})


@dataclass(frozen=True)
class Collisions:
    """Asks a target, in a temporary table of its own, which rows of a source are one to it."""

    plan: Plan
    backend: Backend
    writer: Engine
    reader: Reader

    def found(self, way: Route) -> Iterator[Finding]:
        """The rows of one table that a key of the target takes for others."""
        for key in doubtful(way):
            # Whatever was made goes with the connection.
            with self.writer.connect() as connection:
                yield from self._asked(connection, way, key)
                connection.invalidate()

    def _asked(self, connection: Connection, way: Route, key: Key) -> Iterator[Finding]:
        pairs = {pair[1].column.name: pair for pair in way.pairs}
        leaving = tuple(pairs[name][0] for name in key.columns)
        into = tuple(self._bare(pairs[name][1]) for name in key.columns)
        self._make(connection, into)
        loader = self.backend.loader(connection)
        for batch in self.reader.read(Selection(way.source.name, leaving), _leave):
            # What is refused is told by whoever looks at the cells.
            load_or_bisect(connection, loader, _KEYS, into, [batch])
        rows = int(connection.scalar(_count(into, key)) or 0)
        if rows:
            names = [field.column.name for field in leaving]
            shown = connection.execute(_alike(into, key)).all()
            yield from _findings(way.source.name, names, shown, rows)

    def _make(self, connection: Connection, into: Sequence[Field]) -> None:
        home = self._home()
        made = Table(_KEYS, tuple(field.column for field in into))
        columns = ", ".join(home.column(each, made) for each in made.columns)
        # Types that the plan makes are not there yet; what is in a transaction is never there.
        before = home.prelude([made]) if self.plan.before else ()
        for statement in (*before, f"CREATE TEMPORARY TABLE {home.name(_KEYS)} ({columns})"):
            plain = connection.execution_options(no_parameters=True)
            plain.exec_driver_sql(statement)

    def _bare(self, field: Field) -> Field:
        """Of a column that takes NULL, and has the type alone.

        A database whose own collation is exact may know no name for it.
        """
        kind = field.column.type
        version = version_tuple(self.plan.target_schema.version)
        if kind.collation is not None and self.backend.features(version).case_sensitive:
            kind = replace(kind, collation=None if _is_exact(kind.collation) else kind.collation)
        return replace(field, column=Column(field.column.name, kind))

    def _home(self) -> Home:
        home = self.backend.home(version_tuple(self.plan.target_schema.version))
        assert home is not None  # noqa: S101  # as for whatever rows are loaded into
        return home


def _leave(_cell: BadCell) -> None:
    """Leave out what cannot be read: it is told elsewhere."""


def doubtful(way: Route) -> Iterator[Key]:
    """The keys of the target that may take for one what are two rows of the source.

    Those over expressions or parts of a table are left to the server.
    """
    pairs = {other.column.name: (one.column, other.column) for one, other in way.pairs}
    theirs = [frozenset(key.columns) for key in _keys(way.source)]
    for key in _keys(way.target):
        if not pairs.keys() >= set(key.columns):
            continue
        own = [pairs[name] for name in key.columns]
        names = {one.name for one, _ in own}
        promised = any(each <= names for each in theirs)
        nulls = not key.nulls_distinct and any(one.nullable for one, _ in own)
        if nulls or not promised or any(folds(one.type, other.type) for one, other in own):
            yield key


def _keys(table: Table) -> Iterator[Key]:
    """The unique keys over columns as they are."""
    if table.primary_key is not None:
        yield table.primary_key
    yield from table.uniques
    for index in table.indexes:
        plain = not index.predicate and all(
            part.column and not part.prefix and not part.collation for part in index.parts
        )
        if index.unique and plain:
            yield Key(index.name, tuple(part.column for part in index.parts), index.nulls_distinct)


def folds(source: Type, target: Type) -> bool:
    """Whether two values of a source may be one in a target."""
    if target.family is Family.TEXT:
        return _folds_texts(source, target)
    if source.family is target.family:
        return target.enforced and not source.enforced and source.family in _SPELLED
    return not {source.family, target.family} <= _WHOLE


def _folds_texts(source: Type, target: Type) -> bool:
    kept = target.collation
    if kept is None:
        return False
    return source.collation != kept and not _is_exact(kept)


def _is_exact(kept: Collation) -> bool:
    """Whether it takes no two texts for one; one of weights may, even if it tells all marks."""
    told = kept.case_sensitive and kept.accent_sensitive and kept.pads is False
    return bool(told) and not kept.name.endswith("_cs")


def _count(into: Sequence[Field], key: Key) -> Select[Any]:
    columns = _columns(into)
    several = _told(select(func.count().label("n")), into, key).group_by(*columns)
    groups = several.having(func.count() > 1).subquery("several")
    return select(func.sum(groups.c.n))


def _alike(into: Sequence[Field], key: Key) -> Select[Any]:
    """Those of the first groups, beside each other."""
    columns = _columns(into)
    number = func.count().over(partition_by=columns).label("dbparity_n")
    rows = _told(select(*columns, number), into, key).subquery("rows_of_keys")
    spelled = [
        rows.c[field.column.name]
        if field.wire.kind is Kind.BINARY
        else cast(rows.c[field.column.name], String())
        for field in into
    ]
    order = [rows.c[field.column.name] for field in into]
    return select(*spelled).where(rows.c.dbparity_n > 1).order_by(*order).limit(_SHOWN)


def _told(query: Select[Any], into: Sequence[Field], key: Key) -> Select[Any]:
    """From the keys; NULL is like no other unless the key says so."""
    query = query.select_from(named_table(_KEYS, *_columns(into)))
    told = [] if not key.nulls_distinct else [each.is_not(None) for each in _columns(into)]
    return query.where(*told)


def _columns(into: Sequence[Field]) -> list[ColumnClause[Any]]:
    return [column(field.column.name) for field in into]


def _findings(
    table: str, names: Sequence[str], shown: Sequence[Sequence[object]], rows: int
) -> Iterator[Finding]:
    more = "" if rows <= _SHOWN else f"; {_SHOWN} of {rows:,} are shown"
    for cells in shown:
        spelled = ", ".join(
            f"{name}={shortened(raw(cell))}" for name, cell in zip(names, cells, strict=True)
        )
        yield Finding(
            COLLIDES,
            Severity.LOST,
            f"another row is the same to the target's key ({', '.join(names)}){more}",
            Place(table, ", ".join(names), spelled),
            recommendation=_CURE,
        )
