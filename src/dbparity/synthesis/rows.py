"""Make valid rows for all tables of a metadata."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis.blueprint import Blueprint
from dbparity.synthesis.changes import NO_OTHER_VALUE, is_another, others, violation
from dbparity.synthesis.checks import Judge, read_checks
from dbparity.synthesis.cycles import Closing, closings
from dbparity.synthesis.graph import insertion_order
from dbparity.synthesis.keys import Taken
from dbparity.synthesis.references import referable
from dbparity.synthesis.stream import RowStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import CheckConstraint, Column, MetaData, Table

    from dbparity.synthesis.blueprint import RowFactory
    from dbparity.synthesis.choices import Row
    from dbparity.synthesis.references import Parents


@dataclass(frozen=True)
class Population:
    """Rows for several tables.

    Attributes:
        rows: by table key, in the order in which they can be inserted.
        deferred: updates to make when all rows are there, which close the cycles of foreign keys:
            the table, the primary key of the row, and the columns to set.
    """

    rows: Mapping[str, tuple[Row, ...]]
    deferred: tuple[Closing, ...]


class RowSynthesizer:
    """Valid rows for the tables of ``metadata``: the same for the same ``seed``, table and number.

    Keys of rows are those of columns (``Column.key``), and tables go by ``Table.key``. Every column
    that the server does not fill itself has a value, also primary keys, integers from 1 up. Where a
    table has a factory, what it returns for a row's number takes the place of our own values, and
    checks that only the application's database can evaluate are trusted to it; it is called more
    than once for a number. Thread-safe.

    Attributes:
        order: the tables, parents first; cycles are broken over foreign keys that may be NULL.
    """

    def __init__(
        self,
        metadata: MetaData,
        *,
        seed: int = 0,
        factories: Mapping[str, RowFactory] | None = None,
    ) -> None:
        self._order = insertion_order(metadata)
        self.order = self._order.tables
        self._seed = seed
        self._factories = factories or {}
        self._judge, self._loose_judge = Judge(), Judge(loose=True)
        self._blueprints: dict[str, Blueprint] = {}
        self._streams: dict[str, tuple[object, RowStream]] = {}
        self._lock = RLock()

    def rows(
        self, table: Table, count: int, *, parents: Parents | None = None, start: int = 0
    ) -> list[Row]:
        """Make rows number ``start`` to ``start + count``, whose foreign keys are in ``parents``.

        A foreign key to a table without rows there is NULL. One to the table itself is to its rows
        in ``parents``, or else to rows before from ``start`` on. There are fewer rows than asked
        for where a key has no more combinations of parents and values.

        Raises:
            RowsUnsatisfiable: a column, check, or foreign key cannot be satisfied.
        """
        with self._lock:
            made = self._stream(table, parents or {}, start).upto(start + count)
            return [dict(row) for row in made[start:]]

    def population(self, counts: int | Mapping[str, int]) -> Population:
        """Make so many rows of every table, or of each of those that ``counts`` names.

        Raises:
            RowsUnsatisfiable: as `rows` does, for the first table for which it does.
        """
        with self._lock:
            made: dict[str, list[Row]] = {}
            for table in self.order:
                count = counts if isinstance(counts, int) else counts.get(table.key, 0)
                made[table.key] = self.rows(table, count, parents=made) if count else []
            deferred = tuple(closings(self._order.deferred, made, self._blueprint))
        rows = MappingProxyType({key: tuple(rows) for key, rows in made.items()})
        return Population(rows, deferred)

    def another(
        self,
        table: Table,
        column: Column[object],
        row: Mapping[str, object],
        index: int,
        *,
        parents: Parents | None = None,
    ) -> object:
        """Give a valid value for ``column`` of row ``index`` other than the one in ``row``.

        That of a foreign key is among ``parents``, or NULL. It is `NO_OTHER_VALUE` where there is
        only one.
        """
        with self._lock:
            blueprint, taken = self._blueprint(table), self._taken(table)
            given = dict(row)
            values = others(blueprint, column.key, given, index, parents or {})
            found: object = next(
                (
                    value
                    for value in values
                    if is_another(blueprint, column.key, given, value, taken.beside(given))
                ),
                NO_OTHER_VALUE,
            )
        return found

    def violation(
        self, table: Table, constraint: CheckConstraint, row: Mapping[str, object]
    ) -> Row | None:
        """Give ``row`` with as few changes as possible so that ``constraint`` refuses it.

        Nothing else refuses it where that is possible. None where no such row is found, or where
        only the application's database can evaluate the constraint.
        """
        with self._lock:
            blueprint, taken = self._blueprint(table), self._taken(table)
            checks = blueprint.checks.checks
            check = next((each for each in checks if each.constraint is constraint), None)
            if check is None:
                return None
            return violation(blueprint, check, dict(row), taken.beside(row))

    def _blueprint(self, table: Table) -> Blueprint:
        if table.key not in self._blueprints:
            checks, opaque = read_checks(table, self._judge, self._loose_judge)
            self._blueprints[table.key] = Blueprint(
                table=table,
                checks=checks,
                opaque=opaque,
                vicious=self._order.vicious,
                factory=self._factories.get(table.key),
                seed=self._seed,
            )
        return self._blueprints[table.key]

    def _stream(self, table: Table, parents: Parents, start: int) -> RowStream:
        """Give the stream of these parents; the last one of each table is kept."""
        blueprint = self._blueprint(table)
        if blueprint.opaque and not blueprint.factory:
            reason = "SQLite, which judges rows here, cannot evaluate it"
            raise RowsUnsatisfiable(table.key, blueprint.opaque[0].label, reason)
        own = not parents.get(table.key) and any(
            fk.referred_table is table for fk in blueprint.foreign_keys
        )
        base = start if own else 0
        identity = (base, [referable(fk, parents) for fk in blueprint.foreign_keys])
        kept = self._streams.get(table.key)
        if kept is None or kept[0] != identity:
            kept = self._streams[table.key] = identity, RowStream(blueprint, parents, base)
        return kept[1]

    def _taken(self, table: Table) -> Taken:
        kept = self._streams.get(table.key)
        return kept[1].taken if kept else Taken(())
