"""The types that a source's values need, where the declared ones hold nobody to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.results import Place
from dbparity.schema.drafts import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.backends.wires.base import Reader
    from dbparity.schema.drafts import Remark
    from dbparity.snapshots import Snapshot, Type


def actual(reader: Reader, declared: Snapshot) -> Snapshot:
    """``declared`` with the types that hold the values that ``reader`` finds.

    A column whose values are of several sorts stays as it is declared: a preflight names them.

    Raises:
        RowsUnreadable: a table could not be read to its end.
    """
    return replace(declared, tables=tuple(map(reader.actual, declared.tables)))


def remarks(declared: Snapshot, found: Snapshot) -> Iterator[Remark]:
    """What of ``declared`` the values are not, by what `actual` made of it."""
    for table, other in zip(declared.tables, found.tables, strict=True):
        for column, needed in zip(table.columns, other.columns, strict=True):
            if column.type != needed.type:
                place = Place(table.name, column.name)
                gap = Gap(place, "type", column.type.native, "its values are others")
                yield gap.emulated(f"it is planned as {_said(column.type, needed.type)}")


def _said(declared: Type, needed: Type) -> str:
    kind = f"{needed.family} with an offset" if needed.zone else str(needed.family)
    wider = needed.family is declared.family and needed.zone == declared.zone
    return f"{kind} beyond what was declared" if wider else kind
