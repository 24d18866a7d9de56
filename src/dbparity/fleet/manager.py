"""MultiDatabaseManager: makes all databases of a fleet, cleans them and drops them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from dbparity.errors import DatabaseBusy, FleetInvalid, TargetUnknown
from dbparity.fleet.connections import Connections
from dbparity.fleet.members import GATEWAY
from dbparity.schema.revisions import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dbparity.fleet.members import Fleet, Member
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

T = TypeVar("T")

_AT_ONCE = 8


class MultiDatabaseManager:
    """The databases of a fleet on running servers.

    Use it as a context manager: they are made when it is entered, several at once, and dropped
    when it is left.
    """

    def __init__(self, fleet: Fleet, environment: DatabaseTestEnvironment, target: Target) -> None:
        """Make the databases of ``fleet`` on ``target``, but for those that name another one."""
        self.fleet, self.target = fleet, target
        self._environment = environment
        self._databases: dict[str, Database] = {}
        self._leases: dict[str, ExitStack] = {}

    @property
    def databases(self) -> Mapping[str, Database]:
        """By name, the databases that are there, in the order of their declaration."""
        names = [member.name for member in self.fleet.members]
        return {name: self._databases[name] for name in names if name in self._databases}

    @property
    def gateway(self) -> Database:
        """The gateway's database."""
        return self.database(GATEWAY)

    def database(self, name: str) -> Database:
        """The database of the gateway or of an agent.

        Raises:
            AgentUnknown: there is no such agent.
            FleetInvalid: it was dropped.
        """
        if name not in self._databases:
            if name != GATEWAY:
                self.fleet.agent(name)
            raise FleetInvalid(
                name, "its database was dropped", "clean the fleet: it is made again"
            )
        return self._databases[name]

    def connections(self) -> Connections:
        """Asynchronous connections to all of them; whoever asks closes them in the same loop."""
        return Connections(self.database)

    def start(self) -> Self:
        """Make all databases: the gateway's by its migrations, the agents' from their models.

        Raises:
            ServerUnavailable: the server of a target is not there.
            SchemaRefused: a backend refuses a schema.
        """
        try:
            self._each(self._make, self.fleet.members)
        except BaseException:
            self.stop()
            raise
        return self

    def clean(self) -> None:
        """Take out all rows, and begin all numbers anew; schemas and versions stay.

        Connections stay open where the backend allows it. A database whose schema was changed is
        made anew, as is one whose migrations leave rows, and one that a test has dropped.

        Raises:
            DatabaseBusy: somebody holds a lock in one of them; all others are clean.
        """
        self._each(self._renew, self.fleet.members)

    def drop(self, name: str) -> None:
        """Drop one database; `clean` makes it again."""
        self.database(name)
        del self._databases[name]
        self._leases.pop(name).close()

    def stop(self) -> None:
        """Drop all databases."""
        self._each(self.drop, tuple(self._databases))

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _each(self, work: Callable[[T], None], members: Iterable[T]) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            doing = [pool.submit(work, member) for member in members]
        for done in doing:
            done.result()

    def _make(self, member: Member) -> None:
        migrate = upgrade if member.migrated else None
        with ExitStack() as stack:
            lease = self._environment.lease(
                self._place(member), member.application, migrate=migrate
            )
            self._databases[member.name] = stack.enter_context(lease)
            self._leases[member.name] = stack.pop_all()

    def _renew(self, member: Member) -> None:
        database = self._databases.get(member.name)
        try:
            if database is not None and database.renew():
                return
        except DBAPIError as error:
            raise DatabaseBusy(member.name, error.orig or error) from error
        if database is not None:
            self.drop(member.name)
        self._make(member)

    def _place(self, member: Member) -> Target:
        """The running target of a member: its own, through the test's kind of driver."""
        if member.target is None:
            return self.target
        found = [each for each in self._environment.targets if each.matches(member.target)]
        if not found:
            raise TargetUnknown("target", str(member.target), map(str, self._environment.targets))
        return next((one for one in found if self._alike(one)), found[0])

    def _alike(self, target: Target) -> bool:
        """Whether its driver is asynchronous where the one of the test is."""

        def is_async(one: Target) -> bool:
            backend = self._environment.server(one).backend
            return backend.driver(one.driver).is_async

        return is_async(target) == is_async(self.target)
