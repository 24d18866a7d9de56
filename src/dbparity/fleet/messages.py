"""Whether the gateway and each agent have the same messages, in the same order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from sqlalchemy import select

from dbparity.fleet import chats
from dbparity.fleet.chats import Message
from dbparity.fleet.members import GATEWAY
from dbparity.fleet.views import UNREADABLE, key
from dbparity.results import Finding, Place, Severity, Skipped, Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection

    from dbparity.fleet.linking import Links
    from dbparity.fleet.members import Fleet
    from dbparity.fleet.tables import Part
    from dbparity.fleet.views import Views
    from dbparity.results import Item

_PAGE = 5_000
_SHOWN = 60  # characters of a text


@dataclass
class Told:
    """What a database has of a session, shortened.

    Attributes:
        session: its id, as the driver returned it.
        digest: of senders and texts, in their order.
        count: of messages.
        gap: the first position that is not the one before plus one.
    """

    session: object
    digest: bytes = b""
    count: int = 0
    last: int | None = None
    gap: int | None = None

    def add(self, message: Message) -> None:
        """Add the next message."""
        text = f"{message.sender}\0{message.body}".encode("utf-8", "surrogatepass")
        self.digest = hashlib.sha256(self.digest + hashlib.sha256(text).digest()).digest()
        if self.gap is None and self.last is not None and message.position != self.last + 1:
            self.gap = message.position
        self.count, self.last = self.count + 1, message.position


def messages(fleet: Fleet, links: Links, views: Views) -> Iterator[Item]:
    """Sessions of which one side has messages that the other has not, or in another order."""
    mine = views.ask(GATEWAY, told(fleet.tables.messages))
    yield from _gaps("the gateway", fleet.tables.messages, mine)
    for name, why in links.missing.items():
        yield Skipped(f"the messages of {name}: {why}")
    for name in links.agents:
        part = fleet.agent_tables[name].messages
        try:
            theirs = views.ask(name, told(part))
        except UNREADABLE as error:
            yield Skipped(f"the messages of {name}: {error}")
            continue
        yield from _gaps(name, part, theirs)
        for link in links.gateway:
            if link.agent != name:
                continue
            here, there = mine.get(link.id), theirs.get(link.other)
            if (here and here.digest) == (there and there.digest):
                yield Verified(f"{name} has the messages of the gateway", Place(key=link.id))
            else:
                yield _difference(fleet, views, name, link.id, here, there)


def told(part: Part) -> Callable[[Connection], dict[str, Told]]:
    """A question for all messages, by session."""
    columns = part["session"], part["position"], part["sender"], part["body"]
    wanted = select(*columns).order_by(part["session"], part["position"])

    def ask(connection: Connection) -> dict[str, Told]:
        found: dict[str, Told] = {}
        last, current = object(), Told(None)
        for session, position, sender, body in connection.execution_options(
            yield_per=_PAGE
        ).execute(wanted):
            if session != last:
                last, current = session, found.setdefault(key(session), Told(session))
            current.add(Message(position, sender, body))
        return found

    return ask


def messages_of(part: Part, session: object) -> Callable[[Connection], list[Message]]:
    """A question for the messages of one session, in their order."""
    wanted = chats.messages_of(part, session)
    return lambda connection: [Message(*row) for row in connection.execute(wanted)]


def _gaps(name: str, part: Part, found: Mapping[str, Told]) -> Iterator[Item]:
    for session, one in found.items():
        if one.gap is not None:
            yield Finding(
                "MESSAGES-GAP",
                Severity.LOST,
                f"the messages of a session of {name} are not numbered one by one",
                Place(part.table.name, part["position"].name, session),
                "positions without a gap",
                f"{one.gap} follows another one than {one.gap - 1}",
                "look for the message that is gone, or that is there twice",
            )


def _difference(  # noqa: PLR0913, PLR0917  # both sides of it
    fleet: Fleet, views: Views, name: str, session: str, here: Told | None, there: Told | None
) -> Finding:
    """Name the first message that is not the same."""
    part = fleet.tables.messages
    mine = views.ask(GATEWAY, messages_of(part, here.session)) if here else []
    other = fleet.agent_tables[name].messages
    theirs = views.ask(name, messages_of(other, there.session)) if there else []
    number, (left, right) = next(
        (place, pair)
        for place, pair in enumerate(zip_longest(mine, theirs))
        if pair[0] is None
        or pair[1] is None
        or (pair[0].sender, pair[0].body) != (pair[1].sender, pair[1].body)
    )
    return Finding(
        "MESSAGES-DIFFER",
        Severity.LOST if left is None or right is None else Severity.WRONG,
        f"the gateway has {len(mine)} messages of a session, {name} has {len(theirs)}",
        Place(part.table.name, part["body"].name, session),
        spelled(left),
        f"{name}, message {number}: {spelled(right)}",
        "keep what both have said, and look which write was cut off",
    )


def spelled(message: Message | None) -> str:
    """A message on one line, with its beginning."""
    if message is None:
        return "no message"
    text = message.body if len(message.body) <= _SHOWN else message.body[:_SHOWN] + "…"
    return f"{message.sender}: {text!r}"
