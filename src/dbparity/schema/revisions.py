"""Revisions: the application's migrations, run by Alembic through the application's own env.py.

Every question is asked through env.py as well, so that its version table, its filters and its
comparisons count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Table, event

from dbparity.schema import envpy
from dbparity.schema.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection, MetaData

    from dbparity.applications import Application
    from dbparity.schema.history import Revision
    from dbparity.servers.database import Database

T = TypeVar("T")
Told = Callable[[str], object]

_READING = {"SELECT", "PRAGMA", "SHOW", "DESCRIBE", "WITH", "SAVEPOINT", "RELEASE"}


@dataclass(frozen=True)
class Drift:
    """One way in which a database's schema is not the model's."""

    table: str
    column: str
    message: str


@dataclass(frozen=True)
class Stride:
    """What it took to go from one revision to another.

    Attributes:
        seconds: in the migrations themselves.
        statements: those that they sent to change something.
    """

    seconds: float
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """What env.py settles.

    Attributes:
        table, schema: where it keeps what a database is at.
        transactional: whether Alembic undoes a migration that does not come to its end.
    """

    table: str
    schema: str | None
    transactional: bool


def heads(application: Application) -> tuple[str, ...]:
    """The revisions that no other follows: several where a branch was never merged."""
    return History.of(envpy.Door.of(application)).heads


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations up to ``revision``.

    Raises:
        ApplicationError: env.py would connect to another database; it was kept from it.
        Exception: whatever env.py and the migrations raise.
    """
    envpy.run(database, lambda config: command.upgrade(config, revision))


def up(database: Database, history: History, revisions: Sequence[Revision]) -> Stride:
    """Run the upgrades of ``revisions``, in their order; raise what `upgrade` does."""
    step = partial(MigrationStep.upgrade_from_script, history.script.revision_map)
    return _stride(database, history, [step(each.script) for each in revisions])


def up_at(
    door: envpy.Door, urls: Sequence[URL], history: History, revision: Revision, told: Told
) -> None:
    """Run one upgrade where env.py is given a URL, as from a command line; see `measured`."""

    def walk(_: object, context: MigrationContext) -> Iterator[MigrationStep]:
        step = MigrationStep.upgrade_from_script(history.script.revision_map, revision.script)
        yield measured(step, cast("Connection", context.connection), told)

    envpy.by_url(door, urls, lambda config: _enter(config, history.script, walk))


def down(database: Database, history: History, revisions: Sequence[Revision]) -> Stride:
    """Run the downgrades of ``revisions``, the last one first; raise what `upgrade` does."""
    step = partial(MigrationStep.downgrade_from_script, history.script.revision_map)
    return _stride(database, history, [step(each.script) for each in reversed(revisions)])


def offline(database: Database, history: History, revision: Revision, *, upwards: bool) -> str:
    """The SQL that ``alembic upgrade --sql`` writes for one revision, or ``downgrade --sql``."""
    make = MigrationStep.upgrade_from_script if upwards else MigrationStep.downgrade_from_script
    step = make(history.script.revision_map, revision.script)
    start = revision.before if upwards else revision.after
    options = {"as_sql": True, "starting_rev": start or None, "destination_rev": revision.id}

    def write(config: Config) -> None:
        _enter(config, history.script, lambda *_: [step], **options)

    return envpy.offline(database, write)


def current(database: Database) -> tuple[str, ...]:
    """The revisions that the database says it is at, by the version table that env.py names."""
    return tuple(sorted(_ask(database, lambda context: context.get_current_heads())))


def terms(database: Database, history: History) -> Terms:
    """What env.py settles for ``database``."""

    def ask(context: MigrationContext) -> Terms:
        transactional = bool(context.impl.transactional_ddl)
        return Terms(context.version_table, context.version_table_schema, transactional)

    return _ask(database, ask, history.script)


def differences(database: Database, metadata: MetaData) -> tuple[Drift, ...]:
    """Where the database's schema is not ``metadata``, as Alembic's autogeneration sees it."""

    def compare(context: MigrationContext) -> Sequence[Any]:
        return cast("Sequence[Any]", compare_metadata(context, metadata))

    entries = _ask(database, compare)
    return tuple(
        _drift(part)
        for entry in entries
        for part in (entry if isinstance(entry, list) else [entry])
    )


def measured(step: MigrationStep, connection: Connection, told: Told) -> MigrationStep:
    """The same step, which calls ``told`` with each statement that it has sent for a change."""
    migrate = step.migration_fn

    def note(*arguments: Any) -> None:  # noqa: ANN401  # the event's
        statement: str = arguments[2]
        if statement.lstrip().partition(" ")[0].upper() not in _READING:
            told(" ".join(statement.split()))

    @wraps(migrate)
    def noted(**options: Any) -> None:  # noqa: ANN401  # what env.py gives its migrations
        event.listen(connection, "after_cursor_execute", note)
        try:
            migrate(**options)
        finally:
            event.remove(connection, "after_cursor_execute", note)

    step.migration_fn = noted
    return step


def _stride(database: Database, history: History, steps: Sequence[MigrationStep]) -> Stride:
    statements: list[str] = []
    seconds: list[float] = []

    def walk(_: object, context: MigrationContext) -> Iterator[MigrationStep]:
        for step in steps:
            began = time.perf_counter()
            yield measured(step, cast("Connection", context.connection), statements.append)
            seconds.append(time.perf_counter() - began)

    envpy.run(database, lambda config: _enter(config, history.script, walk))
    return Stride(sum(seconds), tuple(statements))


def _ask(
    database: Database,
    question: Callable[[MigrationContext], T],
    script: ScriptDirectory | None = None,
) -> T:
    """Ask ``question`` of the context that env.py configures, and migrate nothing."""
    answers: list[T] = []

    def ask(_: object, context: MigrationContext) -> list[Any]:
        answers.append(question(context))
        return []

    def run(config: Config) -> None:
        found = script or ScriptDirectory.from_config(config)
        _enter(config, found, ask, dont_mutate=True)

    envpy.run(database, run)
    return answers[0]


def _enter(config: Config, script: ScriptDirectory, fn: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401  # EnvironmentContext's
    with EnvironmentContext(config, script, fn=fn, **options):
        script.run_env()


def _drift(entry: Sequence[Any]) -> Drift:
    verb, _, what = str(entry[0]).partition("_")
    if verb == "modify":
        _, _, table, column, _, existing, wanted = entry
        message = f"{what} is {_spelled(existing)}, in the model {_spelled(wanted)}"
        return Drift(table, column, message)
    state = "is missing" if verb == "add" else "is not in the model"
    if what == "column":
        _, _, table, column = entry
        return Drift(table, column.name, f"the column {state}")
    item = entry[1]
    if isinstance(item, Table):
        return Drift(item.name, "", f"the {what.replace('_', ' ')} {state}")
    columns = ", ".join(column.name for column in item.columns)
    name = f" {item.name}" if item.name else ""
    return Drift(item.table.name, "", f"{what}{name} ({columns}) {state}")


def _spelled(value: object) -> str:
    return str(getattr(value, "arg", value))


def is_refusal(error: Exception) -> bool:
    """Whether Alembic, or the application in its words, says that it does not do this."""
    return isinstance(error, CommandError)
