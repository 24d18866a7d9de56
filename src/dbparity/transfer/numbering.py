"""Whether what numbers rows goes on behind the rows that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.results import Finding, Place, Severity
from dbparity.transfer.tallies import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.snapshots import Type
    from dbparity.transfer.routes import Route

_BITS = 64
BEHIND = "DATA-NUMBER-BEHIND"
_CURE = "Let it go on behind the highest number: setval, or ALTER TABLE ... AUTO_INCREMENT."


def behind(
    way: Route, backends: Sequence[Backend], connections: Sequence[Connection]
) -> Iterator[Finding]:
    """Columns of which the next number is there already; on the left side that is a note."""
    for side, table in enumerate((way.source, way.target)):
        for column in table.columns:
            number = None
            if column.automatic:
                number = backends[side].next_number(connections[side], table.name, column.name)
            if number is None:
                continue
            name = backends[side].quote
            asked = f"SELECT max({name(column.name)}) FROM {name(table.name)}"
            plain = connections[side].execution_options(no_parameters=True)
            highest = plain.exec_driver_sql(asked).scalar_one()
            if highest is not None and number <= highest:
                # Behind the last number of all there is none to go on with.
                helpless = side == 0 or highest >= _last(column.type)
                yield Finding(
                    BEHIND,
                    Severity.NOTE if helpless else Severity.WRONG,
                    f"an INSERT on the {SIDES[side]} side gets a number that is there already, or "
                    "comes to it",
                    Place(way.source.name, column.name),
                    f"more than {highest}",
                    str(number),
                    _CURE,
                )


def _last(kind: Type) -> int:
    """The highest number of an integer type."""
    return (1 << ((kind.bits or _BITS) - kind.signed)) - 1
