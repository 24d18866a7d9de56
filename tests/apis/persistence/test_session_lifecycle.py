"""A session from its first message to its end, as a user of the gateway sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dbparity.errors import AgentUnknown, SessionForeign, SessionUnknown
from dbparity.fleet import assertions
from dbparity.fleet.chats import Message
from dbparity.fleet.responders import Answer, Turn

if TYPE_CHECKING:
    from dbparity.fleet.gateway import GatewayPersistenceAdapter
    from dbparity.fleet.inspector import CrossDatabaseInspector
    from dbparity.fleet.responders import Responder

pytestmark = pytest.mark.any_version


async def test_a_session_is_kept_on_both_sides(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway, inspector = gateway_with_persistence, cross_database_inspector
    session = await gateway.create_session("ada", "poet", "On pears")
    assertions.assert_gateway_session_exists(inspector, session, user="ada", title="On pears")
    (seen,) = await gateway.list_sessions("ada")
    assert (seen.id, seen.user, seen.agent, seen.title) == (session, "ada", "poet", "On pears")
    assertions.assert_agent_session_exists(
        inspector, "poet", seen.linked, user="ada", gateway_session=session
    )
    assertions.assert_session_linking(inspector, session)
    with pytest.raises(AssertionError, match=r"critic has no session .*; sessions has:\n  nothing"):
        assertions.assert_agent_session_exists(inspector, "critic", seen.linked)
    with pytest.raises(AssertionError, match=r"expected user 'grace', found:\n  .*'user': 'ada'"):
        assertions.assert_gateway_session_exists(inspector, session, user="grace")
    with pytest.raises(
        AssertionError, match="is not gone; expected no row, found:\n  gateway: use"
    ):
        assertions.assert_session_gone(inspector, session)


async def test_messages_are_in_order_on_both_sides(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway = gateway_with_persistence
    session = await gateway.create_session("ada", "poet")
    answers = [await gateway.send_message("ada", session, text) for text in ("One", "Two")]
    assert answers == [
        Message(1, "agent", "poet #1: One"),
        Message(3, "agent", "poet #2: Two"),
    ]
    said = ["One", "poet #1: One", "Two", "poet #2: Two"]
    assert [each.body for each in await gateway.messages("ada", session)] == said
    assertions.assert_messages_in_order(cross_database_inspector, session, said)
    assertions.assert_gateway_session_exists(cross_database_inspector, session, count=4)
    with pytest.raises(AssertionError, match="found:\n  0 user: 'One'\n  1 agent: 'poet #1"):
        assertions.assert_messages_in_order(cross_database_inspector, session, said[:2])


async def test_an_agent_remembers_what_it_answered(
    gateway_with_persistence: GatewayPersistenceAdapter,
) -> None:
    gateway = gateway_with_persistence
    session = await gateway.create_session("ada", "critic")
    assert await gateway.context("ada", session) == {}
    for text in ("One", "Two"):
        await gateway.send_message("ada", session, text)
    assert await gateway.context("ada", session) == {"turns": "2", "last": "Two"}
    critic, (seen,) = gateway.agent("critic"), await gateway.list_sessions("ada")
    await critic.remember(seen.linked, "ada", {"mood": "stern", "turns": "0"})
    assert await gateway.context("ada", session) == {"turns": "0", "last": "Two", "mood": "stern"}


async def test_sessions_are_switched_renamed_and_listed_by_their_age(
    gateway_with_persistence: GatewayPersistenceAdapter,
) -> None:
    gateway = gateway_with_persistence
    assert await gateway.current_session("ada") is None
    first = await gateway.create_session("ada", "poet")
    second = await gateway.create_session("ada", "critic")
    assert await gateway.current_session("ada") == second
    await gateway.switch_session("ada", first)
    assert await gateway.current_session("ada") == first
    await gateway.rename_session("ada", first, "Rhymes")
    found = [(each.id, each.title) for each in await gateway.list_sessions("ada")]
    assert found == [(first, "Rhymes"), (second, "")]


async def test_a_deleted_session_is_gone_with_all_that_hangs_on_it(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway = gateway_with_persistence
    kept = await gateway.create_session("ada", "poet")
    await gateway.send_message("ada", kept, "Stay")
    session = await gateway.create_session("ada", "poet")
    await gateway.send_message("ada", session, "Go")
    await gateway.delete_session("ada", session)
    assertions.assert_session_gone(cross_database_inspector, session)
    assertions.assert_fleet_sound(cross_database_inspector)
    assertions.assert_messages_in_order(cross_database_inspector, kept, ["Stay", "poet #1: Stay"])
    assert await gateway.current_session("ada") is None
    for late in (
        gateway.send_message("ada", session, "Hello?"),
        gateway.switch_session("ada", session),
        gateway.delete_session("ada", session),
        gateway.messages("ada", session),
    ):
        with pytest.raises(SessionUnknown, match=f"the gateway has no session {session}; it was"):
            await late


async def test_an_agent_that_is_none_is_refused_before_anything_is_written(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    with pytest.raises(AgentUnknown, match="there is no agent 'stranger'; name one of: poet, cri"):
        await gateway_with_persistence.create_session("ada", "stranger")
    assertions.assert_clean(cross_database_inspector)


async def test_a_session_of_another_user_is_refused_and_left_alone(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway = gateway_with_persistence
    session = await gateway.create_session("ada", "poet", "Mine")
    await gateway.send_message("ada", session, "Mine")
    (seen,) = await gateway.list_sessions("ada")
    poet = gateway.agent("poet")
    for attempt in (
        gateway.send_message("mallory", session, "Yours"),
        gateway.rename_session("mallory", session, "Yours"),
        gateway.switch_session("mallory", session),
        gateway.delete_session("mallory", session),
        gateway.messages("mallory", session),
        gateway.context("mallory", session),
        poet.receive(seen.linked, "mallory", "Yours"),
        poet.close_session(seen.linked, "mallory"),
    ):
        with pytest.raises(SessionForeign, match="is not of user 'mallory'; name one that is"):
            await attempt
    assert await gateway.list_sessions("mallory") == []
    assertions.assert_messages_in_order(
        cross_database_inspector, session, ["Mine", "poet #1: Mine"]
    )
    assertions.assert_user_isolation(cross_database_inspector, "ada", "mallory")


async def test_a_session_that_never_was_is_refused(
    gateway_with_persistence: GatewayPersistenceAdapter,
) -> None:
    with pytest.raises(SessionUnknown):
        await gateway_with_persistence.send_message("ada", uuid4(), "Hello")
    with pytest.raises(SessionUnknown, match="agent 'poet' has no session"):
        await gateway_with_persistence.agent("poet").receive(uuid4(), "ada", "Hello")


async def test_messages_at_once_stand_one_behind_the_other(
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway = gateway_with_persistence
    session = await gateway.create_session("ada", "critic")
    await asyncio.gather(
        *(gateway.send_message("ada", session, str(number)) for number in range(12))
    )
    said = [each.body for each in await gateway.messages("ada", session)]
    assert sorted(said[::2], key=int) == [str(number) for number in range(12)]
    assert said[1::2] == [f"critic #{turn}: {text}" for turn, text in enumerate(said[::2], 1)]
    assertions.assert_messages_in_order(cross_database_inspector, session)


class TestSpeechless:
    @pytest.fixture
    def fleet_responder(self) -> Responder:
        async def fail(turn: Turn) -> Answer:
            raise ValueError(turn.text)

        return fail

    async def test_what_an_agent_cannot_answer_is_kept_by_neither_side(
        self,
        gateway_with_persistence: GatewayPersistenceAdapter,
        cross_database_inspector: CrossDatabaseInspector,
    ) -> None:
        session = await gateway_with_persistence.create_session("ada", "poet")
        with pytest.raises(ValueError, match="What is it"):
            await gateway_with_persistence.send_message("ada", session, "What is it?")
        assertions.assert_messages_in_order(cross_database_inspector, session, [])
        assertions.assert_fleet_sound(cross_database_inspector)


class TestResponder:
    @pytest.fixture
    def fleet_responder(self) -> Responder:
        async def shout(turn: Turn) -> Answer:
            return Answer(
                f"{turn.text.upper()} {turn.context.get('before', '-')}", {"before": turn.text}
            )

        return shout

    async def test_another_one_answers(
        self, gateway_with_persistence: GatewayPersistenceAdapter
    ) -> None:
        session = await gateway_with_persistence.create_session("ada", "poet")
        answers = [
            (await gateway_with_persistence.send_message("ada", session, text)).body
            for text in ("one", "two")
        ]
        assert answers == ["ONE -", "TWO one"]
