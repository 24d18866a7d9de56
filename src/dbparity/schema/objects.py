"""Tables and columns that one side has alone, or under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.results import Place
from dbparity.schema.aspects import indexes as index_aspect
from dbparity.schema.aspects import keys as key_aspect
from dbparity.schema.aspects.base import both_ways, differing, shared_columns, sides
from dbparity.schema.differences import Difference, Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Pair
    from dbparity.schema.matching import Matching
    from dbparity.snapshots import Column, Table


def objects(kind: str, matching: Matching) -> Iterator[Difference]:
    """Tables or views: missing, extra, and those under another name."""
    for name in matching.missing:
        yield _alone(Meaning.MISSING, kind, name)
    for name in matching.extra:
        yield _alone(Meaning.EXTRA, kind, name)
    for name, other in matching.names.items():
        if name != other:
            yield _other_name(kind, name, other, matching.evidence.get(name, ""))


def _alone(meaning: Meaning, kind: str, name: str) -> Difference:
    is_missing = meaning is Meaning.MISSING
    here, there = ("left", "right") if is_missing else ("right", "left")
    return Difference(
        meaning,
        kind,
        Place(name),
        f"the {there} side does not have it",
        left=name if is_missing else "",
        right="" if is_missing else name,
        recommendation=f"Create it on the {there} side, or drop it on the {here} side; if it was "
        "renamed, name it alike.",
    )


def _other_name(kind: str, name: str, other: str, evidence: str) -> Difference:
    return Difference(
        Meaning.RENAMED if evidence else Meaning.EQUIVALENT,
        kind,
        Place(name),
        _in_other_words(name, other, evidence),
        name,
        other,
        recommendation=_NAME_ALIKE if evidence else "",
    )


def _in_other_words(name: str, other: str, evidence: str) -> str:
    if evidence:
        return f"{name} on the left side is likely {other} on the right side: {evidence}"
    return "the two sides spell its name in other capitals"


_NAME_ALIKE = "If it is the same, name it alike on both sides."


def columns(pair: Pair, matching: Matching) -> Iterator[Difference]:
    """Columns: missing, extra, under another name, and left out of ``SELECT *`` on one side."""
    yield from both_ways(pair, _missing)
    for name, other in matching.names.items():
        if name != other:
            yield _renamed(pair, name, other, matching.evidence.get(name, ""))
    yield from both_ways(pair, _hidden)


def _missing(pair: Pair) -> Iterator[Difference]:
    ours, _ = sides(pair)
    alone = [column for column in pair.left.columns if column.name not in pair.columns]
    helpers = _helpers(pair) if alone else ()
    for column in alone:
        if ours.name(column.name) not in helpers:
            hanging = ", ".join(_hanging(column, pair.left))
            yield differing(
                pair,
                Meaning.MISSING,
                "column",
                f"the {pair.there} side does not have it"
                + (f", nor what hangs on it: {hanging}" if hanging else "")
                + _needed(column, pair),
                column=column.name,
                left=_declared(column),
                recommendation=f"Add it on the {pair.there} side, or drop it on the {pair.here} "
                "side; if it was renamed, name it alike.",
            )


def _helpers(pair: Pair) -> frozenset[str]:
    """Generated columns by which the left side promises, or finds, what the right does without."""
    ours, theirs = sides(pair)
    return key_aspect.helpers(theirs, ours) | index_aspect.helpers(theirs, ours)


def _hanging(column: Column, table: Table) -> Iterator[str]:
    """Names of keys and indexes that the column is part of."""
    keys = [*([table.primary_key] if table.primary_key else []), *table.uniques]
    named = [(key.name, key.columns) for key in keys]
    named += [(key.name, key.columns) for key in table.foreign_keys]
    yield from (name for name, columns in named if name and column.name in columns)
    for index in table.indexes:
        if column.name in {part.column for part in index.parts}:
            yield index.name


def _needed(column: Column, pair: Pair) -> str:
    given = column.default is not None or column.automatic or column.computed is not None
    if column.nullable or given:
        return ""
    return f"; the {pair.here} side refuses an INSERT without it"


def _declared(column: Column) -> str:
    return column.type.native + ("" if column.nullable else " NOT NULL")


def _renamed(pair: Pair, name: str, other: str, evidence: str) -> Difference:
    return differing(
        pair,
        Meaning.RENAMED if evidence else Meaning.EQUIVALENT,
        "column",
        _in_other_words(name, other, evidence),
        column=name,
        left=name,
        right=other,
        recommendation=_NAME_ALIKE if evidence else "",
    )


def _hidden(pair: Pair) -> Iterator[Difference]:
    for left, right in shared_columns(pair):
        if right.hidden and not left.hidden:
            yield differing(
                pair,
                Meaning.BEHAVES,
                "column",
                f"SELECT * leaves it out on the {pair.there} side",
                column=left.name,
                right="INVISIBLE",
                recommendation="Name the columns in a SELECT.",
                mild=True,
            )
