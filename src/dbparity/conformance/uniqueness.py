"""Keys and unique constraints: duplicates are refused, and only duplicates."""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum, String, UniqueConstraint, func, select, text

from dbparity.backends.base import Refusal
from dbparity.conformance.base import check
from dbparity.conformance.inventory import created_constraints, created_indexes
from dbparity.conformance.population import synthesizer, underlying
from dbparity.conformance.staging import (
    Entry,
    foreign_keys_of,
    put,
    refused,
    rows_of,
    spelled,
    staged,
)
from dbparity.results import Finding, Observation, Place, Severity, Skipped, Verified
from dbparity.synthesis import NO_OTHER_VALUE
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import (
        Column,
        ColumnElement,
        Connection,
        Constraint,
        Index,
        Table,
        TextClause,
    )

    from dbparity.conformance.staging import Refused, Row, Rows
    from dbparity.results import Item
    from dbparity.servers.database import Database

_OTHERS = 2  # other values tried of each column


@dataclass(frozen=True, eq=False)
class Unique:
    """A primary key, a unique constraint or a unique index (``source``).

    It says nothing of rows for which ``predicate`` is not true or one of ``columns`` is NULL.
    """

    table: Table
    source: Constraint | Index
    columns: tuple[Column[Any], ...]
    predicate: TextClause | ColumnElement[bool] | None = None

    @property
    def name(self) -> str:
        """How the model calls it."""
        primary = self.source is self.table.primary_key
        return "the primary key" if primary else str(self.source.name or "a unique constraint")

    @property
    def place(self) -> Place:
        """The table and its columns."""
        return Place(self.table.key, ", ".join(column.key for column in self.columns))


@dataclass(frozen=True)
class Duplicate:
    """Two rows: while ``first`` is there, ``second`` repeats it, and nothing else is wrong."""

    first: Row
    second: Row
    needed: tuple[Entry, ...]


@check("integrity", needs=("savepoints",))
def unique(database: Database) -> Iterator[Item]:
    """A second row with the same key is refused; outside a partial index it is not."""
    for found in _created(database):
        if not found.columns:
            yield Skipped(f"{found.name} does not say which columns it is over", found.place)
            continue
        yield _duplicate_refused(database, found)
        if found.predicate is not None:
            yield _outside_accepted(database, found)


@check("integrity", needs=("savepoints",))
def unique_collation(database: Database) -> Iterator[Item]:
    """Whether keys that differ by case, by accent or by a space at the end are the same."""
    for found in _created(database):
        for column in (column for column in found.columns if _is_text(database, column)):
            for difference in _DIFFERENCES:
                yield _collision(database, found, column, difference)


def uniques(table: Table) -> Iterator[Unique]:
    """What may not be alike in two rows of ``table``."""
    if columns := tuple(table.primary_key.columns):
        yield Unique(table, table.primary_key, columns)
    for constraint in sorted(table.constraints, key=lambda constraint: str(constraint.name)):
        if isinstance(constraint, UniqueConstraint):
            yield Unique(table, constraint, tuple(constraint.columns))
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.unique:
            yield Unique(table, index, _columns(index, table), _where(index))


def _columns(index: Index, table: Table) -> tuple[Column[Any], ...]:
    """The columns that the index names, those in the text of an expression too."""
    words = set(re.findall(r"\w+", " ".join(str(expression) for expression in index.expressions)))
    named = {column.name for column in index.columns} | words
    return tuple(column for column in table.columns if column.name in named)


def _where(index: Index) -> TextClause | ColumnElement[bool] | None:
    """The predicate that any dialect is given: what holds on one is meant on all."""
    given = (value for key, value in sorted(index.dialect_kwargs.items()) if key.endswith("_where"))
    found = next((value for value in given if value is not None), None)
    return text(found) if isinstance(found, str) else found


def _created(database: Database) -> Iterator[Unique]:
    """What the model has on this backend."""
    for table in synthesizer(database).order:
        with database.engine.connect() as connection:
            indexes = created_indexes(connection, table)
            created = {*created_constraints(connection, table), *indexes}
        yield from (found for found in uniques(table) if found.source in created)


def _duplicate_refused(database: Database, unique: Unique) -> Item:
    claim = f"a duplicate is refused by {unique.name}"

    def judge(connection: Connection, duplicate: Duplicate) -> Item | None:
        answer = refused(database, connection, unique.table.insert().values(duplicate.second))
        if answer is None:
            return _accepted(unique, duplicate)
        return Verified(claim, unique.place) if answer.kind is Refusal.UNIQUE else None

    return _judged(database, unique, judge, claim)


