"""Make a model's tables in a development database that was named by its URL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import load_backend
from dbparity.errors import (
    SchemaInexpressible,
    SchemaOccupied,
    SchemaRefused,
    SourceInvalid,
)
from dbparity.results import Severity
from dbparity.schema.ddl import ddl
from dbparity.schema.diff import diff
from dbparity.schema.sources import Around, Live, parse, scratch_target
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.targets import version_tuple

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData

    from dbparity.schema.ddl import Ddl
    from dbparity.servers.base import ServerOptions
    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot


@dataclass(frozen=True)
class Applied:
    """What became of a database.

    Attributes:
        url: the database's, without its password.
        ddl: what makes the tables there.
        created: whether it was run; if not, the tables were there already, and as in the model.
    """

    url: str
    ddl: Ddl
    created: bool


def apply(url: str, metadata: MetaData, options: ServerOptions | None = None) -> Applied:
    """Make the tables of ``metadata`` in the database at ``url``, whatever else is in it.

    Nothing that exists is changed: tables of the same names must all be there, as in the model,
    or none. To tell, the model is made in a scratch database of a server out of ``options``.

    Raises:
        SourceInvalid: ``url`` is none.
        DatabaseUnreachable: no connection to it.
        SchemaInexpressible: the backend cannot express the model.
        SchemaOccupied: tables of the model's names are there, and are not as in the model.
        SchemaRefused: the server refuses a statement.
        ServerUnavailable: there are tables, but no server to compare them on.
    """
    live = parse(url)
    if not isinstance(live, Live):
        raise SourceInvalid(live.text, "it is no URL", "write one, such as sqlite:///./dev.db")
    with live.reached() as (bridge, engine):
        live.backend.prepare(engine)
        snapshot = bridge.run(live.snapshot, engine)
        plan = ddl(metadata, load_backend(snapshot.backend), version_tuple(snapshot.version))
        if plan.refused:
            raise SchemaInexpressible(plan.title, plan.refused)
        present = sorted({table.name for table in metadata.tables.values()} & _names(snapshot))
        if present:
            _compare(live, snapshot, plan, present, options)
        else:
            bridge.run(_execute, engine, plan)
    return Applied(live.text, plan, created=not present)


def execute(connection: Connection, plan: Ddl) -> None:
    """Run the statements of ``plan``; raise `SchemaRefused`, which shows the one that fails."""
    # Without parameters a percent sign is one.
    plain = connection.execution_options(no_parameters=True)
    for statement in plan.statements:
        try:
            plain.exec_driver_sql(statement)
        except DBAPIError as error:
            subject = repr(" ".join(statement.split())[:120])
            cure = "change it, or give it a variant: with_variant, ddl_if"
            raise SchemaRefused(plan.title, subject, error.orig or error, cure) from error


def _execute(engine: Engine, plan: Ddl) -> None:
    with engine.begin() as connection:
        execute(connection, plan)


def _compare(
    live: Live, found: Snapshot, plan: Ddl, present: list[str], options: ServerOptions | None
) -> None:
    target = scratch_target(found)
    with (
        DatabaseTestEnvironment([target], options) as environment,
        Around(environment).lease(target) as database,
    ):
        expected = database.run(partial(_made, plan=plan))
    names = _names(expected)
    relevant = replace(found, tables=tuple(t for t in found.tables if t.name in names))
    differences = [
        f"{difference.place}: {difference.message}"
        for difference in diff(replace(expected, views=()), replace(relevant, views=()))
        if difference.severity is not Severity.NOTE
    ]
    if differences:
        raise SchemaOccupied(live.text, present, differences)


def _made(database: Database, plan: Ddl) -> Snapshot:
    with database.engine.begin() as connection:
        execute(connection, plan)
    return database.snapshot()


def _names(snapshot: Snapshot) -> set[str]:
    return {table.name for table in snapshot.tables}
