"""The harness itself: databases come, are cleaned and go, and its fixtures are what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, inspect, text

from dbparity.errors import AgentUnknown, DatabaseBusy, FleetInvalid
from dbparity.fleet import assertions
from dbparity.fleet.inspector import CrossDatabaseInspector
from dbparity.fleet.manager import MultiDatabaseManager
from dbparity.fleet.members import GATEWAY
from tests.support import meshes
from tests.support.meshes import MESSAGES

if TYPE_CHECKING:
    from dbparity.fleet.gateway import GatewayPersistenceAdapter
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target
    from tests.support.meshes import Writer

pytestmark = pytest.mark.any_server


def tables(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def ids(database: Database) -> list[int]:
    with database.engine.connect() as connection:
        return list(connection.scalars(text("SELECT id FROM chat_messages ORDER BY id")))


def test_all_databases_are_there_with_their_tables(
    fleet: MultiDatabaseManager, test_agents_list: list[str]
) -> None:
    assert list(fleet.databases) == [GATEWAY, *test_agents_list]
    assert fleet.gateway.run(tables) == {
        "alembic_version",
        "chat_messages",
        "ui_states",
        "user_sessions",
    }
    for agent in test_agents_list:
        assert fleet.database(agent).run(tables) == {"context", "messages", "sessions"}


async def test_what_is_written_is_inspected_and_cleaned(
    fleet: MultiDatabaseManager,
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
    test_agents_list: list[str],
) -> None:
    gateway = gateway_with_persistence
    for agent in test_agents_list:
        session = await gateway.create_session("ada", agent)
        await gateway.send_message("ada", session, "Hello")
    assertions.assert_fleet_sound(cross_database_inspector)
    with pytest.raises(AssertionError, match="gateway: user_sessions has 3 rows"):
        assertions.assert_clean(cross_database_inspector)
    fleet.clean()
    assertions.assert_clean(cross_database_inspector)
    assert cross_database_inspector.architecture() == ()
    # The connections are those of before.
    session = await gateway.create_session("ada", test_agents_list[0])
    assert await gateway.messages("ada", session) == []


async def test_numbers_begin_anew_after_a_clean(
    fleet: MultiDatabaseManager, gateway_with_persistence: GatewayPersistenceAdapter
) -> None:
    numbers = []
    for _ in range(2):
        session = await gateway_with_persistence.create_session("ada", "poet")
        await gateway_with_persistence.send_message("ada", session, "Hello")
        numbers.append(fleet.gateway.run(ids))
        fleet.clean()
    assert numbers == [[1, 2], [1, 2]]


def test_a_schema_that_a_test_has_changed_is_made_anew(fleet: MultiDatabaseManager) -> None:
    def harm(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE messages")
            connection.exec_driver_sql("CREATE TABLE more (id INTEGER)")

    def forget(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM alembic_version")

    fleet.database("critic").run(harm)
    fleet.gateway.run(forget)
    fleet.clean()
    assert fleet.database("critic").run(tables) == {"context", "messages", "sessions"}
    with CrossDatabaseInspector(fleet) as inspector:
        assert inspector.architecture() == ()


def test_a_dropped_database_is_named_and_comes_back(fleet: MultiDatabaseManager) -> None:
    fleet.drop("poet")
    with pytest.raises(FleetInvalid, match="poet: its database was dropped"):
        fleet.database("poet")
    with pytest.raises(AgentUnknown, match="no agent 'stranger'; name one of: poet, critic"):
        fleet.database("stranger")
    with CrossDatabaseInspector(fleet) as inspector:
        (found,) = inspector.architecture()
        assert (found.code, found.message) == (
            "FLEET-UNREACHABLE",
            "the database of poet cannot be reached",
        )
        fleet.clean()
        assert inspector.inspect() == ()


def test_a_lock_that_is_held_is_named_and_goes_with_its_transaction(
    careless: MultiDatabaseManager, writer: Writer
) -> None:
    writer.chat("ada", "poet")

    def refused() -> None:
        with pytest.raises(DatabaseBusy, match=r"^poet cannot be cleaned: .*; end the transaction"):
            careless.clean()

    def hold(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(delete(MESSAGES))
            database.bridge.outside(refused)

    careless.database("poet").run(hold)
    careless.clean()
    with CrossDatabaseInspector(careless) as inspector:
        assertions.assert_clean(inspector)


@pytest.mark.slow
def test_a_hundred_agents_share_few_connections(
    database_environment: DatabaseTestEnvironment, target: Target
) -> None:
    names = tuple(f"agent{number:03}" for number in range(100))
    with MultiDatabaseManager(meshes.careless(names), database_environment, target) as manager:
        manager.clean()
        with CrossDatabaseInspector(manager) as inspector:
            assert inspector.links() == ()
