"""What the columns of both sides hold and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import both_ways, differing, shared_columns, sides
from dbparity.schema.aspects.bounds import bounds
from dbparity.schema.aspects.limits import limits, told
from dbparity.schema.differences import Meaning
from dbparity.schema.terms import Term
from dbparity.snapshots import Family, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.aspects.base import Side
    from dbparity.schema.aspects.numbers import Limit
    from dbparity.schema.differences import Difference, Pair
    from dbparity.snapshots import Column

UUID_LENGTHS = {32, 36}  # without dashes and with them
_UUID_BYTES = 16
_BOOLEAN_BITS = 8
_RELATED = {
    frozenset({Family.BOOLEAN, Family.INTEGER}),
    frozenset({Family.UUID, Family.TEXT}),
    frozenset({Family.UUID, Family.BINARY}),
    frozenset({Family.JSON, Family.TEXT}),
    frozenset({Family.ENUM, Family.TEXT}),
    frozenset({Family.INTERVAL, Family.DATETIME}),
}


def types(pair: Pair) -> Iterator[Difference]:
    """Compare what each column holds."""
    if any(left.type != right.type for left, right in shared_columns(pair)):
        yield from both_ways(pair, _laxly_typed)
        yield from both_ways(pair, _limited)
        yield from both_ways(pair, _enumerated)
        yield from both_ways(pair, _standing_in)
        yield from _otherwise(pair)


def related(left: Type, right: Type) -> bool:
    """Whether two columns of these types could be one column under two names."""
    families = frozenset({left.family, right.family})
    return len(families) == 1 or families in _RELATED


def holds_the_same(left: Type, right: Type) -> bool:
    """Whether no value of one is lost in the other."""
    missed = (limit for both in ((left, right), (right, left)) for limit in limits(*both))
    return left.family is right.family and not any(missed) and not _unlike(left, right)


def _of_type(  # noqa: PLR0913  # a difference has as many attributes
    pair: Pair,
    left: Column,
    right: Column,
    meaning: Meaning,
    message: str,
    *,
    cure: str = "",
    mild: bool = False,
) -> Difference:
    return differing(
        pair,
        meaning,
        "type",
        message,
        column=left.name,
        left=left.type.native,
        right=right.type.native,
        recommendation=cure,
        mild=mild,
    )


def _laxly_typed(pair: Pair) -> Iterator[Difference]:
    """The one note about a side whose declared types refuse nothing."""
    held = [
        left for left, right in shared_columns(pair) if left.type.enforced > right.type.enforced
    ]
    if held:
        yield differing(
            pair,
            Meaning.LAXER,
            "typing",
            f"the {pair.there} side's declared types refuse nothing: {_some(held)} would take a "
            "text for a number, and a text that is too long",
            columns=tuple(column.name for column in held),
            recommendation="declare the table STRICT, or check what matters by CHECK constraints",
            mild=True,
        )


def _some(columns: list[Column]) -> str:
    names = [column.name for column in columns[:3]]
    return ", ".join(names) + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")  # noqa: PLR2004


def _limited(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        name = ours.name(left.name)
        for limit in _limits(ours, theirs, name):
            if not (_is_known(limit, right.type) and _is_stood_for(ours, theirs, name)):
                yield _difference(pair, left, right, limit)


def _limits(ours: Side, theirs: Side, name: str) -> list[Limit]:
    """Limits that show: checks may leave nothing beyond them."""
    left, right = ours.columns[name].type, theirs.columns[name].type
    found = list(limits(left, right)) if told(left, right) else []
    return list(limits(left, right, bounds(ours, name))) if found else []


def _is_known(limit: Limit, stand_in: Type) -> bool:
    """Whether a limit goes without saying where one type stands for another."""
    return limit.meaning is Meaning.LAXER or stand_in.family is Family.BOOLEAN


def _difference(pair: Pair, left: Column, right: Column, limit: Limit) -> Difference:
    """A limit as a difference: where it is only declared, it keeps nobody from more."""
    void = limit.declared and not right.type.enforced
    meaning = Meaning.BEHAVES if void and limit.meaning is Meaning.NARROWER else limit.meaning
    return _of_type(
        pair,
        left,
        right,
        meaning,
        f"{right.type.native.upper()} {limit.says}, the {pair.here} side {limit.other}",
        cure=f"On the {pair.there} side, {limit.cure}.",
        mild=void,
    )


def _enumerated(pair: Pair) -> Iterator[Difference]:
    """Values that the other side does not know, or does not keep to."""
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        if Family.ENUM not in {left.type.family, right.type.family}:
            continue
        name = ours.name(left.name)
        known, others = _values(ours, name), _values(theirs, name)
        if known and not others and right.type.family is Family.TEXT:
            yield _of_type(
                pair,
                left,
                right,
                Meaning.LAXER,
                f"{right.type.native.upper()} takes any text, and sorts by it; the {pair.here} "
                f"side takes {_listed(known)} only",
                cure=f"On the {pair.there} side, add a CHECK that lists the values.",
            )
        for value in [value for value in known if others and value not in others]:
            yield _of_type(
                pair,
                left,
                right,
                Meaning.NARROWER,
                f"{right.type.native.upper()} does not know '{value}', the {pair.here} side does",
                cure=f"On the {pair.there} side, add the value.",
            )


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _values(side: Side, name: str) -> tuple[str, ...]:
    """The values of an enum, or those that a check limits a column to."""
    column = side.columns[name]
    if column.type.values:
        return column.type.values
    for rule in side.rules:
        for term in rule.terms:
            if term.op == "in" and term.args[0] == Term("column", value=name):
                return tuple(value.value for value in term.args[1:])
    return ()


def _standing_in(pair: Pair) -> Iterator[Difference]:
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        if stands_for(theirs, ours, ours.name(left.name)):
            said = f"{right.type.native.upper()} stands for {left.type.native.upper()}"
            yield _of_type(pair, left, right, Meaning.EQUIVALENT, said)


def stands_for(side: Side, original: Side, name: str) -> bool:
    """Whether a column's type is the one by which ``side`` has what it has no type for."""
    kind, wanted = side.columns[name].type, original.columns[name].type
    match kind.family, wanted.family:
        case Family.INTEGER, Family.BOOLEAN:
            stands = kind.bits == _BOOLEAN_BITS
        case Family.TEXT, Family.UUID:
            stands = kind.length in UUID_LENGTHS
        case Family.BINARY, Family.UUID:
            stands = kind.length == _UUID_BYTES
        case Family.TEXT, Family.JSON:
            stands = _is_valid_json(side, name)
        case Family.TEXT, Family.ENUM:
            stands = set(_values(side, name)) == set(wanted.values)
        case families:
            stands = families == (Family.DATETIME, Family.INTERVAL)
    return stands


