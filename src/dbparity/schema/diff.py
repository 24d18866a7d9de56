"""What differs between two schemas, and what it means for data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from dbparity.backends.base import load_backend
from dbparity.schema.aspects.checks import checks
from dbparity.schema.aspects.collations import collations
from dbparity.schema.aspects.comments import comments
from dbparity.schema.aspects.computed import computed
from dbparity.schema.aspects.defaults import defaults
from dbparity.schema.aspects.foreign_keys import foreign_keys
from dbparity.schema.aspects.indexes import indexes
from dbparity.schema.aspects.keys import keys
from dbparity.schema.aspects.nullability import nullability
from dbparity.schema.aspects.numbering import numbering
from dbparity.schema.aspects.triggers import triggers
from dbparity.schema.aspects.types import types
from dbparity.schema.differences import Pair
from dbparity.schema.matching import match_columns, match_tables, match_views
from dbparity.schema.objects import columns, objects
from dbparity.schema.views import compare_views
from dbparity.snapshots import Table
from dbparity.targets import version_tuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dbparity.schema.aspects.base import Aspect
    from dbparity.schema.differences import Difference
    from dbparity.schema.matching import Matching
    from dbparity.snapshots import Snapshot, View

_Named = TypeVar("_Named", "Table", "View")

ASPECTS: tuple[Aspect, ...] = (
    types,
    nullability,
    defaults,
    numbering,
    computed,
    keys,
    collations,
    indexes,
    foreign_keys,
    checks,
    comments,
    triggers,
)


def diff(left: Snapshot, right: Snapshot) -> tuple[Difference, ...]:
    """Every difference, told of the right side against the left.

    First come tables that one side has alone, then the others in the left side's order, then
    views.

    Raises:
        TargetUnknown: nobody declares the backend of a snapshot.
    """
    return tuple(_differences(left, right))


def _differences(left: Snapshot, right: Snapshot) -> Iterator[Difference]:
    ours, theirs = load_backend(left.backend), load_backend(right.backend)
    tables = match_tables(left.tables, right.tables)
    pair_of = partial(
        Pair,
        left_features=ours.features(version_tuple(left.version)),
        right_features=theirs.features(version_tuple(right.version)),
        tables=tables.names,
        left_dialect=ours.sql_dialect,
        right_dialect=theirs.sql_dialect,
    )
    yield from objects("table", tables)
    yield from _tables(_paired(left.tables, right.tables, tables), pair_of)
    views = match_views(left.views, right.views)
    yield from objects("view", views)
    for view, other in _paired(left.views, right.views, views):
        yield from compare_views(view, other, ours.sql_dialect, theirs.sql_dialect)
        yield from triggers(pair_of(_firing(view), _firing(other), columns={}))


def _paired(
    left: Sequence[_Named], right: Sequence[_Named], matching: Matching
) -> list[tuple[_Named, _Named]]:
    others = {other.name: other for other in right}
    return [(one, others[matching.names[one.name]]) for one in left if one.name in matching.names]


def _tables(
    paired: list[tuple[Table, Table]], pair_of: Callable[..., Pair]
) -> Iterator[Difference]:
    matched = [(left, right, match_columns(left, right)) for left, right in paired]
    renamed = {
        (table.name, old): new
        for table, _, matching in matched
        for old, new in matching.names.items()
        if old.lower() != new.lower()
    }
    for left, right, matching in matched:
        pair = pair_of(left, right, columns=matching.names, renamed=renamed)
        yield from columns(pair, matching)
        # One dialect, and the same words: whatever they mean, they mean the same.
        if left != right or pair.left_dialect != pair.right_dialect:
            for aspect in ASPECTS:
                yield from aspect(pair)


def _firing(view: View) -> Table:
    """A view as something that has triggers."""
    return Table(view.name, (), triggers=view.triggers)
