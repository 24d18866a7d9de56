"""Several users with several sessions on several agents: nobody has anything of another's."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dbparity.errors import SessionForeign
from dbparity.fleet import assertions
from dbparity.fleet.gateway import GatewayPersistenceAdapter
from dbparity.fleet.inspector import CrossDatabaseInspector
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.messages import told

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from uuid import UUID

    from anyio.from_thread import BlockingPortal

    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

pytestmark = [pytest.mark.any_server, pytest.mark.untraced]

# PostgreSQL keeps no NUL, and no database half a surrogate pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
USERS, AGENTS = ("ada", "grace", "mallory"), ("poet", "critic", "scribe")


async def test_each_agent_has_its_own_sessions_alone(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
    test_agents_list: list[str],
) -> None:
    gateway = gateway_with_persistence
    for user in USERS:
        for agent in test_agents_list:
            session = await gateway.create_session(user, agent)
            await gateway.send_message(user, session, f"{user} to {agent}")
    for agent in test_agents_list:
        adapter = gateway.agent(agent)
        for user in USERS:
            (session,) = await adapter.sessions(user)
            said = await adapter.messages(session.id, user)
            text = f"{user} to {agent}"
            assert [each.body for each in said] == [text, f"{agent} #1: {text}"]
    assertions.assert_database_isolation(cross_database_inspector)
    assertions.assert_user_isolation(cross_database_inspector)
    assertions.assert_fleet_sound(cross_database_inspector)


async def test_users_at_once_do_not_mix(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
    test_agents_list: list[str],
) -> None:
    gateway = gateway_with_persistence

    async def chat(user: str, agent: str) -> None:
        session = await gateway.create_session(user, agent)
        for number in range(4):
            await gateway.send_message(user, session, f"{user} {agent} {number}")
        await gateway.switch_session(user, session)

    await asyncio.gather(*(chat(user, agent) for user in USERS for agent in test_agents_list))
    for user in USERS:
        for session in await gateway.list_sessions(user):
            said = [each.body for each in await gateway.messages(user, session.id)]
            assert said[::2] == [f"{user} {session.agent} {number}" for number in range(4)]
    assertions.assert_fleet_sound(cross_database_inspector)


@pytest.mark.slow
@pytest.mark.usefixtures("async_engine")  # of the drivers, those that are asynchronous
async def test_the_load_of_two_hundred_sessions_on_ten_agents(
    fleet: MultiDatabaseManager, database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    names = [f"agent{number}" for number in range(10)]
    ten = replace(
        fleet.fleet,
        agents={name: replace(fleet.fleet.agent("poet"), name=name) for name in names},
        agent_tables=dict.fromkeys(names, fleet.fleet.agent_tables["poet"]),
    )

    async def chat(gateway: GatewayPersistenceAdapter, number: int) -> None:
        user = f"user{number % 20}"
        session = await gateway.create_session(user, names[number % 10])
        for turn in range(10):
            await gateway.send_message(user, session, f"{number} {turn}")

    with MultiDatabaseManager(ten, database_environment, target) as manager:
        async with manager.connections() as connections:
            gateway = GatewayPersistenceAdapter(ten, connections)
            await asyncio.gather(*(chat(gateway, number) for number in range(200)))
            listed = [await gateway.list_sessions(f"user{number}") for number in range(20)]
        with CrossDatabaseInspector(manager) as inspector:
            assertions.assert_fleet_sound(inspector)
            said = inspector.views.ask("gateway", told(ten.tables.messages))
    assert [len(sessions) for sessions in listed] == [10] * 20
    assert [each.count for each in said.values()] == [20] * 200


class Chats(RuleBasedStateMachine):
    """What users do in any order, beside a model of what they must then see."""

    manager: MultiDatabaseManager
    portal: BlockingPortal
    gateway: GatewayPersistenceAdapter
    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[UUID, list[str]] = {}
        self.owners: dict[UUID, tuple[str, str]] = {}
        self.opened: dict[str, Any] = defaultdict(lambda: None)

    @initialize()
    def begin_clean(self) -> None:
        self.manager.clean()

    def do(self, work: Any) -> Any:  # noqa: ANN401
        """Run ``work(gateway)`` in a loop of its own: Hypothesis knows no coroutines."""
        return self.portal.call(work, self.gateway)

    @rule(target=sessions, user=st.sampled_from(USERS), agent=st.sampled_from(AGENTS))
    def create(self, user: str, agent: str) -> UUID:
        session: UUID = self.do(lambda gateway: gateway.create_session(user, agent))
        self.said[session], self.owners[session] = [], (user, agent)
        self.opened[user] = session
        return session

    @rule(turns=st.lists(st.tuples(sessions, TEXTS), min_size=1, max_size=4))
    def send_at_once(self, turns: list[tuple[UUID, str]]) -> None:
        async def send(gateway: GatewayPersistenceAdapter) -> None:
            sending: list[Coroutine[Any, Any, object]] = [
                gateway.send_message(self.owners[session][0], session, text)
                for session, text in turns
            ]
            await asyncio.gather(*sending)

        self.do(send)
        for session, text in turns:
            self.said[session].append(text)

    @rule(session=sessions, user=st.sampled_from(USERS))
    def switch(self, session: UUID, user: str) -> None:
        if self.owners[session][0] == user:
            self.do(lambda gateway: gateway.switch_session(user, session))
            self.opened[user] = session
        else:
            with pytest.raises(SessionForeign):
                self.do(lambda gateway: gateway.switch_session(user, session))

    @rule(session=consumes(sessions))
    def delete(self, session: UUID) -> None:
        user = self.owners.pop(session)[0]
        self.do(lambda gateway: gateway.delete_session(user, session))
        del self.said[session]
        if self.opened[user] == session:
            self.opened[user] = None

    @invariant()
    def every_user_sees_what_is_theirs(self) -> None:
        async def look(gateway: GatewayPersistenceAdapter) -> None:
            for user in USERS:
                mine = {session for session, (owner, _) in self.owners.items() if owner == user}
                listed = await gateway.list_sessions(user)
                assert {each.id for each in listed} == mine
                assert await gateway.current_session(user) == self.opened[user]
                for session in mine:
                    said = [each.body for each in await gateway.messages(user, session)]
                    # What was sent at once may stand in any order.
                    assert sorted(said[::2]) == sorted(self.said[session])

        self.do(look)

    @invariant()
    def nothing_is_found(self) -> None:
        with CrossDatabaseInspector(self.manager) as inspector:
            assert (*inspector.links(), *inspector.messages()) == ()
            assert (*inspector.agent_isolation(), *inspector.user_isolation()) == ()


@pytest.mark.slow
@pytest.mark.usefixtures("async_engine")  # of the drivers, those that are asynchronous
def test_any_order_of_what_users_do_leaves_each_their_own(fleet: MultiDatabaseManager) -> None:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(fleet.connections()) as connections,
    ):
        gateway = GatewayPersistenceAdapter(fleet.fleet, connections)
        here = {"manager": fleet, "portal": portal, "gateway": gateway}
        run_state_machine_as_test(
            type("ChatsHere", (Chats,), here),
            settings=settings(
                max_examples=4,
                stateful_step_count=8,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