def _outside_accepted(database: Database, unique: Unique) -> Item:
    claim = f"a duplicate to which the condition of {unique.name} does not apply is accepted"

    def judge(connection: Connection, duplicate: Duplicate) -> Item | None:
        answer = refused(database, connection, unique.table.insert().values(duplicate.second))
        if answer is None:
            return Verified(claim, unique.place)
        too_strict = answer.kind is Refusal.UNIQUE
        return _too_strict(unique, duplicate, answer) if too_strict else None

    return _judged(database, unique, judge, claim, inside=False)


def _collision(database: Database, unique: Unique, column: Column[Any], difference: str) -> Item:
    subject = f"another {difference} under {unique.name}"
    change = _DIFFERENCES[difference]

    def judge(connection: Connection, duplicate: Duplicate) -> Item | None:
        value = _variant(column, duplicate.second.get(column.key), change)
        if value is None:
            return None
        insert = unique.table.insert()
        control = refused(database, connection, insert.values(duplicate.second))
        changed = {**duplicate.second, column.key: value}
        answer = refused(database, connection, insert.values(changed))
        if any(a and a.kind is not Refusal.UNIQUE for a in (control, answer)) or not control:
            return None
        return _observation(unique, column, subject, answer)

    return _judged(database, unique, judge, f"keys are told apart by {difference}")


def _judged(
    database: Database,
    unique: Unique,
    judge: Callable[[Connection, Duplicate], Item | None],
    claim: str,
    *,
    inside: bool = True,
) -> Item:
    """What ``judge`` says of the first duplicate that it can say something of."""
    rows = rows_of(database)
    for entry in rows.of(unique.table):
        for first in _variations(database, unique, entry.row):
            for duplicate in duplicates(rows, unique, entry, first):
                with _applied(database, unique, duplicate) as (connection, applies):
                    if applies is not inside:
                        break
                    item = judge(connection, duplicate)
                    if item is not None:
                        return item
    reason = "no two rows could be made that nothing else refuses"
    return Skipped(f"it could not be shown that {claim}: {reason}", unique.place)


def _accepted(unique: Unique, duplicate: Duplicate) -> Finding:
    return Finding(
        code="DUPLICATE-ACCEPTED",
        severity=Severity.WRONG,
        message=f"a second row with the same {unique.place.column} was accepted",
        place=unique.place,
        expected=f"refused by {unique.name}",
        actual=f"inserted twice: {_values(unique, duplicate.second)}",
        recommendation="the database lacks this constraint: add it in a migration, "
        "after the duplicates that are there",
    )


def _too_strict(unique: Unique, duplicate: Duplicate, answer: Refused) -> Finding:
    return Finding(
        code="UNIQUE-TOO-STRICT",
        severity=Severity.WRONG,
        message=f"{unique.name} refuses rows that its condition ({unique.predicate}) leaves out",
        place=unique.place,
        expected=f"accepted: {_values(unique, duplicate.second)} where the condition is false",
        actual=f"refused as {answer}",
        recommendation="the index has no condition here: give it <dialect>_where where the "
        "backend has partial indexes; elsewhere put a generated column under the index that is "
        "NULL where the condition is false",
    )


def _values(unique: Unique, row: Row) -> str:
    return ", ".join(canonical(row.get(column.key)) for column in unique.columns)


@contextmanager
def _applied(
    database: Database, unique: Unique, duplicate: Duplicate
) -> Iterator[tuple[Connection, bool | None]]:
    """Insert the first row: does ``unique`` apply to it? None: it is not valid."""
    with staged(database, duplicate.needed) as connection:
        if refused(database, connection, unique.table.insert().values(duplicate.first)):
            yield connection, None
            return
        before = _count(connection, unique)
        put(connection, [Entry(unique.table, duplicate.first)])
        yield connection, _count(connection, unique) > before


def _count(connection: Connection, unique: Unique) -> int:
    """How many rows ``unique`` applies to."""
    query = select(func.count()).select_from(unique.table)
    query = query.where(*(column.is_not(None) for column in unique.columns))
    if unique.predicate is not None:
        query = query.where(unique.predicate)
    return int(connection.scalar(query) or 0)


