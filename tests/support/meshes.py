"""A fleet without constraints, and what can be wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import Column, Integer, MetaData, String, Table, Text, Uuid, delete, insert, update

from dbparity.applications import Application
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.members import GATEWAY, Fleet, Member
from dbparity.fleet.tables import agent_tables, gateway_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Executable

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

AGENTS = ("poet", "critic")

GATEWAY_METADATA = MetaData()
CHATS = Table(
    "user_sessions",
    GATEWAY_METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("agent_session_id", Uuid, nullable=False),
)
SAID = Table(
    "chat_messages",
    GATEWAY_METADATA,
    Column("id", Integer, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("sender", String(5), nullable=False),
    Column("body", Text, nullable=False),
)
STATES = Table(
    "ui_states",
    GATEWAY_METADATA,
    Column("user_id", String(64), primary_key=True),
    Column("session_id", Uuid),
)
AGENT_METADATA = MetaData()
SESSIONS = Table(
    "sessions",
    AGENT_METADATA,
    Column("id", Uuid, primary_key=True),
    Column("gateway_session_id", Uuid, nullable=False),
    Column("user_id", String(64), nullable=False),
)
MESSAGES = Table(
    "messages",
    AGENT_METADATA,
    Column("id", Integer, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("sender", String(5), nullable=False),
    Column("body", Text, nullable=False),
)
CONTEXT = Table(
    "context",
    AGENT_METADATA,
    Column("session_id", Uuid, primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)


def careless(agents: tuple[str, ...] = AGENTS) -> Fleet:
    """A gateway and agents that refuse nothing, none of them migrated."""
    application = Application("careless agent", AGENT_METADATA)
    return Fleet(
        Member(GATEWAY, Application("careless gateway", GATEWAY_METADATA)),
        gateway_tables(GATEWAY, GATEWAY_METADATA, {}, {}),
        {name: Member(name, application) for name in agents},
        {name: agent_tables(name, AGENT_METADATA, {}, {}) for name in agents},
    )


CARELESS = careless()


def mesh(environment: DatabaseTestEnvironment, target: Target) -> MultiDatabaseManager:
    """The careless fleet on a target, to be entered."""
    return MultiDatabaseManager(CARELESS, environment, target)


@dataclass(frozen=True)
class Chat:
    """A session that is right on both sides: two messages, and what the agent remembers."""

    id: UUID
    theirs: UUID
    user: str
    agent: str


class Writer:
    """Writes rows past every adapter."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self._databases = databases

    def chat(self, user: str = "ada", agent: str = "poet") -> Chat:
        chat = Chat(uuid4(), uuid4(), user, agent)
        self.add(
            GATEWAY,
            CHATS,
            id=chat.id,
            user_id=user,
            agent=agent,
            agent_session_id=chat.theirs,
        )
        self.add(agent, SESSIONS, id=chat.theirs, gateway_session_id=chat.id, user_id=user)
        for position, sender in enumerate(("user", "agent")):
            said = {"position": position, "sender": sender, "body": f"{sender} speaks"}
            self.add(GATEWAY, SAID, session_id=chat.id, **said)
            self.add(agent, MESSAGES, session_id=chat.theirs, **said)
        self.add(agent, CONTEXT, session_id=chat.theirs, name="turns", value="1")
        return chat

    def opened(self, user: str, session: UUID) -> None:
        self.add(GATEWAY, STATES, user_id=user, session_id=session)

    def add(self, database: str, table: Table, **values: object) -> None:
        self._run(database, insert(table).values(values))

    def change(
        self, database: str, table: Table, where: ColumnElement[bool], **values: object
    ) -> None:
        self._run(database, update(table).where(where).values(values))

    def remove(self, database: str, table: Table, where: ColumnElement[bool]) -> None:
        self._run(database, delete(table).where(where))

    def words(self, database: str, sql: str) -> None:
        """Run SQL as it is written."""

        def run(there: Database) -> None:
            with there.engine.begin() as connection:
                connection.exec_driver_sql(sql)

        self._databases[database].run(run)

    def _run(self, database: str, statement: Executable) -> None:
        def run(there: Database) -> None:
            with there.engine.begin() as connection:
                connection.execute(statement)

        self._databases[database].run(run)
