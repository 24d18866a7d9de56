"""Spare rows: valid rows of a table that are not in the database, while their parents are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select
from sqlalchemy.exc import StatementError

from dbparity.conformance.population import (
    keyed_tables,
    keyless_tables,
    synthesizer,
    where_key,
)
from dbparity.conformance.staging import refusal_of
from dbparity.results import Place, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database

_KEPT = 2


@dataclass(frozen=True, eq=False)
class Spares:
    """A table, ``rows`` that can be inserted into it in any order, and those that it ``kept``."""

    table: Table
    kept: tuple[Row, ...]
    rows: tuple[Row, ...]

    @property
    def place(self) -> Place:
        """The table."""
        return Place(self.table.key)


def spare_rows(database: Database, count: int) -> Iterator[Spares | Skipped]:
    """``count`` spare rows of each table, or why there are none, parents first.

    No row that is in the database references them.
    """
    yield from keyless_tables(database)
    heights = _heights(synthesizer(database).order)
    made: dict[str, tuple[Row, ...]] = {}
    found: dict[Table, Spares] = {}

    def rows_of(table: Table) -> tuple[Row, ...]:
        # So many that each spare row of a child can have a parent for itself.
        spares = found[table] = _spares(
            database, table, made, _KEPT + heights[table] * count, count
        )
        made[table.key] = spares.kept
        return (*spares.kept, *spares.rows)

    keyed = keyed_tables(database)
    for table, reason in fill(database, rows_of):
        if reason:
            yield Skipped(reason, Place(table.key))
        elif table in keyed:
            yield _checked(database, found[table], count)


def on_every_table(
    database: Database, count: int, examine: Callable[[Database, Spares], Iterator[Item]]
) -> Iterator[Item]:
    """``examine`` each table with ``count`` spare rows, or say why it cannot be."""
    for found in spare_rows(database, count):
        if isinstance(found, Skipped):
            yield found
        else:
            yield from examine(database, found)


def fill(
    database: Database, rows_of: Callable[[Table], Sequence[Row]]
) -> Iterator[tuple[Table, str]]:
    """Commit ``rows_of`` each table, parents first: the table, and why they are refused or ""."""
    refused: set[Table] = set()
    for table in synthesizer(database).order:
        reason = "rows that its rows reference were refused"
        if not refused & {fk.referred_table for fk in table.foreign_key_constraints}:
            reason = _refusal(database, table, rows_of(table))
        if reason:
            refused.add(table)
        yield table, reason


def is_there(connection: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Whether ``connection`` sees the row, by its key."""
    return bool(connection.scalar(select(func.count()).where(where_key(table, row))))


def _heights(tables: Sequence[Table]) -> dict[Table, int]:
    """By table, how many generations of others come below it."""
    heights = dict.fromkeys(tables, 0)
    for table in reversed(tables):
        for parent in {fk.referred_table for fk in table.foreign_key_constraints} - {table}:
            heights[parent] = max(heights[parent], heights[table] + 1)
    return heights


def _spares(
    database: Database,
    table: Table,
    parents: Mapping[str, Sequence[Row]],
    kept: int,
    count: int,
) -> Spares:
    rows = synthesizer(database).rows
    there = rows(table, kept, parents=parents)
    # With those for parents, none of the others references another.
    others = rows(table, count, parents={**parents, table.key: there}, start=kept)
    return Spares(table, tuple(there), tuple(others))


def _refusal(database: Database, table: Table, rows: Sequence[Row]) -> str:
    if not rows:
        return "it can have no rows"
    try:
        with database.engine.begin() as connection:
            connection.execute(table.insert(), list(rows))
    except StatementError as error:
        return f"its rows are refused {refusal_of(database, error)}"
    return ""


def _checked(database: Database, spares: Spares, count: int) -> Spares | Skipped:
    """The spare rows, deleted again, if they are as many as wanted and their keys find them."""
    if len(spares.rows) < count:
        reason = f"{count} spare rows are needed, and there are {len(spares.rows)}"
        return Skipped(reason, spares.place)
    table = spares.table
    with database.engine.begin() as connection:
        keys = or_(*(where_key(table, row) for row in spares.rows))
        connection.execute(table.delete().where(keys))
        left = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if left > len(spares.kept):
        return Skipped("its keys do not find the rows that were written with them", spares.place)
    return spares
