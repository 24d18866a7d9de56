"""Round trip: every revision up, down and up again leaves the schema as it was."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from dbparity.conformance.walking import brief, declared, unlike, walking, wrong
from dbparity.results import Finding, Measurement, Severity, Skipped, Verified
from dbparity.schema.standing import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.schema.differences import Difference
    from dbparity.schema.history import Revision
    from dbparity.schema.revisions import Stride
    from dbparity.schema.walk import View, Walk

_DECLARE = "or declare it: [tool.dbparity] irreversible"


@walking
def round_trip(walk: Walk) -> Iterator[Item]:
    """Every revision goes up, down and up again, and the schema is each time what it was."""
    before = walk.view()
    with ExitStack() as spares:
        for number, revision in enumerate(walk.history.revisions, start=1):
            try:
                yield from _measured(revision, "up", walk.up(revision))
            except Exception as error:  # noqa: BLE001  # the revisions are the user's
                yield _refused(revision, error)
                left = len(walk.history.revisions) - number
                yield from [Skipped(f"{left} revisions come after one that fails")] if left else []
                return
            after = walk.view()
            yield from _size(revision, after)
            items = [
                *_version(revision, revision.after, after),
                *_back(walk, revision, before, after),
            ]
            yield from items
            if any(isinstance(item, Finding) for item in items):
                walk = spares.enter_context(walk.afresh(walk.history.revisions[:number]))
            before = after


def _back(walk: Walk, revision: Revision, before: View, after: View) -> Iterator[Item]:
    """Down and up again, from ``after``."""
    if declared(walk, revision):
        yield Skipped(f"revision {revision.name} is declared irreversible")
        return
    try:
        yield from _measured(revision, "down", walk.down(revision))
    except Exception as error:  # noqa: BLE001
        yield _irreversible(revision, brief(error))
        return
    found = tuple(_rolled_back(revision, before, after, walk.view()))
    yield from found
    if all(finding.severity is Severity.NOTE for finding in found):
        yield Verified(f"the downgrade of {revision.name} leaves nothing behind")
        yield from _again(walk, revision, after)


def _rolled_back(revision: Revision, before: View, after: View, back: View) -> Iterator[Finding]:
    if before.schema != after.schema and back.schema == after.schema:
        yield _irreversible(revision, "its downgrade changes nothing")
        return
    cure = f"let the downgrade undo what the upgrade does, {_DECLARE}"
    yield from unlike(revision, before, back, _code, cure)
    yield from _version(revision, revision.before, back)


def _code(difference: Difference) -> str:
    return "ROLLBACK-DIFFERS" if difference.left else "ROLLBACK-INCOMPLETE"


def _again(walk: Walk, revision: Revision, after: View) -> Iterator[Item]:
    cure = "let the downgrade leave the database so that the upgrade makes the same of it again"
    try:
        yield from _measured(revision, "up again", walk.up(revision))
    except Exception as error:  # noqa: BLE001
        yield wrong(
            "UPGRADE-UNREPEATABLE",
            f"revision {revision.name} cannot be applied again after its downgrade",
            expected="upgraded again",
            actual=brief(error),
            recommendation=cure,
        )
        return
    found = tuple(unlike(revision, after, walk.view(), lambda _: "UPGRADE-DIFFERS", cure))
    yield from found
    if not found:
        yield Verified(f"the upgrade to {revision.name} makes the same again")


def _version(revision: Revision, wanted: tuple[str, ...], view: View) -> Iterator[Finding]:
    if view.at is None:
        yield wrong(
            "VERSION-TABLE-MISSING",
            f"revision {revision.name} leaves no table that says which revision the database is at",
            expected=named(wanted),
            actual="no table of versions",
            recommendation="let env.py name one version table, and no revision drop it",
        )
    elif view.at != tuple(sorted(wanted)):
        yield wrong(
            "VERSION-WRONG",
            f"revision {revision.name} leaves a database that says it is at another revision",
            expected=named(wanted),
            actual=named(view.at),
            recommendation="let env.py commit, and no revision change the version table",
        )


def _refused(revision: Revision, error: Exception) -> Finding:
    return wrong(
        "UPGRADE-FAILED",
        f"revision {revision.name} cannot be applied",
        expected="upgraded",
        actual=brief(error),
        recommendation="make it run on this backend: alembic upgrade " + revision.id,
    )


def _irreversible(revision: Revision, reason: str) -> Finding:
    return wrong(
        "IRREVERSIBLE",
        f"revision {revision.name} cannot be rolled back",
        expected="downgraded",
        actual=reason,
        recommendation=f'make its downgrade undo it, {_DECLARE} = ["{revision.id}"]',
    )


def _measured(revision: Revision, way: str, stride: Stride) -> Iterator[Measurement]:
    yield Measurement(f"{revision.id} {way}", stride.seconds, "s")
    yield Measurement(f"{revision.id} {way}", len(stride.statements), "statements")


def _size(revision: Revision, view: View) -> Iterator[Measurement]:
    tables = view.schema.tables
    yield Measurement(f"{revision.id} schema", len(tables), "tables")
    yield Measurement(f"{revision.id} schema", sum(len(t.columns) for t in tables), "columns")
