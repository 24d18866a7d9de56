"""Concurrency: many connections at once, and nothing is lost, doubled or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer, String

from dbparity.conformance.base import Check, check
from dbparity.conformance.clients import (
    DELETE_LOST,
    DOUBLED,
    LOST,
    REFUSED,
    UPDATE_LOST,
    Operations,
    Script,
    work,
)
from dbparity.conformance.population import insertable, place, synthesizer, underlying, where_key
from dbparity.conformance.spares import Spares, spare_rows
from dbparity.conformance.staging import refused
from dbparity.conformance.uniqueness import uniques
from dbparity.results import Finding, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Column, Table
    from sqlalchemy.types import TypeEngine

    from dbparity.conformance.clients import Problem, Step, Tally
    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database

_WRITERS, _ROWS_EACH = 10, 10
_AGENTS, _ROWS_OF_AN_AGENT = 25, 3
_INCREMENTS_EACH = 10
_NAMED = 10  # rows in a finding
_MESSAGES = {
    LOST: "rows whose commit succeeded are not there",
    DOUBLED: "rows that were written once are there more than once",
    UPDATE_LOST: "values whose commit succeeded are not there",
    DELETE_LOST: "rows that were deleted are there",
    REFUSED: "operations are refused while others work, which are accepted alone",
}
_CURES = {
    REFUSED: "lower the number of writers, or wait longer for locks; see the error",
}
_CURE = (
    "see what ends transactions between the application and the server: event listeners, proxies, "
    "triggers; and whether the table's storage engine has transactions"
)


@check("concurrency")
def writers(database: Database) -> Iterator[Item]:
    """10 writers insert 10 rows into every table, one by one: all are there, once."""
    found, skipped = _spares(database, _WRITERS * _ROWS_EACH)
    yield from skipped
    scripts = [
        sum((_writer(spares, number) for spares in found), Script()) for number in range(_WRITERS)
    ]
    yield from _judged(found, _WRITERS, work(database, scripts))


@check("concurrency")
def agents(database: Database) -> Iterator[Item]:
    """25 agents do 10 operations each on rows of their own: each finds what it has done."""
    found, skipped = _spares(database, _AGENTS * _ROWS_OF_AN_AGENT)
    yield from skipped
    scripts = [Script()] * _AGENTS
    if found:
        # Every table has an agent, if some of them must work on several.
        for number in range(max(_AGENTS, len(found))):
            spares = found[number % len(found)]
            scripts[number % _AGENTS] += _agent(database, spares, number // len(found))
    yield from _judged(found, _AGENTS, work(database, scripts))


@check("concurrency", needs=("savepoints",))
def increments(database: Database) -> Iterator[Item]:
    """10 writers add 1 to the same number 10 times each: the sum is exact."""
    found, skipped = _spares(database, 1)
    yield from skipped
    counted, steps, sums = [], [], []
    for spares in found:
        counter = _counter(database, spares)
        if counter is None:
            yield Skipped("it has no number that could be counted up", spares.place)
        else:
            counted.append(spares)
            steps += [counter.increment] * _INCREMENTS_EACH
            sums.append(counter.sum)
    tally = work(database, [Script(steps)] * _WRITERS, sums)
    yield from _judged(counted, _WRITERS, tally)


def _spares(database: Database, count: int) -> tuple[list[Spares], list[Skipped]]:
    found = list(spare_rows(database, count))
    return (
        [item for item in found if isinstance(item, Spares)],
        [item for item in found if isinstance(item, Skipped)],
    )


def _writer(spares: Spares, number: int) -> Script:
    do, share = Operations(spares.table), spares.rows[number::_WRITERS]
    return Script([do.insert(row) for row in share], [do.find(row, {}) for row in share])


def _agent(database: Database, spares: Spares, number: int) -> Script:
    do, start = Operations(spares.table), number * _ROWS_OF_AN_AGENT
    first, passing, last = spares.rows[start : start + _ROWS_OF_AN_AGENT]
    change = _change(database, spares, start)
    found = do.find(first, change)
    steps = [
        do.insert(first),
        do.find(first, {}),
        do.update(first, change) if change else do.find(first, {}),
        found,
        do.insert(passing),
        do.find(passing, {}),
        do.delete(passing),
        do.miss(passing),
        do.insert(last),
        found,
    ]
    return Script(steps, [found, do.miss(passing), do.find(last, {})])


def _change(database: Database, spares: Spares, number: int) -> Row:
    """Another value for a column of a spare row, if one can be had and asked for."""
    row, index = spares.rows[number], len(spares.kept) + number
    for column in _ordinary(database, spares.table, (Boolean, Integer, String)):
        value = synthesizer(database).another(spares.table, column, row, index)
        # Of no decorator's own class, which need not be equal to itself in the database.
        if isinstance(value, int | str):
            return {column.key: value}
    return {}


@dataclass(frozen=True, eq=False)
class _Counter:
    """The step that counts up by one, and the look at the sum when all have counted."""

    increment: Step
    sum: Step


def _counter(database: Database, spares: Spares) -> _Counter | None:
    """Insert a row with a column that can be counted up."""
    table, (row,) = spares.table, spares.rows
    do, total = Operations(table), _WRITERS * _INCREMENTS_EACH
    with database.engine.connect() as connection:
        connection.execute(table.insert().values(row))
        for column, start in _starts(database, spares):
            update = table.update().where(where_key(table, row))
            ends = (update.values({column.key: number}) for number in (start + total, start))
            if refused(database, connection, *ends) is None:
                connection.execute(update.values({column.key: start}))
                connection.commit()
                sum_ = do.find(row, {column.key: start + total})
                return _Counter(do.increment(row, column), sum_)
    return None


def _starts(database: Database, spares: Spares) -> Iterator[tuple[Column[Any], int]]:
    for column in _ordinary(database, spares.table, (Integer,)):
        yield column, 0
        if isinstance(value := spares.rows[0][column.key], int):
            yield column, value


def _ordinary(
    database: Database, table: Table, kinds: tuple[type[TypeEngine[Any]], ...]
) -> list[Column[Any]]:
    """The columns of these kinds that are part of no key and no foreign key."""
    keys = {column for unique in uniques(table) for column in unique.columns}
    dialect = database.engine.dialect
    return [
        column
        for column in table.columns
        if column not in keys
        and not column.foreign_keys
        and insertable(column)
        and isinstance(underlying(column, dialect), kinds)
    ]


def _judged(found: Sequence[Spares], clients: int, tally: Tally) -> Iterator[Item]:
    claim = f"{clients} clients at once: what each did is kept, after {tally.conflicts} repetitions"
    for spares in found:
        problems = [problem for problem in tally.problems if problem.step.table is spares.table]
        if not problems:
            yield Verified(claim, spares.place)
        for code in dict.fromkeys(problem.code for problem in problems):
            yield _finding([problem for problem in problems if problem.code == code])


def _finding(problems: Sequence[Problem]) -> Finding:
    steps, code = [problem.step for problem in problems], problems[0].code
    places = [place(step.table, row=step.row) for step in steps]
    named = [f"{at.key}: {problem.said}" for at, problem in zip(places, problems, strict=True)]
    more = [f"and {len(named) - _NAMED} more"] if len(named) > _NAMED else []
    return Finding(
        code=code,
        severity=Severity.WRONG if code == REFUSED else Severity.LOST,
        message=_MESSAGES[code],
        place=places[0],
        expected="every operation that was committed is kept, and only those",
        actual="; ".join([*named[:_NAMED], *more]),
        recommendation=_CURES.get(code, _CURE),
    )


CHECKS: tuple[Check, ...] = (writers, agents, increments)
