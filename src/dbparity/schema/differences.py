"""What differs between two schemas, and what it means for data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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
            expected=self.left or "nothing",
            actual=self.right or "nothing",
            recommendation=self.recommendation,
        )


@dataclass(frozen=True)
class Pair:
    """One table on both sides, and what its columns are called on the right.

    ``columns`` maps a left column's name to the right one's, where both are there; a likely
    rename is among them, so that what hangs on the column is compared by its new name.
    """

    left: Table
    right: Table
    left_features: Features
    right_features: Features
    columns: Mapping[str, str]
