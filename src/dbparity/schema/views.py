"""Views, by their queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.results import Place
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.expressions import Scope, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.snapshots import View


def compare_views(
    left: View, right: View, left_dialect: str, right_dialect: str
) -> Iterator[Difference]:
    """Compare a view's query on both sides, and whether its rows are kept.

    Two queries that cannot be shown to be the same are only a note where their dialects differ.
    """
    if left.materialized != right.materialized:
        yield _kept(left, right)
    ours, theirs = _meaning(left, left_dialect), _meaning(right, right_dialect)
    if left.definition != right.definition and ours != theirs:
        yield _queried(left, right, alike=left_dialect == right_dialect)


def _meaning(view: View, dialect: str) -> object:
    return read(f"({view.definition})", Scope(dialect))


def _kept(left: View, right: View) -> Difference:
    fresh, stale = ("right", "left") if left.materialized else ("left", "right")
    return Difference(
        Meaning.BEHAVES,
        "view",
        Place(left.name),
        f"the {stale} side gives the rows of its last refresh, the {fresh} side those of now",
        _sort(left),
        _sort(right),
        recommendation="Make it a plain view on both sides, or a table that the application fills.",
    )


def _sort(view: View) -> str:
    return "MATERIALIZED VIEW" if view.materialized else "VIEW"


def _queried(left: View, right: View, *, alike: bool) -> Difference:
    return Difference(
        Meaning.BEHAVES,
        "view",
        Place(left.name),
        "the two sides ask by other queries"
        if alike
        else "the queries of the two sides could not be shown to be the same",
        left.definition,
        right.definition,
        recommendation="Make the view by the same query on both sides."
        if alike
        else "Compare what the view returns for the same rows.",
        mild=not alike,
    )
