"""What the checks of revisions have in common."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from dbparity.conformance.base import Check, words
from dbparity.conformance.population import application_of
from dbparity.results import Finding, Item, Severity, Skipped
from dbparity.schema.sides import sides
from dbparity.schema.walk import View, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.history import Revision
    from dbparity.servers.database import Database

NO_MIGRATIONS = "the application has no migrations"


def walking(run: Callable[[Walk], Iterator[Item]]) -> Check:
    """Make a check of a function that walks an empty database through the application's history.

    It is skipped where there is none, or none that can be walked: `heads` finds the reason.
    """

    @wraps(run)
    def begun(database: Database) -> Iterator[Item]:
        if application_of(database).alembic is None:
            yield Skipped(NO_MIGRATIONS)
            return
        try:
            walk = Walk.begin(database)
        except (Exception, SystemExit):  # noqa: BLE001  # env.py and the revisions are the user's
            yield Skipped("the revisions cannot be run: see what `heads` finds")
            return
        if walk.history.revisions:
            yield from run(walk)
        else:
            yield Skipped("there are no revisions")

    needs = ("reflects_schema",)
    return Check(run.__name__, "revisions", begun, needs, empty=True, once=True)


def declared(walk: Walk, revision: Revision) -> bool:
    """Whether the application says that the revision is not meant to be rolled back."""
    return revision.id in application_of(walk.database).irreversible


def wrong(code: str, message: str, *, expected: str, actual: str, recommendation: str) -> Finding:
    """A finding that fails a run."""
    return Finding(
        code=code,
        severity=Severity.WRONG,
        message=message,
        expected=expected,
        actual=actual,
        recommendation=recommendation,
    )


def unlike(
    revision: Revision, wanted: View, found: View, code: Callable[[Difference], str], cure: str
) -> Iterator[Finding]:
    """Each way in which the schema of ``found`` is not the one that was wanted."""
    for difference in wanted.unlike(found):
        yield replace(
            difference.finding(),
            code=code(difference),
            message=f"revision {revision.name}: {told(difference)}",
            recommendation=cure,
            sides=sides(difference, wanted.schema, found.schema),
        )


def told(difference: Difference) -> str:
    """What a database has otherwise than before, or than it is to have."""
    name = difference.name or str(difference.place)
    if not difference.left:
        return f"the {difference.aspect} {name} is there"
    if not difference.right:
        return f"the {difference.aspect} {name} is not there"
    return f"{difference.place}: {difference.message}"


def brief(error: BaseException) -> str:
    """An error in one line: of a driver, in its own words."""
    if isinstance(error, DBAPIError):
        return words(error)
    return f"{type(error).__name__}: {words(error)}"
