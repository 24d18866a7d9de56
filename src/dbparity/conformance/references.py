"""Foreign keys: orphans are refused, and deleting a parent does what the model says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, literal, select

from dbparity.backends.base import Refusal
from dbparity.conformance.aftermath import (
    UNKNOWN,
    Aftermath,
    State,
    action_of,
    aftermath,
    defaults_of,
    reference_columns,
    references_to,
    state_of,
)
from dbparity.conformance.base import check
from dbparity.conformance.population import keyed_tables, synthesizer
from dbparity.conformance.reading import shown
from dbparity.conformance.staging import (
    Entry,
    Refused,
    attempt,
    foreign_keys_of,
    judged,
    references,
    rows_of,
    staged,
)
from dbparity.results import Finding, Observation, Place, Severity, Skipped, Verified
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, ForeignKeyConstraint, Insert, Table

    from dbparity.conformance.staging import Rows
    from dbparity.results import Item
    from dbparity.servers.database import Database

_EXPECTED = {
    "CASCADE": "the row is deleted with the one that it references",
    "SET NULL": "the reference becomes NULL",
    "SET DEFAULT": "the reference becomes its default",
    "RESTRICT": "the deletion is refused",
}
_RECREATE = "recreate the constraint in a migration: create_all leaves a table that is there alone"


@dataclass(frozen=True)
class Link:
    """A form of ``entry`` that needs ``parent`` and ``rest`` first; ``whole`` is both."""

    entry: Entry
    child: Entry
    parent: Entry
    rest: tuple[Entry, ...]
    whole: tuple[Entry, ...]

    @property
    def insert(self) -> Insert:
        """The statement that inserts the row."""
        return self.child.table.insert().values(self.child.row)


@check("integrity", needs=("enforces_foreign_keys",))
def foreign_keys(database: Database) -> Iterator[Item]:
    """A row whose parent is not there is refused."""
    rows = rows_of(database)
    for table in synthesizer(database).order:
        for constraint in foreign_keys_of(table):
            yield _orphan(database, rows, constraint)


@check("integrity", needs=("enforces_foreign_keys",))
def delete_actions(database: Database) -> Iterator[Item]:
    """Deleting a parent deletes, changes or keeps its children as ON DELETE says."""
    rows = rows_of(database)
    for table in synthesizer(database).order:
        for constraint in foreign_keys_of(table):
            yield _deletion(database, rows, constraint)


@check("integrity", needs=("enforces_foreign_keys",))
def delete_chains(database: Database) -> Iterator[Item]:
    """Deleting a row reaches its children's children as ON DELETE says."""
    rows = rows_of(database)
    for table in keyed_tables(database):
        roots = [entry for entry in rows.of(table) if _grandchildren(rows, entry)]
        for root in roots[:1]:
            yield _chain(database, rows, root)


def links(rows: Rows, constraint: ForeignKeyConstraint) -> Iterator[Link]:
    """Rows that reference a parent by ``constraint``, those first that were synthesized so."""
    for entry in reversed(rows.of(constraint.table)):
        own = rows.parent(constraint, entry.row)
        parents = sorted(rows.of(constraint.referred_table), key=lambda parent: parent is not own)
        for parent in parents:
            yield from _link(rows, constraint, entry, parent)


def _link(
    rows: Rows, constraint: ForeignKeyConstraint, entry: Entry, parent: Entry
) -> Iterator[Link]:
    values = {e.parent.key: parent.row[e.column.key] for e in constraint.elements}
    child = Entry(entry.table, {**entry.row, **values})
    others = rows.parents(child.table, child.row, but=constraint)
    if entry is parent or others is None or not references(constraint, child.row):
        return
    rest, whole = rows.closure(others), rows.closure((*others, parent))
    if entry not in whole:
        yield Link(entry, child, parent, rest, whole)


