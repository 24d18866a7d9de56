"""Put tables into an order in which their rows can be inserted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import ForeignKeyConstraint, MetaData, Table

    Edges = Mapping[Table, Collection[ForeignKeyConstraint]]


@dataclass(frozen=True)
class InsertionOrder:
    """Tables, parents first.

    ``deferred`` are the foreign keys whose parents come later: they are NULL at first. ``vicious``
    are those among them that may not be NULL, with the cycle of tables they close.
    """

    tables: tuple[Table, ...]
    deferred: tuple[ForeignKeyConstraint, ...]
    vicious: Mapping[ForeignKeyConstraint, str]


def insertion_order(metadata: MetaData) -> InsertionOrder:
    """Order the tables of ``metadata``; cycles are broken over nullable foreign keys."""
    edges = {table: _edges(table) for table in metadata.tables.values()}
    order: list[Table] = []
    deferred: list[ForeignKeyConstraint] = []
    while edges:
        table = _next(edges)
        deferred += [fk for fk in edges.pop(table) if fk.referred_table in edges]
        order.append(table)
    vicious = {fk: _cycle(fk) for fk in deferred if not nullable(fk)}
    return InsertionOrder(tuple(order), tuple(deferred), vicious)


def nullable(foreign_key: ForeignKeyConstraint) -> bool:
    """Whether a row can go without this foreign key."""
    return any(column.nullable for column in foreign_key.columns)


def sorted_foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    """Give the foreign keys of ``table``, widest first, in an order that never changes."""
    names = {column: position for position, column in enumerate(table.columns)}
    return sorted(
        table.foreign_key_constraints,
        key=lambda fk: (-len(fk.columns), [names[column] for column in fk.columns], str(fk.name)),
    )


def _edges(table: Table) -> list[ForeignKeyConstraint]:
    return [fk for fk in sorted_foreign_keys(table) if fk.referred_table is not table]


def _next(edges: Edges) -> Table:
    """Give a table that waits for nobody, or the best place to break a cycle that waits."""
    for table in edges:
        if not _waits(table, edges):
            return table
    cycle = _first_cycle(edges)
    return min(cycle, key=lambda table: sum(not nullable(fk) for fk in _waits(table, edges)))


def _waits(table: Table, edges: Edges) -> list[ForeignKeyConstraint]:
    return [fk for fk in edges[table] if fk.referred_table in edges]


def _first_cycle(edges: Edges) -> list[Table]:
    """Give tables that all need each other and nobody else."""
    needs = {table: _reachable(table, edges) for table in edges}
    return next(
        sorted(needs[table], key=list(edges).index)
        for table in edges
        if all(table in needs[other] for other in needs[table])
    )


def _reachable(start: Table, edges: Edges) -> set[Table]:
    found: set[Table] = set()
    ahead: Iterable[Table] = [start]
    while ahead:
        ahead = {fk.referred_table for table in ahead for fk in _waits(table, edges)} - found
        found |= ahead
    return found


def _cycle(foreign_key: ForeignKeyConstraint) -> str:
    """Spell the shortest way from the table over its parent back to itself."""
    ways = [[foreign_key.table, foreign_key.referred_table]]
    while foreign_key.table not in (ahead := [fk.referred_table for fk in _edges(ways[0][-1])]):
        ways = [*ways[1:], *([*ways[0], table] for table in ahead if table not in ways[0])]
    return " → ".join(table.key for table in (*ways[0], foreign_key.table))