def _variations(database: Database, unique: Unique, row: Row) -> Iterator[Row]:
    """``row``, and rows that the predicate may answer differently."""
    made = synthesizer(database)
    empty = [c for c in unique.columns if c.key in row and row[c.key] is None]
    filled = {c.key: made.another(unique.table, c, row, 0) for c in empty}
    if NO_OTHER_VALUE in filled.values():
        return
    row = {**row, **filled}
    yield row
    if unique.predicate is not None:
        for column in unique.table.columns:
            if column.key in row and column not in unique.columns and not column.foreign_keys:
                others = [made.another(unique.table, column, row, n) for n in range(_OTHERS)]
                nothing = [None] if column.nullable else []
                for value in (*nothing, *(v for v in others if v is not NO_OTHER_VALUE)):
                    yield {**row, column.key: value}


def duplicates(rows: Rows, unique: Unique, entry: Entry, first: Row) -> Iterator[Duplicate]:
    """Near copies of ``first``, a form of ``entry``, and other rows with its key."""
    key = {column.key: first[column.key] for column in unique.columns if column.key in first}
    for other in [o for o in rows.of(unique.table) if o is not entry] or [entry]:
        for second in (_near_copy(unique, first, other.row), {**other.row, **key}):
            parents = [rows.parents(unique.table, row) for row in (first, second)]
            if None not in parents and not any(_rivals(unique, first, second)):
                needed = rows.closure(parent for found in parents for parent in found or ())
                if entry not in needed and other not in needed:
                    yield Duplicate(first, second, needed)


def _rivals(unique: Unique, first: Row, second: Row) -> Iterator[Unique]:
    """What else would refuse ``second`` beside ``first``, other than what always does too."""
    for rival in uniques(unique.table):
        keys = [column.key for column in rival.columns if column.key in first]
        same = spelled(first, keys) is not None and spelled(first, keys) == spelled(second, keys)
        if same and not set(rival.columns) <= set(unique.columns):
            yield rival


def _near_copy(unique: Unique, first: Row, other: Row) -> Row:
    """``first`` with as little of ``other`` as lets other constraints accept it."""
    second = dict(first)
    for rival in _rivals(unique, first, second):
        keys = [column for column in rival.columns if column.key in other]
        moves = sorted((_move(unique, column, other) for column in keys), key=len)
        second.update(next(filter(None, moves), {}))
    return second


def _move(unique: Unique, column: Column[Any], other: Row) -> Row:
    """``column`` of ``other`` with the whole of its foreign keys, but nothing of the key itself."""
    keys = (k for k in foreign_keys_of(unique.table) if k.columns.contains_column(column))
    whole = {column}.union(*(k.columns for k in keys))
    return {c.key: other[c.key] for c in whole} if whole.isdisjoint(unique.columns) else {}


def _is_text(database: Database, column: Column[Any]) -> bool:
    type_ = underlying(column, database.engine.dialect)
    text_ = isinstance(type_, String) and not isinstance(type_, Enum)
    return text_ and not column.foreign_keys and column.computed is None


def _variant(column: Column[Any], value: object, change: Callable[[str], str]) -> str | None:
    """``value`` changed, or None where nothing changes or it no longer fits."""
    if not isinstance(value, str):
        return None
    changed, length = change(value), getattr(column.type, "length", None)
    return changed if changed != value and len(changed) <= (length or len(changed)) else None


def _accented(value: str) -> str:
    """The first letter that takes an acute accent, with it."""
    for position, letter in enumerate(value):
        accented = unicodedata.normalize("NFC", letter + "\N{COMBINING ACUTE ACCENT}")
        if len(accented) == 1:
            return value[:position] + accented + value[position + 1 :]
    return value


_DIFFERENCES: dict[str, Callable[[str], str]] = {
    "case": str.swapcase,
    "accent": _accented,
    "space at the end": lambda value: f"{value} ",
}


def _observation(
    unique: Unique, column: Column[Any], subject: str, answer: Refused | None
) -> Observation:
    return Observation(
        subject=subject,
        value="the same key: refused" if answer else "another key: accepted",
        place=Place(unique.table.key, column.key),
        recommendation="give the column a collation by code point, as PostgreSQL's C and SQLite's "
        "BINARY are: utf8mb4_0900_bin on MySQL, utf8mb4_nopad_bin on MariaDB; or put what the "
        "application folds itself under the constraint",
    )
