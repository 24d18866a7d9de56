"""What columns are used for: keys that have to be short, and references of one type."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from dbparity.backends.homes.base import Use
from dbparity.snapshots import Family, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dbparity.backends.homes.base import Home
    from dbparity.snapshots import Column, Index, Snapshot, Table

Cell: TypeAlias = "tuple[str, str]"  # table and column
_LONG = 64
_SIZES = (16, 24, 32, _LONG)
_SHORT = 1020  # bytes of a part of a key that nobody shortens


def linked(source: Snapshot) -> list[frozenset[Cell]]:
    """The columns that foreign keys tie together."""
    groups: dict[Cell, set[Cell]] = {}
    for table in source.tables:
        for key in table.foreign_keys:
            for column, referred in zip(key.columns, key.referred, strict=False):
                one, other = (table.name, column), (key.table, referred)
                joined = groups.get(one, {one}) | groups.get(other, {other})
                groups.update(dict.fromkeys(joined, joined))
    return [frozenset(group) for group in {id(group): group for group in groups.values()}.values()]


def kinds(source: Snapshot) -> dict[Cell, Type]:
    """The type that each column needs: columns that refer to each other need the same."""
    found = {
        (table.name, column.name): column.type
        for table in source.tables
        for column in table.columns
    }
    for group in linked(source):
        members = [cell for cell in group if cell in found]
        found.update(_shared([(cell, found[cell]) for cell in members]))
    return found


def _shared(members: Sequence[tuple[Cell, Type]]) -> Iterator[tuple[Cell, Type]]:
    families = {kind.family for _, kind in members}
    whole = [kind for _, kind in members if kind.family is Family.INTEGER]
    loose = all(not kind.enforced for _, kind in members if kind.family is not Family.INTEGER)
    numbers = families <= {Family.INTEGER, Family.DECIMAL, Family.FLOAT}
    if whole and numbers and (loose or len(families) == 1):
        common = _common(whole)
        yield from ((cell, common) for cell, _ in members)


def _common(kinds_: Sequence[Type]) -> Type:
    """An integer that holds all of these; what refers to an unsigned one of 64 bits is none."""
    huge = any(kind.bits == _LONG and not kind.signed for kind in kinds_)
    signed = any(kind.signed for kind in kinds_) and not huge
    sizes = [_signed_bits(kind) if signed else kind.bits or _LONG for kind in kinds_]
    endless = any(kind.bits is None for kind in kinds_) and not huge
    first = kinds_[0]
    return replace(first, bits=None if endless else max(sizes), signed=signed)


def _signed_bits(kind: Type) -> int:
    """The bits that hold it signed, in the sizes that there are."""
    bits = kind.bits or _LONG
    return bits if kind.signed else min(size for size in _SIZES if size > bits)


def uses(
    source: Snapshot, home: Home, needed: Mapping[Cell, Type], *, native: bool
) -> dict[Cell, Use]:
    """What each column that is a part of a key is used for."""
    groups = {cell: group for group in linked(source) for cell in group}
    shares: dict[Cell, int] = {}
    found: dict[Cell, Use] = defaultdict(Use)
    for table in source.tables:
        for column in table.columns:
            found[table.name, column.name] = _alone(table, column, native=native)
        for columns in _keys(table):
            cells = [(table.name, column) for column in columns]
            for cell, share in _shares(cells, home, needed):
                shares[cell] = min(share, shares.get(cell, share))
    for cell in [cell for cell in found if cell in groups or found[cell].keyed]:
        group = groups.get(cell, frozenset({cell}))
        found[cell] = replace(
            found[cell],
            keyed=True,
            bytes=min((shares[each] for each in group if each in shares), default=0),
            numbered=any(found[each].automatic for each in group if each in found),
        )
    return dict(found)


def _alone(table: Table, column: Column, *, native: bool) -> Use:
    key = table.primary_key
    return Use(
        keyed=any(column.name in columns for columns in _keys(table)),
        primary=key is not None and key.columns == (column.name,),
        automatic=column.automatic,
        numbered=column.automatic,
        native=native,
    )


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    keys = [table.primary_key, *table.uniques]
    yield from (key.columns for key in keys if key is not None)
    yield from (key.columns for key in table.foreign_keys)
    yield from (_plain(index) for index in table.indexes if index.unique)


def _plain(index: Index) -> tuple[str, ...]:
    return tuple(part.column for part in index.parts if part.column and not part.prefix)


def _shares(
    cells: Iterable[Cell], home: Home, needed: Mapping[Cell, Type]
) -> Iterator[tuple[Cell, int]]:
    """How much of a key each of its long parts may fill."""
    sizes = {
        cell: home.part_bytes(home.keep(needed[cell], Use()).type)
        for cell in cells
        if cell in needed
    }
    endless = 0 in sizes.values()
    if home.key_bytes and (endless or sum(sizes.values()) > home.key_bytes):
        long = [cell for cell, size in sizes.items() if not 0 < size <= _SHORT]
        rest = home.key_bytes - sum(sizes[cell] for cell in sizes if cell not in long)
        yield from ((cell, rest // len(long)) for cell in long)