def _orphan(database: Database, rows: Rows, constraint: ForeignKeyConstraint) -> Item:
    """Try with every row of the table: whether a foreign key is enforced may hang on the others."""
    claim = f"a row without its parent in {constraint.referred_table.key} is refused"
    nothing = "no row could be made that lacks nothing but its parent"
    judgement: Item = Skipped(f"it could not be shown that {claim}: {nothing}", _place(constraint))
    for link in _valid_links(database, rows, constraint):
        deferred = _deferred(constraint)
        answer = attempt(database, link.rest, link.insert, deferred=deferred)
        otherwise = _accepted(database, constraint, link)
        judgement = judged(answer, Refusal.FOREIGN_KEY, claim, _place(constraint), otherwise)
        if judgement is otherwise:
            break
    return judgement


def _valid_links(
    database: Database, rows: Rows, constraint: ForeignKeyConstraint
) -> Iterator[Link]:
    """One for each row of the table, that is accepted with its parent."""
    done: set[Entry] = set()
    for link in links(rows, constraint):
        free = link.entry not in done and link.parent not in link.rest
        if free and attempt(database, link.whole, link.insert) is None:
            done.add(link.entry)
            yield link


def _accepted(database: Database, constraint: ForeignKeyConstraint, link: Link) -> Finding:
    enforced = database.features.enforces_foreign_keys_beside_null
    return Finding(
        code="ORPHAN-ACCEPTED",
        severity=Severity.WRONG,
        message=f"a row that references nothing in {constraint.referred_table.key} was accepted",
        place=_place(constraint),
        expected="refused by the foreign key",
        actual=f"inserted: {shown(link.child.row)}",
        recommendation=f"the database lacks this foreign key; {_RECREATE}"
        if enforced
        else f"the database lacks this foreign key ({_RECREATE}), or misses it beside a NULL: "
        "let no index that starts with its columns go on with one that may be NULL",
    )


def _deletion(database: Database, rows: Rows, constraint: ForeignKeyConstraint) -> Item:
    # A parent that is referenced in other ways too may be kept, or let go, by those.
    for link in sorted(links(rows, constraint), key=_ways):
        entries = (*link.whole, *_default_parent(rows, constraint, link.whole))
        if not attempt(database, entries, link.insert):
            entries = (*entries, link.child)
            columns = [element.column for element in constraint.elements]
            expected = aftermath(entries, link.parent)
            answer, actual = _delete(database, entries, link.parent, columns, expected)
            return _verdict(constraint, link, expected, answer, actual)
    return Skipped("no row could be made that references another", _place(constraint))


def _verdict(
    constraint: ForeignKeyConstraint,
    link: Link,
    expected: Aftermath,
    answer: Refused | None,
    actual: State,
) -> Item:
    where, action = _place(constraint), action_of(constraint)
    child, parent = link.child.table.key, link.parent.table.key
    if not expected.certain:
        return _observation(f"deleting from {parent} what is referenced", answer, where)
    left = "; ".join(sorted(", ".join(row) for row in actual.get(child, ()))) or "none"
    wanted = _EXPECTED["RESTRICT" if expected.refused else action]
    claim = f"when a row of {parent} is deleted, {wanted}"
    otherwise = Finding(
        code=f"{action.replace(' ', '-')}-MISSING",
        severity=Severity.LOST if action == "RESTRICT" else Severity.WRONG,
        message=f"ON DELETE {action} of the foreign key to {parent} does not hold",
        place=where,
        expected=wanted,
        actual=f"refused as {answer}" if answer else f"deleted; references left in {child}: {left}",
        recommendation=f"the database's foreign key says something else; {_RECREATE}",
    )
    return _compared(expected, answer, actual, claim, otherwise)


