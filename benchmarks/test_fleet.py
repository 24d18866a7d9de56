"""Several databases: cleaned against dropped and created, and messages against bare SQLAlchemy."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import delete, func, insert, select, update

from dbparity.fleet.gateway import GatewayPersistenceAdapter
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.members import GATEWAY
from dbparity.schema.revisions import upgrade
from dbparity.servers.isolation import create_schema
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anyio.from_thread import BlockingPortal
    from pytest_benchmark.fixture import BenchmarkFixture

    from dbparity.fleet.connections import Connections
    from dbparity.fleet.members import Fleet, Member
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

AGENTS = 10
MESSAGES = 50


@pytest.fixture(scope="session")
def ten(pytestconfig: pytest.Config) -> Fleet:
    """The example's gateway and ten of its agents."""
    settings = Settings.load(pytestconfig.rootpath)
    fleet = settings.load_fleet()
    agent, tables = fleet.agents["poet"], fleet.agent_tables["poet"]
    names = [f"agent{number}" for number in range(AGENTS)]
    return type(fleet)(
        fleet.gateway,
        fleet.tables,
        {name: type(agent)(name, agent.application) for name in names},
        dict.fromkeys(names, tables),
    )


def pedantic(benchmark: BenchmarkFixture, *given: Any, **options: Any) -> None:  # noqa: ANN401
    benchmark.pedantic(*given, **options)  # type: ignore[no-untyped-call]


def note(benchmark: BenchmarkFixture, target: Target, what: str, arm: str) -> None:
    benchmark.group = f"{what} {target}"
    benchmark.extra_info["arm"] = arm


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


def fill(manager: MultiDatabaseManager, portal: BlockingPortal) -> None:
    """A session with a message for each agent, so that every table has rows."""

    async def chat() -> None:
        async with manager.connections() as connections:
            gateway = GatewayPersistenceAdapter(manager.fleet, connections)
            for agent in manager.fleet.agents:
                session = await gateway.create_session("ada", agent)
                await gateway.send_message("ada", session, "Hello")

    portal.call(chat)


@pytest.mark.parametrize("arm", ["clean", "create"])
def test_a_fleet_of_eleven_is_clean(  # noqa: PLR0913, PLR0917  # fixtures
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    ten: Fleet,
    portal: BlockingPortal,
    arm: str,
    async_engine: object,
) -> None:
    del async_engine  # of the drivers, those that are asynchronous
    note(benchmark, target, "fleet", arm)

    def create(member: Member) -> None:
        with database_environment.lease(target, member.application, empty=True) as database:
            database.run(upgrade if member.migrated else tables)

    def anew() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, ten.members))

    with MultiDatabaseManager(ten, database_environment, target) as manager:
        work = manager.clean if arm == "clean" else anew
        pedantic(benchmark, work, setup=lambda: fill(manager, portal), rounds=7, warmup_rounds=2)


def tables(database: Database) -> None:
    assert database.application is not None
    create_schema(database.engine, database.application)


