"""Perform a check on an application of which something is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.applications import Application
from dbparity.backends.sqlite import SQLite
from dbparity.conformance.base import perform
from tests.support.databases import sqlite_database
from tests.support.ledgers import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlalchemy import Index, MetaData
    from sqlalchemy.schema import ExecutableDDLElement

    from dbparity.applications import Configure
    from dbparity.backends.base import Features
    from dbparity.conformance.base import Check
    from dbparity.results import Result
    from dbparity.servers.database import Database


class Claiming(SQLite):
    """SQLite, which claims to have other features than it has."""

    def __init__(self, **claims: bool) -> None:
        self._claims = claims

    def features(self, version: tuple[int, ...]) -> Features:
        return replace(super().features(version), **self._claims)


@dataclass(frozen=True)
class OnFile:
    """Performs checks on SQLite files in ``folder``, through ``driver``."""

    folder: Path
    driver: str

    def __call__(  # noqa: PLR0913  # each is one thing that can be wrong
        self,
        check: Check,
        metadata: MetaData | None = None,
        *,
        schema: MetaData | None = None,
        configure: Configure | None = None,
        claims: dict[str, bool] | None = None,
        ddl: Sequence[ExecutableDDLElement] = (),
        alembic: Path | None = None,
    ) -> Result:
        """Perform ``check``; the database has ``schema`` instead of ``metadata``, after ``ddl``."""
        app = Application("tests:metadata", metadata or ledger(), alembic, configure=configure)
        with sqlite_database(self.folder, app, self.driver, schema) as database:
            database.run(executing(ddl))
            return perform(check, replace(database, backend=Claiming(**claims or {})))


def executing(ddl: Sequence[ExecutableDDLElement]) -> Callable[[Database], None]:
    """A function that executes ``ddl`` in a database."""

    def execute(database: Database) -> None:
        with database.engine.begin() as connection:
            for element in ddl:
                connection.execute(element)

    return execute


def found(result: Result) -> list[tuple[str, str]]:
    return [(finding.code, str(finding.place)) for finding in result.findings]


def index(metadata: MetaData, name: str) -> Index:
    indexes = (index for table in metadata.tables.values() for index in table.indexes)
    return next(index for index in indexes if index.name == name)


def reasons(result: Result) -> list[str]:
    return [skipped.reason for skipped in result.skipped]
