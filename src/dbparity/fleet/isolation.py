"""Whether agents, and users, have nothing of each other's."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from dbparity.fleet.members import GATEWAY
from dbparity.fleet.views import UNREADABLE, key, rows
from dbparity.results import Finding, Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from dbparity.fleet.linking import Links
    from dbparity.fleet.members import Fleet
    from dbparity.fleet.tables import Part
    from dbparity.fleet.views import Views
    from dbparity.results import Item


def between_agents(fleet: Fleet, links: Links, views: Views) -> Iterator[Item]:
    """Sessions that are with another agent, or with two; rows of no session of the database."""
    of = {each.id: each.agent for each in links.gateway}
    holders: dict[str, list[str]] = defaultdict(list)
    for name, found in links.agents.items():
        part = fleet.agent_tables[name].sessions
        for theirs in found:
            holders[theirs.id].append(name)
            owner = of.get(theirs.other, name)
            if owner != name:
                yield Finding(
                    "ISOLATION-AGENT",
                    Severity.WRONG,
                    f"{name} has a session that is with {owner}",
                    Place(part.table.name, part["gateway_session"].name, theirs.id),
                    owner,
                    name,
                    f"delete it from {name}, and look what wrote there",
                )
    for session, names in holders.items():
        if len(names) > 1:
            yield Finding(
                "ISOLATION-COPY",
                Severity.WRONG,
                f"{' and '.join(names)} have the same session",
                Place(key=session),
                "one agent",
                ", ".join(names),
                "keep the one that the gateway names",
            )
    for name in links.agents:
        yield Verified(f"the sessions of {name}")
    yield from _orphans(fleet, views)


def between_users(fleet: Fleet, links: Links, views: Views) -> Iterator[Item]:
    """Users who have a session open that is another one's, or nobody's."""
    state = fleet.tables.state
    if state is None:
        yield Verified("nobody has a session open: the gateway does not keep it")
        return
    owners = {each.id: each.user for each in links.gateway}
    for user, session in views.ask(GATEWAY, rows(state, "user", "session")):
        place = Place(state.table.name, state["session"].name, str(user))
        owner = owners.get(key(session))
        if session is None or owner == str(user):
            yield Verified("what a user has open is the user's", place)
            continue
        whose = f"of {owner!r}" if owner is not None else "that is not there"
        yield Finding(
            "ISOLATION-USER",
            Severity.WRONG,
            f"user {str(user)!r} has a session open {whose}",
            place,
            str(user),
            str(owner),
            "close it, and look how it was opened",
        )


def _orphans(fleet: Fleet, views: Views) -> Iterator[Item]:
    """Rows of sessions that their own database does not have: another one's, or left behind."""
    parts = [(GATEWAY, fleet.tables.sessions, fleet.tables.messages)]
    for name, tables in fleet.agent_tables.items():
        beside = (tables.messages, tables.context)
        parts += [(name, tables.sessions, part) for part in beside if part is not None]
    for name, sessions, part in parts:
        try:
            left = views.ask(name, _without(sessions, part))
        except UNREADABLE as error:
            yield Skipped(f"the rows of {name}: {error}")
            continue
        for session in left:
            yield Finding(
                "ISOLATION-ROW",
                Severity.WRONG,
                f"{name} has rows of a session that it has not",
                Place(part.table.name, part["session"].name, key(session)),
                "a session of its own",
                "no row",
                "find out whose they are; a foreign key would have refused them",
            )


def _without(sessions: Part, part: Part) -> Callable[[Connection], list[object]]:
    known = select(sessions["id"])
    wanted = select(part["session"]).distinct().where(part["session"].not_in(known))
    return lambda connection: list(connection.scalars(wanted))
