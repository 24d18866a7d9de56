"""Workloads: what an application does with its database, as operations that can be repeated.

One definition serves the requirements, the gates and pytest-benchmark. An operation works where
the database's engine does: call it inside `Database.run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from dbparity.conformance.population import application_of, populate
from dbparity.errors import ApplicationError
from dbparity.performance.derived import Agents, Dataset, connect, derived, reads
from dbparity.performance.options import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbparity.applications import Prepare
    from dbparity.performance.derived import Operation
    from dbparity.servers.database import Database

QUERY = "query"
KINDS = ("search", "connect", "agents", QUERY)


@dataclass(frozen=True, eq=False)
class Workload:
    """Something that an application does.

    Attributes:
        id: its name, the same on all backends. The word before the first dot is its `kind`, if it
            is one of `KINDS`; else it is a query.
        prepare: makes the operation on a database that holds rows.
        units: how many units of work one call of the operation does.
    """

    id: str
    prepare: Callable[[Database], Operation]
    units: int = 1

    @property
    def kind(self) -> str:
        """What it is held to."""
        first = self.id.partition(".")[0]
        return first if first in KINDS else QUERY


def fill(database: Database, rows: int = ROWS) -> Dataset:
    """Commit the rows that workloads run on: the application's own, or ``rows`` of each table.

    Call it from inside `Database.run`.
    """
    application = application_of(database)
    if application.seed is None:
        data = Dataset(populate(database, rows))
    else:
        with database.engine.begin() as connection:
            application.seed(connection)
        data = Dataset(None)
    with database.engine.begin() as connection:
        # Servers gather statistics when they find the time: until then a plan may be ten times as
        # slow as soon after.
        database.backend.analyze(connection, application.metadata.sorted_tables)
    return data


def workloads(database: Database, data: Dataset) -> tuple[Workload, ...]:
    """What the application declares, or else what its model suggests; then what any one does.

    Raises:
        ApplicationError: a declared workload has the name of another one.
    """
    application = application_of(database)
    if application.workloads:
        found = [
            Workload(name, partial(_declared, prepare), getattr(prepare, "units", 1))
            for name, prepare in application.workloads.items()
        ]
    else:
        found = [Workload(*each) for each in derived(database, data)]
    general = [Workload("connect", connect)]
    if any(map(reads, found)):
        general.append(Workload("agents", partial(Agents, found), 250))
    for each in general:
        if any(each.id == other.id for other in found):
            cure = "give it another name: dbparity has a workload of that name for any application"
            raise ApplicationError(application.name, f"it declares a workload {each.id!r}", cure)
    return (*found, *general)


def wanted(id_: str, patterns: Sequence[str]) -> bool:
    """Whether a workload is among those that ``patterns`` name, or there are none."""
    return not patterns or any(fnmatchcase(id_, pattern) for pattern in patterns)


def _declared(prepare: Prepare, database: Database) -> Operation:
    return prepare(database.engine)
