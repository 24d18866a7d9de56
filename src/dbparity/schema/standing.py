"""Is a database at the revision that it says it is at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.results import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbparity.schema.differences import Difference
    from dbparity.schema.walk import View, Walk

State = tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Where a database stands.

    Attributes:
        claimed: the revisions that it says it is at; None without a table of versions.
        really: those whose schema it has; None where it is that of no revision.
        known: whether there are such revisions.
        differences: what the database has otherwise than they.
    """

    claimed: State | None
    really: State | None
    known: bool
    differences: tuple[Difference, ...]

    @property
    def consistent(self) -> bool:
        """Whether it is at what it says it is at."""
        return self.claimed is not None and self.known and not self.differences

    def finding(self) -> Finding:
        """What is wrong, and the cure: only for one that is not `consistent`."""
        really = named(self.really) if self.really is not None else "no revision"
        cure = (
            f"if its rows are in order, let it say so: alembic stamp {named(self.really)}"
            if self.really
            else "undo what differs, and stamp it with the revision that it has then"
        )
        if self.claimed is None:
            code, message = "VERSION-TABLE-MISSING", "no table says which revision it is at"
        else:
            code, message = "VERSION-WRONG", "it is not at the revision that it says it is at"
        return Finding(
            code=code,
            severity=Severity.WRONG,
            message=message,
            expected=f"the schema of {named(self.claimed or ())}",
            actual=f"the schema of {really}{_told(self.differences)}",
            recommendation=cure,
        )


def itinerary(walk: Walk) -> dict[State, View]:
    """What is to be seen at each revision, on the way up from an empty database."""
    seen: dict[State, View] = {(): walk.view()}
    for revision in walk.history.revisions:
        walk.up(revision)
        seen[revision.after] = walk.view()
    return seen


def standing(view: View, seen: Mapping[State, View]) -> Standing:
    """Where the database of ``view`` stands among what was ``seen`` on an `itinerary`."""
    really = next((state for state, there in seen.items() if not there.unlike(view)), None)
    claimed = seen.get(view.at or ())
    differences = claimed.unlike(view) if claimed is not None else ()
    return Standing(view.at, really, claimed is not None, differences)


def named(state: State) -> str:
    """The revisions of a state, or ``base``."""
    return ", ".join(state) or "base"


def _told(differences: tuple[Difference, ...]) -> str:
    return "".join(f"; {each.place}: {each.message}" for each in differences)
