"""Whether what numbers rows goes on behind the rows that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.backends.base import quoted
from dbparity.results import Finding, Place, Severity
from dbparity.transfer.tallies import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from dbparity.backends.base import Backend
    from dbparity.transfer.routes import Route

BEHIND = "DATA-NUMBER-BEHIND"
_CURE = "Let it go on behind the highest number: setval, or ALTER TABLE ... AUTO_INCREMENT."


def behind(
    way: Route, backends: Sequence[Backend], connections: Sequence[Connection]
) -> Iterator[Finding]:
    """Columns of which the next number is there already; on the left side that is a note."""
    severities = (Severity.NOTE, Severity.WRONG)
    for side, table in enumerate((way.source, way.target)):
        for column in table.columns:
            number = None
            if column.automatic:
                number = backends[side].next_number(connections[side], table.name, column.name)
            if number is None:
                continue
            highest = _highest(connections[side], table.name, column.name)
            if highest is not None and number <= highest:
                yield Finding(
                    BEHIND,
                    severities[side],
                    f"an INSERT on the {SIDES[side]} side gets a number that is there already, or "
                    "comes to it",
                    Place(way.source.name, column.name),
                    f"more than {highest}",
                    str(number),
                    _CURE,
                )


def _highest(connection: Connection, table: str, column: str) -> int | None:
    asked = f"SELECT max({quoted(connection, column)}) FROM {quoted(connection, table)}"
    plain = connection.execution_options(no_parameters=True)
    found = plain.exec_driver_sql(asked).scalar_one()
    return None if found is None else int(found)
