"""Clients: several connections that work on a table at once, as those of an application do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import and_, func, select
from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import Refusal
from dbparity.conformance.base import words
from dbparity.conformance.population import where_key
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Column, Connection, Executable, Table, Update

    from dbparity.conformance.staging import Row
    from dbparity.servers.database import Database

    # What is wrong: a code, and what was seen.
    Trouble = tuple[str, str]

T = TypeVar("T")
# An application that gives up on a conflict sooner loses its user's work.
_ATTEMPTS = 20
LOST, DOUBLED, UPDATE_LOST = "ROW-LOST", "ROW-DOUBLED", "UPDATE-LOST"
DELETE_LOST, REFUSED = "DELETE-LOST", "WRITE-REFUSED"


@dataclass(frozen=True, eq=False)
class Step:
    """An operation on ``row``, in a transaction of its own; it returns what is wrong, if it is."""

    table: Table
    row: Row
    perform: Callable[[Connection], Trouble | None]


@dataclass(frozen=True, eq=False)
class Script:
    """What a client does, and what must be so when all clients have ended."""

    steps: Sequence[Step] = ()
    outcome: Sequence[Step] = ()

    def __add__(self, other: Script) -> Script:
        """One after the other."""
        return Script((*self.steps, *other.steps), (*self.outcome, *other.outcome))


@dataclass(frozen=True, eq=False)
class Problem:
    """An operation that went wrong: how, and what was seen."""

    step: Step
    code: str
    said: str


@dataclass(frozen=True, eq=False)
class Tally:
    """How often steps were repeated for conflicts, and what went wrong."""

    conflicts: int = 0
    problems: tuple[Problem, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        """The two together."""
        return Tally(self.conflicts + other.conflicts, (*self.problems, *other.problems))


@dataclass(frozen=True, eq=False)
class Operations:
    """The operations on one table."""

    table: Table

    def insert(self, row: Row) -> Step:
        """Insert the row."""
        return Step(self.table, row, partial(_execute, self.table.insert().values(row)))

    def update(self, row: Row, values: Mapping[str, object]) -> Step:
        """Give it other ``values``."""
        return Step(self.table, row, partial(_execute, self._update(row).values(dict(values))))

    def increment(self, row: Row, column: Column[int]) -> Step:
        """Add one to ``column``, in one statement."""
        return Step(
            self.table, row, partial(_execute, self._update(row).values({column.key: column + 1}))
        )

    def delete(self, row: Row) -> Step:
        """Delete the row."""
        return Step(
            self.table,
            row,
            partial(_execute, self.table.delete().where(where_key(self.table, row))),
        )

    def find(self, row: Row, values: Mapping[str, object]) -> Step:
        """Find it once, with these ``values``."""
        return Step(self.table, row, partial(_find, self.table, row, values))

    def miss(self, row: Row) -> Step:
        """Find it no more."""
        return Step(self.table, row, partial(_miss, self.table, row))

    def _update(self, row: Row) -> Update:
        return self.table.update().where(where_key(self.table, row))


def work(database: Database, scripts: Sequence[Script], outcome: Sequence[Step] = ()) -> Tally:
    """Have a client for each script work at once with the others, then see what they have left.

    ``outcome`` is what must be so when all of them have ended without a problem.
    """
    clients = [partial(_client, database, script.steps) for script in scripts]
    done = all_at_once(database, clients)
    # What a client has left that was stopped by a problem is unknown.
    ended = [script for script, tally in zip(scripts, done, strict=True) if not tally.problems]
    looks = [look for script in ended for look in script.outcome]
    looks += outcome if len(ended) == len(scripts) else ()
    with database.engine.connect() as connection:
        left = [_insist(database, connection, look) for look in looks]
    return sum([*done, *left], Tally())


def all_at_once(database: Database, jobs: Sequence[Callable[[], T]]) -> list[T]:
    """What ``jobs``, run at once, return; raise the first exception among them."""
    returned = []
    for outcome in database.run_concurrently(jobs):
        if isinstance(outcome, Exception):
            raise outcome
        returned.append(outcome)
    return returned


def _client(database: Database, steps: Sequence[Step]) -> Tally:
    """Perform the steps up to the first problem."""
    tally = Tally()
    with database.engine.connect() as connection:
        for step in steps:
            tally += _insist(database, connection, step)
            if tally.problems:
                break
    return tally


def _insist(database: Database, connection: Connection, step: Step) -> Tally:
    """Perform a step, and repeat it for as long as it is in conflict with others."""
    said = ""
    for repeated in range(_ATTEMPTS):
        try:
            with connection.begin():
                trouble = step.perform(connection)
        except DBAPIError as error:
            said = words(error)
            if database.backend.refusal(error) is not Refusal.CONFLICT:
                return Tally(repeated, (Problem(step, REFUSED, said),))
        else:
            return Tally(repeated, (Problem(step, *trouble),) if trouble else ())
    said = f"in conflict {_ATTEMPTS} times: {said}"
    return Tally(_ATTEMPTS, (Problem(step, REFUSED, said),))


def _execute(statement: Executable, connection: Connection) -> None:
    connection.execute(statement)


def _find(
    table: Table, row: Row, values: Mapping[str, object], connection: Connection
) -> Trouble | None:
    key = where_key(table, row)
    count = connection.scalar(select(func.count()).where(key))
    if count != 1:
        return (DOUBLED, f"it is there {count} times") if count else (LOST, "it is not there")
    differing = {}
    for name, value in values.items():
        column = table.c[name]
        if not connection.scalar(select(func.count()).where(and_(key, column == value))):
            differing[name] = connection.scalar(select(column).where(key))
    if not differing:
        return None
    said = (f"{name} is {canonical(value)}" for name, value in differing.items())
    return UPDATE_LOST, ", ".join(said)


def _miss(table: Table, row: Row, connection: Connection) -> Trouble | None:
    there = connection.scalar(select(func.count()).where(where_key(table, row)))
    return (DELETE_LOST, "it is there") if there else None
