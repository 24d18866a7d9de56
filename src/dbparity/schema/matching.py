"""Which tables and columns of two schemas are the same, under whichever name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeVar

from dbparity.schema.aspects.types import holds_the_same, related

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dbparity.snapshots import Column, Table, View

_ALIKE = 0.6  # of two names, or of the columns of two tables
_Named = TypeVar("_Named", "Column", "Table", "View")


@dataclass(frozen=True)
class Matching:
    """Names on the left with those on the right; the evidence for each likely rename."""

    names: dict[str, str]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    evidence: dict[str, str]


def match_tables(left: Sequence[Table], right: Sequence[Table]) -> Matching:
    """Pair tables by name, by name without regard to case, and by their columns."""
    return _match(left, right, _same_table)


def match_columns(left: Table, right: Table) -> Matching:
    """Pair columns by name, by name without regard to case, and by type, name and place."""

    def likeness(one: Column, other: Column) -> tuple[float, str]:
        return _same_column(one, other, left, right)

    return _match(left.columns, right.columns, likeness)


def match_views(left: Sequence[View], right: Sequence[View]) -> Matching:
    """Pair views by name, and by name without regard to case."""
    return _match(left, right, lambda _one, _other: (0, ""))


def _match(
    left: Sequence[_Named],
    right: Sequence[_Named],
    likeness: Callable[[_Named, _Named], tuple[float, str]],
) -> Matching:
    names = _by_name([one.name for one in left], [other.name for other in right])
    taken = set(names.values())
    ours = [one for one in left if one.name not in names]
    theirs = [other for other in right if other.name not in taken]
    evidence = {}
    for one, other, why in _likely(ours, theirs, likeness):
        names[one.name] = other.name
        evidence[one.name] = why
    renamed = {names[name] for name in evidence}
    return Matching(
        names,
        tuple(one.name for one in ours if one.name not in names),
        tuple(other.name for other in theirs if other.name not in renamed),
        evidence,
    )


def _by_name(left: list[str], right: list[str]) -> dict[str, str]:
    """Exactly, and by case where that leaves one of each."""
    there = set(right)
    names = {name: name for name in left if name in there}
    ours = _folded(name for name in left if name not in names)
    theirs = _folded(name for name in right if name not in names)
    for key, found in ours.items():
        if len(found) == len(theirs.get(key, ())) == 1:
            names[found[0]] = theirs[key][0]
    return names


def _folded(names: Iterator[str]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.lower(), []).append(name)
    return folded


def _likely(
    ours: list[_Named],
    theirs: list[_Named],
    likeness: Callable[[_Named, _Named], tuple[float, str]],
) -> Iterator[tuple[_Named, _Named, str]]:
    """Pairs in which each is the other's best, and nobody else is as good."""
    found = [
        (score, one, other, why)
        for one in ours
        for other in theirs
        for score, why in [likeness(one, other)]
        if score > 0
    ]
    rows, columns = defaultdict(list), defaultdict(list)
    for score, one, other, _ in found:
        rows[one.name].append(score)
        columns[other.name].append(score)
    for score, one, other, why in found:
        if _leads(score, rows[one.name]) and _leads(score, columns[other.name]):
            yield one, other, why


def _leads(score: float, scores: list[float]) -> bool:
    return score == max(scores) and scores.count(score) == 1


def _same_table(one: Table, other: Table) -> tuple[float, str]:
    ours, theirs = ({(c.name.lower(), c.type.family) for c in t.columns} for t in (one, other))
    shared, all_ = ours & theirs, ours | theirs
    if not shared or len(shared) < _ALIKE * len(all_):
        return 0, ""
    return len(shared) / len(all_), f"{len(shared)} of {len(all_)} columns are the same"


def _same_column(one: Column, other: Column, left: Table, right: Table) -> tuple[float, str]:
    if not related(one.type, other.type) or one.nullable != other.nullable:
        return 0, ""
    equal = holds_the_same(one.type, other.type)
    alike = SequenceMatcher(None, one.name.lower(), other.name.lower()).ratio()
    near = _neighbours(one, left) == _neighbours(other, right)
    if alike < _ALIKE and not (near and equal):
        return 0, ""
    reasons = (
        (alike >= _ALIKE, "the names are alike"),
        (equal, "the types are the same"),
        (near, "it stands in the same place"),
    )
    return alike + equal + near, ", ".join(reason for holds, reason in reasons if holds)


def _neighbours(column: Column, table: Table) -> tuple[str, str]:
    names = ["", *(each.name.lower() for each in table.columns), ""]
    place = names.index(column.name.lower(), 1)
    return names[place - 1], names[place + 1]
