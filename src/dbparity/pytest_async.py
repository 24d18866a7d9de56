"""The pytest plugin's fixtures for coroutines, registered where pytest-asyncio is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from dbparity.fleet.gateway import GatewayPersistenceAdapter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from dbparity.fleet.manager import MultiDatabaseManager
    from dbparity.fleet.responders import Responder
    from dbparity.servers.database import Database


# On the session's loop: asyncpg, aiomysql and asyncmy break when an engine outlives its loop.
@pytest_asyncio.fixture(loop_scope="session")
async def async_engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """An `AsyncEngine` on ``database``; tests that use it run on the async drivers."""
    engine = database.async_engine()
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def gateway_with_persistence(
    fleet: MultiDatabaseManager, fleet_responder: Responder
) -> AsyncIterator[GatewayPersistenceAdapter]:
    """What users of the gateway do, on the databases of ``fleet``."""
    async with fleet.connections() as connections:
        yield GatewayPersistenceAdapter(fleet.fleet, connections, fleet_responder)
