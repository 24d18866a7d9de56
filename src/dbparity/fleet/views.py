"""Reading the databases of a fleet, from any thread, whatever their drivers are."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dbparity.errors import DatabaseUnreachable, FleetInvalid
from dbparity.fleet.members import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Connection

    from dbparity.fleet.members import Fleet
    from dbparity.fleet.tables import Part
    from dbparity.servers.database import Database

T = TypeVar("T")

_MOST_LOGINS = 4  # that stay, of many databases
_PAGE = 5_000
UNREADABLE = (DatabaseUnreachable, FleetInvalid)


class Databases(Protocol):
    """A fleet, and its databases by name: a `MultiDatabaseManager` is one."""

    @property
    def fleet(self) -> Fleet:
        """What is declared."""

    @property
    def databases(self) -> Mapping[str, Database]:
        """What is there."""


class Views:
    """Looks into databases, one after the other, and keeps few connections."""

    def __init__(self, held: Databases) -> None:
        """Look into those that are ``held``."""
        self._held = held
        self._opened: OrderedDict[int, Database] = OrderedDict()

    @property
    def target(self) -> str:
        """The target of the gateway; "" where it is not there."""
        gateway = self._held.databases.get(GATEWAY)
        return str(gateway.target) if gateway else ""

    def ask(self, name: str, question: Callable[[Connection], T]) -> T:
        """Ask a database.

        Raises:
            DatabaseUnreachable: it is not there, or there is no connection to it.
            FleetInvalid: it has other tables than were asked for.
        """
        database = self._held.databases.get(name)
        if database is None or not _there(database):
            raise DatabaseUnreachable(name, LookupError("there is no such database"))
        return self._keep(database, _asking(name, question))

    def run(self, name: str, work: Callable[[Database], T]) -> T:
        """Have ``work`` done where the engine of a database that is there works."""
        return self._keep(self._held.databases[name], work)

    def close(self) -> None:
        """Close the connections that it has kept."""
        while self._opened:
            self._forget()

    def _forget(self) -> None:
        _, oldest = self._opened.popitem(last=False)
        oldest.bridge.dispose(oldest.engine)

    def _keep(self, database: Database, work: Callable[[Database], T]) -> T:
        try:
            return database.run(work)
        finally:
            self._opened.pop(id(database), None)
            self._opened[id(database)] = database
            if len(self._opened) > _MOST_LOGINS:
                self._forget()


def rows(part: Part, *names: str) -> Callable[[Connection], list[tuple[object, ...]]]:
    """A question for the columns ``names`` of a part, in the order of the first ones."""
    columns: list[Column[object]] = [part[name] for name in names]
    wanted = select(*columns).order_by(*columns[:2])

    def ask(connection: Connection) -> list[tuple[object, ...]]:
        found = connection.execution_options(yield_per=_PAGE).execute(wanted)
        return [tuple(row) for row in found]

    return ask


def key(value: object) -> str:
    """An id, spelled alike where one database holds a UUID and the other one text."""
    return str(value).replace("-", "").lower()


def _asking(name: str, question: Callable[[Connection], T]) -> Callable[[Database], T]:
    def ask(database: Database) -> T:
        try:
            connection = database.engine.connect()
        except Exception as error:  # drivers raise whatever they like
            raise DatabaseUnreachable(name, getattr(error, "orig", error)) from error
        with connection:
            try:
                return question(connection)
            except DBAPIError as error:
                reason = f"it cannot be read ({' '.join(str(error.orig).split())})"
                cure = "look what the inspector finds in its architecture"
                raise FleetInvalid(name, reason, cure) from error

    return ask


def _there(database: Database) -> bool:
    """Whether a file is: a driver would make one."""
    return database.backend.service is not None or Path(str(database.url.database)).is_file()
