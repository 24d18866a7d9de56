"""Revisions: the application's migrations lead where they should, back, and there again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.conformance.base import Check, check
from dbparity.conformance.interrupted import interrupted
from dbparity.conformance.model_at_head import model_at_head
from dbparity.conformance.offline_sql import offline_sql
from dbparity.conformance.population import application_of
from dbparity.conformance.round_trip import round_trip
from dbparity.conformance.rows_survive import rows_survive
from dbparity.conformance.walking import NO_MIGRATIONS, brief
from dbparity.errors import ApplicationError, HistoryBroken
from dbparity.results import Finding, Severity, Skipped, Verified
from dbparity.schema import revisions
from dbparity.schema.envpy import Door
from dbparity.schema.history import History, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.servers.database import Database


@check("revisions", empty=True, once=True)
def heads(database: Database) -> Iterator[Item]:
    """The revisions are one history with one head, and env.py can be run."""
    application = application_of(database)
    if application.alembic is None:
        yield Skipped(NO_MIGRATIONS)
        return
    try:
        history = History.of(Door.of(application))
    except HistoryBroken as error:
        yield _wrong(
            error.code, "the revisions cannot be read", error.what, error.reason, error.cure
        )
        return
    except Exception as error:  # noqa: BLE001  # alembic.ini is the user's
        where, cure = str(application.alembic), "correct it: alembic history must work"
        yield _wrong("ALEMBIC-BROKEN", "the migrations cannot be found", where, brief(error), cure)
        return
    yield from _one_head(history)
    yield from _declarations(application.irreversible, history)
    yield from _env(database)


def _one_head(history: History) -> Iterator[Item]:
    if len(history.heads) == 1:
        yield Verified(f"{history.heads[0]} is the head")
    elif history.heads and all(history.labels):
        yield Verified("each head ends a branch that has a name")
    else:
        yield _wrong(
            "HEADS-NOT-ONE",
            f"the migrations end in {len(history.heads)} heads",
            ", ".join(history.heads) or "no revisions",
            "alembic upgrade head does not know where to go",
            "merge the branches (alembic merge heads), or write the first revision",
        )


def _declarations(irreversible: tuple[str, ...], history: History) -> Iterator[Finding]:
    known = {revision.id for revision in history.revisions}
    for name in irreversible:
        if name not in known:
            cure = "write the whole identifier, or take it out: [tool.dbparity] irreversible"
            reason = "it is declared irreversible, and no file has it"
            yield _wrong("DECLARATION-UNKNOWN", "there is no such revision", name, reason, cure)


def _env(database: Database) -> Iterator[Item]:
    try:
        revisions.current(database)
    except ApplicationError as error:
        yield _wrong(
            "ENV-ELSEWHERE", "env.py leads elsewhere", error.path, error.reason, error.cure
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001  # env.py is the user's
        cure = "correct it: alembic current must work on this backend"
        yield _wrong("ENV-BROKEN", "env.py cannot be run", place_of(error), brief(error), cure)
    else:
        yield Verified("env.py leads to the database that it is given")


def _wrong(code: str, message: str, where: str, reason: str, cure: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WRONG,
        message=message,
        expected="one history with one head, and an env.py that runs",
        actual=f"{where}: {reason}",
        recommendation=cure,
    )


CHECKS: tuple[Check, ...] = (
    heads,
    round_trip,
    model_at_head,
    rows_survive,
    offline_sql,
    interrupted,
)
