"""What a row is made of: values of its columns, its parents, and earlier rows of its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbparity.synthesis.words import mix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Row = dict[str, object]

# Random numbers stay this small, so that ordinary values look ordinary.
_USUAL = 4096
_ROUND = 4
_NEAR = 50


@dataclass(frozen=True)
class Choice:
    """Columns that are filled together: from ``at(n)`` for an ``n`` below ``size``.

    ``optional`` are those of them that may be NULL. In every round of four rows, one has NULL
    there and one an edge; the first row of all has neither. Parents (``turn`` is given) are taken
    in turn, so that all have children, and values at random.
    """

    columns: tuple[str, ...]
    size: int
    at: Callable[[int], Row]
    salt: int
    optional: tuple[str, ...] = ()
    edges: tuple[Row, ...] = ()
    turn: int | None = None

    def values(self, index: int, number: int | None, *, missing: bool) -> Row:
        """Choose for row ``index``: by ``number`` where it is given, else as it comes."""
        rounds, place = divmod(index, _ROUND)
        if number is None and self.edges and place == 1 + (self.salt + 1) % 3:
            return self.edges[rounds % len(self.edges)]
        row = self.at((self._usual(index) if number is None else number) % self.size)
        if self.optional and (missing or place == 1 + self.salt % 3):
            return row | dict.fromkeys(self.optional)
        return row

    def alternatives(self, index: int) -> list[Row]:
        """Give other parents for row ``index``, and none."""
        start = self._usual(index)
        others = [self.at((start + step) % self.size) for step in range(1, 9)]
        return others + ([others[0] | dict.fromkeys(self.optional)] if self.optional else [])

    def _usual(self, index: int) -> int:
        return mix(self.salt, index) % _USUAL if self.turn is None else index + self.turn


@dataclass(frozen=True)
class Link:
    """A foreign key to the table itself: its columns and the columns that they refer to.

    ``free`` are the columns that nothing else fills, ``optional`` those of them that may be NULL,
    and ``given`` the rows of the table that exist already. Where there are none, rows refer to
    rows before them: the first one to none, or to itself.
    """

    pairs: tuple[tuple[str, str], ...]
    free: tuple[str, ...]
    optional: tuple[str, ...]
    given: Sequence[Mapping[str, object]]
    salt: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the foreign key."""
        return tuple(own for own, _ in self.pairs)

    def alternatives(self, row: Row, index: int, earlier: Sequence[Row]) -> Iterator[Row]:
        """Give what the row may refer to, the best first; ``index`` counts from the first row."""
        nothing = dict.fromkeys(self.optional)
        if nothing and index % _ROUND == 1 + self.salt % 3:
            yield nothing
        for other in self._near(index, self.given or earlier):
            if all(other[theirs] == row[own] for own, theirs in self.pairs if own not in self.free):
                yield {own: other[theirs] for own, theirs in self.pairs if own in self.free}
        yield nothing or {own: row[theirs] for own, theirs in self.pairs if own in self.free}

    def _near(
        self, index: int, rows: Sequence[Mapping[str, object]]
    ) -> Iterator[Mapping[str, object]]:
        """Give the row half as far, so that a tree grows, and those just before."""
        before = index + len(self.given) - 1
        wanted = dict.fromkeys(
            (index % len(rows) if self.given else before // 2, *range(before, before - _NEAR, -1))
        )
        return (rows[place] for place in wanted if 0 <= place < len(rows))