def _is_stood_for(ours: Side, theirs: Side, name: str) -> bool:
    return stands_for(ours, theirs, name) or stands_for(theirs, ours, name)


def _is_valid_json(side: Side, name: str) -> bool:
    wanted = Term("json_valid", (Term("column", value=name),))
    return any(wanted in rule.terms for rule in side.rules)


def _otherwise(pair: Pair) -> Iterator[Difference]:
    """What neither holds less nor more, but something else."""
    ours, theirs = sides(pair)
    for left, right in shared_columns(pair):
        said = _unlike(left.type, right.type)
        if said and not _is_stood_for(ours, theirs, ours.name(left.name)):
            cure = "Declare the column alike on both sides."
            yield _of_type(pair, left, right, Meaning.BEHAVES, said, cure=cure)


def _unlike(left: Type, right: Type) -> str:
    """What makes two types two, other than a limit; "" where nothing does."""
    families = {left.family, right.family}
    if left.family is Family.ARRAY is right.family and left.element and right.element:
        return _unlike(left.element, right.element)
    if left.family is right.family is Family.OTHER:
        return "" if _same(left, right) else _two(left.native, right.native)
    if not told(left, right) and families != {Family.ENUM, Family.TEXT}:
        return _two(left.native, right.native)
    if left.fixed != right.fixed and left.enforced and right.enforced:
        filled, other = (left, right) if left.fixed else (right, left)
        return f"{filled.native.upper()} is filled up to its length, {other.native.upper()} is not"
    if left.values != right.values and set(left.values) == set(right.values):
        return f"its values sort as {_listed(left.values)}, and as {_listed(right.values)}"
    return ""


def _same(left: Type, right: Type) -> bool:
    return left.native.lower() == right.native.lower()


def _two(left: str, right: str) -> str:
    return f"{left.upper()} and {right.upper()} do not hold the same sort of values"
