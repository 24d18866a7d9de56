"""Trials of foreign keys: orphans, and what becomes of children."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
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
    """A child and its parent on both sides; all names are the left side's.

    Attributes:
        keys: what each side declares.
        links: the child's columns with those that they refer to, by each key.
    """

    child: Both
    parent: Both
    keys: tuple[ForeignKey | None, ForeignKey | None]
    links: tuple[dict[str, str], dict[str, str]]

    def stage(self, number: int) -> Stage:
        """The tables of one side: the columns of the reference, and what fills them in."""
        child, parent = ((b.left, b.right)[number] for b in (self.child, self.parent))
        key, name = self.keys[number], parent.table.name
        name = f"{name}_referred" if name == child.table.name else name
        unique = Key("", tuple(parent.names[left] for left in self.links[number].values()))
        columns = dict.fromkeys(chain(*(links.values() for links in self.links)))
        referred = replace(parent.declared(columns), name=name, primary_key=unique)
        referring = child.declared(self.links[0])
        if key is not None and key.enforced:
            referring = replace(referring, foreign_keys=(replace(key, table=name),))
        return Stage((referred, referring), (parent.known(referred), child.known(referring)))

    def row(self, number: int) -> Row:
        """A child; another one for another number."""
        shared = {name: self.child.shared(name) for name in self.links[0]}
        return {
            name: samples.sample(left.type, right.type, number)
            for name, (left, right) in shared.items()
        }

    def parent_of(self, child: Row, other: Row) -> Row:
        """The parent that ``child`` refers to; by other columns, if there are, ``other`` does."""
        ours, theirs = self.links
        return {theirs[name]: other[name] for name in theirs} | {
            ours[name]: child[name] for name in ours
        }


def of_references(difference: Difference, both: Both) -> Iterator[Trial]:
    """A child without its parent; and a parent that goes, or changes."""
    reference = _reference(difference, both)
    if reference is not None:
        child, other = reference.row(0), reference.row(1)
        judge: Judge = judges.otherwise
        if difference.meaning is Meaning.BEHAVES:
            acts = [_followed(reference, child, other, difference.left)]
        else:
            acts = list(_orphaned(reference, child, other))
            judge = judges.by_meaning(difference.meaning, Refusal.FOREIGN_KEY)
        yield Trial(reference.stage(0), reference.stage(1), acts, judge, tuple(child))


def _orphaned(reference: _Reference, child: Row, other: Row) -> Iterator[Acts]:
    born, orphan = Act("INSERT", child), Act("INSERT", other)
    parent = Act("INSERT", reference.parent_of(child, other), table=_PARENT)
    yield (born,)
    for name in child:
        yield (Act("INSERT", {**child, name: None}),)
    yield from ((born, parent), (parent, born), (parent, orphan))


def _followed(reference: _Reference, child: Row, other: Row, declared: str) -> Acts:
    parent, changed = reference.parent_of(child, child), reference.parent_of(other, other)
    end = Act("DELETE", where=parent, table=_PARENT)
    if declared.startswith("ON UPDATE"):
        end = Act("UPDATE", changed, where=parent, table=_PARENT)
    return Act("INSERT", parent, table=_PARENT), Act("INSERT", child), end


def _reference(difference: Difference, both: Both) -> _Reference | None:
    wanted = {name.lower() for name in difference.columns}
    left, right = (_key(parts, wanted) for parts in (both.left, both.right))
    name = left.table if left is not None else ""
    parent = both.beside(left=name, right=right.table if right is not None else "")
    if parent is None:
        return None
    ours, theirs = _links(left, both.left, parent.left), _links(right, both.right, parent.right)
    return _Reference(both, parent, (left, right), (ours or theirs, theirs or ours))


def _links(key: ForeignKey | None, child: Parts, parent: Parts) -> dict[str, str]:
    if key is None:
        return {}
    pairs = zip(key.columns, key.referred, strict=True)
    return {child.lefts[name]: parent.lefts[referred] for name, referred in pairs}


def _key(parts: Parts, wanted: set[str]) -> ForeignKey | None:
    keys = parts.table.foreign_keys
    return next((k for k in keys if {parts.lefts[c].lower() for c in k.columns} == wanted), None)
