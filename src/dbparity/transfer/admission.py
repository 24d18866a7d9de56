"""Whether a target may be written to, and whether the schema that it has can take the rows."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from dbparity.errors import NothingToResume, TargetIsSource, TargetOccupied, TargetUnfit
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference
    from dbparity.snapshots import Column, Snapshot, Table
    from dbparity.transfer.survey import Survey

_DOUBTS = frozenset({Meaning.NARROWER, Meaning.STRICTER, Meaning.COMPARES})


class Mode(StrEnum):
    """What may become of rows that the target has."""

    FILL = "fill"  # there may be none
    RESUME = "resume"  # those of the same migration stay
    REPLACE = "replace"  # they are replaced


def admit(source: Survey, target: Survey, mode: Mode) -> tuple[Difference, ...]:
    """Let a target in, and tell what of its schema may refuse or change a row.

    An empty target has no schema, and gets one that fits.

    Raises:
        TargetIsSource: they are one database.
        NothingToResume: there is no migration to go on with.
        TargetOccupied: it has rows, and they are to be neither kept nor replaced.
        TargetUnfit: its tables are not the source's.
    """
    if source.identity == target.identity:
        raise TargetIsSource(target.url)
    if mode is Mode.RESUME and not target.begun:
        raise NothingToResume(target.url)
    if mode is Mode.FILL and target.occupied:
        raise TargetOccupied(target.url, target.occupied)
    if not target.snapshot.tables:
        return ()
    reasons = [*_missing(source.snapshot, target.snapshot)]
    if reasons:
        raise TargetUnfit(target.url, reasons)
    found = diff(source.snapshot, target.snapshot)
    return tuple(each for each in found if each.meaning in _DOUBTS and not each.mild)


def named(name: str, tables: Snapshot) -> Table | None:
    """The table of that name, in whichever capitals."""
    alike = (table for table in tables.tables if table.name.lower() == name.lower())
    return tables.table(name) or next(alike, None)


def column_named(name: str, table: Table) -> Column | None:
    """The column of that name, in whichever capitals."""
    alike = (column for column in table.columns if column.name.lower() == name.lower())
    return table.column(name) or next(alike, None)


def _missing(source: Snapshot, target: Snapshot) -> Iterator[str]:
    """Tables and columns that rows have no place in, or that no row has a value for."""
    for table in source.tables:
        other = named(table.name, target)
        if other is None:
            yield f"it has no table {table.name}"
            continue
        lost = [each.name for each in table.columns if column_named(each.name, other) is None]
        if lost:
            yield f"{other.name} has no column {', '.join(lost)}"
        known = {column.name.lower() for column in table.columns}
        needed = [
            each.name for each in other.columns if each.name.lower() not in known and _needs(each)
        ]
        if needed:
            yield f"{other.name} needs {', '.join(needed)}, which the source does not have"


def _needs(column: Column) -> bool:
    given = column.default is not None or column.automatic or column.computed is not None
    return not (column.nullable or given)