class Bare:
    """What the adapters send for a message, in the same transactions, written out."""

    def __init__(self, fleet: Fleet, connections: Connections) -> None:
        self.connections = connections
        self.chats, self.said = fleet.tables.sessions.table, fleet.tables.messages.table
        tables = fleet.agent_tables["agent0"]
        assert tables.context is not None
        self.sessions, self.messages = tables.sessions.table, tables.messages.table
        self.context = tables.context.table

    async def create(self) -> tuple[UUID, UUID]:
        mine, theirs = uuid4(), uuid4()
        async with self.connections.begin(GATEWAY) as gateway:
            values = {"id": mine, "user_id": "ada", "agent": "agent0", "agent_session_id": theirs}
            await gateway.execute(insert(self.chats).values(values))
        async with self.connections.begin("agent0") as agent:
            row = {"id": theirs, "gateway_session_id": mine, "user_id": "ada"}
            await agent.execute(insert(self.sessions).values(row))
        return mine, theirs

    async def send(self, mine: UUID, theirs: UUID, text: str) -> None:
        chats, said, sessions, messages = self.chats, self.said, self.sessions, self.messages
        context = self.context
        async with self.connections.begin(GATEWAY) as gateway:
            own = chats.c.id == mine
            await gateway.execute(update(chats).where(own).values(user_id=chats.c.user_id))
            (await gateway.execute(select(*chats.c).where(own))).one()
            async with self.connections.begin("agent0") as agent:
                theirs_is = sessions.c.id == theirs
                await agent.execute(
                    update(sessions).where(theirs_is).values(user_id=sessions.c.user_id)
                )
                (await agent.execute(select(*sessions.c).where(theirs_is))).one()
                here = messages.c.session_id == theirs
                last = await agent.scalar(select(func.max(messages.c.position)).where(here))
                position = 0 if last is None else last + 1
                known = select(context.c.name, context.c.value).where(
                    context.c.session_id == theirs
                )
                remembered = {row.name: row.value for row in await agent.execute(known)}
                number = position // 2 + 1
                answer = f"agent0 #{number}: {text}"
                lines = [(position, "user", text), (position + 1, "agent", answer)]
                rows = [
                    {"session_id": theirs, "position": at, "sender": who, "body": body}
                    for at, who, body in lines
                ]
                await agent.execute(insert(messages), rows)
                values = {"turns": str(number), "last": text}
                if not remembered:
                    fresh = [
                        {"session_id": theirs, "name": name, "value": value}
                        for name, value in values.items()
                    ]
                    await agent.execute(insert(context), fresh)
                for name, value in values.items():
                    if remembered.get(name, value) != value:
                        this = (context.c.session_id == theirs) & (context.c.name == name)
                        await agent.execute(update(context).where(this).values(value=value))
                here = said.c.session_id == mine
                await gateway.scalar(select(func.max(said.c.position)).where(here))
                rows = [{**row, "session_id": mine} for row in rows]
                await gateway.execute(insert(said), rows)
                more = func.coalesce(chats.c.message_count, 0) + 2
                await gateway.execute(update(chats).where(own).values(message_count=more))

    async def clear(self) -> None:
        async with self.connections.begin(GATEWAY) as gateway:
            for table in (self.said, self.chats):
                await gateway.execute(delete(table))


@pytest.mark.parametrize("arm", ["adapter", "bare"])
def test_messages(  # noqa: PLR0913, PLR0917  # fixtures
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    ten: Fleet,
    portal: BlockingPortal,
    arm: str,
    async_engine: object,
) -> None:
    del async_engine
    note(benchmark, target, "messages", arm)
    with (
        MultiDatabaseManager(ten, database_environment, target) as manager,
        portal.wrap_async_context_manager(manager.connections()) as connections,
    ):
        gateway, bare = GatewayPersistenceAdapter(ten, connections), Bare(ten, connections)
        session = portal.call(gateway.create_session, "ada", "agent0")
        ids = portal.call(bare.create)

        async def adapted() -> None:
            for number in range(MESSAGES):
                await gateway.send_message("ada", session, str(number))

        async def written_out() -> None:
            for number in range(MESSAGES):
                await bare.send(*ids, str(number))

        work = adapted if arm == "adapter" else written_out
        pedantic(benchmark, portal.call, (work,), rounds=9, warmup_rounds=2)
        benchmark.extra_info["messages"] = 2 * MESSAGES


def test_load(  # noqa: PLR0913, PLR0917  # fixtures
    benchmark: BenchmarkFixture,
    database_environment: DatabaseTestEnvironment,
    target: Target,
    ten: Fleet,
    portal: BlockingPortal,
    async_engine: object,
) -> None:
    """200 sessions with each of ten agents, 20 messages each, at once."""
    del async_engine
    benchmark.group = f"load {target}"
    with MultiDatabaseManager(ten, database_environment, target) as manager:

        async def load() -> None:
            async with manager.connections() as connections:
                gateway = GatewayPersistenceAdapter(ten, connections)

                async def chat(number: int, agent: str) -> None:
                    session = await gateway.create_session(f"user{number}", agent)
                    for turn in range(10):
                        await gateway.send_message(f"user{number}", session, str(turn))

                await asyncio.gather(
                    *(chat(number, agent) for number in range(200) for agent in ten.agents)
                )

        pedantic(benchmark, portal.call, (load,), rounds=1)
