"""Promises about transactions, and whether they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.conformance.population import place
from dbparity.conformance.spares import is_there
from dbparity.results import Finding, Severity, Verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from dbparity.conformance.spares import Spares
    from dbparity.conformance.staging import Row
    from dbparity.results import Item
    from dbparity.servers.database import Database


@dataclass(frozen=True)
class Promise:
    """What is claimed, and what it means if it is not kept."""

    claim: str
    code: str
    severity: Severity
    recommendation: str


@dataclass(frozen=True)
class Documented:
    """Something that backends do in one of two ways."""

    when: str
    code: str
    yes: str
    no: str


def insert(connection: Connection, spares: Spares, rows: Sequence[Row]) -> None:
    """Insert ``rows`` into the table that they are spare rows of."""
    connection.execute(spares.table.insert(), list(rows))


def settled(
    database: Database,
    spares: Spares,
    promise: Promise,
    *,
    there: Sequence[Row] = (),
    gone: Sequence[Row] = (),
) -> Item:
    """Whether for one more connection the rows are ``there``, or ``gone``, as promised."""
    wanted = [*((row, True) for row in there), *((row, False) for row in gone)]
    with database.engine.connect() as reader:
        for row, expected in wanted:
            if is_there(reader, spares.table, row) is not expected:
                return Finding(
                    code=promise.code,
                    severity=promise.severity,
                    message=f"it does not hold that {promise.claim}",
                    place=place(spares.table, row=row),
                    expected="the row is there" if expected else "the row is not there",
                    actual="it is not" if expected else "it is",
                    recommendation=promise.recommendation,
                )
    return Verified(promise.claim, spares.place)


def as_documented(
    spares: Spares, behaviour: Documented, *, documented: bool, observed: bool
) -> Item:
    """Whether what was ``observed`` is what the backend's features say."""
    says = {True: behaviour.yes, False: behaviour.no}
    if observed is documented:
        return Verified(f"{behaviour.when}, {says[observed]}", spares.place)
    return Finding(
        code=behaviour.code,
        severity=Severity.WRONG,
        message=f"{behaviour.when}, the backend does not do what it documents",
        place=spares.place,
        expected=says[documented],
        actual=says[observed],
        recommendation="see isolation_level, the server's settings and the table's storage engine",
    )
