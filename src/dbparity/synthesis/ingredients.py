"""Find what each row of a table is made from, given the rows that exist."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis.choices import Choice, Link
from dbparity.synthesis.domains import WIDE
from dbparity.synthesis.graph import nullable
from dbparity.synthesis.numbering import number
from dbparity.synthesis.references import (
    columns_of,
    combined,
    connected,
    label,
    optional_columns,
)
from dbparity.synthesis.words import salt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ForeignKeyConstraint

    from dbparity.synthesis.blueprint import Blueprint
    from dbparity.synthesis.choices import Row
    from dbparity.synthesis.numbering import Numbering
    from dbparity.synthesis.references import Parents


@dataclass(frozen=True)
class Ingredients:
    """The choices of a row, the foreign keys to its own table, and how choices are numbered.

    ``absent`` are columns that must be NULL, because nothing exists that they could refer to.
    """

    choices: tuple[Choice, ...]
    links: tuple[Link, ...]
    absent: tuple[str, ...]
    numbering: Numbering


def gather(blueprint: Blueprint, parents: Parents) -> Ingredients:
    """Find what rows are made from; raise `RowsUnsatisfiable` where something is missing."""
    own = [fk for fk in blueprint.foreign_keys if fk.referred_table is blueprint.table]
    others = [fk for fk in blueprint.foreign_keys if fk not in own]
    present = [fk for fk in others if parents.get(fk.referred_table.key)]
    taken = {column for fk in present for column in columns_of(fk)}
    absent = [c for fk in others if fk not in present for c in _missing(blueprint, fk, taken)]
    links = [_link(blueprint, fk, taken, parents) for fk in own]
    filled = {*taken, *absent, *(column for link in links for column in link.free)}
    choices = (*_parents(blueprint, present, parents), *_values(blueprint, filled))
    return Ingredients(
        choices=choices,
        links=tuple(link for link in links if link.free),
        absent=tuple(absent),
        numbering=number(choices, blueprint.keys),
    )


def _missing(blueprint: Blueprint, fk: ForeignKeyConstraint, taken: set[str]) -> tuple[str, ...]:
    """Give the columns that are NULL as long as the foreign key has no parents."""
    if not nullable(fk):
        cycle = blueprint.vicious.get(fk)
        reason = (
            f"no row can be first, because {cycle} is a cycle of foreign keys that may not be NULL"
            if cycle
            else f"it may not be NULL, and no rows of {fk.referred_table.key!r} were given"
        )
        raise RowsUnsatisfiable(blueprint.table.key, label(fk), reason)
    optional = optional_columns(fk)
    return tuple(column for column in optional if column not in taken) or optional


def _link(
    blueprint: Blueprint, fk: ForeignKeyConstraint, taken: set[str], parents: Parents
) -> Link:
    """Leave to the link what it alone can fill: the columns that may be NULL, if there are any."""
    key = {column.key for column in blueprint.table.primary_key.columns}
    optional = optional_columns(fk)
    free = [c for c in optional or columns_of(fk) if c not in taken and c not in key]
    return Link(
        pairs=tuple((element.parent.key, element.column.key) for element in fk.elements),
        free=tuple(free),
        optional=tuple(column for column in optional if column in free),
        given=parents.get(blueprint.table.key, ()),
        salt=salt(blueprint.seed, blueprint.table.key, *columns_of(fk)),
    )


def _parents(
    blueprint: Blueprint, present: list[ForeignKeyConstraint], parents: Parents
) -> Iterator[Choice]:
    for turn, group in enumerate(connected(present)):
        rows = combined(group, parents)
        columns = tuple(dict.fromkeys(column for fk in group for column in columns_of(fk)))
        yield Choice(
            columns=columns,
            size=len(rows),
            at=rows.__getitem__,
            salt=salt(blueprint.seed, blueprint.table.key, *columns),
            optional=tuple(column for column in columns if _loose(blueprint, column)),
            turn=turn,
        )


def _values(blueprint: Blueprint, filled: set[str]) -> Iterator[Choice]:
    for key in blueprint.columns:
        if key in filled:
            continue
        if key in blueprint.promised:
            with suppress(RowsUnsatisfiable):
                yield _promised(_value(blueprint, key))
        else:
            yield _value(blueprint, key)


def _value(blueprint: Blueprint, key: str) -> Choice:
    domain = blueprint.field(key).domain
    plain = not blueprint.keyed(key) and blueprint.tied(key) == [key]

    def at(number: int) -> Row:
        return {key: domain.at(number)}

    return Choice(
        columns=(key,),
        size=domain.size,
        at=at,
        salt=salt(blueprint.seed, blueprint.table.key, key),
        optional=(key,) if _loose(blueprint, key) else (),
        edges=tuple({key: edge} for edge in domain.edges) if plain else (),
    )


def _promised(choice: Choice) -> Choice:
    """Count on as many values as rows: the factory gives them, whatever the column's own are."""
    size = max(choice.size, WIDE)
    return replace(choice, size=size, at=lambda number: choice.at(number % choice.size))


def _loose(blueprint: Blueprint, key: str) -> bool:
    """Whether several rows may have NULL there."""
    strict = any(key in each.columns for each in blueprint.keys if each.nulls_equal)
    return bool(blueprint.columns[key].nullable) and not strict
