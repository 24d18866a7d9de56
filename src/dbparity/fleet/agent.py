"""AgentPersistenceAdapter: an agent's side of its sessions, in its own database."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from dbparity.fleet import chats
from dbparity.fleet.chats import Message, Session
from dbparity.fleet.responders import Turn, echo
from dbparity.fleet.tables import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from dbparity.fleet.connections import Connections
    from dbparity.fleet.members import Fleet
    from dbparity.fleet.responders import Responder


@dataclass(frozen=True)
class Received:
    """What an agent has kept of a turn in a session, and what it had ``known`` before."""

    session: object
    said: tuple[Message, Message]
    known: Mapping[str, str]


class AgentPersistenceAdapter:
    """What an agent does with its database. Each call is a transaction of its own."""

    def __init__(
        self, fleet: Fleet, name: str, connections: Connections, responder: Responder = echo
    ) -> None:
        """Be the agent called ``name``, who answers through ``responder``.

        Raises:
            AgentUnknown: the fleet has no such agent.
        """
        fleet.agent(name)
        self.name = name
        self._tables, self._senders = fleet.agent_tables[name], fleet.senders
        self._connections, self._responder = connections, responder

    async def open_session(self, gateway_session: object, user: str) -> Any:  # noqa: ANN401  # an id
        """Begin a session for one of the gateway; its id."""
        session = self.new_session()
        async with self.opening(session, gateway_session, user):
            return session

    async def receive(self, session: object, user: str, text: str) -> Message:
        """Keep what the user says, and the answer, which is returned.

        Raises:
            SessionUnknown, SessionForeign: it is not there, or another user's.
        """
        async with self.receiving(session, user, text) as turn:
            return turn.said[-1]

    async def sessions(self, user: str) -> list[Session]:
        """The sessions of a user."""
        part = self._tables.sessions
        wanted = select(part["id"], part["gateway_session"]).where(part["user"] == user)
        async with self._connections.begin(self.name) as connection:
            rows = (await connection.execute(wanted.order_by(part["id"]))).all()
        return [Session(mine, user, self.name, linked) for mine, linked in rows]

    async def messages(self, session: object, user: str) -> list[Message]:
        """The messages of a session, in their order; raise what `receive` does."""
        async with self._found(session, user) as connection:
            return await chats.read(connection, self._tables.messages, session)

    async def context(self, session: object, user: str) -> dict[str, str]:
        """What the agent remembers of a session; raise what `receive` does."""
        async with self._found(session, user) as connection:
            return await self._remembered(connection, session)

    async def remember(self, session: object, user: str, values: Mapping[str, str]) -> None:
        """Remember ``values``, besides what is known; raise what `receive` does."""
        async with self._connections.begin(self.name) as connection:
            await chats.lock(connection, self._tables.sessions, session)
            await self._find(connection, session, user)
            known = await self._remembered(connection, session)
            await self._remember(connection, session, known, values)

    async def close_session(self, session: object, user: str) -> None:
        """Delete a session, its messages and what is remembered of it."""
        async with self.closing(session, user):
            pass

    def new_session(self) -> Any:  # noqa: ANN401  # an id of the application's own type
        """An id that no session has."""
        return new_id(self._tables.sessions["id"])

    @asynccontextmanager
    async def opening(
        self, session: object, gateway_session: object, user: str
    ) -> AsyncIterator[None]:
        """Begin a session in a transaction that is committed behind the block."""
        part = self._tables.sessions
        values = part.values(id=session, gateway_session=gateway_session, user=user)
        async with self._connections.begin(self.name) as connection:
            await connection.execute(insert(part.table).values(values))
            yield

    @asynccontextmanager
    async def receiving(self, session: object, user: str, text: str) -> AsyncIterator[Received]:
        """Keep a message and its answer in a transaction that is committed behind the block."""
        async with self._connections.begin(self.name) as connection:
            await chats.lock(connection, self._tables.sessions, session)
            await self._find(connection, session, user)
            position = await chats.following(connection, self._tables.messages, session)
            known = await self._remembered(connection, session)
            number = position // 2 + 1
            turn = Turn(self.name, user, session, number, text, dict(known))
            answer = await self._responder(turn)
            by_user, by_agent = self._senders
            said = (Message(position, by_user, text), Message(position + 1, by_agent, answer.text))
            await chats.append(connection, self._tables.messages, session, said)
            await self._remember(connection, session, known, answer.context)
            yield Received(session, said, known)

    @asynccontextmanager
    async def closing(self, session: object, user: str) -> AsyncIterator[None]:
        """Delete a session in a transaction that is committed behind the block."""
        part = self._tables.sessions
        async with self._connections.begin(self.name) as connection:
            await chats.lock(connection, part, session)
            await self._find(connection, session, user)
            for beside in (self._tables.messages, self._tables.context):
                if beside is not None:
                    await chats.remove(connection, beside, session)
            await connection.execute(delete(part.table).where(part["id"] == session))
            yield

    async def forget(self, session: object) -> None:
        """Take back a session that the gateway does not have."""
        part = self._tables.sessions
        async with self._connections.begin(self.name) as connection:
            await connection.execute(delete(part.table).where(part["id"] == session))

    async def unsay(self, received: Received) -> None:
        """Take back what the gateway does not have, if it is there at all."""
        part, context = self._tables.messages, self._tables.context
        later = (part["session"] == received.session) & (
            part["position"] >= received.said[0].position
        )
        async with self._connections.begin(self.name) as connection:
            await connection.execute(delete(part.table).where(later))
            if context is not None:
                await chats.remove(connection, context, received.session)
                await self._remember(connection, received.session, {}, received.known)

    @asynccontextmanager
    async def _found(self, session: object, user: str) -> AsyncIterator[AsyncConnection]:
        async with self._connections.begin(self.name) as connection:
            await self._find(connection, session, user)
            yield connection

    async def _find(self, connection: AsyncConnection, session: object, user: str) -> None:
        place = f"agent {self.name!r}"
        await chats.find(connection, self._tables.sessions, session, user, place)

    async def _remembered(self, connection: AsyncConnection, session: object) -> dict[str, str]:
        part = self._tables.context
        if part is None:
            return {}
        wanted = select(part["name"], part["value"]).where(part["session"] == session)
        return {row[0]: row[1] for row in await connection.execute(wanted)}

    async def _remember(
        self,
        connection: AsyncConnection,
        session: object,
        known: Mapping[str, str],
        values: Mapping[str, str],
    ) -> None:
        part = self._tables.context
        if part is None:
            return
        fresh = [
            part.values(session=session, name=name, value=value)
            for name, value in values.items()
            if name not in known
        ]
        if fresh:
            await connection.execute(insert(part.table), fresh)
        for name, value in values.items():
            if known.get(name, value) != value:
                here = (part["session"] == session) & (part["name"] == name)
                await connection.execute(
                    update(part.table).where(here).values({part["value"]: value})
                )
