"""What a database says of its revisions, and what is wrong with that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.results import Finding, Severity, Verified
from dbparity.schema.standing import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.results import Item
    from dbparity.schema.history import History, Revision
    from dbparity.schema.standing import State

_SHOWN = 20  # revisions


@dataclass(frozen=True)
class Word:
    """What a database says of itself.

    Attributes:
        at: the rows of its table of versions, sorted; None without such a table.
        tables: how many others it has.
    """

    at: State | None
    tables: int


def judged(word: Word, history: History) -> Iterator[Item]:
    """What is wrong with what a database says of itself, or that nothing is."""
    yield from _heads(history)
    if not word.at and word.tables:
        yield _unsaid(word)
        return
    at, known = word.at or (), {revision.id for revision in history.revisions}
    unknown = [revision for revision in at if revision not in known]
    before = history.before(at)
    doubled = [revision for revision in at if revision in before]
    pending = [each for each in history.revisions if each.id not in before.union(at)]
    if unknown:
        yield _unknown(unknown, history)
    if doubled:
        yield _doubled(doubled, at)
    if pending and not unknown:
        yield _pending(pending, at, history)
    if not (unknown or doubled or pending):
        yield Verified(f"it is at the head: {named(at)}")


def _heads(history: History) -> Iterator[Item]:
    if len(history.heads) > 1 and not all(history.labels):
        yield Finding(
            "HEADS-NOT-ONE",
            Severity.WRONG,
            f"the migrations end in {len(history.heads)} heads",
            expected="one head, or a name for each branch",
            actual=", ".join(history.heads),
            recommendation="merge the branches: alembic merge heads",
        )


def _unsaid(word: Word) -> Finding:
    missing = word.at is None
    what = "no table says" if missing else "its table of versions does not say"
    return Finding(
        "VERSION-TABLE-MISSING" if missing else "VERSION-TABLE-EMPTY",
        Severity.WRONG,
        f"{what} which revision it is at, and its tables are there",
        expected="a table of versions that names a revision",
        actual=f"{'no table' if missing else 'no row'}, and {word.tables} other tables",
        recommendation="see whether a migration was cut off, or who made the tables; when they "
        "are those of a revision, let the database say so: alembic stamp",
    )


def _unknown(unknown: Sequence[str], history: History) -> Finding:
    return Finding(
        "REVISION-UNKNOWN",
        Severity.WRONG,
        "it is at a revision that no file has",
        expected=f"a revision that leads to {named(history.heads)}",
        actual=", ".join(unknown),
        recommendation="it is ahead of this code, or of another history: deploy the code that has "
        "the revision, or bring its file back",
    )


def _doubled(doubled: Sequence[str], at: State) -> Finding:
    return Finding(
        "VERSION-DOUBLED",
        Severity.WRONG,
        "its table of versions names a revision, and one that came before it",
        expected="one row for each branch",
        actual=", ".join(at),
        recommendation=f"see which one is true, and delete the row of the other: "
        f"likely of {', '.join(doubled)}",
    )


def _pending(pending: Sequence[Revision], at: State, history: History) -> Finding:
    left = [f"and {len(pending) - _SHOWN} more"] if len(pending) > _SHOWN else []
    names = [revision.name for revision in pending[:_SHOWN]]
    behind = f"{len(pending)} revision{'s' if len(pending) > 1 else ''}"
    return Finding(
        "REVISIONS-PENDING",
        Severity.DEGRADED,
        f"it is {behind} behind" if at else f"none of {behind} has been run",
        expected=f"at {named(history.heads)}",
        actual=f"at {named(at)}; to come: {', '.join(names + left)}",
        recommendation="run them: alembic upgrade head",
    )
