"""Basic operations: insert, select, update and delete on every table of the application."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from dbparity.backends.base import Refusal
from dbparity.conformance.base import Check, check
from dbparity.conformance.defaults import defaults, nulls
from dbparity.conformance.population import (
    close_cycles,
    insertable,
    keyed_tables,
    keyless_tables,
    open_cycles,
    place,
    populate,
    settled,
    synthesizer,
    where_key,
)
from dbparity.conformance.reading import (
    Cell,
    changed_cells,
    miscounted,
    paired,
    read,
    shown,
    value_changed,
)
from dbparity.conformance.selects import select_rows
from dbparity.conformance.staging import (
    Entry,
    Refused,
    foreign_keys_of,
    put,
    refusal_of,
    refused,
    savepoint,
    spelled,
)
from dbparity.results import Finding, Place, Severity, Skipped, Verified
from dbparity.synthesis import NO_OTHER_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database

_MANY = 24  # rows of a table: among them every edge that the synthesizer has of a column
_VALUES = 3  # other values that a column is updated to
# What another row may cause: it has the value already, or references the one that it replaces.
_IN_THE_WAY = (Refusal.UNIQUE, Refusal.FOREIGN_KEY)


@dataclass(frozen=True)
class Updated:
    """What an update to ``change`` did: how many rows it matched, and the row afterwards."""

    change: Row
    matched: int
    after: Row


@check("operations", needs=("savepoints",))
def insert_and_read_back(database: Database) -> Iterator[Item]:
    """Rows that were inserted are there, with every value that was written."""
    population = synthesizer(database).population(_MANY)
    failed: set[Table] = set()
    with database.engine.begin() as connection:
        for table in synthesizer(database).order:
            rows = population.rows[table.key]
            if any(constraint.referred_table in failed for constraint in foreign_keys_of(table)):
                failed.add(table)
                yield Skipped("rows that its rows reference were refused", Place(table.key))
            elif finding := _insert(database, connection, table, rows):
                failed.add(table)
                yield finding
        if not failed:
            close_cycles(connection, population)
    written = population.rows if failed else settled(population)
    with database.engine.connect() as connection:
        for table in synthesizer(database).order:
            if table not in failed:
                yield from _read_back(connection, table, written[table.key])


@check("operations", needs=("savepoints",))
def update(database: Database) -> Iterator[Item]:
    """A row that is updated matches once, and has the new value and nothing else new."""
    rows = settled(populate(database))
    yield from keyless_tables(database)
    with database.engine.connect() as connection:
        for table in keyed_tables(database):
            row = rows[table.key][0]
            before = read(connection, table, where_key(table, row))
            if len(before) != 1:
                yield Skipped("its key does not read back as written", Place(table.key))
                continue
            for columns, changes in _changes(database, table, rows):
                answers = [_update(database, connection, table, row, each) for each in changes]
                yield from _judged(connection, table, columns, (row, before[0]), answers)


@check("operations")
def delete(database: Database) -> Iterator[Item]:
    """A row that is deleted matches once, and is gone."""
    population = populate(database)
    keyed = keyed_tables(database)
    with database.engine.begin() as connection:
        open_cycles(connection, population)
        for table in reversed(synthesizer(database).order):
            rows = population.rows[table.key]
            single = [(where_key(table, row),) for row in reversed(rows)] if table in keyed else []
            # Where rows cannot be told apart, all go at once.
            yield from _deleted(connection, table, single or [()], len(rows))


CHECKS: tuple[Check, ...] = (insert_and_read_back, select_rows, update, delete, defaults, nulls)


def _insert(
    database: Database, connection: Connection, table: Table, rows: Sequence[Row]
) -> Finding | None:
    """Insert all rows at once; if they are refused, say which of them."""
    try:
        with connection.begin_nested():
            connection.execute(table.insert(), list(rows))
    except StatementError as error:
        together = rows[0], refusal_of(database, error)
        with savepoint(connection):
            row, answer = next(_one_by_one(database, connection, table, rows), together)
        return _row_refused(table, row, answer)
    return None


def _one_by_one(
    database: Database, connection: Connection, table: Table, rows: Sequence[Row]
) -> Iterator[tuple[Row, Refused]]:
    for row in rows:
        if answer := refused(database, connection, table.insert().values(row)):
            yield row, answer
        put(connection, [Entry(table, row)])


def _row_refused(table: Table, row: Row, answer: Refused) -> Finding:
    return Finding(
        code="ROW-REFUSED",
        severity=Severity.WRONG,
        message="a row that the model allows was refused",
        place=place(table, row=row),
        expected=f"inserted: {shown(row)}",
        actual=f"refused as {answer}",
        recommendation="let the model say what the database does; if the row is not valid in the "
        "application, give a factory for this table",
    )


def _read_back(connection: Connection, table: Table, written: Sequence[Row]) -> Iterator[Item]:
    found = read(connection, table)
    if len(found) != len(written):
        yield miscounted("inserted, and counted", table, len(written), len(found))
        return
    pairs, dialect = paired(table, written, found), connection.dialect
    cells = [cell for row, other in pairs for cell in changed_cells(dialect, table, row, other)]
    yield from value_changed(table, cells)
    if not cells:
        yield Verified(f"{len(written)} rows read back as written", Place(table.key))


def _changes(
    database: Database, table: Table, rows: Mapping[str, Sequence[Row]]
) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """The columns that can be updated, foreign keys as a whole, and what to."""
    made, row = synthesizer(database), rows[table.key][0]
    for column in table.columns:
        if insertable(column) and not column.primary_key and not column.foreign_keys:
            others = [made.another(table, column, row, number) for number in range(_VALUES)]
            yield (column.key,), [{column.key: v} for v in others if v is not NO_OTHER_VALUE]
    for constraint in foreign_keys_of(table):
        if not any(column.primary_key for column in constraint.columns):
            pairs = {e.parent.key: e.column.key for e in constraint.elements}
            excluded = {None, spelled(row, pairs)}
            parents = rows[constraint.referred_table.key]
            values = [
                {own: parent.get(their) for own, their in pairs.items()} for parent in parents
            ]
            yield tuple(pairs), [each for each in values if spelled(each, pairs) not in excluded]


def _update(
    database: Database, connection: Connection, table: Table, row: Row, change: Row
) -> Updated | Refused:
    statement = table.update().where(where_key(table, row)).values(change)
    try:
        with savepoint(connection):
            matched = connection.execute(statement).rowcount
            (after,) = read(connection, table, where_key(table, row))
            return Updated(change, matched, after)
    except StatementError as error:
        return refusal_of(database, error)


def _judged(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    written_and_read: tuple[Row, Row],
    answers: Sequence[Updated | Refused],
) -> Iterator[Item]:
    row, before = written_and_read
    where = place(table, ", ".join(columns), row)
    changed = partial(changed_cells, connection.dialect, table)
    done = [answer for answer in answers if isinstance(answer, Updated)]
    cells = [cell for each in done for cell in changed(before | each.change, each.after)]
    # What does not read back as written was found when it was inserted.
    known = {cell.column for cell in changed(row, before)}
    findings = [
        *(_update_refused(where, answer) for answer in answers if _wrongly(answer)),
        *(_update_miscounted(where, each) for each in done if each.matched != 1),
        *value_changed(table, [c for c in cells if c.column in columns and c.column not in known]),
        *(_spread(table, c) for c in cells if c.column not in {*columns, *_automatic(table)}),
    ]
    yield from findings[:1]
    if done and not findings:
        yield Verified("an update matches one row and changes it alone", where)
    elif not findings:
        reasons = [f"refused as {answer}" for answer in answers]
        yield Skipped("; ".join(reasons[:1]) or "there is no other valid value", where)


def _wrongly(answer: Updated | Refused) -> bool:
    return isinstance(answer, Refused) and answer.kind not in _IN_THE_WAY


def _automatic(table: Table) -> set[str]:
    """The columns that change by themselves when their row does."""
    return {
        column.key
        for column in table.columns
        if column.computed is not None or column.onupdate or column.server_onupdate
    }


def _update_refused(where: Place, answer: Updated | Refused) -> Finding:
    return Finding(
        code="UPDATE-REFUSED",
        severity=Severity.WRONG,
        message="an update to a value that the model allows was refused",
        place=where,
        expected="updated",
        actual=f"refused as {answer}",
        recommendation="let the model say what the database does",
    )


def _update_miscounted(where: Place, done: Updated) -> Finding:
    return Finding(
        code="UPDATE-MISCOUNTED",
        severity=Severity.WRONG,
        message="an update of one row by its key does not match one row",
        place=where,
        expected="1",
        actual=str(done.matched),
        recommendation="do not rely on rowcount here, or set the driver to count matched rows",
    )


def _spread(table: Table, cell: Cell) -> Finding:
    return Finding(
        code="UPDATE-SPREADS",
        severity=Severity.WRONG,
        message="an update of other columns changed this one too",
        place=place(table, cell.column, cell.row),
        expected=shown(cell.expected),
        actual=shown(cell.actual),
        recommendation="look for a trigger, or a default ON UPDATE that the model does not state",
    )


def _deleted(
    connection: Connection,
    table: Table,
    conditions: Sequence[tuple[ColumnElement[bool], ...]],
    count: int,
) -> Iterator[Item]:
    matched = sum(connection.execute(table.delete().where(*each)).rowcount for each in conditions)
    left = int(connection.scalar(select(func.count()).select_from(table)) or 0)
    if matched != count:
        yield miscounted("deleted, and matched", table, count, matched)
    if left:
        yield miscounted("deleted, and left", table, 0, left)
    if matched == count and not left:
        yield Verified(f"{count} rows are deleted and gone", Place(table.key))
