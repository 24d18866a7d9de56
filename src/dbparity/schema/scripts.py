"""A team's DDL file, run in a scratch database of its dialect.

Every statement is run for itself, so that one which is refused costs only what it would have
made. What would reach beyond the scratch database is not run.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from dbparity.results import Finding, Place, Severity
from dbparity.schema.refusals import said
from dbparity.schema.splitting import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from dbparity.schema.splitting import Statement
    from dbparity.servers.database import Database

_SHOWN = 200  # characters of a statement
_DEFINING = {"CREATE", "ALTER", "DROP", "RENAME"}
_MODIFIERS = {"OR", "REPLACE", "TEMPORARY", "TEMP", "UNDO"}
# Transactions would undo what ran before a refusal; the others do nothing to a schema.
_IDLE = {"BEGIN", "START", "COMMIT", "END", "LOCK", "UNLOCK", "ANALYZE", "VACUUM", "OPTIMIZE"}
_BEYOND = {
    *("USE", "ATTACH", "DETACH", "GRANT", "REVOKE", "LOAD", "COPY", "FLUSH", "SHUTDOWN", "KILL"),
    *("INSTALL", "UNINSTALL", "PURGE", "RESET", "RESTART", "CHANGE", "STOP", "CLONE", "REASSIGN"),
}
_SHARED = {
    *("DATABASE", "USER", "ROLE", "GROUP", "SYSTEM", "SERVER", "TABLESPACE", "SUBSCRIPTION"),
    *("INSTANCE", "LOGFILE", "RESOURCE"),
}
_GLOBAL = {"GLOBAL", "PERSIST", "PERSIST_ONLY", "PASSWORD"}


def run_script(database: Database, name: str, script: str) -> tuple[Finding, ...]:
    """Run the statements of ``script``; what was refused or left out, by ``name`` and line.

    Call it from inside `Database.run`.
    """
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT", no_parameters=True)
        try:
            return tuple(_run(database, connection, name, script))
        finally:
            # What SET has changed must not come back out of the pool.
            connection.invalidate()


def _run(database: Database, connection: Connection, name: str, script: str) -> Iterator[Finding]:
    others = _others(database, connection)
    for statement in split(script, database.backend.sql_dialect):
        if not _IDLE.isdisjoint(statement.words[:1]):
            continue
        if _reaches_beyond(statement, others):
            yield _left_out(statement, name)
            continue
        try:
            connection.exec_driver_sql(statement.text).close()
        except DBAPIError as error:
            yield _refused(statement, name, database, error)
        # Some databases have begun a transaction all the same.
        connection.commit()


def _others(database: Database, connection: Connection) -> frozenset[str]:
    """What a statement cannot name without leaving ``database``, where a schema is a database."""
    own = database.url.database
    if connection.dialect.default_schema_name != own:
        return frozenset()
    return frozenset(map(str.lower, database.backend.databases(connection))) - {own}


def _reaches_beyond(statement: Statement, others: frozenset[str]) -> bool:
    verb, *words = statement.words or ("",)
    if verb in _DEFINING:
        kind = next((word for word in words if word not in _MODIFIERS), "")
        if kind in _SHARED or (kind == "SCHEMA" and others) or ("OWNER", "TO") in pairwise(words):
            return True
    is_global = verb == "SET" and not _GLOBAL.isdisjoint(words)
    return is_global or verb in _BEYOND or not others.isdisjoint(statement.qualifiers)


def _left_out(statement: Statement, name: str) -> Finding:
    return Finding(
        code="DDL-LEFT-OUT",
        severity=Severity.NOTE,
        message=f"not run, since it reaches beyond one database: {_shown(statement)}",
        place=_place(statement, name),
        expected="statements about what is in one database",
        actual=_shown(statement),
        recommendation="keep what the server shares in a file of its own",
    )


def _refused(statement: Statement, name: str, database: Database, error: DBAPIError) -> Finding:
    return Finding(
        code="DDL-REFUSED",
        severity=Severity.WRONG,
        message=f"refused, and the rest is compared without it: {_shown(statement)}",
        place=_place(statement, name),
        expected=f"accepted by {database.target.server}",
        actual=said(error),
        recommendation="correct the statement, or name the dialect that the file is written in",
    )


def _place(statement: Statement, name: str) -> Place:
    return Place(name, key=f"line {statement.line}")


def _shown(statement: Statement) -> str:
    text = " ".join(statement.text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
