"""Run a check on SQLite files, through both drivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, text

from dbparity.applications import Application
from dbparity.conformance.base import Check, perform
from dbparity.results import Result
from tests.support.databases import sqlite_database

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.servers.database import Database

Perform = Callable[..., Result]


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def perform_on_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Perform:
    """Perform a check for tables; the database has ``schema`` instead, and then ``sql`` is run."""

    def run(
        check: Check,
        metadata: MetaData,
        schema: MetaData | None = None,
        sql: Sequence[str] = (),
        **attributes: Any,  # noqa: ANN401  # of `Application`
    ) -> Result:
        app = Application("tests:metadata", metadata, **attributes)

        def plant(database: Database) -> None:
            with database.engine.begin() as connection:
                for statement in sql:
                    connection.execute(text(statement))

        with sqlite_database(tmp_path, app, request.param, schema) as database:
            database.run(plant)
            return perform(check, database)

    return run
