"""Interrupted: what a database is like whose upgrade was killed, and whether it can go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.conformance.walking import brief, told, walking, wrong
from dbparity.results import Severity, Skipped, Verified
from dbparity.schema.envpy import Door
from dbparity.schema.killing import executioner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Finding, Item
    from dbparity.schema.differences import Difference
    from dbparity.schema.history import Revision
    from dbparity.schema.killing import Executioner
    from dbparity.schema.walk import View, Walk


@walking
def interrupted(walk: Walk) -> Iterator[Item]:
    """A killed upgrade is undone, or can be run again, or it is said what is left of it."""
    before = walk.view()
    with executioner(Door.of(walk.database.application).ini.parent) as killer:
        for number, revision in enumerate(walk.history.revisions):
            try:
                statements = walk.up(revision).statements
            except Exception:  # noqa: BLE001  # the revisions are the user's
                reason = f"revision {revision.name} cannot be applied: see what `round_trip` finds"
                yield Skipped(reason)
                return
            after = walk.view()
            if statements:
                with walk.afresh(walk.history.revisions[:number]) as victim:
                    yield from _killed(killer, victim, revision, statements, (before, after))
            before = after


def _killed(
    killer: Executioner,
    walk: Walk,
    revision: Revision,
    statements: tuple[str, ...],
    views: tuple[View, View],
) -> Iterator[Item]:
    """Kill it after the middle one of its statements."""
    before, after = views
    middle = (len(statements) + 1) // 2
    death = killer.kill(walk.database, revision, middle)
    if not death.killed:
        yield Skipped(
            f"revision {revision.name} did not run in a process of its own: {death.words}"
        )
        return
    left = before.unlike(walk.view())
    again = _again(walk, revision, after)
    if again:
        half = _half_way(revision, statements[:middle], left, again)
        # Every revision would be one of these where Alembic cannot help it.
        severity = Severity.DEGRADED if walk.terms.transactional else Severity.NOTE
        yield replace(half, severity=severity)
    yield Verified(f"it is known what becomes of {revision.name} when it is killed")


def _again(walk: Walk, revision: Revision, after: View) -> str:
    """Why the upgrade cannot be run again, or what it comes to that it should not."""
    try:
        walk.up(revision)
    except Exception as error:  # noqa: BLE001
        return brief(error)
    return "; ".join(map(told, after.unlike(walk.view())))


def _half_way(
    revision: Revision, done: tuple[str, ...], left: tuple[Difference, ...], again: str
) -> Finding:
    return wrong(
        "INTERRUPTED-HALF-WAY",
        f"revision {revision.name} is left half-way when it is killed, here after statement "
        f"{len(done)}: {done[-1]:.80}",
        expected="undone, or finished when it is run again",
        actual=f"{'; '.join(map(told, left)) or 'rows have changed'}; run again: {again}",
        recommendation=f"undo it ({_repair(left)}), then run alembic upgrade again",
    )


def _repair(left: tuple[Difference, ...]) -> str:
    """What undoes the half that was done."""
    extra = [each for each in left if not each.left]
    steps = [f"drop the {each.aspect} {each.name or each.place}" for each in extra]
    steps += [f"restore what was before: {told(each)}" for each in left if each not in extra]
    return "; ".join(steps) or "restore the rows from a backup"