def _chain(database: Database, rows: Rows, root: Entry) -> Item:
    entries = rows.closure((root, *rows.referencing(root)))
    expected, where = aftermath(entries, root), Place(root.table.key)
    columns = list(root.table.primary_key.columns)
    answer, actual = _delete(database, entries, root, columns, expected)
    if not expected.certain:
        return _observation("deleting a row", answer, where)
    wanted = state_of(expected)
    differing = sorted(table for table in wanted if wanted[table] != actual.get(table))
    claim = "the rows that depend on a deleted one are treated as ON DELETE says"
    otherwise = Finding(
        code="CHAIN-BROKEN",
        severity=Severity.WRONG,
        message="deleting a row does not do what the model says to the rows that depend on it",
        place=where,
        expected=_EXPECTED["RESTRICT"] if expected.refused else _spell(wanted, differing),
        actual=f"refused as {answer}" if answer else _spell(actual, differing),
        recommendation=f"compare ON DELETE of these tables' foreign keys; {_RECREATE}",
    )
    return _compared(expected, answer, actual, claim, otherwise)


def _compared(
    expected: Aftermath, answer: Refused | None, actual: State, claim: str, otherwise: Finding
) -> Item:
    if expected.refused:
        return judged(answer, Refusal.FOREIGN_KEY, claim, otherwise.place, otherwise)
    same = answer is None and actual == state_of(expected)
    return Verified(claim, otherwise.place) if same else otherwise


def _delete(
    database: Database,
    entries: Sequence[Entry],
    parent: Entry,
    columns: Sequence[Column[Any]],
    expected: Aftermath,
) -> tuple[Refused | None, State]:
    """Delete ``parent``, found by ``columns``: why it was refused, or what is left."""
    found = and_(*(column == parent.row[column.key] for column in columns))
    deletion = parent.table.delete().where(found)
    answer = attempt(database, entries, deletion)
    constraints = {fk for entry in entries for fk in foreign_keys_of(entry.table)}
    if answer is None and expected.refused and any(map(_deferred, constraints)):
        answer = attempt(database, entries, deletion, deferred=True)
    if answer is not None:
        return answer, {}
    with staged(database, entries) as connection:
        connection.execute(deletion)
        return None, _state(connection, {entry.table for entry in entries})


def _state(connection: Connection, tables: set[Table]) -> State:
    """How often each combination of references is in each table."""
    return {
        table.key: Counter(
            tuple(map(canonical, row))
            for row in connection.execute(select(*_referencing(table)).select_from(table))
        )
        for table in tables
    }


def _referencing(table: Table) -> Sequence[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = [*reference_columns(table)]
    return columns or [literal(1)]


def _default_parent(
    rows: Rows, constraint: ForeignKeyConstraint, there: Sequence[Entry]
) -> tuple[Entry, ...]:
    """For ON DELETE SET DEFAULT, the row that the default references, and what that needs."""
    values = defaults_of(constraint)
    if not values or not {None, UNKNOWN}.isdisjoint(values.values()):
        return ()
    own = {e.column.key: values[e.parent.key] for e in constraint.elements}
    for entry in rows.of(constraint.referred_table):
        if entry not in there:
            needed = [e for e in rows.closure((entry,)) if e not in (*there, entry)]
            return (*needed, Entry(entry.table, {**entry.row, **own}))
    return ()


def _ways(link: Link) -> int:
    return sum(1 for _ in references_to(link.parent, link.whole))


def _grandchildren(rows: Rows, root: Entry) -> list[Entry]:
    below = rows.referencing(root)
    above = {child: rows.parents(child.table, child.row) or () for child in below}
    return [child for child in below if any(p in below for p in above[child] if p is not child)]


def _deferred(constraint: ForeignKeyConstraint) -> bool:
    return (constraint.initially or "").upper() == "DEFERRED"


def _place(constraint: ForeignKeyConstraint) -> Place:
    return Place(constraint.table.key, ", ".join(constraint.column_keys))


def _observation(subject: str, answer: Refused | None, where: Place) -> Observation:
    return Observation(
        subject=subject,
        value="refused" if answer else "accepted",
        place=where,
        recommendation="the answer depends on the order in which a database follows its foreign "
        "keys: let all of them that lead to a row say the same ON DELETE",
    )


def _spell(state: State, tables: Sequence[str]) -> str:
    return "; ".join(f"{table}: {state.get(table, Counter()).total()} rows" for table in tables)
