"""Change a valid row: to another valid one, or so that it breaks a check."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from dbparity.synthesis.graph import sorted_foreign_keys
from dbparity.synthesis.references import columns_of, referable
from dbparity.synthesis.search import search
from dbparity.synthesis.words import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import ForeignKeyConstraint

    from dbparity.synthesis.blueprint import Blueprint
    from dbparity.synthesis.checks import Check
    from dbparity.synthesis.choices import Row
    from dbparity.synthesis.keys import Key
    from dbparity.synthesis.references import Parents
    from dbparity.synthesis.search import Options

    # Gives the key of a row that some other row has already.
    Repeated = Callable[[Row], Key | None]

_TRIED = 2000
_OUTSIDE = "outside"


class NoOtherValue(Enum):
    """The type of `NO_OTHER_VALUE`."""

    NO_OTHER_VALUE = "no other value"


NO_OTHER_VALUE = NoOtherValue.NO_OTHER_VALUE


def others(
    blueprint: Blueprint, key: str, row: Row, index: int, parents: Parents
) -> Iterator[object]:
    """Give values for a column of row ``index``; parents, where it refers to any; NULL last."""
    if key not in blueprint.columns:
        return
    foreign_keys = [fk for fk in sorted_foreign_keys(blueprint.table) if key in columns_of(fk)]
    if not foreign_keys:
        yield from (each[key] for each in blueprint.alternatives(key, row, index))
        return
    first, *rest = [_beside(fk, key, row, parents) for fk in foreign_keys]
    common = [value for value in first if all(value in other for other in rest)]
    turn = index % max(len(common), 1)
    yield from common[turn:] + common[:turn]
    if blueprint.columns[key].nullable:
        yield None


def is_another(blueprint: Blueprint, key: str, row: Row, value: object, repeated: Repeated) -> bool:
    """Whether the row stays valid with this value, and no backend takes it for the old one."""
    changed = row | {key: value}
    return (
        fold(value) != fold(row.get(key))
        and not blueprint.checks.broken(changed)
        and not repeated(changed)
    )


def _beside(fk: ForeignKeyConstraint, key: str, row: Row, parents: Parents) -> list[object]:
    """Give what the column can be while the others of the foreign key stay as they are."""
    return [
        values[key]
        for values in referable(fk, parents)
        if all(row.get(column) == value for column, value in values.items() if column != key)
    ]


def violation(blueprint: Blueprint, check: Check, row: Row, repeated: Repeated) -> Row | None:
    """Give ``row`` with few changes so that ``check`` is false: for all, and no other if possible.

    The next best is that backends which heed case refuse it, and then that they refuse more.
    """
    checks, loose = blueprint.checks, blueprint.checks.loosely()
    place = checks.checks.index(check)
    options = _options(blueprint, check, row)

    def broken(changed: Row) -> bool:
        return checks.verdicts(changed)[place] is False

    def broken_alone(changed: Row) -> bool:
        others = len(checks.checks) - 1
        return (
            broken(changed)
            and checks.verdicts(changed).count(True) == others
            and not repeated(changed)
        )

    def broken_everywhere(changed: Row) -> bool:
        return broken_alone(changed) and loose.verdicts(changed)[place] is False

    for wanted in (broken_everywhere, broken_alone, broken):
        found = search(row, options, wanted, limit=_TRIED)
        if found:
            return found[0]
    return None


def _options(blueprint: Blueprint, check: Check, row: Row) -> Options:
    """Give what the columns of the check could be instead; keys and foreign keys come last."""
    foreign_keys = blueprint.table.foreign_key_constraints
    referring = {column for fk in foreign_keys for column in columns_of(fk)}
    named = [key for key in check.columns if key in blueprint.columns]
    named.sort(key=lambda key: (key in referring, blueprint.keyed(key)))
    options: dict[tuple[str, ...], list[Row]] = {}
    for key in named:
        if key in referring:
            options[key,] = _of_others(blueprint, key, row)
        elif check.columns == (key,) and isinstance(type_ := blueprint.columns[key].type, sa.Enum):
            options[key,] = [{key: _OUTSIDE[: type_.length]}]
        else:
            options[key,] = blueprint.alternatives(key, row, 0)
    return options


def _of_others(blueprint: Blueprint, key: str, row: Row) -> list[Row]:
    """Give what columns beside the foreign key's column hold, which may be a parent too."""
    others = [row[each] for each in blueprint.tied(key)[1:]]
    values = [value for value in others if type(value) is type(row[key])]
    return [
        {key: value} for value in (*values, *([None] if blueprint.columns[key].nullable else []))
    ]
