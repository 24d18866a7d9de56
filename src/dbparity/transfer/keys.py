"""Primary keys, unique constraints and indexes on the target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.backends.homes.base import is_binary
from dbparity.snapshots import Collation, Column, Computed, Family, Key, Part, Type
from dbparity.transfer.moves import CURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.drafts import Gap, Remark
    from dbparity.schema.terms import Term
    from dbparity.snapshots import Index
    from dbparity.transfer.moves import Work

_SAME = "the same rows are accepted and returned, though not as fast"
_ANYTHING = "the target takes rows that the source refuses"
_REWRITING = frozenset({"lower", "upper", "trim"})
_NAME_LENGTH = 50
_PREFIX = 255  # characters of a long text that an index for finding rows needs
_TREE = "btree"


def keys(work: Work) -> Iterator[Remark]:
    """The primary key and unique constraints."""
    table, names = work.table, work.move.names
    primary = table.primary_key
    if primary is not None:
        own = primary.name in {"", "PRIMARY"}
        wanted = f"{table.name}_pkey" if own else primary.name
        yield from _late(work, primary)
        name = names.fresh(wanted, table=table.name)
        work.made = replace(work.made, primary_key=Key("" if own else name, primary.columns))
        yield from _filled(work, primary)
    uniques = []
    for key in table.uniques:
        wanted = key.name or f"{table.name}_{'_'.join(key.columns)}_key"
        yield from _late(work, key)
        if not key.nulls_distinct and not _tells_nulls(work, key.columns):
            yield _null_gap(work, f"unique constraint {key.name}").refused(_ANYTHING)
        able = work.move.features.deferrable_unique_constraints
        uniques.append(
            replace(
                key,
                name=names.fresh(wanted, table=table.name),
                nulls_distinct=key.nulls_distinct or not _has_equal_nulls(work),
                deferrable=key.deferrable and able,
                deferred=key.deferred and able,
            )
        )
    work.made = replace(work.made, uniques=tuple(uniques))


def _filled(work: Work, key: Key) -> Iterator[Remark]:
    """NULL in a primary key, which SQLite takes."""
    if work.move.home.null_keys:
        return
    empty = {each.name for each in work.made.columns if each.name in key.columns and each.nullable}
    for name in sorted(empty):
        gap = work.gap("primary key", "NULL", f"{work.move.title} refuses it", name)
        yield gap.refused(CURE)
    columns = tuple(
        replace(each, nullable=each.nullable and each.name not in empty)
        for each in work.made.columns
    )
    work.made = replace(work.made, columns=columns)


def _late(work: Work, key: Key) -> Iterator[Remark]:
    if key.deferrable and not work.move.features.deferrable_unique_constraints:
        obstacle = f"{work.move.title} checks it with each statement"
        gap = work.gap(f"key {key.name}", "deferrable", obstacle)
        yield gap.refused("write rows in an order that suits")


def _has_equal_nulls(work: Work) -> bool:
    return work.move.home.equal_nulls


def _tells_nulls(work: Work, columns: tuple[str, ...]) -> bool:
    """Whether two NULLs are refused as they should be, or there are none."""
    found = [column for column in work.table.columns if column.name in columns]
    return _has_equal_nulls(work) or not any(column.nullable for column in found)


def _null_gap(work: Work, subject: str) -> Gap:
    return work.gap(subject, "NULLS NOT DISTINCT", f"{work.move.title} takes NULL for distinct")


def indexes(work: Work) -> Iterator[Remark]:
    """Indexes; the unique ones make a promise, by whatever means."""
    for index in work.table.indexes:
        yield from _index(work, index)


def _index(work: Work, index: Index) -> Iterator[Remark]:
    subject = f"index {index.name}"
    if index.method != _TREE:
        gap = work.gap(subject, f"by {index.method}", "it is one of this product's own")
        yield gap.refused(_ANYTHING) if index.unique else gap.omitted(_SAME)
        return
    parts = [_part(work, index, part) for part in index.parts]
    if None in parts:
        gap = work.gap(subject, _spelled(index), "not all products read it alike")
        yield gap.refused(_ANYTHING) if index.unique else gap.omitted(_SAME)
        return
    kept = replace(
        index,
        parts=_each_once(work, tuple(part for part in parts if part is not None)),
        included=index.included if work.move.home.included_columns else (),
        predicate="",
        serves_key=False,
    )
    if any(part.prefix for part in index.parts) and not work.move.home.key_bytes:
        gap = work.gap(subject, "over the beginning of a text", "an index has no prefixes there")
        yield gap.emulated("over an expression")
    if index.predicate:
        yield from _partial(work, index, kept)
    else:
        yield from _added(work, index, kept)


def _each_once(work: Work, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """A column twice is as good as once, and some do not take it twice."""
    if not work.move.home.key_bytes:
        return parts
    found: dict[str, Part] = {}
    for part in parts:
        found.setdefault(part.column or part.expression, part)
    return tuple(found.values())


def _spelled(index: Index) -> str:
    return ", ".join(part.column or part.expression for part in index.parts)


def _added(work: Work, index: Index, kept: Index) -> Iterator[Remark]:
    if index.unique and not index.nulls_distinct:
        if not _tells_nulls(work, tuple(part.column for part in index.parts)):
            yield _null_gap(work, f"index {index.name}").refused(_ANYTHING)
        kept = replace(kept, nulls_distinct=not _has_equal_nulls(work))
    if not kept.unique:
        kept = replace(kept, nulls_distinct=True)
    found, helpers = _without_expressions(work, kept)
    if found is None:
        gap = work.gap(f"index {index.name}", _spelled(index), f"{work.move.title} indexes columns")
        yield gap.refused(_ANYTHING) if index.unique else gap.omitted(_SAME)
        return
    name = work.move.names.fresh(index.name, table=work.table.name)
    work.made = replace(
        work.made,
        columns=(*work.made.columns, *helpers),
        indexes=(*work.made.indexes, replace(found, name=name)),
    )
    for helper in helpers:
        gap = work.gap(
            f"index {index.name}", _spelled(index), f"{work.move.title} has no such index"
        )
        yield gap.emulated(f"with the hidden column {helper.name}")


def _partial(work: Work, index: Index, kept: Index) -> Iterator[Remark]:
    subject = f"index {index.name}"
    predicate = work.condition(index.predicate)
    able = work.move.features.partial_indexes
    if predicate is not None and able:
        yield from _added(work, index, replace(kept, predicate=predicate))
        return
    obstacle = f"{work.move.title} has no partial indexes" if not able else "it is read otherwise"
    gap = work.gap(subject, f"where {index.predicate}", obstacle)
    if not index.unique:
        yield gap.omitted(f"all rows are indexed: {_SAME}")
        yield from _added(work, index, kept)
    elif predicate is None:
        yield gap.refused(_ANYTHING)
    else:
        yield from _guarded(work, index, kept, predicate)


def _guarded(work: Work, index: Index, kept: Index, predicate: str) -> Iterator[Remark]:
    """NULL never equals NULL: rows with a NULL in the index are as good as not in it."""
    kind = Type("smallint", Family.INTEGER, bits=16)
    made = Computed(f"CASE WHEN {predicate} THEN 1 END", stored=False)
    helper = Column(f"{index.name[:_NAME_LENGTH]}_when", kind, computed=made, hidden=True)
    work.made = replace(work.made, columns=(*work.made.columns, helper))
    part = Part(helper.name)
    beside = work.move.features.enforces_foreign_keys_beside_null
    first = kept.parts[0].column
    refers = any(first in key.columns for key in work.table.foreign_keys)
    parts = (part, *kept.parts) if refers and not beside else (*kept.parts, part)
    gap = work.gap(
        f"index {index.name}", f"where {index.predicate}", "there are no partial indexes"
    )
    yield gap.emulated(f"with the hidden column {helper.name}, {made.expression}, in the index")
    yield from _added(work, index, replace(kept, parts=parts))


def _without_expressions(work: Work, index: Index) -> tuple[Index | None, tuple[Column, ...]]:
    """The index over columns alone, where there are only such."""
    if work.move.features.expression_indexes or not any(part.expression for part in index.parts):
        return index, ()
    if not index.unique:
        return None, ()
    helpers, parts = [], []
    for number, part in enumerate(index.parts, 1):
        kind = _kind(work, part)
        if part.expression and kind is None:
            return None, ()
        if kind is not None:
            name = f"{index.name[:_NAME_LENGTH]}_{number}"
            made = Computed(part.expression, stored=False)
            helpers.append(Column(name, kind, computed=made, hidden=True))
            part = Part(name, descending=part.descending)  # noqa: PLW2901
        parts.append(part)
    return replace(index, parts=tuple(parts)), tuple(helpers)


def _kind(work: Work, part: Part) -> Type | None:
    """The type of an expression that only rewrites a text."""
    for column in work.made.columns:
        name = work.move.home.name(column.name)
        if part.expression in {f"{word}({name})" for word in _REWRITING}:
            return column.type
    return None


def _part(work: Work, index: Index, part: Part) -> Part | None:
    """A part on the target; None where it cannot be said there."""
    collation = _collation(work, index, part)
    if collation is None:
        return None
    if part.expression:
        term = work.read(part.expression)
        expression = work.spelled(part.expression)
        return (
            None
            if expression is None or _is_endless(work, index, term)
            else replace(part, expression=expression, collation=collation, operators="")
        )
    column = work.made.column(part.column)
    if column is None:
        return None
    kept = Part(part.column, descending=part.descending, collation=collation)
    if part.prefix is not None:
        return _prefixed(work, kept, part.prefix)
    if work.move.home.key_bytes and not index.unique:
        return replace(kept, prefix=_prefix(work, index, column))
    return kept


def _prefixed(work: Work, part: Part, prefix: int) -> Part | None:
    home = work.move.home
    if home.key_bytes:
        return replace(part, prefix=prefix)
    column = work.made.column(part.column)
    if column is None or column.type.family is not Family.TEXT:
        return None
    expression = f"substr({home.name(part.column)}, 1, {prefix})"
    return replace(part, column="", expression=expression)


def _is_endless(work: Work, index: Index, term: Term) -> bool:
    """Whether an expression may be too long for a key."""
    home = work.move.home
    columns = [each for each in work.made.columns if each.name.lower() in term.columns]
    sizes = [home.part_bytes(column.type) for column in columns]
    return bool(home.key_bytes) and (
        0 in sizes or sum(sizes) > home.key_bytes // (len(index.parts) + 1)
    )


def _prefix(work: Work, index: Index, column: Column) -> int | None:
    """How much of a column an index needs that only finds rows, where keys have an end."""
    home = work.move.home
    if column.type.family not in {Family.TEXT, Family.BINARY, Family.JSON}:
        return None
    found = [work.made.column(part.column) for part in index.parts]
    sizes = [home.part_bytes(each.type) for each in found if each is not None]
    most = home.key_bytes // (4 * (len(index.parts) + 1))
    size = home.part_bytes(column.type)
    fits = sum(sizes) <= home.key_bytes and len(sizes) == len(found)
    return None if size and (fits or size <= most * 4) else min(_PREFIX, most)


def _collation(work: Work, index: Index, part: Part) -> str | None:
    """The collation of a part; a unique index cannot do without one that folds."""
    if not part.collation or is_binary(Collation(part.collation)):
        return ""
    if work.move.origin.name == work.move.backend.name:
        return part.collation
    return None if index.unique else ""
