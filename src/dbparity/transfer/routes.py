"""The columns of a table beside those of another: what is read, written and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.transfer.admission import column_named, named
from dbparity.wires import Field, Selection, wire_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.snapshots import Column, Snapshot, Table
    from dbparity.transfer.plan import Plan
    from dbparity.wires import Cell


@dataclass(frozen=True)
class Route:
    """The rows of a table on their way to another, or beside them.

    Attributes:
        source, target: the tables.
        leaving, arriving: their columns, as many, in the same order and with the same wires.
        key: the columns of the source by which rows are told apart; () where there is no key.
    """

    source: Table
    target: Table
    leaving: tuple[Field, ...]
    arriving: tuple[Field, ...]
    key: tuple[str, ...] = ()

    @property
    def target_key(self) -> tuple[str, ...]:
        """The key as the target's columns."""
        names = {one.column.name: other.column.name for one, other in self.pairs}
        return tuple(names[name] for name in self.key)

    @property
    def pairs(self) -> tuple[tuple[Field, Field], ...]:
        """Each column beside the other."""
        return tuple(zip(self.leaving, self.arriving, strict=True))

    @property
    def written(self) -> Route:
        """Without the columns that the target generates: these are compared, never written."""
        kept = [pair for pair in self.pairs if pair[1].column.computed is None]
        leaving, arriving = (tuple(side) for side in zip(*kept, strict=True)) if kept else ((), ())
        return Route(self.source, self.target, leaving, arriving, self.key)

    def read(self, after: tuple[Cell, ...] = ()) -> Selection:
        """The source's rows, by the key, behind that of one."""
        return Selection(self.source.name, self.leaving, self.key, after)

    def reread(self, after: tuple[Cell, ...] = ()) -> Selection:
        """The target's rows, likewise."""
        return Selection(self.target.name, self.arriving, self.target_key, after)


def route(source: Table, target: Table) -> Route:
    """Between two tables, by the columns that both have; names count in whichever capitals."""
    pairs = [*_paired(source, target)]
    leaving, arriving = [], []
    for one, other in pairs:
        wire = wire_of(one.type, other.type)
        leaving.append(Field(one, wire))
        arriving.append(Field(other, wire))
    return Route(source, target, tuple(leaving), tuple(arriving), _key(source, dict(pairs)))


def routes(plan: Plan) -> tuple[Route, ...]:
    """Those of a migration, in the order of its loads."""
    return tuple(
        route(_table(load.table, plan.source_schema), _table(load.target_table, plan.target_schema))
        for load in plan.loads
    )


def _table(name: str, schema: Snapshot) -> Table:
    table = named(name, schema)
    assert table is not None, name  # noqa: S101  # a plan names what its schemas have
    return table


def _paired(source: Table, target: Table) -> Iterator[tuple[Column, Column]]:
    for column in source.columns:
        other = column_named(column.name, target)
        if other is not None:
            yield column, other


def _key(source: Table, pairs: dict[Column, Column]) -> tuple[str, ...]:
    """The source's first key of columns that are NULL on neither side, and all written."""
    filled = {
        one.name
        for one, other in pairs.items()
        if not (one.nullable or other.nullable or other.computed)
    }
    keys = [source.primary_key, *source.uniques]
    found = (key.columns for key in keys if key is not None and filled.issuperset(key.columns))
    return next(found, ())
