"""The columns of a table with the values that its constraints leave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.sql.schema import ScalarElementColumnDefault

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis.decorators import domain_of
from dbparity.synthesis.domains import Domain
from dbparity.synthesis.literals import literals
from dbparity.synthesis.narrowing import narrow, same_everywhere
from dbparity.synthesis.scales import shifted
from dbparity.synthesis.words import digits, salt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Column

    from dbparity.synthesis.checks import Checks
    from dbparity.synthesis.choices import Row

_STEPS = 6


@dataclass(frozen=True)
class Field:
    """A column: the ``whole`` of its type, the ``domain`` that its own checks leave of that.

    ``might`` are further values to try, and ``steps`` distances that the conditions speak of.
    """

    column: Column[object]
    whole: Domain
    domain: Domain
    might: tuple[object, ...]
    steps: tuple[int, ...]

    def alternatives(self, row: Mapping[str, object], near: Iterable[str], start: int) -> list[Row]:
        """Give values from number ``start`` on, and such as are a step from those of ``near``.

        The same place in the list is the same idea for every row. Ordinary values come first; NULL
        is the last.
        """
        key = self.column.key
        ordinary = [self.domain.at((start + k) % self.domain.size) for k in range(4)]
        shifts = [shifted(row[column], step) for step in self.steps for column in near]
        beside = [value if self.whole.holds(value) else row[key] for value in shifts]
        null = [None] if self.column.nullable else []
        return [{key: value} for value in (*ordinary, *beside, *self.might, *null)]


def field_of(column: Column[object], checks: Checks, seed: int) -> Field:
    """Read a column; raise `RowsUnsatisfiable` where no value is known for it."""
    whole = domain_of(column.type)
    if whole is None or not whole.size:
        reason = f"no values are known for its type, {column.type!r}"
        raise RowsUnsatisfiable(column.table.key, f"column {column.key!r}", reason)
    whole = whole.apart(salt(seed, column.table.key, column.key))
    constants = literals(check for check in checks.checks if column.key in check.columns)
    counts, sample = constants.counts, whole.at(0)
    texts = ("x", "X1", *(digits(0, count) for count in counts)) if isinstance(sample, str) else ()
    others = (*_defaults(column), *constants.near(sample), *texts)
    might = (*filter(whole.holds, others), *whole.first(4), *whole.edges)
    return Field(
        column=column,
        whole=whole,
        domain=_narrowed(column, checks.about([column.key]), whole),
        might=tuple(value for value in might if _fits(column, value) and same_everywhere(value)),
        steps=(1, -1, 0, 2, -2, *counts[:_STEPS], *(-count for count in counts[:_STEPS])),
    )


def _fits(column: Column[object], value: object) -> bool:
    """Whether ``value`` is not too long for ``column``."""
    length = getattr(column.type, "length", None)
    return length is None or not isinstance(value, str | bytes) or len(value) <= length


def _defaults(column: Column[object]) -> tuple[object, ...]:
    return (column.default.arg,) if isinstance(column.default, ScalarElementColumnDefault) else ()


def _narrowed(column: Column[object], checks: Checks, whole: Domain) -> Domain:
    """Keep the values that the checks on this column alone allow; NULL if there are no others."""
    if not checks.checks:
        return whole
    loose = checks.loosely()

    def holds(value: object) -> bool:
        return _fits(column, value) and not checks.broken({column.key: value})

    def holds_anywhere(value: object) -> bool:
        return holds(value) and not loose.broken({column.key: value})

    also = tuple(filter(whole.holds, _defaults(column)))
    for condition in (holds_anywhere, holds):
        found = narrow(whole, literals(checks.checks), condition, also)
        if found.size:
            return found
    if column.nullable:
        return Domain.of([None])
    broken = checks.broken({column.key: whole.at(0)})[0]
    raise RowsUnsatisfiable(
        column.table.key, broken.label, f"no value of {column.key!r} satisfies it"
    )
