"""CrossDatabaseInspector: whether the databases of a fleet are one application's, and apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from dbparity.fleet.architecture import architecture
from dbparity.fleet.isolation import between_agents, between_users
from dbparity.fleet.linking import linking, read_links
from dbparity.fleet.messages import messages
from dbparity.fleet.views import UNREADABLE, Views
from dbparity.results import Finding, Skipped, concluded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dbparity.fleet.linking import Links
    from dbparity.fleet.views import Databases
    from dbparity.results import Item, Result

_CATEGORY = "fleet"


class CrossDatabaseInspector:
    """Reads all databases of a fleet and tells what does not fit together. It writes nothing."""

    def __init__(self, held: Databases) -> None:
        """Inspect the databases that are ``held``, such as by a `MultiDatabaseManager`."""
        self.fleet, self.views = held.fleet, Views(held)

    def architecture(self) -> tuple[Finding, ...]:
        """Databases missing or shared, of another schema or version, or with keys that lead out."""
        return _findings(architecture(self.fleet, self.views))

    def links(self) -> tuple[Finding, ...]:
        """Sessions that one side alone has, that it has twice, or that are of two users."""
        return _findings(linking(self.fleet, self._links()))

    def messages(self) -> tuple[Finding, ...]:
        """Messages that one side has and the other has not, or elsewhere."""
        return _findings(messages(self.fleet, self._links(), self.views))

    def agent_isolation(self) -> tuple[Finding, ...]:
        """Rows of one agent in the database of another."""
        return _findings(between_agents(self.fleet, self._links(), self.views))

    def user_isolation(self) -> tuple[Finding, ...]:
        """Users who have a session open that is not theirs."""
        return _findings(between_users(self.fleet, self._links(), self.views))

    def inspect(self) -> tuple[Finding, ...]:
        """All of it."""
        return tuple(finding for result in self.verdict() for finding in result.findings)

    def verdict(self) -> tuple[Result, ...]:
        """All of it, a result for each question; what could not be asked is skipped."""
        fleet, views = self.fleet, self.views
        target = views.target
        results = [_result(target, "architecture", architecture(fleet, views))]
        asked: dict[str, Callable[[Links], Iterable[Item]]] = {
            "links": lambda links: linking(fleet, links),
            "messages": lambda links: messages(fleet, links, views),
            "agent_isolation": lambda links: between_agents(fleet, links, views),
            "user_isolation": lambda links: between_users(fleet, links, views),
        }
        try:
            links = self._links()
        except UNREADABLE as error:
            left = [Skipped(str(error))]
            return (*results, *(_result(target, name, left) for name in asked))
        return (*results, *(_result(target, name, ask(links)) for name, ask in asked.items()))

    def close(self) -> None:
        """Close the connections."""
        self.views.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _links(self) -> Links:
        return read_links(self.fleet, self.views)


def _result(target: str, name: str, items: Iterable[Item]) -> Result:
    return concluded(target, _CATEGORY, name, items)


def _findings(items: Iterable[Item]) -> tuple[Finding, ...]:
    return tuple(item for item in items if isinstance(item, Finding))
