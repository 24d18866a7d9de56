"""What ON DELETE makes of the rows that reference a deleted one, according to the model."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, String

from dbparity.conformance.staging import foreign_keys_of, spelled
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Column, ForeignKeyConstraint, Table

    from dbparity.conformance.staging import Entry, Row

# How often each combination of references is in each table.
State = dict[str, Counter[tuple[str, ...]]]

ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")
_CONSTANT = re.compile(r"'?(?P<value>(?<=')[^']*(?=')|-?\d+)'?")
UNKNOWN = object()  # a default that only the database can work out


@dataclass(frozen=True)
class Aftermath:
    """What the model says of a deletion: refused, or what becomes of each row (None: it is gone).

    Not certain is it where the answer depends on the order in which a database acts.
    """

    refused: bool
    certain: bool
    rows: dict[Entry, Row | None]


def aftermath(entries: Sequence[Entry], parent: Entry) -> Aftermath:
    """What becomes of ``entries`` when ``parent``, one of them, is deleted."""
    after: dict[Entry, Row | None] = {entry: entry.row for entry in entries}
    after[parent] = None
    blocking: list[Entry] = []
    unsure = False
    gone = [parent]
    for lost in gone:
        for entry, constraint in references_to(lost, entries):
            row, action = after[entry], action_of(constraint)
            if action == "RESTRICT":
                blocking.append(entry)
            elif row is None:
                continue
            elif action == "CASCADE":
                after[entry] = None
                gone.append(entry)
            elif (change := _change(constraint, after)) is None:
                blocking.append(entry)
                unsure = unsure or UNKNOWN in defaults_of(constraint).values()
            else:
                after[entry] = {**row, **change}
    refused = any(after[entry] is not None for entry in blocking)
    return Aftermath(refused, not unsure and (refused or not blocking), after)


def action_of(constraint: ForeignKeyConstraint) -> str:
    """What ON DELETE says; NO ACTION, which is the default, refuses as RESTRICT does."""
    action = (constraint.ondelete or "").upper()
    return action if action in ACTIONS else "RESTRICT"


def state_of(expected: Aftermath) -> State:
    """The references that are left."""
    state: State = {entry.table.key: Counter() for entry in expected.rows}
    for entry, row in expected.rows.items():
        if row is not None:
            values = [row.get(column.key) for column in reference_columns(entry.table)] or [1]
            state[entry.table.key][tuple(map(canonical, values))] += 1
    return state


def reference_columns(table: Table) -> list[Column[Any]]:
    """The columns of ``table`` that are part of foreign keys."""
    return [column for column in table.columns if column.foreign_keys]


def references_to(
    lost: Entry, entries: Sequence[Entry]
) -> Iterator[tuple[Entry, ForeignKeyConstraint]]:
    """Those of ``entries`` that reference ``lost``, and by which foreign key."""
    for entry in entries:
        for constraint in foreign_keys_of(entry.table):
            if constraint.referred_table is lost.table and _key(constraint, lost) == spelled(
                entry.row, constraint.column_keys
            ):
                yield entry, constraint


def _key(constraint: ForeignKeyConstraint, parent: Entry) -> tuple[str, ...]:
    return spelled(parent.row, (e.column.key for e in constraint.elements)) or ()


def _change(
    constraint: ForeignKeyConstraint, after: Mapping[Entry, Row | None]
) -> dict[str, object] | None:
    """What ON DELETE SET NULL or SET DEFAULT makes of a reference; None where it cannot."""
    action = action_of(constraint)
    values = defaults_of(constraint)
    if action == "SET NULL":
        values = dict.fromkeys(constraint.column_keys)
    if None in values.values():
        return values if all(column.nullable for column in constraint.columns) else None
    wanted = spelled(values, constraint.column_keys)
    alive = (entry for entry, row in after.items() if row is not None)
    there = (e for e in alive if e.table is constraint.referred_table)
    return values if any(_key(constraint, entry) == wanted for entry in there) else None


def defaults_of(constraint: ForeignKeyConstraint) -> dict[str, object]:
    """The values that ON DELETE SET DEFAULT gives; none for any other action."""
    if action_of(constraint) != "SET DEFAULT":
        return {}
    return {column.key: _default(column) for column in constraint.columns}


def _default(column: Column[Any]) -> object:
    """The value of a server default that is a constant; None where there is none."""
    if column.server_default is None:
        return None
    stated = getattr(column.server_default, "arg", None)
    spelling = f"'{stated}'" if isinstance(stated, str) else str(stated)
    constant = _CONSTANT.fullmatch(spelling)
    if constant and isinstance(column.type, Integer):
        return int(constant["value"])
    return constant["value"] if constant and isinstance(column.type, String) else UNKNOWN
