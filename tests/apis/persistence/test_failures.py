"""A database that goes away in mid-message leaves nothing half-linked, or it is named."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from dbparity.errors import SessionTorn
from dbparity.fleet import assertions
from dbparity.fleet.connections import Connections
from dbparity.fleet.gateway import GatewayPersistenceAdapter
from dbparity.fleet.members import GATEWAY
from dbparity.fleet.responders import Answer, Turn, echo
from dbparity.servers.faults import CALM, FaultProxy, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Engine

    from dbparity.fleet.inspector import CrossDatabaseInspector
    from dbparity.fleet.manager import MultiDatabaseManager
    from dbparity.servers.database import Database

# Of the drivers, those that are asynchronous.
pytestmark = [pytest.mark.any_server, pytest.mark.usefixtures("async_engine")]


@dataclass
class Line:
    """The way to one database, which can be cut, now or with the next COMMIT."""

    database: Database
    proxy: FaultProxy | None
    at_commit: list[Callable[[], object]] = field(default_factory=list)

    def cut(self) -> None:
        """End all connections; new ones can be made."""
        if self.proxy is None:
            raise OSError("the disk is gone")
        self.proxy.reset()

    def cut_for_good(self) -> None:
        """End all connections, and let nobody in any more."""
        if self.proxy is not None:
            self.proxy.refuse()
        self.at_commit.append(self.cut_for_good)
        self.cut()

    def lose_the_answer(self) -> None:
        """Let the next request through, and cut the connection before it is answered."""
        assert self.proxy is not None
        self.proxy.trouble = Trouble(cut_after=0)

    @property
    def reached(self) -> Database:
        """The database, by way of the line."""
        application = self.database.application
        assert application is not None
        url = self.database.url
        return replace(
            self.database,
            url=self.proxy.through(url) if self.proxy else url,
            application=replace(application, configure=self._listen),
        )

    def _listen(self, engine: Engine) -> None:
        def commit(_: object) -> None:
            if self.at_commit:
                self.at_commit.pop()()

        def calm(_: object) -> None:
            if self.proxy is not None:
                self.proxy.trouble = CALM

        event.listen(engine, "commit", commit)
        event.listen(engine, "handle_error", calm)


@dataclass
class World:
    """A fleet behind lines, and what is to happen while an agent thinks."""

    lines: dict[str, Line]
    gateway: GatewayPersistenceAdapter
    meanwhile: list[Callable[[], object]]


@pytest.fixture
async def world(fleet: MultiDatabaseManager) -> AsyncIterator[World]:
    meanwhile: list[Any] = []

    async def think(turn: Turn) -> Answer:
        if meanwhile:
            meanwhile.pop()()
        return await echo(turn)

    with ExitStack() as stack:
        lines = {}
        for name, database in fleet.databases.items():
            url, proxy = database.url, None
            if database.backend.service is not None:
                assert url.host is not None
                assert url.port is not None
                proxy = stack.enter_context(FaultProxy(url.host, url.port))
            lines[name] = Line(database, proxy)
        reached = {name: line.reached for name, line in lines.items()}
        async with Connections(reached.__getitem__) as connections:
            yield World(
                lines, GatewayPersistenceAdapter(fleet.fleet, connections, think), meanwhile
            )
            for line in lines.values():
                line.at_commit.clear()


@pytest.mark.parametrize("cut_off", ["poet", GATEWAY])
async def test_a_message_that_is_cut_off_is_on_neither_side(
    cut_off: str, world: World, cross_database_inspector: CrossDatabaseInspector
) -> None:
    session = await world.gateway.create_session("ada", "poet")
    await world.gateway.send_message("ada", session, "Before")
    world.meanwhile.append(world.lines[cut_off].cut)
    with pytest.raises(Exception, match=r".") as raised:
        await world.gateway.send_message("ada", session, "Lost")
    assert not isinstance(raised.value, SessionTorn)
    said = ["Before", "poet #1: Before"]
    assertions.assert_messages_in_order(cross_database_inspector, session, said)
    assertions.assert_fleet_sound(cross_database_inspector)
    assert await world.gateway.context("ada", session) == {"turns": "1", "last": "Before"}
    answer = await world.gateway.send_message("ada", session, "After")
    assert answer.body == "poet #2: After"


async def test_what_the_gateway_could_not_commit_is_taken_back_from_the_agent(
    world: World, cross_database_inspector: CrossDatabaseInspector
) -> None:
    session = await world.gateway.create_session("ada", "poet")
    await world.gateway.send_message("ada", session, "Before")
    line = world.lines[GATEWAY]
    line.at_commit.append(line.cut)
    with pytest.raises(Exception, match=r".") as raised:
        await world.gateway.send_message("ada", session, "Lost")
    assert not isinstance(raised.value, SessionTorn)
    said = ["Before", "poet #1: Before"]
    assertions.assert_messages_in_order(cross_database_inspector, session, said)
    assertions.assert_fleet_sound(cross_database_inspector)
    assert await world.gateway.context("ada", session) == {"turns": "1", "last": "Before"}
    line.at_commit.append(line.cut)
    with pytest.raises(Exception, match=r"."):
        await world.gateway.create_session("ada", "critic")
    assert len(await world.gateway.list_sessions("ada")) == 1
    assertions.assert_fleet_sound(cross_database_inspector)


async def test_what_cannot_be_taken_back_is_told_and_named_by_the_inspector(
    world: World, cross_database_inspector: CrossDatabaseInspector
) -> None:
    session = await world.gateway.create_session("ada", "poet")
    line = world.lines[GATEWAY]
    line.at_commit.append(line.cut_for_good)
    with pytest.raises(SessionTorn, match=f"{session}: poet has what the gateway lacks"):
        await world.gateway.send_message("ada", session, "Lost")
    (found,) = cross_database_inspector.inspect()
    assert (found.code, found.message) == (
        "MESSAGES-DIFFER",
        "the gateway has 0 messages of a session, poet has 2",
    )
    assert found.actual == "poet, message 0: user: 'Lost'"


async def test_a_session_that_the_agent_alone_has_is_told_and_named(
    world: World, cross_database_inspector: CrossDatabaseInspector
) -> None:
    session = await world.gateway.create_session("ada", "poet")
    line = world.lines["poet"]
    line.at_commit.append(line.cut_for_good)
    with pytest.raises(SessionTorn, match=f"{session}: poet has what the gateway lacks"):
        await world.gateway.delete_session("ada", session)
    (found,) = cross_database_inspector.inspect()
    assert (found.code, found.message) == (
        "LINK-ORPHAN",
        "poet has a session of 'ada' that the gateway has not",
    )
    with pytest.raises(AssertionError, match="is not gone; expected no row, found:\n  poet: sess"):
        assertions.assert_session_gone(cross_database_inspector, session)


async def test_a_commit_whose_answer_was_lost_counts(
    world: World, cross_database_inspector: CrossDatabaseInspector
) -> None:
    line = world.lines[GATEWAY]
    if line.proxy is None:
        pytest.skip("a file answers, or fails")
    session = await world.gateway.create_session("ada", "poet")
    line.at_commit.append(line.lose_the_answer)
    answer = await world.gateway.send_message("ada", session, "Heard")
    assert answer.body == "poet #1: Heard"
    assertions.assert_messages_in_order(
        cross_database_inspector, session, ["Heard", "poet #1: Heard"]
    )
    assertions.assert_fleet_sound(cross_database_inspector)


async def test_the_first_session_that_a_user_opens_may_be_opened_twice_at_once(
    fleet: MultiDatabaseManager,
) -> None:
    if fleet.gateway.backend.service is None:
        pytest.skip("a file is written by one at a time")

    def insert(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO ui_states (user_id) VALUES ('ada')")

    def listen(engine: Engine) -> None:
        @event.listens_for(engine, "before_cursor_execute")
        def first(*arguments: Any) -> None:  # noqa: ANN401  # the event's
            if "INSERT INTO ui_states" in arguments[2] and not done:
                done.append(True)
                fleet.gateway.run(insert)

    done: list[bool] = []
    application = fleet.gateway.application
    assert application is not None
    heard = replace(fleet.gateway, application=replace(application, configure=listen))
    reached = {**fleet.databases, GATEWAY: heard}
    async with Connections(reached.__getitem__) as connections:
        gateway = GatewayPersistenceAdapter(fleet.fleet, connections)
        session = await gateway.create_session("ada", "poet")
        assert done
        assert await gateway.current_session("ada") == session
