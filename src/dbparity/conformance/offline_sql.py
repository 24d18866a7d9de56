"""Offline SQL: ``alembic upgrade --sql`` and ``downgrade --sql`` work for every revision."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dbparity.conformance.walking import brief, declared, walking
from dbparity.results import Finding, Severity, Skipped, Verified
from dbparity.schema import revisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.schema.history import Revision
    from dbparity.schema.walk import Walk


@walking
def offline_sql(walk: Walk) -> Iterator[Item]:
    """The SQL of every revision can be written without a database, up and down."""
    failed: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for revision in walk.history.revisions:
        back = revision.has_downgrade and not declared(walk, revision)
        for upwards in (True, False) if back else (True,):
            way = f"{revision.id} {'up' if upwards else 'down'}"
            error = _written(walk, revision, upwards=upwards)
            if error is None:
                yield Verified(f"the SQL of {way} can be written")
            elif not isinstance(error, NotImplementedError):  # irreversible: `round_trip` finds it
                failed[revisions.is_refusal(error), brief(error)].append(way)
    for (refused, reason), ways in failed.items():
        yield _refused(reason, ways) if refused else _failed(reason, ways)


def _written(walk: Walk, revision: Revision, *, upwards: bool) -> Exception | None:
    try:
        revisions.offline(walk.database, walk.history, revision, upwards=upwards)
    except Exception as error:  # noqa: BLE001  # env.py and the revisions are the user's
        return error
    return None


def _refused(reason: str, ways: list[str]) -> Skipped:
    """Alembic, or the application in its words, says that it does not do this."""
    return Skipped(f"no SQL is written for {', '.join(ways)}: {reason}")


def _failed(reason: str, ways: list[str]) -> Finding:
    return Finding(
        code="OFFLINE-FAILED",
        severity=Severity.DEGRADED,
        message=f"no SQL can be written for {', '.join(ways)}",
        expected="alembic upgrade --sql and downgrade --sql write it",
        actual=reason,
        recommendation="read no rows and no tables where context.is_offline_mode(), or refuse it "
        "there: raise alembic.util.CommandError",
    )
