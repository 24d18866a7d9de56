"""Number the choices of a row so that no key repeats."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, prod
from typing import TYPE_CHECKING

from dbparity.synthesis.domains import WIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.synthesis.choices import Choice
    from dbparity.synthesis.keys import Key


@dataclass(frozen=True)
class Enumeration:
    """Choices of which every combination comes once."""

    members: tuple[int, ...]
    sizes: tuple[int, ...]
    optional: bool

    @property
    def combinations(self) -> int:
        """How many there are."""
        return prod(self.sizes)

    def numbers(self, attempt: int) -> dict[int, int]:
        """Give the combination of this number, diagonally: neighbours differ in every choice."""
        rest, first = divmod(attempt, self.sizes[0])
        found = {self.members[0]: first}
        for place, (member, size) in enumerate(zip(self.members[1:], self.sizes[1:], strict=True)):
            rest, number = divmod(rest, size)
            found[member] = (number + first + place + 1) % size
        return found


@dataclass(frozen=True)
class Numbering:
    """Which choices take the row's own number, and which are enumerated."""

    distinct: frozenset[int]
    enumerations: tuple[Enumeration, ...]

    @property
    def attempts(self) -> float:
        """After how many attempts there is no new combination."""
        limits = (each.combinations for each in self.enumerations if not each.optional)
        return min(limits, default=inf)

    def of(
        self, choices: Sequence[Choice], index: int, attempt: int
    ) -> Iterator[tuple[Choice, int | None, bool]]:
        """Give each choice with its number, if it has one, and whether it must be NULL."""
        numbers = dict.fromkeys(self.distinct, index)
        spent: set[int] = set()
        for each in self.enumerations:
            numbers |= each.numbers(attempt)
            spent |= set(each.members) if attempt >= each.combinations else set()
        for place, choice in enumerate(choices):
            yield choice, numbers.get(place), place in spent


def number(choices: Sequence[Choice], keys: Iterable[Key]) -> Numbering:
    """Number ``choices`` for ``keys``: by one choice that is wide, or by all together."""
    distinct: set[int] = set()
    groups: list[set[int]] = []
    for key in keys:
        members = {n for n, choice in enumerate(choices) if set(choice.columns) & set(key.columns)}
        wide = [n for n in sorted(members) if choices[n].turn is None and choices[n].size >= WIDE]
        if wide:
            distinct |= set() if distinct & members else {wide[0]}
        elif members:
            near = [group for group in groups if group & members]
            groups = [group for group in groups if group not in near]
            groups.append(members.union(*near))
    return Numbering(frozenset(distinct), tuple(_enumeration(choices, group) for group in groups))


def _enumeration(choices: Sequence[Choice], group: set[int]) -> Enumeration:
    members = tuple(sorted(group))
    sizes = tuple(choices[n].size for n in members)
    return Enumeration(members, sizes, any(choices[n].optional for n in members))
