"""What differs between two schemas, and what it means for data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from dbparity.results import Finding, Place, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbparity.backends.base import Features
    from dbparity.snapshots import Table


class Meaning(StrEnum):
    """What a difference means for data, told of the right side against the left."""

    NARROWER = "narrower"  # the right cannot hold what the left can
    WIDER = "wider"  # the left cannot hold what the right can
    LAXER = "laxer"  # the right accepts what the left refuses
    STRICTER = "stricter"  # the right refuses what the left accepts
    COMPARES = "compares differently"
    BEHAVES = "behaves differently"  # it fills in, orders or follows up otherwise
    MISSING = "missing"  # on the right
    EXTRA = "extra"  # on the right
    RENAMED = "renamed?"  # likely, by its definition and place
    SLOWER = "slower"  # an index that one side has not: same answers, other plans
    EQUIVALENT = "equivalent"  # another spelling of the same

    @property
    def turned(self) -> Meaning:
        """The same told of the left side against the right."""
        return _TURNED.get(self, self)


_OPPOSITES = {
    Meaning.NARROWER: Meaning.WIDER,
    Meaning.LAXER: Meaning.STRICTER,
    Meaning.MISSING: Meaning.EXTRA,
}
_TURNED = {**_OPPOSITES, **{other: one for one, other in _OPPOSITES.items()}}

SEVERITIES = {
    Meaning.NARROWER: Severity.LOST,
    Meaning.WIDER: Severity.WRONG,
    Meaning.LAXER: Severity.WRONG,
    Meaning.STRICTER: Severity.WRONG,
    Meaning.COMPARES: Severity.WRONG,
    Meaning.BEHAVES: Severity.WRONG,
    Meaning.MISSING: Severity.WRONG,
    Meaning.EXTRA: Severity.WRONG,
    Meaning.RENAMED: Severity.WRONG,
    Meaning.SLOWER: Severity.DEGRADED,
    Meaning.EQUIVALENT: Severity.NOTE,
}


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        meaning: what it means for data.
        aspect: what was compared, such as ``type``, ``default``, ``unique``.
        place: the table, and the column where it is one column's.
        message: the meaning in one sentence, with the place left out.
        left, right: both sides, as the databases spell them; "" where there is nothing.
        name: of the index or constraint, if it is one's.
        columns: those that it is about, as the left side calls them.
        recommendation: what to do.
        mild: that it only deserves a note: it cannot be helped, or no data is at stake.
    """

    meaning: Meaning
    aspect: str
    place: Place
    message: str
    left: str = ""
    right: str = ""
    name: str = ""
    columns: tuple[str, ...] = ()
    recommendation: str = ""
    mild: bool = False

    @property
    def severity(self) -> Severity:
        """By the meaning; a mild one is a note."""
        return Severity.NOTE if self.mild else SEVERITIES[self.meaning]

    def finding(self) -> Finding:
        """The difference as a finding, such as TYPE-NARROWER."""
        meaning = self.meaning.rstrip("?").split()[0].upper()
        return Finding(
            code=f"{self.aspect.upper().replace(' ', '-')}-{meaning}",
            severity=self.severity,
            message=f"{self.meaning}: {self.message}",
            place=self.place,
            expected=self.left or ("nothing" if self.right else ""),
            actual=self.right or ("nothing" if self.left else ""),
            recommendation=self.recommendation,
        )


@dataclass(frozen=True, eq=False)
class Pair:
    """One table on both sides, and what its columns are called on the right.

    ``columns`` maps a left column's name to the right one's, where both are there; a likely
    rename is among them, so that what hangs on the column is compared by its new name.
    ``tables`` does so for tables, and ``renamed`` for those columns of all tables, by the left
    table and column, that have another name. The dialects are sqlglot's names for the texts.
    """

    left: Table
    right: Table
    left_features: Features
    right_features: Features
    columns: Mapping[str, str]
    tables: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    left_dialect: str = ""
    right_dialect: str = ""
    is_turned: bool = False

    @cached_property
    def turned(self) -> Pair:
        """The right side against the left."""
        turned = Pair(
            left=self.right,
            right=self.left,
            left_features=self.right_features,
            right_features=self.left_features,
            columns={right: left for left, right in self.columns.items()},
            tables={right: left for left, right in self.tables.items()},
            renamed={
                (self.tables[table], right): left for (table, left), right in self.renamed.items()
            },
            left_dialect=self.right_dialect,
            right_dialect=self.left_dialect,
            is_turned=not self.is_turned,
        )
        vars(turned)["turned"] = self
        return turned

    @property
    def here(self) -> str:
        """What the left side of this pair is called in a message."""
        return "right" if self.is_turned else "left"

    @property
    def there(self) -> str:
        """What the right side of this pair is called in a message."""
        return "left" if self.is_turned else "right"

    def turn(self, difference: Difference) -> Difference:
        """A difference of this pair, told of the turned pair; its words stay."""
        place = difference.place
        name = self.columns.get(place.column, place.column)
        return replace(
            difference,
            meaning=difference.meaning.turned,
            place=replace(place, table=self.right.name, column=name),
            left=difference.right,
            right=difference.left,
            columns=tuple(self.columns.get(column, column) for column in difference.columns),
        )
