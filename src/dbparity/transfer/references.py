"""Foreign keys on the target, which are added after all rows are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbparity.schema.drafts import Gap, Remark
    from dbparity.snapshots import ForeignKey, Table
    from dbparity.transfer.moves import Work

_ORPHANS = "the target takes rows that refer to nothing"


def references(work: Work, tables: Mapping[str, Table]) -> Iterator[Remark]:
    """The foreign keys of a table, given all tables of the target as they become."""
    for key in work.table.foreign_keys:
        gap = work.gap(_called(key), _words(key), _obstacle(work, key, tables))
        if not key.enforced:
            yield gap.omitted("it is not enforced, and the same rows are accepted")
        elif gap.obstacle:
            yield gap.refused(_ORPHANS)
        else:
            yield from _kept(work, key)


def _called(key: ForeignKey) -> str:
    return f"foreign key {key.name or '(' + ', '.join(key.columns) + ')'}"


def _words(key: ForeignKey) -> str:
    return f"({', '.join(key.columns)}) references {key.table} ({', '.join(key.referred)})"


def _obstacle(work: Work, key: ForeignKey, tables: Mapping[str, Table]) -> str:
    """Why the target cannot have it; "" where it can."""
    if not key.enforced:
        return "nobody keeps it"
    parent = tables.get(key.table)
    if parent is None:
        return f"there is no table {key.table}"
    if set(key.referred) not in _unique(parent):
        return f"({', '.join(key.referred)}) is no key of {key.table}"
    if not work.move.home.strict and not work.move.home.key_bytes:
        return ""
    pairs = zip(key.columns, key.referred, strict=True)
    found = [(work.made.column(column), parent.column(referred)) for column, referred in pairs]
    families = [{side.type.family for side in pair if side is not None} for pair in found]
    if any(len(both) != 1 for both in families):
        return "the types of both ends differ"
    return ""


def _unique(table: Table) -> list[set[str]]:
    keys = [table.primary_key, *table.uniques]
    whole = [index for index in table.indexes if index.unique and not index.predicate]
    return [
        *(set(key.columns) for key in keys if key is not None),
        *({part.column for part in index.parts if not part.prefix} for index in whole),
    ]


def _kept(work: Work, key: ForeignKey) -> Iterator[Remark]:
    features, title = work.move.features, work.move.title

    def gap(promise: str, obstacle: str) -> Gap:
        return work.gap(_called(key), promise, obstacle)

    if key.deferrable and not features.deferrable_foreign_keys:
        late = gap("deferrable", f"{title} checks it with each statement")
        yield late.refused("write rows after those that they refer to")
    if key.full and not features.full_match_foreign_keys:
        partly = gap("MATCH FULL", f"{title} takes a key that is NULL in part")
        if len(key.columns) == 1:
            yield partly.omitted("no key can be NULL in part")
        else:
            yield partly.refused("add a check that all columns are NULL or none is")
    for event, action in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
        if not _can(work, key, action):
            other = gap(f"ON {event} {action}", f"{title} has no such action there")
            yield other.refused("the reference keeps the row instead")
    able = features.deferrable_foreign_keys
    kept = replace(
        key,
        name=work.move.names.fresh(_name(key, work), "foreign key", work.table.name),
        on_delete=key.on_delete if _can(work, key, key.on_delete) else "NO ACTION",
        on_update=key.on_update if _can(work, key, key.on_update) else "NO ACTION",
        deferrable=key.deferrable and able,
        deferred=key.deferred and able,
        full=key.full and features.full_match_foreign_keys,
    )
    work.made = replace(work.made, foreign_keys=(*work.made.foreign_keys, kept))


def _name(key: ForeignKey, work: Work) -> str:
    return key.name or f"{work.table.name}_{'_'.join(key.columns)}_fkey"


def _can(work: Work, key: ForeignKey, action: str) -> bool:
    filled = [each for each in work.made.columns if each.name in key.columns and not each.nullable]
    return action in work.move.home.actions and not (action == "SET NULL" and filled)
