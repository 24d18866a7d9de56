"""Everything that can be wrong between the databases of a fleet is found, and named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dbparity.fleet import assertions
from dbparity.fleet.inspector import CrossDatabaseInspector
from dbparity.fleet.members import GATEWAY
from dbparity.results import Outcome
from tests.support.meshes import CHATS, CONTEXT, MESSAGES, SAID, SESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.fleet.manager import MultiDatabaseManager
    from tests.support.meshes import Chat, Writer

pytestmark = pytest.mark.any_server


def dangling_at_the_gateway(writer: Writer, chat: Chat) -> None:
    for table, column in (
        (CONTEXT, CONTEXT.c.session_id),
        (MESSAGES, MESSAGES.c.session_id),
        (SESSIONS, SESSIONS.c.id),
    ):
        writer.remove("poet", table, column == chat.theirs)


def dangling_at_the_agent(writer: Writer, chat: Chat) -> None:
    writer.remove(GATEWAY, SAID, SAID.c.session_id == chat.id)
    writer.remove(GATEWAY, CHATS, CHATS.c.id == chat.id)


def doubled_at_the_gateway(writer: Writer, chat: Chat) -> None:
    writer.add(
        GATEWAY, CHATS, id=uuid4(), user_id="ada", agent="poet", agent_session_id=chat.theirs
    )


def doubled_at_the_agent(writer: Writer, chat: Chat) -> None:
    writer.add("poet", SESSIONS, id=uuid4(), gateway_session_id=chat.id, user_id="ada")


def of_another_user(writer: Writer, chat: Chat) -> None:
    writer.change("poet", SESSIONS, SESSIONS.c.id == chat.theirs, user_id="mallory")


def crossed(writer: Writer, chat: Chat) -> None:
    other = writer.chat()
    for mine, theirs in ((chat, other), (other, chat)):
        writer.change("poet", SESSIONS, SESSIONS.c.id == mine.theirs, gateway_session_id=theirs.id)


def with_an_agent_that_is_none(writer: Writer, chat: Chat) -> None:
    writer.change(GATEWAY, CHATS, CHATS.c.id == chat.id, agent="stranger")


def with_another_agent(writer: Writer, chat: Chat) -> None:
    writer.add("critic", SESSIONS, id=uuid4(), gateway_session_id=chat.id, user_id="ada")


def copied_to_another_agent(writer: Writer, chat: Chat) -> None:
    writer.add("critic", SESSIONS, id=chat.theirs, gateway_session_id=chat.id, user_id="ada")


def messages_of_another_agent(writer: Writer, chat: Chat) -> None:
    writer.add("critic", MESSAGES, session_id=chat.theirs, position=0, sender="user", body="secret")


def memories_of_another_agent(writer: Writer, chat: Chat) -> None:
    writer.add("critic", CONTEXT, session_id=chat.theirs, name="turns", value="1")


def messages_without_a_session(writer: Writer, chat: Chat) -> None:
    del chat
    writer.add(GATEWAY, SAID, session_id=uuid4(), position=0, sender="user", body="hello?")


def opened_by_another_user(writer: Writer, chat: Chat) -> None:
    writer.opened("mallory", chat.id)


def opened_though_deleted(writer: Writer, chat: Chat) -> None:
    del chat
    writer.opened("ada", uuid4())


def a_half_message(writer: Writer, chat: Chat) -> None:
    writer.add(GATEWAY, SAID, session_id=chat.id, position=2, sender="user", body="Are you there?")


def another_text(writer: Writer, chat: Chat) -> None:
    here = (MESSAGES.c.session_id == chat.theirs) & (MESSAGES.c.position == 1)
    writer.change("poet", MESSAGES, here, body="I never said that")


def a_message_left_out(writer: Writer, chat: Chat) -> None:
    for database, table, session in (
        (GATEWAY, SAID, chat.id),
        ("poet", MESSAGES, chat.theirs),
    ):
        writer.add(database, table, session_id=session, position=3, sender="user", body="So?")


def a_table_of_the_gateway(writer: Writer, chat: Chat) -> None:
    del chat
    writer.words("poet", "CREATE TABLE chat_messages (id INTEGER)")


def a_table_of_versions(writer: Writer, chat: Chat) -> None:
    del chat
    writer.words("poet", "CREATE TABLE alembic_version (version_num VARCHAR(32))")


def another_schema(writer: Writer, chat: Chat) -> None:
    del chat
    writer.words("critic", "DROP TABLE context")
    writer.words("critic", "ALTER TABLE messages RENAME COLUMN body TO contents")


PLANTS: list[tuple[Callable[[Writer, Chat], None], str, set[str], str]] = [
    (dangling_at_the_gateway, "links", {"LINK-DANGLING"}, "poet has no session for one of 'ada'"),
    (dangling_at_the_agent, "links", {"LINK-ORPHAN"}, "poet has a session of 'ada' that the"),
    (doubled_at_the_gateway, "links", {"LINK-DOUBLED", "LINK-CROSSED"}, "2 sessions of the gate"),
    (doubled_at_the_agent, "links", {"LINK-DOUBLED"}, "poet has 2 sessions for one of the gateway"),
    (of_another_user, "links", {"LINK-USER"}, "a session to be of different users"),
    (crossed, "links", {"LINK-CROSSED"}, "is linked with another one of the gateway"),
    (with_an_agent_that_is_none, "links", {"LINK-AGENT"}, "with an agent that is not declared"),
    (with_another_agent, "agent_isolation", {"ISOLATION-AGENT"}, "critic has a session that is"),
    (
        copied_to_another_agent,
        "agent_isolation",
        {"ISOLATION-AGENT", "ISOLATION-COPY"},
        "poet and critic have the same session",
    ),
    (messages_of_another_agent, "agent_isolation", {"ISOLATION-ROW"}, "critic has rows of a sess"),
    (memories_of_another_agent, "agent_isolation", {"ISOLATION-ROW"}, "critic has rows of a sess"),
    (messages_without_a_session, "agent_isolation", {"ISOLATION-ROW"}, "gateway has rows of a se"),
    (opened_by_another_user, "user_isolation", {"ISOLATION-USER"}, "'mallory' has a session open"),
    (opened_though_deleted, "user_isolation", {"ISOLATION-USER"}, "session open that is not there"),
    (a_half_message, "messages", {"MESSAGES-DIFFER"}, "gateway has 3 messages of a session, poet"),
    (another_text, "messages", {"MESSAGES-DIFFER"}, "the gateway has 2 messages of a session"),
    (a_message_left_out, "messages", {"MESSAGES-GAP"}, "are not numbered one by one"),
    (a_table_of_the_gateway, "architecture", {"FLEET-TABLE-ASTRAY"}, "poet has a table of gateway"),
    (a_table_of_versions, "architecture", {"FLEET-MIGRATED"}, "poet has a table of versions"),
    (another_schema, "architecture", {"FLEET-SCHEMA"}, "the database of critic has another schema"),
]


@pytest.mark.parametrize(("plant", "question", "codes", "words"), PLANTS)
def test_a_planted_bug_is_found_and_named(  # noqa: PLR0913, PLR0917  # its parameters
    plant: Callable[[Writer, Chat], None],
    question: str,
    codes: set[str],
    words: str,
    writer: Writer,
    inspector: CrossDatabaseInspector,
) -> None:
    chat = writer.chat()
    writer.opened("grace", writer.chat("grace", "critic").id)
    assertions.assert_fleet_sound(inspector)
    plant(writer, chat)
    found = getattr(inspector, question)()
    assert {finding.code for finding in found} == codes
    assert any(words in finding.message for finding in found)
    assert set(found) <= set(inspector.inspect())
    (result,) = [each for each in inspector.verdict() if each.check == question]
    assert result.outcome is Outcome.FAILED
    with pytest.raises(AssertionError, match=next(iter(codes))):
        assertions.assert_fleet_sound(inspector)


def test_a_key_that_leads_out_of_a_database_is_found(
    careless: MultiDatabaseManager, writer: Writer, inspector: CrossDatabaseInspector
) -> None:
    gateway = careless.gateway
    if gateway.backend.service is None:
        pytest.skip("in a file, no key can lead out of it")
    if gateway.target.backend == "postgresql":
        writer.words("poet", "CREATE SCHEMA elsewhere")
        other = "elsewhere"
        writer.words("poet", "CREATE TABLE elsewhere.chats (id INTEGER PRIMARY KEY)")
    else:
        other = gateway.backend.quote(str(gateway.url.database))
        writer.words("gateway", "CREATE TABLE chats (id INTEGER PRIMARY KEY)")
    writer.words(
        "poet",
        f"CREATE TABLE links (chat INTEGER, FOREIGN KEY (chat) REFERENCES {other}.chats (id))",
    )
    found = inspector.architecture()
    assert [one.code for one in found] == ["FLEET-REFERS-OUT"]
    assert found[0].place.table == "links"
    assert found[0].actual.endswith(".chats")
    # No server drops a database that another one refers to.
    writer.words("poet", "DROP TABLE links")


def test_two_agents_in_one_database_are_named(careless: MultiDatabaseManager) -> None:
    databases = {**careless.databases, "critic": careless.database("poet")}
    held = SimpleNamespace(fleet=careless.fleet, databases=databases)
    with CrossDatabaseInspector(held) as inspector:
        (found,) = inspector.architecture()
    assert (found.code, found.message) == ("FLEET-SHARED", "poet and critic are in one database")


def test_a_gateway_that_is_gone_is_named_and_not_made_again(fleet: MultiDatabaseManager) -> None:
    gateway = fleet.gateway
    if gateway.backend.service is not None:
        pytest.skip("a server makes no database that is asked for")
    gateway.bridge.dispose(gateway.engine)
    file = Path(str(gateway.url.database))
    away = file.rename(file.with_suffix(".away"))
    try:
        with CrossDatabaseInspector(fleet) as inspector:
            assert "FLEET-UNREACHABLE" in {finding.code for finding in inspector.inspect()}
        assert not file.exists()
    finally:
        away.rename(file)


def test_an_agent_without_a_database_is_named_and_the_others_are_inspected(
    careless: MultiDatabaseManager, writer: Writer, inspector: CrossDatabaseInspector
) -> None:
    writer.chat("ada", "poet")
    chat = writer.chat("grace", "critic")
    careless.drop("poet")
    of_another_user_at_the_critic = SESSIONS.c.id == chat.theirs
    writer.change("critic", SESSIONS, of_another_user_at_the_critic, user_id="mallory")
    assert {finding.code for finding in inspector.inspect()} == {"FLEET-UNREACHABLE", "LINK-USER"}
    with pytest.raises(AssertionError, match="the database of poet cannot be reached"):
        assertions.assert_database_isolation(inspector)
