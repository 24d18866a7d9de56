"""A migrated gateway and agents that are not: each a database of its own, on every product."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from alembic import command
from sqlalchemy import func, select

from dbparity.fleet import assertions
from dbparity.results import Outcome
from dbparity.schema import envpy
from dbparity.schema.revisions import current, heads, upgrade

if TYPE_CHECKING:
    from sqlalchemy import Table

    from dbparity.fleet.gateway import GatewayPersistenceAdapter
    from dbparity.fleet.inspector import CrossDatabaseInspector
    from dbparity.fleet.manager import MultiDatabaseManager
    from dbparity.servers.database import Database
    from dbparity.targets import Target

pytestmark = pytest.mark.any_server


def counted(database: Database, table: Table) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def downgrade(database: Database, revision: str) -> None:
    envpy.run(database, lambda config: command.downgrade(config, revision))


def test_the_gateway_is_at_its_newest_revision_and_agents_have_none(
    fleet: MultiDatabaseManager, cross_database_inspector: CrossDatabaseInspector
) -> None:
    assert fleet.gateway.run(current) == heads(fleet.fleet.gateway.application) == ("0004",)
    assert cross_database_inspector.architecture() == ()
    assertions.assert_database_isolation(cross_database_inspector)


def test_every_question_is_asked_and_passes(
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    verdict = cross_database_inspector.verdict()
    assert {result.check: result.outcome for result in verdict} == {
        "architecture": Outcome.PASSED,
        "links": Outcome.SKIPPED,  # there are no sessions yet
        "messages": Outcome.SKIPPED,
        "agent_isolation": Outcome.PASSED,
        "user_isolation": Outcome.SKIPPED,
    }


def test_a_gateway_that_is_behind_is_named(
    fleet: MultiDatabaseManager, cross_database_inspector: CrossDatabaseInspector
) -> None:
    fleet.gateway.run(lambda database: downgrade(database, "-1"))
    codes = [finding.code for finding in cross_database_inspector.architecture()]
    assert codes == ["FLEET-BEHIND", "FLEET-SCHEMA"]  # ui_states is gone with it
    fleet.gateway.run(lambda database: downgrade(database, "base"))
    first = cross_database_inspector.architecture()[0]
    assert (first.code, first.expected, first.actual) == ("FLEET-UNVERSIONED", "0004", "none")
    fleet.gateway.run(upgrade)
    assert cross_database_inspector.architecture() == ()


async def test_the_rows_of_a_gateway_survive_every_revision(
    fleet: MultiDatabaseManager,
    gateway_with_persistence: GatewayPersistenceAdapter,
    cross_database_inspector: CrossDatabaseInspector,
) -> None:
    gateway, texts = gateway_with_persistence, [f"text {number}" for number in range(5)]
    sessions = [await gateway.create_session("ada", agent) for agent in fleet.fleet.agents]
    for session in sessions:
        for text in texts:
            await gateway.send_message("ada", session, text)
    count = partial(counted, table=fleet.fleet.tables.messages.table)
    for revision in ("0003", "0002"):
        fleet.gateway.run(partial(downgrade, revision=revision))
        assert fleet.gateway.run(count) == 30
    for revision in ("0003", "0004"):
        fleet.gateway.run(partial(upgrade, revision=revision))
        assert fleet.gateway.run(count) == 30
    assert cross_database_inspector.inspect() == ()
    for session in sessions:
        assert [each.body for each in await gateway.messages("ada", session)][::2] == texts
        # What a revision counts is what the application had counted.
        assertions.assert_gateway_session_exists(cross_database_inspector, session, count=10)


def test_an_agent_is_where_it_is_declared_to_be(
    fleet: MultiDatabaseManager, target: Target
) -> None:
    assert fleet.gateway.target == fleet.database("poet").target == target
    scribe = fleet.database("scribe")
    assert scribe.target.backend == "sqlite"
    assert scribe.bridge.driver.is_async == fleet.gateway.bridge.driver.is_async
