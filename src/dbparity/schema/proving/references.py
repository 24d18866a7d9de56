"""Trials of foreign keys: orphans, and what becomes of children."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity.backends.base import Refusal
from dbparity.schema.differences import Meaning
from dbparity.schema.proving import judges, samples
from dbparity.schema.proving.acts import Act, Row, Stage
from dbparity.schema.proving.trials import Acts, Trial
from dbparity.snapshots import ForeignKey, Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.judges import Judge
    from dbparity.schema.proving.parts import Both, Parts

_PARENT = 0  # the table of a stage; the child is the last


@dataclass(frozen=True)
class _Reference:
    """A child and its parent on both sides.

    Attributes:
        links: the child's columns with the parent's, as the left side calls them.
        keys: what each side declares.
    """

    child: Both
    parent: Both
    links: dict[str, str]
    keys: tuple[ForeignKey | None, ForeignKey | None]

    def stage(self, number: int) -> Stage:
        """The tables of one side: the columns of the reference, and what fills them in."""
        child, parent = ((b.left, b.right)[number] for b in (self.child, self.parent))
        key, name = self.keys[number], parent.table.name
        name = f"{name}_referred" if name == child.table.name else name
        primary = Key("", tuple(parent.names[left] for left in self.links.values()))
        referred = replace(parent.declared(self.links.values()), name=name, primary_key=primary)
        referring = child.declared(self.links)
        if key is not None and key.enforced:
            referring = replace(referring, foreign_keys=(replace(key, table=name),))
        return Stage((referred, referring), (parent.known(referred), child.known(referring)))

    def row(self, number: int) -> Row:
        """A child, by the left side's names; another one for another number."""
        found = ((name, self.child.columns(name)) for name in self.links)
        return {
            name: samples.sample(columns[0].type, columns[1].type, number)
            for name, columns in found
            if columns is not None
        }

    def parent_of(self, child: Row) -> Row:
        """The parent that ``child`` refers to."""
        return {self.links[name]: value for name, value in child.items()}


def of_references(difference: Difference, both: Both) -> Iterator[Trial]:
    """A child without its parent; and a parent that goes, or changes."""
    reference = _reference(difference, both)
    if reference is not None:
        child = reference.row(0)
        judge: Judge = judges.otherwise
        if difference.meaning is Meaning.BEHAVES:
            acts = _followed(reference, difference.left)
        else:
            acts = list(_orphaned(reference))
            judge = judges.by_meaning(difference.meaning, Refusal.FOREIGN_KEY)
        yield Trial(reference.stage(0), reference.stage(1), acts, judge, tuple(child))


def _orphaned(reference: _Reference) -> Iterator[Acts]:
    child = reference.row(0)
    orphan = Act("INSERT", child)
    yield (orphan,)
    for name in child:
        yield (Act("INSERT", {**child, name: None}),)
    yield orphan, Act("INSERT", reference.parent_of(child), table=_PARENT)


def _followed(reference: _Reference, declared: str) -> list[Acts]:
    child = reference.row(0)
    parent, other = reference.parent_of(child), reference.parent_of(reference.row(1))
    end = Act("DELETE", where=parent, table=_PARENT)
    if declared.startswith("ON UPDATE"):
        end = Act("UPDATE", other, where=parent, table=_PARENT)
    return [(Act("INSERT", parent, table=_PARENT), Act("INSERT", child), end)]


def _reference(difference: Difference, both: Both) -> _Reference | None:
    wanted = {name.lower() for name in difference.columns}
    left, right = (_key(parts, wanted) for parts in (both.left, both.right))
    known, parts = (left, both.left) if left is not None else (right, both.right)
    if known is None:
        return None
    parent = both.beside(left=left.table) if left is not None else both.beside(right=known.table)
    if parent is None:
        return None
    theirs = parent.left if left is not None else parent.right
    links = {
        parts.lefts[name]: theirs.lefts[referred]
        for name, referred in zip(known.columns, known.referred, strict=True)
    }
    everywhere = all(map(both.columns, links)) and all(map(parent.columns, links.values()))
    return _Reference(both, parent, links, (left, right)) if everywhere else None


def _key(parts: Parts, wanted: set[str]) -> ForeignKey | None:
    keys = parts.table.foreign_keys
    return next((k for k in keys if {parts.lefts[c].lower() for c in k.columns} == wanted), None)
