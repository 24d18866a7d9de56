"""What a user of a gateway or an agent sees: sessions and messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from dbparity.errors import SessionForeign, SessionUnknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from dbparity.fleet.tables import Part


@dataclass(frozen=True)
class Session:
    """A chat: the gateway's row, or the agent's, whose ``linked`` is the other side's id."""

    id: Any
    user: str
    agent: str
    linked: Any
    title: str = ""


@dataclass(frozen=True)
class Message:
    """One thing that was said in a session, at a ``position`` from 0."""

    position: int
    sender: str
    body: str


async def lock(connection: AsyncConnection, sessions: Part, session: object) -> None:
    """Let nobody else change the session until the transaction's end.

    A write, not SELECT FOR UPDATE: SQLite locks by nothing else, and cannot lock after it has read.
    """
    touched = {sessions["user"]: sessions["user"]}
    await connection.execute(
        update(sessions.table).where(sessions["id"] == session).values(touched)
    )


async def find(
    connection: AsyncConnection, sessions: Part, session: object, user: str, place: str
) -> Any:  # noqa: ANN401  # a row of the application's own table
    """The row of a session, by the names of its parts.

    Raises:
        SessionUnknown: ``place``, which is searched, does not have it.
        SessionForeign: it is another user's.
    """
    columns = [column.label(name) for name, column in sessions.columns.items()]
    wanted = select(*columns).where(sessions["id"] == session)
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        raise SessionUnknown(session, place)
    if row.user != user:
        raise SessionForeign(session, user)
    return row


async def following(connection: AsyncConnection, messages: Part, session: object) -> int:
    """The position of the next message."""
    last = select(func.max(messages["position"])).where(messages["session"] == session)
    found = await connection.scalar(last)
    return 0 if found is None else found + 1


def messages_of(messages: Part, session: object) -> Select[Any]:
    """The positions, senders and texts of a session, in their order."""
    return (
        select(messages["position"], messages["sender"], messages["body"])
        .where(messages["session"] == session)
        .order_by(messages["position"])
    )


async def read(connection: AsyncConnection, messages: Part, session: object) -> list[Message]:
    """The messages of a session, in their order."""
    return [Message(*row) for row in await connection.execute(messages_of(messages, session))]


async def append(
    connection: AsyncConnection, messages: Part, session: object, said: Sequence[Message]
) -> None:
    """Insert messages in one statement."""
    rows = [
        messages.values(session=session, position=each.position, sender=each.sender, body=each.body)
        for each in said
    ]
    await connection.execute(insert(messages.table), rows)


async def remove(connection: AsyncConnection, part: Part, session: object) -> None:
    """Delete what a table has of a session."""
    await connection.execute(delete(part.table).where(part["session"] == session))
