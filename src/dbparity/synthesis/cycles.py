"""Close the cycles of foreign keys when all rows are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table

from dbparity.synthesis.choices import Row
from dbparity.synthesis.keys import Taken
from dbparity.synthesis.references import optional_columns, referable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ForeignKeyConstraint

    from dbparity.synthesis.blueprint import Blueprint

# The table, the primary key of the row, and what to set.
Closing = tuple[Table, Row, Row]

_ROUND = 4
_NEAR = 50


def closings(
    foreign_keys: Iterable[ForeignKeyConstraint],
    made: Mapping[str, Sequence[Row]],
    blueprint_of: Callable[[Table], Blueprint],
) -> Iterator[Closing]:
    """Give the updates that fill ``foreign_keys``; in every fourth row they stay NULL."""
    final = {key: [dict(row) for row in rows] for key, rows in made.items()}
    for foreign_key in foreign_keys:
        rows, parents = final[foreign_key.table.key], referable(foreign_key, made)
        named = foreign_key.table.primary_key.columns.keys()
        if rows and parents and rows[0].keys() >= set(named) > set():
            yield from _closings(blueprint_of(foreign_key.table), foreign_key, rows, parents)


def _closings(
    blueprint: Blueprint, foreign_key: ForeignKeyConstraint, rows: list[Row], parents: list[Row]
) -> Iterator[Closing]:
    optional = optional_columns(foreign_key)
    names = tuple(column.key for column in blueprint.table.primary_key.columns)
    taken = Taken(blueprint.keys)
    for row in rows:
        taken.add(row)

    def fits(row: Row, parent: Row) -> bool:
        changed = row | {column: parent[column] for column in optional}
        agrees = all(changed[column] == value for column, value in parent.items())
        return agrees and not taken.repeated(changed, row) and not blueprint.checks.broken(changed)

    for index, row in enumerate(rows):
        if index % _ROUND == _ROUND - 1 or any(row[column] is not None for column in optional):
            continue
        parent = next((parent for parent in _near(parents, index) if fits(row, parent)), None)
        if parent:
            values = {column: parent[column] for column in optional}
            row.update(values)  # what comes next has to fit to it
            taken.add(row)
            yield blueprint.table, {name: row[name] for name in names}, values


def _near(parents: Sequence[Row], index: int) -> Iterator[Row]:
    """Give the parents from the one as far down as row ``index``."""
    return (parents[(index + step) % len(parents)] for step in range(min(_NEAR, len(parents))))
