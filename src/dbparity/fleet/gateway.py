"""GatewayPersistenceAdapter: what a user of the gateway can do, persisted in all databases."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from dbparity.errors import FleetInvalid, SessionTorn, SessionUnknown
from dbparity.fleet import chats
from dbparity.fleet.agent import AgentPersistenceAdapter
from dbparity.fleet.chats import Message, Session
from dbparity.fleet.members import GATEWAY
from dbparity.fleet.responders import echo
from dbparity.fleet.tables import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Column
    from sqlalchemy.ext.asyncio import AsyncConnection

    from dbparity.fleet.agent import Received
    from dbparity.fleet.connections import Connections
    from dbparity.fleet.members import Fleet
    from dbparity.fleet.responders import Responder
    from dbparity.fleet.tables import Part

_PLACE = "the gateway"


@dataclass(frozen=True)
class _Turn:
    """What an agent has kept, and what the gateway has said of it."""

    agent: AgentPersistenceAdapter
    received: Received
    said: list[Message]


class GatewayPersistenceAdapter:
    """Sessions of users with agents, each kept by the gateway and by the agent.

    Both sides commit what belongs together one behind the other, the agent first: no transaction
    spans two databases. Where the second commit fails, the first is taken back; where that fails
    too, `SessionTorn` is raised.
    """

    def __init__(self, fleet: Fleet, connections: Connections, responder: Responder = echo) -> None:
        """Work on the databases of ``fleet``; every agent answers through ``responder``."""
        self.fleet = fleet
        self._tables, self._connections = fleet.tables, connections
        self._agents = {
            name: AgentPersistenceAdapter(fleet, name, connections, responder)
            for name in fleet.agents
        }

    def agent(self, name: str) -> AgentPersistenceAdapter:
        """The agent of that name; raise `AgentUnknown` where there is none."""
        self.fleet.agent(name)
        return self._agents[name]

    async def create_session(self, user: str, agent: str, title: str = "") -> Any:  # noqa: ANN401  # an id
        """Begin a session of ``user`` with ``agent``, and open it; its id.

        Raises:
            AgentUnknown: there is no such agent; nothing was written.
            SessionTorn: the agent may have a session that the gateway does not have.
        """
        part, other = self._tables.sessions, self.agent(agent)
        session, theirs = new_id(part["id"]), other.new_session()
        values = part.values(id=session, user=user, agent=agent, agent_session=theirs)
        if title:
            values |= {self._column("title", "titles").key: title}
        opened = False
        try:
            async with self._connections.begin(GATEWAY) as connection:
                await connection.execute(insert(part.table).values(values))
                async with other.opening(theirs, session, user):
                    opened = True
        except Exception as error:
            if opened:
                await self._settle(session, other, partial(other.forget, theirs), error)
            else:
                raise
        if self._tables.state is not None:
            await self.switch_session(user, session)
        return session

    async def send_message(self, user: str, session: object, text: str) -> Message:
        """Say ``text`` in a session; the agent's answer, when both sides have kept both.

        Raises:
            SessionUnknown, SessionForeign: it is not there, or another user's.
            SessionTorn: the agent may have messages that the gateway does not have.
        """
        kept: list[_Turn] = []
        try:
            async with (
                self._connections.begin(GATEWAY) as connection,
                self._answered(connection, user, session, text) as turn,
            ):
                kept.append(turn)
        except Exception as error:
            if not kept:
                raise
            turn = kept[0]
            undo = partial(turn.agent.unsay, turn.received)
            await self._settle(session, turn.agent, undo, error, turn.said[-1])
        return kept[0].said[-1]

    async def switch_session(self, user: str, session: object) -> None:
        """Open a session before the user's eyes.

        Raises:
            SessionUnknown, SessionForeign: it is not there, or another user's.
            FleetInvalid: the gateway has no table for it.
        """
        part = self._state()
        try:
            await self._switch(part, user, session)
        except IntegrityError:
            # Somebody else was first to insert the user's row: it can be updated now.
            await self._switch(part, user, session)

    async def _switch(self, state: Part, user: str, session: object) -> None:
        mine = update(state.table).where(state["user"] == user).values({state["session"]: session})
        new = insert(state.table).values(state.values(user=user, session=session))
        async with self._connections.begin(GATEWAY) as connection:
            await chats.lock(connection, self._tables.sessions, session)
            await self._find(connection, session, user)
            if not (await connection.execute(mine)).rowcount:
                await connection.execute(new)

    async def current_session(self, user: str) -> Any:  # noqa: ANN401  # an id, or None
        """The session that a user has open; None where there is none."""
        part = self._state()
        async with self._connections.begin(GATEWAY) as connection:
            return await connection.scalar(select(part["session"]).where(part["user"] == user))

    async def list_sessions(self, user: str) -> list[Session]:
        """The sessions of a user, the oldest first where the gateway knows when they began."""
        part = self._tables.sessions
        names = [name for name in ("id", "user", "agent", "agent_session", "title") if name in part]
        wanted = select(*(part[name] for name in names)).where(part["user"] == user)
        order = [part[name] for name in ("created", "id") if name in part]
        async with self._connections.begin(GATEWAY) as connection:
            rows = (await connection.execute(wanted.order_by(*order))).all()
        return [Session(*row) for row in rows]

    async def rename_session(self, user: str, session: object, title: str) -> None:
        """Give a session another title; raise what `switch_session` does."""
        column, part = self._column("title", "titles"), self._tables.sessions
        changed = update(part.table).where(part["id"] == session).values({column: title})
        async with self._connections.begin(GATEWAY) as connection:
            await chats.lock(connection, part, session)
            await self._find(connection, session, user)
            await connection.execute(changed)

    async def delete_session(self, user: str, session: object) -> None:
        """Delete a session with everything that hangs on it, at the agent too.

        Raises:
            SessionUnknown, SessionForeign: it is not there, or another user's.
            SessionTorn: the gateway has it no more, and the agent may still have it.
        """
        part, state = self._tables.sessions, self._tables.state
        async with self._connections.begin(GATEWAY) as connection:
            await chats.lock(connection, part, session)
            row = await self._find(connection, session, user)
            other = self.agent(row.agent)
            if state is not None:
                await _let_go(connection, state, session)
            await chats.remove(connection, self._tables.messages, session)
            await connection.execute(delete(part.table).where(part["id"] == session))
        try:
            await other.close_session(row.agent_session, user)
        except SessionUnknown:
            return  # it was gone before
        except Exception as error:
            raise SessionTorn(session, other.name, _PLACE, error) from error

    async def messages(self, user: str, session: object) -> list[Message]:
        """The messages of a session, in their order; raise what `switch_session` does."""
        async with self._connections.begin(GATEWAY) as connection:
            await self._find(connection, session, user)
            return await chats.read(connection, self._tables.messages, session)

    async def context(self, user: str, session: object) -> dict[str, str]:
        """What the agent remembers of a session; raise what `switch_session` does."""
        async with self._connections.begin(GATEWAY) as connection:
            row = await self._find(connection, session, user)
        return await self.agent(row.agent).context(row.agent_session, user)

    @asynccontextmanager
    async def _answered(
        self, connection: AsyncConnection, user: str, session: object, text: str
    ) -> AsyncIterator[_Turn]:
        """Let the agent answer, and keep both texts; the agent commits behind the block."""
        part, messages = self._tables.sessions, self._tables.messages
        await chats.lock(connection, part, session)
        row = await self._find(connection, session, user)
        agent = self.agent(row.agent)
        async with agent.receiving(row.agent_session, user, text) as received:
            position = await chats.following(connection, messages, session)
            said = [
                Message(position + number, each.sender, each.body)
                for number, each in enumerate(received.said)
            ]
            await chats.append(connection, messages, session, said)
            await self._count(connection, session, len(said))
            yield _Turn(agent, received, said)

    async def _find(self, connection: AsyncConnection, session: object, user: str) -> Any:  # noqa: ANN401
        return await chats.find(connection, self._tables.sessions, session, user, _PLACE)

    async def _count(self, connection: AsyncConnection, session: object, more: int) -> None:
        part = self._tables.sessions
        if "count" in part:
            counted = {part["count"]: func.coalesce(part["count"], 0) + more}
            await connection.execute(
                update(part.table).where(part["id"] == session).values(counted)
            )

    async def _settle(
        self,
        session: object,
        agent: AgentPersistenceAdapter,
        undo: Callable[[], Awaitable[None]],
        error: Exception,
        last: Message | None = None,
    ) -> None:
        """After a commit that failed: return if the gateway has it all the same, else take it back.

        A commit whose answer was lost may have happened.
        """
        part, messages = self._tables.sessions, self._tables.messages
        asked = _exists(part, "id", session)
        if last is not None:
            asked = _exists(messages, "session", session).where(
                messages["position"] == last.position, messages["body"] == last.body
            )
        try:
            async with self._connections.begin(GATEWAY) as connection:
                if await connection.scalar(asked):
                    return
            await undo()
        except Exception as cause:  # noqa: BLE001  # drivers raise whatever they like
            raise SessionTorn(session, agent.name, _PLACE, cause) from error
        raise error

    def _state(self) -> Part:
        if self._tables.state is None:
            cure = 'name the table: tables = {state = "..."}'
            raise FleetInvalid(GATEWAY, "it keeps no state of users", cure)
        return self._tables.state

    def _column(self, name: str, what: str) -> Column[Any]:
        part = self._tables.sessions
        if name not in part:
            cure = f'name the column: columns = {{"sessions.{name}" = "..."}}'
            raise FleetInvalid(GATEWAY, f"{part.table} has no {what}", cure)
        return part[name]


def _exists(part: Part, name: str, value: object) -> Any:  # noqa: ANN401  # a Select
    return select(1).where(part[name] == value).limit(1).select_from(part.table)


async def _let_go(connection: AsyncConnection, state: Part, session: object) -> None:
    """Let nobody have a session open that is deleted."""
    opened = state["session"] == session
    if state["session"].nullable:
        closed = update(state.table).where(opened).values({state["session"]: None})
        await connection.execute(closed)
    else:
        await connection.execute(delete(state.table).where(opened))
