"""Rows survive: what was there before a revision is there after its upgrade and downgrade."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.conformance.sowing import Field
from dbparity.conformance.walking import brief, declared, walking, wrong
from dbparity.results import Finding, Measurement, Place, Severity, Skipped, Verified
from dbparity.schema import contents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dbparity.results import Item
    from dbparity.schema.contents import Loss, Rows
    from dbparity.schema.history import Revision
    from dbparity.schema.walk import Walk

_ASKED = "see what `round_trip` finds"


@dataclass(frozen=True)
class Pair:
    """Two databases at the same revision: one has rows, the other those of the migrations only.

    What fails in the other too has nothing to do with rows.
    """

    sown: Walk
    bare: Walk
    spares: ExitStack

    def renewed(self, passed: tuple[Revision, ...]) -> Pair:
        """Two new ones, at the last of the revisions ``passed``."""
        bare = self.spares.enter_context(self.bare.afresh(passed))
        return replace(self, bare=bare, sown=self.spares.enter_context(self.bare.afresh(passed)))


@walking
def rows_survive(walk: Walk) -> Iterator[Item]:
    """Rows from before a revision are what they were after its upgrade and its downgrade."""
    passed: tuple[Revision, ...] = ()
    with ExitStack() as spares:
        pair = Pair(spares.enter_context(walk.afresh(())), walk, spares)
        for revision in walk.history.revisions:
            pair = _cleared(pair, passed)
            reason = _bare(pair.bare, revision)
            if reason == "up":
                yield Skipped(f"revision {revision.name} cannot be applied: {_ASKED}")
                return
            if reason:
                yield Skipped(f"revision {revision.name} cannot be rolled back: {_ASKED}")
                pair = pair.renewed((*passed, revision))
            else:
                found = list(_survived(pair.sown, revision))
                yield from found
                if any(isinstance(item, Finding) for item in found):
                    pair = pair.renewed((*passed, revision))
            passed = (*passed, revision)


def _cleared(pair: Pair, passed: tuple[Revision, ...]) -> Pair:
    """Have both the same rows; with two new databases where those sown cannot be cleared away."""
    bare = pair.bare.rows()
    if pair.sown.rows() != bare:
        field = Field.of(pair.sown.database, {pair.sown.terms.table})
        field.clear({name for name, rows in bare.items() if rows.by_key})
        if pair.sown.rows() != bare:
            return pair.renewed(passed)
    return pair


def _bare(walk: Walk, revision: Revision) -> str:
    """Go the same way without rows; return where that fails."""
    way = "up"
    try:
        walk.up(revision)
        if not declared(walk, revision):
            way = "down"
            walk.down(revision)
            way = "again"
            walk.up(revision)
    except Exception:  # noqa: BLE001  # the revisions are the user's
        return way
    return ""


def _survived(walk: Walk, revision: Revision) -> Iterator[Item]:
    yield from Field.of(walk.database, {walk.terms.table}).sow()
    before = walk.rows()
    count = sum(len(rows.by_key) for rows in before.values())
    yield Measurement(f"{revision.id} before", count, "rows")
    try:
        yield Measurement(f"{revision.id} up", walk.up(revision).seconds, "s")
    except Exception as error:  # noqa: BLE001
        yield _refused("UPGRADE-REFUSES-ROWS", revision, "cannot be applied", error)
        return
    if declared(walk, revision):
        yield Skipped(f"revision {revision.name} is declared irreversible")
    elif count:
        yield from _there_and_back(walk, revision, before)
    else:
        yield Verified(f"there is nothing that {revision.name} could lose")


def _there_and_back(walk: Walk, revision: Revision, before: Mapping[str, Rows]) -> Iterator[Item]:
    after = walk.rows()
    try:
        yield Measurement(f"{revision.id} down", walk.down(revision).seconds, "s")
    except Exception as error:  # noqa: BLE001
        yield _refused("ROLLBACK-REFUSES-ROWS", revision, "cannot be rolled back", error)
        return
    lost = contents.losses(before, walk.rows())
    found = [_lost(revision, "down", loss) for loss in lost]
    if not found:
        try:
            yield Measurement(f"{revision.id} up again", walk.up(revision).seconds, "s")
        except Exception as error:  # noqa: BLE001
            yield _refused("UPGRADE-REFUSES-ROWS", revision, "cannot be applied again", error)
            return
        again = contents.losses(contents.among(after, before), walk.rows(), whole=False)
        found = [_lost(revision, "up again", loss) for loss in again]
    yield from found
    if not found:
        yield Verified(f"all rows survive {revision.name}")


def _lost(revision: Revision, way: str, loss: Loss) -> Finding:
    return Finding(
        code="VALUES-LOST" if loss.column else "ROWS-LOST",
        severity=Severity.LOST,
        message=f"revision {revision.name}: after the way {way} {loss.message}",
        place=Place(loss.table, loss.column, loss.key),
        expected=loss.before,
        actual=loss.after,
        recommendation="keep what the other way needs, or declare it: [tool.dbparity] "
        f'irreversible = ["{revision.id}"]',
    )


def _refused(code: str, revision: Revision, message: str, error: Exception) -> Finding:
    return wrong(
        code,
        f"revision {revision.name} {message} where there are rows, only where there are none",
        expected="rows that were valid before are no hindrance",
        actual=brief(error),
        recommendation="give new columns a default, and move rows before what refuses them; where "
        "the rows are not as the application writes them: [tool.dbparity] factory",
    )
