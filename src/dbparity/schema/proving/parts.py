"""Which parts of a table a trial keeps, on both sides of a pair."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dbparity.schema.matching import match_columns, match_tables
from dbparity.schema.proving.acts import Stage
from dbparity.schema.proving.scratch import numbered
from dbparity.snapshots import Column, Key, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dbparity.snapshots import Check, Index, Snapshot

_TEXTS = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class Parts:
    """One side's table, and what the left side calls its columns."""

    table: Table
    names: Mapping[str, str]  # the left side's with this side's, "" for one that it has not

    @cached_property
    def lefts(self) -> Mapping[str, str]:
        """This side's names, with the left's; a column of this side alone keeps its name."""
        return {column.name: column.name for column in self.table.columns} | {
            own: left for left, own in self.names.items() if own
        }

    def owned(self, lefts: Iterable[str]) -> frozenset[str]:
        """This side's names of the left's columns that it has."""
        return frozenset(filter(None, (self.names.get(left, "") for left in lefts)))

    def known(self, table: Table) -> Mapping[str, str]:
        """The left's names with those of ``table``, a part of this side's; "" for the others."""
        return {left: own if table.column(own) else "" for left, own in self.names.items()}

    def column(self, name: str) -> Column | None:
        """What the left side calls ``name``, in whichever case."""
        own = {left.lower(): own for left, own in self.names.items()}
        return self.table.column(own.get(name.lower(), ""))

    def mentioned(self, *texts: str) -> frozenset[str]:
        """This side's columns that occur in expressions, and those that they are made of."""
        words = {
            word.lower() for text in texts for word in re.findall(r"\w+", _TEXTS.sub("", text))
        }
        return self._closed(c.name for c in self.table.columns if c.name.lower() in words)

    def of_key(self, key: Key) -> frozenset[str]:
        """The columns that a key compares, and those that they are made of."""
        return self._closed(key.columns)

    def of_index(self, index: Index) -> frozenset[str]:
        """Likewise of an index, and of its predicate."""
        own = self._closed(part.column for part in index.parts if part.column)
        return own | self.mentioned(index.predicate, *(part.expression for part in index.parts))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The primary key and the unique constraints."""
        first = self.table.primary_key
        return ((first,) if first is not None else ()) + self.table.uniques

    @property
    def unique_indexes(self) -> tuple[Index, ...]:
        """The indexes that refuse duplicates."""
        return tuple(index for index in self.table.indexes if index.unique)

    def expressions(self, columns: frozenset[str]) -> Iterator[str]:
        """The texts of unique indexes, generated columns and checks over these columns."""
        for index in self.unique_indexes:
            if self.of_index(index) <= columns:
                yield from (index.predicate, *(part.expression for part in index.parts))
        for column in self.table.columns:
            if column.name in columns and column.computed is not None:
                yield column.computed.expression
        for check in self.checks(columns):
            yield check.expression

    def checks(self, columns: frozenset[str]) -> tuple[Check, ...]:
        """The checks that are enforced, and are about no other columns."""
        return tuple(
            check
            for check in self.table.checks
            if check.enforced and self.mentioned(check.expression) <= columns
        )

    def bare(self, columns: Iterable[str]) -> Table:
        """A table of these columns alone, which fill in nothing."""
        wanted = set(columns)
        kept = (column for column in self.table.columns if column.name in wanted)
        plain = (Column(c.name, c.type, c.nullable, computed=c.computed) for c in kept)
        first = self.table.primary_key
        # An INTEGER PRIMARY KEY of SQLite is the one type that it enforces.
        key = first if first is not None and wanted.issuperset(first.columns) else None
        return numbered(Table(self.table.name, tuple(plain), key))

    def declared(self, lefts: Iterable[str]) -> Table:
        """A table of what the left side calls these columns, as they are declared."""
        kept = [self.table.column(self.names[left]) for left in lefts]
        return numbered(Table(self.table.name, tuple(filter(None, kept))))

    def unique(self, columns: frozenset[str]) -> Table:
        """A table of these columns, with all that refuses duplicates among them alone."""
        return replace(
            self.bare(columns),
            uniques=tuple(key for key in self.table.uniques if self.of_key(key) <= columns),
            indexes=tuple(i for i in self.unique_indexes if self.of_index(i) <= columns),
        )

    def _closed(self, names: Iterable[str]) -> frozenset[str]:
        """``names``, and the columns of which the generated ones among them are made."""
        found = frozenset(names)
        made = [self.table.column(name) for name in found]
        texts = [c.computed.expression for c in made if c is not None and c.computed is not None]
        return found | self.mentioned(*texts) if texts else found


@dataclass(frozen=True)
class Both:
    """One table on both sides, and the schemas that it is of."""

    left: Parts
    right: Parts
    schemas: tuple[Snapshot, Snapshot] = field(repr=False)

    @classmethod
    def of(cls, name: str, left: Snapshot, right: Snapshot) -> Both | None:
        """What the left side calls ``name``; None where a side does not have it."""
        table = left.table(name)
        other = right.table(match_tables(left.tables, right.tables).names.get(name, ""))
        if table is None or other is None:
            return None
        columns = match_columns(table, other).names
        names = [column.name for column in table.columns]
        owned = Parts(other, {name: columns.get(name, "") for name in names})
        return cls(Parts(table, {name: name for name in names}), owned, (left, right))

    def beside(self, *, left: str, right: str) -> Both | None:
        """Another table, by what the sides call it, if they do; None if they mean two."""
        names = match_tables(self.schemas[0].tables, self.schemas[1].tables).names
        for one, other in names.items():
            if (left or right) and left in {"", one} and right in {"", other}:
                return Both.of(one, *self.schemas)
        return None

    def stages(self, left: Table, right: Table) -> tuple[Stage, Stage]:
        """Both sides' stages with one table each."""
        return (
            Stage((left,), (self.left.known(left),)),
            Stage((right,), (self.right.known(right),)),
        )

    def closed(self, left: Iterable[str], right: Iterable[str]) -> tuple[frozenset[str], ...]:
        """Columns of both sides, each with those that the other side has for them."""
        shared = frozenset(self.left.lefts[name] for name in left)
        shared |= frozenset(self.right.lefts[name] for name in right)
        return self.left.owned(shared) | frozenset(left), self.right.owned(shared) | frozenset(
            right
        )

    def shared(self, name: str) -> tuple[Column, Column]:
        """Likewise of one that both sides have."""
        columns = self.columns(name)
        assert columns is not None, name  # noqa: S101  # a difference is about such columns
        return columns

    def columns(self, name: str) -> tuple[Column, Column] | None:
        """What the left side calls ``name``, on both sides; None where one has it not."""
        left, right = self.left.column(name), self.right.column(name)
        return (left, right) if left is not None and right is not None else None
