"""Which texts each side takes for equal, and how that shows under keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import differing, sides
from dbparity.schema.aspects.keys import matched
from dbparity.schema.aspects.types import UUID_LENGTHS
from dbparity.schema.differences import Meaning
from dbparity.snapshots import Collation, Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.differences import Difference, Pair

# What a collation may tell apart, and whether it does where the attribute is true.
_TOLD = (
    ("case_sensitive", "'a' and 'A'", True),
    ("accent_sensitive", "'e' and 'é'", True),
    ("pads", "'a' and 'a '", False),
)
_CURE = (
    "Give the column a collation on both sides that compares code points, such as utf8mb4_bin "
    "(utf8mb4_0900_bin where spaces at the end count), or fold texts in the application."
)


def collations(pair: Pair) -> Iterator[Difference]:
    """Compare collations: by key where one decides what is a duplicate, else once for a table."""
    ours, theirs = sides(pair)
    columns = {name: _unlike(ours, theirs, name) for name in ours.columns if name in ours.shared}
    unlike = {name: said for name, said in columns.items() if said}
    keyed: set[str] = set()
    for promise, other in matched(ours, theirs) if unlike else ():
        for name in promise.columns:
            if name in unlike and not _is_hexadecimal(ours, theirs, name):
                keyed.add(name)
                yield differing(
                    pair,
                    Meaning.COMPARES,
                    "collation",
                    f"under {promise.name or f'the {promise.kind}'}, {unlike[name]}",
                    column=ours.columns[name].name,
                    left=_name(ours, name),
                    right=_name(theirs, name),
                    name=promise.name or other.name,
                    recommendation=_CURE,
                )
    yield from _elsewhere(pair, ours, {name: unlike[name] for name in unlike if name not in keyed})


def _elsewhere(pair: Pair, ours: Side, unlike: dict[str, str]) -> Iterator[Difference]:
    if unlike:
        columns = tuple(ours.columns[name].name for name in unlike)
        said = "; ".join(dict.fromkeys(unlike.values()))
        yield differing(
            pair,
            Meaning.COMPARES,
            "collation",
            f"in comparisons with {', '.join(columns)}, {said}",
            columns=columns,
            recommendation=_CURE,
            mild=True,
        )


def _unlike(ours: Side, theirs: Side, name: str) -> str:
    """Which texts are equal on one side only."""
    left, right = (_collation(side, name) for side in (ours, theirs))
    said = []
    for attribute, texts, tells in _TOLD:
        one, other = getattr(left, attribute, None), getattr(right, attribute, None)
        if one is not None and other is not None and one != other:
            side = ours if one is not tells else theirs
            said.append(f"{texts} are equal on the {side.word} side only")
    return ", ".join(said)


def _is_hexadecimal(ours: Side, theirs: Side, name: str) -> bool:
    """Whether it is such a column as UUIDs are kept in, which are never spelled in two ways."""
    kinds = (side.columns[name].type for side in (ours, theirs))
    return all(kind.fixed and kind.length in UUID_LENGTHS for kind in kinds)


def _collation(side: Side, name: str) -> Collation | None:
    kind = side.columns[name].type
    return kind.collation if kind.family is Family.TEXT else None


def _name(side: Side, name: str) -> str:
    found = _collation(side, name)
    return found.name if found else ""
