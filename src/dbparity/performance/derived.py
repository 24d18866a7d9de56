"""Workloads that a model suggests, for an application that declares none."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, func, select

from dbparity.conformance.population import (
    keyed_tables,
    synthesizer,
    underlying,
    where_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, Engine, Executable, Select, Table

    from dbparity.performance.workloads import Workload
    from dbparity.servers.database import Database
    from dbparity.synthesis import Population

    Row = dict[str, object]
    Operation = Callable[[], object]
    Suggestion = tuple[str, Callable[[Database], Operation], int]

_PAGE = 50
_TEN = 10
_SEARCHED = 2  # tables
_AGENTS, _OPERATIONS = 25, 10


@dataclass(frozen=True, eq=False)
class Dataset:
    """The rows in a database: those that were made up, or None where they are its own."""

    population: Population | None


def connect(database: Database) -> Operation:
    """Acquire a connection, and give it back."""
    engine = database.engine

    def operation() -> None:
        with engine.connect():
            pass

    return operation


class Agents:
    """25 agents at once, each doing 10 operations of those workloads that only read.

    ``taken`` has the seconds of each of the 250 operations of the last call. No agent begins
    another one after ``ends``, a time of `time.perf_counter`. Each waits ``pause`` seconds between
    two operations; they begin one after the other.
    """

    def __init__(self, workloads: Sequence[Workload], database: Database) -> None:
        self._database = database
        self._reading = [each.prepare(database) for each in workloads if reads(each)]
        self.taken: list[float] = []
        self.ends = math.inf
        self.pause = 0.0

    def __call__(self) -> None:
        """Let all agents work, and raise what the first failure of theirs was."""
        self.taken = []
        jobs = [partial(self._work, number) for number in range(_AGENTS)]
        for done in self._database.run_concurrently(jobs):
            if isinstance(done, Exception):
                raise done

    def _work(self, number: int) -> None:
        self._database.sleep(self.pause * number / _AGENTS)
        for step in range(_OPERATIONS):
            operation = self._reading[(number + step) % len(self._reading)]
            began = time.perf_counter()
            operation()
            now = time.perf_counter()
            self.taken.append(now - began)
            if now >= self.ends:
                break
            self._database.sleep(self.pause)


def derived(database: Database, data: Dataset) -> Iterator[Suggestion]:
    """Queries on the table that refers to most others, and on those around it.

    There are none where no table has both a key and rows.
    """
    tables = [table for table in keyed_tables(database) if _some_row(database, table)]
    if not tables:
        return
    chains = {table: _chain(table, tables) for table in tables}
    focus = max(tables, key=lambda table: (len(chains[table]), len(table.columns)))
    row = _some_row(database, focus)
    name = focus.name
    order = list(focus.primary_key.columns)
    page = select(focus).order_by(*order).limit(_PAGE)
    yield f"select.{name}", _reading(select(focus).where(where_key(focus, row))), 1
    yield f"count.{name}", _reading(select(func.count()).select_from(focus)), 1
    yield f"list.{name}", _reading(page), 1
    for foreign in sorted(focus.foreign_keys, key=lambda key: key.parent.name)[:1]:
        column = foreign.parent
        query = select(focus).where(column == row[column.key]).order_by(*order).limit(_PAGE)
        yield f"select.{name}.by_{column.name}", _reading(query), 1
        grouped = select(column, func.count()).group_by(column).order_by(func.count().desc())
        yield f"aggregate.{name}", _reading(grouped.limit(_PAGE)), 1
    yield from _searches(database, [focus, *(each for each in tables if each is not focus)])
    if len(chains[focus]) > 1:
        yield f"join.{name}", _reading(_joined(chains[focus])), 1
    if data.population is not None:
        supply = _Supply(database, focus, data.population)
        yield f"insert.{name}", partial(_Inserting, supply=supply, each=1), 1
        yield f"insert_ten.{name}", partial(_Inserting, supply=supply, each=_TEN), _TEN


def _reading(statement: Executable) -> Callable[[Database], Operation]:
    def prepare(database: Database) -> Operation:
        engine = database.engine

        def operation() -> None:
            with engine.connect() as connection:
                connection.execute(statement).all()

        return operation

    return prepare


class _Supply:
    """Rows that are not in the table, shared by all that insert into it."""

    def __init__(self, database: Database, table: Table, population: Population) -> None:
        self.table = table
        self._synthesizer = synthesizer(database)
        self._parents = population.rows
        self._made = len(population.rows[table.key])
        self._free: list[Row] = []

    def take(self, count: int) -> list[Row]:
        """So many rows, to be given back when they are not in the table any more."""
        if (wanted := count - len(self._free)) > 0:
            self._free += self._synthesizer.rows(
                self.table, wanted, parents=self._parents, start=self._made
            )
            self._made += wanted
        taken, self._free = self._free[:count], self._free[count:]
        return taken

    def give_back(self, rows: list[Row]) -> None:
        """Have those rows again."""
        self._free += rows


class _Inserting:
    """Insert rows and commit. What was inserted is deleted before the next series of calls."""

    def __init__(self, database: Database, supply: _Supply, each: int) -> None:
        self._engine: Engine = database.engine
        self._supply, self._each = supply, each
        self._rows: list[Row] = []
        self._inserted = 0

    def ready(self, calls: int) -> None:
        """Have rows for so many calls; forget those of the calls before."""
        table = self._supply.table
        with self._engine.begin() as connection:
            for row in self._rows[: self._inserted]:
                connection.execute(table.delete().where(where_key(table, row)))
        self._supply.give_back(self._rows)
        self._rows, self._inserted = self._supply.take(calls * self._each), 0

    def __call__(self) -> None:
        """Insert the next rows."""
        with self._engine.begin() as connection:
            for _ in range(self._each):
                connection.execute(self._supply.table.insert(), self._rows[self._inserted])
                self._inserted += 1


def reads(workload: Workload) -> bool:
    """Whether it can be repeated at once by many, since by its id it changes nothing."""
    return not workload.id.startswith(("insert", "update", "delete"))


def _searches(database: Database, tables: Sequence[Table]) -> Iterator[Suggestion]:
    dialect = database.engine.dialect
    searched: list[tuple[Table, Column[Any]]] = []
    for table in tables:
        keys = set(table.primary_key.columns) | {key.parent for key in table.foreign_keys}
        texts = [
            column
            for column in table.columns
            if column not in keys and isinstance(underlying(column, dialect), String)
        ]
        if texts:
            searched.append((table, texts[0]))
    for table, column in searched[:_SEARCHED]:
        query = select(table).where(column.contains("e7")).limit(_PAGE)
        yield f"search.{table.name}.{column.name}", _reading(query), 1


def _chain(table: Table, tables: Sequence[Table]) -> list[Table]:
    """``table``, one that it refers to, and one that that refers to, each another one."""
    chain = [table]
    for _ in range(2):
        parents = {key.column.table for key in chain[-1].foreign_keys} - set(chain)
        known = [each for each in tables if each in parents]
        if not known:
            break
        chain.append(max(known, key=lambda each: len(each.foreign_keys)))
    return chain


def _joined(chain: Sequence[Table]) -> Select[Any]:
    joined = chain[0].join(chain[1])
    for table in chain[2:]:
        joined = joined.join(table)
    order = list(chain[0].primary_key.columns)
    columns = [column.label(None) for table in chain for column in table.columns]
    return select(*columns).select_from(joined).order_by(*order).limit(_PAGE)


def _some_row(database: Database, table: Table) -> Mapping[str, Any]:
    """The first row by its key; empty where there is none."""
    query = select(table).order_by(*table.primary_key.columns).limit(1)
    with database.engine.connect() as connection:
        found = connection.execute(query).mappings().first()
    return {column.key: found[column] for column in table.columns} if found is not None else {}
