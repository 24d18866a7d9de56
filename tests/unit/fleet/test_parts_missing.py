"""Fleets that lack something, on SQLite; tests/apis has those of servers."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Column, MetaData, String, Table, Uuid, select

from dbparity.applications import Application
from dbparity.errors import DatabaseUnreachable, FleetInvalid, SchemaRefused, TargetUnknown
from dbparity.fleet import assertions, connections
from dbparity.fleet.chats import Message
from dbparity.fleet.gateway import GatewayPersistenceAdapter
from dbparity.fleet.inspector import CrossDatabaseInspector
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.members import GATEWAY
from dbparity.fleet.messages import Told
from dbparity.fleet.tables import Part
from dbparity.results import Outcome
from dbparity.servers.database import Opening
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.targets import Target
from tests.support.meshes import CARELESS, CONTEXT, MESSAGES, SESSIONS, Writer, careless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.fleet.members import Fleet

ASYNC, SYNC = Target("sqlite", "aiosqlite"), Target("sqlite", "pysqlite")


@pytest.fixture(scope="module")
def environment() -> Iterator[DatabaseTestEnvironment]:
    with DatabaseTestEnvironment(["sqlite"]) as environment:
        yield environment


@pytest.fixture
def manager(environment: DatabaseTestEnvironment) -> Iterator[MultiDatabaseManager]:
    with MultiDatabaseManager(CARELESS, environment, ASYNC) as manager:
        yield manager


def with_state(state: Part | None) -> Fleet:
    return replace(CARELESS, tables=replace(CARELESS.tables, state=state))


async def test_what_a_gateway_does_not_keep_is_refused(manager: MultiDatabaseManager) -> None:
    async with manager.connections() as opened:
        gateway = GatewayPersistenceAdapter(with_state(None), opened)
        session = await gateway.create_session("ada", "poet")
        with pytest.raises(FleetInvalid, match="gateway: it keeps no state of users; name the tab"):
            await gateway.switch_session("ada", session)
        with pytest.raises(FleetInvalid, match="user_sessions has no titles; name the column"):
            await gateway.rename_session("ada", session, "Pears")
        with pytest.raises(FleetInvalid, match="user_sessions has no titles"):
            await gateway.create_session("ada", "poet", "Pears")
        assert [each.id for each in await gateway.list_sessions("ada")] == [session]
        await gateway.delete_session("ada", session)
        assert await gateway.list_sessions("ada") == []
    with CrossDatabaseInspector(manager) as inspector:
        assertions.assert_clean(inspector)


async def test_what_a_user_must_have_open_goes_with_the_session(
    environment: DatabaseTestEnvironment,
) -> None:
    metadata = MetaData()
    for table in CARELESS.gateway.application.metadata.sorted_tables:
        if table.name != "ui_states":
            table.to_metadata(metadata)
    states = Table(
        "ui_states",
        metadata,
        Column("user_id", String(64), primary_key=True),
        Column("session_id", Uuid, nullable=False),
    )
    part = Part(states, {"user": states.c.user_id, "session": states.c.session_id})
    gateway = replace(CARELESS.gateway, application=Application("strict", metadata))
    fleet = replace(with_state(part), gateway=gateway)
    with MultiDatabaseManager(fleet, environment, ASYNC) as manager:
        async with manager.connections() as opened:
            adapter = GatewayPersistenceAdapter(fleet, opened)
            session = await adapter.create_session("ada", "poet")
            assert await adapter.current_session("ada") == session
            await adapter.delete_session("ada", session)
            assert await adapter.current_session("ada") is None


async def test_an_agent_that_keeps_no_context_answers_and_closes(
    environment: DatabaseTestEnvironment,
) -> None:
    tables = {name: replace(each, context=None) for name, each in CARELESS.agent_tables.items()}
    fleet = replace(CARELESS, agent_tables=tables)
    with MultiDatabaseManager(fleet, environment, ASYNC) as manager:
        async with manager.connections() as opened:
            poet = GatewayPersistenceAdapter(fleet, opened).agent("poet")
            session = await poet.open_session(uuid4(), "ada")
            answer = await poet.receive(session, "ada", "Hello")
            assert answer == Message(1, "agent", "poet #1: Hello")
            assert await poet.context(session, "ada") == {}
            async with poet.receiving(session, "ada", "Again") as received:
                pass
            await poet.unsay(received)
            assert [each.position for each in await poet.messages(session, "ada")] == [0, 1]
            await poet.close_session(session, "ada")
            assert await poet.sessions("ada") == []


async def test_what_is_gone_at_the_agent_does_not_hinder_the_end_of_a_session(
    manager: MultiDatabaseManager,
) -> None:
    writer = Writer(manager.databases)
    chat = writer.chat()
    for table, column in (
        (CONTEXT, CONTEXT.c.session_id),
        (MESSAGES, MESSAGES.c.session_id),
        (SESSIONS, SESSIONS.c.id),
    ):
        writer.remove("poet", table, column == chat.theirs)
    async with manager.connections() as opened:
        await GatewayPersistenceAdapter(CARELESS, opened).delete_session("ada", chat.id)
    with CrossDatabaseInspector(manager) as inspector:
        assertions.assert_clean(inspector)


async def test_agents_give_their_connections_to_others(
    environment: DatabaseTestEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "AGENTS_LIMIT", 2)
    names = tuple("abcde")
    with MultiDatabaseManager(careless(names), environment, ASYNC) as manager:
        async with manager.connections() as opened:
            for name in (*names, GATEWAY, *names):
                async with opened.begin(name) as connection:
                    assert await connection.scalar(select(1)) == 1
                agents = [each for key, each in opened._opened.items() if key != GATEWAY]
                assert sum(each.connections for each in agents) <= 2
            assert GATEWAY in opened._opened


async def test_connections_follow_a_database_that_is_made_anew(
    manager: MultiDatabaseManager,
) -> None:
    async with manager.connections() as opened:
        gateway = GatewayPersistenceAdapter(CARELESS, opened)
        await gateway.create_session("ada", "poet")
        before = manager.database("poet").url
        manager.drop("poet")
        manager.clean()
        assert manager.database("poet").url != before
        session = await gateway.create_session("ada", "poet")
    with CrossDatabaseInspector(manager) as inspector:
        assertions.assert_session_linking(inspector)
        assertions.assert_session_linking(inspector, session)


async def test_a_synchronous_driver_is_refused(environment: DatabaseTestEnvironment) -> None:
    with MultiDatabaseManager(CARELESS, environment, SYNC) as manager:
        async with manager.connections() as opened:
            with pytest.raises(
                FleetInvalid, match=r"gateway: the driver of sqlite\+pysqlite is sy"
            ):
                await GatewayPersistenceAdapter(CARELESS, opened).create_session("ada", "poet")


def test_without_a_gateway_all_questions_but_one_are_skipped(
    manager: MultiDatabaseManager,
) -> None:
    manager.drop(GATEWAY)
    with pytest.raises(FleetInvalid, match="gateway: its database was dropped; clean the fleet"):
        manager.database(GATEWAY)
    with CrossDatabaseInspector(manager) as inspector:
        first, *others = inspector.verdict()
        assert (first.check, first.outcome) == ("architecture", Outcome.FAILED)
        assert {result.outcome for result in others} == {Outcome.SKIPPED}
        assert "no connection to gateway" in others[0].reason
        with pytest.raises(AssertionError, match="the database of gateway cannot be reached"):
            assertions.assert_fleet_sound(inspector)


def test_what_cannot_be_asked_is_no_sound_fleet(manager: MultiDatabaseManager) -> None:
    writer = Writer(manager.databases)
    with CrossDatabaseInspector(manager) as inspector:
        writer.words("critic", "DROP TABLE messages")
        # As if nothing were to be found, but what could not be read.
        inspector.architecture = lambda: ()  # type: ignore[method-assign]
        found = [result for result in inspector.verdict() if result.check == "messages"]
        assert "critic: it cannot be read (no such table: messages)" in found[0].reason


def test_a_schema_that_is_refused_leaves_no_database(environment: DatabaseTestEnvironment) -> None:
    metadata = MetaData()
    Table("elsewhere", metadata, Column("id", Uuid, primary_key=True), schema="other")
    agents = dict(CARELESS.agents)
    agents["poet"] = replace(agents["poet"], application=Application("refused", metadata))
    manager = MultiDatabaseManager(replace(CARELESS, agents=agents), environment, ASYNC)
    with pytest.raises(SchemaRefused):
        manager.start()
    assert manager.databases == {}


def test_a_target_that_does_not_run_is_refused(environment: DatabaseTestEnvironment) -> None:
    agents = dict(CARELESS.agents)
    agents["poet"] = replace(agents["poet"], target=Target("postgresql"))
    manager = MultiDatabaseManager(replace(CARELESS, agents=agents), environment, ASYNC)
    with pytest.raises(TargetUnknown, match="unknown target 'postgresql'; known: sqlite"):
        manager.start()


def test_a_database_that_lets_nobody_in_is_unreachable(manager: MultiDatabaseManager) -> None:
    database = manager.database("poet")
    nowhere = database.url.set(database="/nowhere/poet.sqlite")
    engine = database.bridge.engine(nowhere)
    closed = replace(database, opening=Opening(lambda: engine, database.bridge.dispose))
    held = SimpleNamespace(fleet=CARELESS, databases={**manager.databases, "poet": closed})
    with CrossDatabaseInspector(held) as inspector:
        with pytest.raises(DatabaseUnreachable, match="no connection to poet"):
            inspector.views.ask("poet", lambda connection: connection)
        assert [finding.code for finding in inspector.inspect()] == ["FLEET-UNREACHABLE"]


def test_the_first_gap_is_kept() -> None:
    told = Told(None)
    for position in (0, 1, 3, 9):
        told.add(Message(position, "user", "x"))
    assert (told.count, told.gap) == (4, 3)
