"""Whether the sessions of a gateway and of its agents are linked, one to one, and of one user."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.fleet.members import GATEWAY
from dbparity.fleet.views import UNREADABLE, key, rows
from dbparity.results import Finding, Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dbparity.fleet.members import Fleet
    from dbparity.fleet.views import Views
    from dbparity.results import Item


@dataclass(frozen=True)
class Link:
    """A session, of the gateway or of an agent, and the one that it is linked with."""

    id: str
    user: str
    agent: str
    other: str


@dataclass(frozen=True)
class Links:
    """All sessions.

    Attributes:
        gateway: those of the gateway.
        agents: by agent, its own; an agent that cannot be reached is not there.
        missing: why not.
    """

    gateway: Sequence[Link]
    agents: Mapping[str, Sequence[Link]]
    missing: Mapping[str, str]


def read_links(fleet: Fleet, views: Views) -> Links:
    """Read the sessions of all databases; raise what `Views.ask` does for the gateway."""
    asked = rows(fleet.tables.sessions, "id", "user", "agent", "agent_session")
    gateway = [
        Link(key(mine), str(user), str(agent), key(other))
        for mine, user, agent, other in views.ask(GATEWAY, asked)
    ]
    agents, missing = {}, {}
    for name in fleet.agents:
        asked = rows(fleet.agent_tables[name].sessions, "id", "user", "gateway_session")
        try:
            found = views.ask(name, asked)
        except UNREADABLE as error:
            missing[name] = str(error)
            continue
        agents[name] = [Link(key(mine), str(user), name, key(other)) for mine, user, other in found]
    return Links(gateway, agents, missing)


def linking(fleet: Fleet, links: Links) -> Iterator[Item]:
    """Sessions that one side alone has, or twice, or that are of two users."""
    table, column = _place(fleet)
    for name, why in links.missing.items():
        yield Skipped(f"the sessions of {name}: {why}")
    sides = {name: {each.id: each for each in found} for name, found in links.agents.items()}
    for mine in links.gateway:
        place = Place(table, column, mine.id)
        if mine.agent not in fleet.agents:
            yield _finding(
                "LINK-AGENT",
                f"a session of {mine.user!r} is with an agent that is not declared",
                place,
                ", ".join(fleet.agents),
                mine.agent,
                "declare the agent, or delete the session",
            )
        elif mine.agent in sides:
            yield from _judged(mine, sides[mine.agent].get(mine.other), place)
    yield from _dangling(fleet, links)
    yield from _doubled(fleet, links)


def _judged(mine: Link, theirs: Link | None, place: Place) -> Iterator[Item]:
    if theirs is None:
        yield _finding(
            "LINK-DANGLING",
            f"{mine.agent} has no session for one of {mine.user!r} that the gateway has",
            place,
            mine.other,
            "no row",
            "restore the agent's database, or delete the session",
            Severity.LOST,
        )
    elif theirs.other != mine.id:
        yield _finding(
            "LINK-CROSSED",
            f"the session of {mine.agent} is linked with another one of the gateway",
            place,
            mine.id,
            theirs.other,
            "find out which one the messages are of, and correct the other one",
        )
    elif theirs.user != mine.user:
        yield _finding(
            "LINK-USER",
            f"the gateway and {mine.agent} hold a session to be of different users",
            place,
            mine.user,
            theirs.user,
            "nobody may see it before it is known whose it is",
        )
    else:
        yield Verified(f"{mine.agent} has the session", place)


def _dangling(fleet: Fleet, links: Links) -> Iterator[Item]:
    """Sessions of agents that the gateway does not know."""
    known = {(each.agent, each.other) for each in links.gateway}
    here = {each.id for each in links.gateway}
    for name, found in links.agents.items():
        part = fleet.agent_tables[name].sessions
        for theirs in found:
            if (name, theirs.id) not in known and theirs.other not in here:
                yield _finding(
                    "LINK-ORPHAN",
                    f"{name} has a session of {theirs.user!r} that the gateway has not",
                    Place(part.table.name, part["gateway_session"].name, theirs.id),
                    theirs.other,
                    "no row",
                    "delete it: no user can reach it",
                )


def _doubled(fleet: Fleet, links: Links) -> Iterator[Item]:
    table, column = _place(fleet)
    by_agent: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mine in links.gateway:
        by_agent[mine.agent, mine.other].append(mine.id)
    for (agent, other), found in by_agent.items():
        if len(found) > 1:
            yield _finding(
                "LINK-DOUBLED",
                f"{len(found)} sessions of the gateway are linked with one of {agent}",
                Place(table, column, other),
                "one session",
                ", ".join(found),
                "make the agent's session unique in the gateway",
            )
    by_gateway: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, sessions in links.agents.items():
        for theirs in sessions:
            by_gateway[name, theirs.other].append(theirs.id)
    for (name, other), found in by_gateway.items():
        part = fleet.agent_tables[name].sessions
        if len(found) > 1:
            yield _finding(
                "LINK-DOUBLED",
                f"{name} has {len(found)} sessions for one of the gateway",
                Place(part.table.name, part["gateway_session"].name, other),
                "one session",
                ", ".join(found),
                "make the gateway's session unique at the agent",
            )


def _place(fleet: Fleet) -> tuple[str, str]:
    part = fleet.tables.sessions
    return part.table.name, part["agent_session"].name


def _finding(  # noqa: PLR0913, PLR0917  # each is a field
    code: str,
    message: str,
    place: Place,
    expected: str,
    actual: str,
    recommendation: str,
    severity: Severity = Severity.WRONG,
) -> Finding:
    return Finding(code, severity, message, place, expected, actual, recommendation)
