"""What every rule of hosting looks at: the source, the target, and the table as it becomes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dbparity.backends.homes.base import Use
from dbparity.results import Place
from dbparity.schema.drafts import Gap
from dbparity.schema.expressions import Scope, read
from dbparity.snapshots import Family
from dbparity.transfer import wording
from dbparity.transfer.wording import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.backends.base import Backend, Features
    from dbparity.backends.homes.base import Home
    from dbparity.schema.terms import Term
    from dbparity.snapshots import Snapshot, Table, Type

CURE = "dbparity looks for such values before it writes anything"
_DIGEST = 8
_EXCLUSION = re.compile("exclude ", re.IGNORECASE)  # told as a check; it is none


class Names:
    """Names of indexes and constraints: as they were, but short enough and each once."""

    def __init__(self, home: Home, tables: Sequence[Table]) -> None:
        """Leave out the names of ``tables``, which may share a room with indexes."""
        self._home = home
        self._taken = {("", table.name.lower()) for table in tables if home.one_namespace}

    def fresh(self, wanted: str, kind: str = "", table: str = "") -> str:
        """``wanted``, or what comes near; for an index of ``table``, or for a ``kind`` of rule."""
        room = kind or ("" if self._home.one_namespace else f"index {table}")
        name = self._short(wanted)
        if (room, name.lower()) in self._taken:
            name = self._short(f"{table}_{wanted}", always=True)
        self._taken.add((room, name.lower()))
        return name

    def _short(self, name: str, *, always: bool = False) -> str:
        if not always and fits(name, self._home):
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
        end = len(name)
        while not fits(f"{name[:end]}_{digest}", self._home):
            end -= 1
        return f"{name[:end]}_{digest}"


def fits(name: str, home: Home) -> bool:
    """Whether the target can have such an identifier."""
    size = len(name.encode() if home.counts_bytes else name)
    return size <= home.longest_name and not re.search(home.unnamable, name)


@dataclass(frozen=True, eq=False)
class Move:
    """From which schema to which backend.

    ``kinds`` and ``uses`` are, by table and column, the types that have to be held and what they
    are used for; ``tables`` are those that the target can have at all.
    """

    source: Snapshot
    origin: Backend
    backend: Backend
    features: Features
    home: Home
    names: Names
    tables: Mapping[str, Table]
    hides_data: bool
    kinds: Mapping[tuple[str, str], Type]
    uses: Mapping[tuple[str, str], Use]

    @property
    def title(self) -> str:
        """What the target is called."""
        return self.backend.title


@dataclass
class Work:
    """A table of the source, and what is made of it so far."""

    move: Move
    table: Table
    made: Table
    types: dict[str, Type] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """What expressions can be spelled by."""
        columns = {column.name.lower(): column for column in self.made.columns}
        return Words(self.move.home, columns)

    @cached_property
    def scope(self) -> Scope:
        """What the source's expressions are read by."""
        return Scope(
            self.move.origin.sql_dialect,
            binary=self._names(Family.BINARY),
            boolean=self._names(Family.BOOLEAN),
        )

    def _names(self, family: Family) -> frozenset[str]:
        both = (*self.table.columns, *self.made.columns)
        return frozenset(column.name.lower() for column in both if column.type.family is family)

    def read(self, text: str) -> Term:
        """The meaning of an expression of the source."""
        return read(text, self.scope)

    def spelled(self, text: str) -> str | None:
        """An expression of the source for the target; None where it has no words for it."""
        found = wording.spelled(self.read(text), self.words)
        return text if found is None and self._stays(text) else found

    def condition(self, text: str) -> str | None:
        """A condition, likewise."""
        found = wording.condition(self.read(text), self.words)
        return text if found is None and self._stays(text) else found

    def _stays(self, text: str) -> bool:
        """Whether the target is of the source's product, and takes the very text."""
        return self.move.source.backend == self.move.backend.name and not _EXCLUSION.match(text)

    def use(self, column: str) -> Use:
        """What a column is used for."""
        return self.move.uses.get((self.table.name, column), Use())

    def gap(self, subject: str, promise: str, obstacle: str, column: str = "") -> Gap:
        """What the target has not as the source has it."""
        return Gap(Place(self.table.name, column), subject, promise, obstacle)
