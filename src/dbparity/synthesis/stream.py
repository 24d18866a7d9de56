"""Make the rows of a table one after the other, each valid beside those before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis.domains import WIDE
from dbparity.synthesis.ingredients import gather
from dbparity.synthesis.keys import Key, Taken
from dbparity.synthesis.search import search

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.synthesis.blueprint import Blueprint
    from dbparity.synthesis.checks import Check
    from dbparity.synthesis.choices import Choice, Link, Row
    from dbparity.synthesis.references import Parents
    from dbparity.synthesis.search import Recipe

# So many combinations of values of a key are tried in vain before there are said to be no more.
_PATIENCE = 2000
# So many changes of a row are tried; fewer where the next combination may need none.
_CHANGES, _FEW_CHANGES = 20_000, 200
_REMEMBERED = 8


class RowStream:
    """The rows of a table, made as they are asked for.

    Rows refer to rows of their own table from number ``base`` on, unless ``parents`` has others.
    ``taken`` are the values of keys of all rows made so far.
    """

    def __init__(self, blueprint: Blueprint, parents: Parents, base: int) -> None:
        self._blueprint = blueprint
        self._ingredients = gather(blueprint, parents)
        self._base = base
        self._rows: list[Row] = []
        self.taken = Taken(blueprint.keys)
        self._recipes: list[Recipe] = []
        self._attempt = 0

    def upto(self, count: int) -> list[Row]:
        """Give the first ``count`` rows, or fewer where the keys allow no more."""
        while len(self._rows) < count and self._grow():
            pass
        return self._rows[:count]

    def _grow(self) -> bool:
        """Make one more row; False where there are no more combinations of a key's values."""
        numbering = self._ingredients.numbering
        hindrance = None
        for _ in range(_PATIENCE if numbering.enumerations else 1):
            if self._attempt >= numbering.attempts:
                break
            row, fixed = self._draw(len(self._rows))
            self._attempt += 1
            hindrance = self._place(row, fixed)
            if not hindrance:
                return True
        if hindrance and not (self._rows and numbering.enumerations):
            raise RowsUnsatisfiable(self._blueprint.table.key, *hindrance)
        return False

    def _draw(self, index: int) -> tuple[Row, set[str]]:
        """Choose a row; also give the columns that the factory has fixed."""
        made = self._ingredients
        given = self._blueprint.given(index)
        row: Row = {}
        for choice, number, missing in made.numbering.of(made.choices, index, self._attempt):
            row |= choice.values(index, number, missing=missing)
        row |= dict.fromkeys(made.absent) | given
        for link in made.links:
            row |= next(self._links(link, row, index)) | given
        return {key: row[key] for key in self._blueprint.columns if key in row}, set(given)

    def _place(self, row: Row, fixed: set[str]) -> tuple[str, str] | None:
        """Take the row in, changed if need be; or say what is in the way, and why."""
        broken = self._blueprint.checks.broken(row)
        repeated = self.taken.repeated(row)
        obstacles = (*broken, *((repeated,) if repeated else ()))
        if obstacles:
            changed = self._changed(row, broken, repeated, fixed)
            if changed is None:
                helped = ", which the factory helped with," if fixed else ""
                who = f"row {len(self._rows)}{helped}"
                return _hindrance(who, obstacles[0])
            row = changed
        self._rows.append(row)
        self.taken.add(row)
        return None

    def _changed(
        self, row: Row, broken: Sequence[Check], repeated: Key | None, fixed: set[str]
    ) -> Row | None:
        """Change the row so that it can be taken, preferably in a way that has worked before."""
        options = self._options(row, [column for check in broken for column in check.columns])
        if repeated:
            options |= self._fresh(row, repeated)
        free = {columns: found for columns, found in options.items() if not fixed & {*columns}}
        limit = _FEW_CHANGES if self._ingredients.numbering.enumerations else _CHANGES
        found = search(row, free, self._valid, first=tuple(self._recipes), limit=limit)
        if found is None:
            return None
        changed, recipe = found
        self._recipes = [recipe, *(each for each in self._recipes if each != recipe)][:_REMEMBERED]
        return changed

    def _options(self, row: Row, columns: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
        """Give what ``columns`` and those that checks tie to them could be instead."""
        index, made = len(self._rows), self._ingredients
        tied = list(dict.fromkeys(each for key in columns for each in self._blueprint.tied(key)))

        def order(choice: Choice) -> tuple[bool, int]:
            return choice.turn is not None, min(map(tied.index, {*choice.columns} & {*tied}))

        named = [choice for choice in made.choices if {*choice.columns} & {*tied}]
        options = {
            choice.columns: self._alternatives(choice, row, index)
            for choice in sorted(named, key=order)
        }
        for link in made.links:
            if {*link.columns} & {*tied}:
                options[link.columns] = list(self._links(link, row, index))
        return options

    def _fresh(self, row: Row, key: Key) -> dict[tuple[str, ...], list[Row]]:
        """Give what wide columns and links of the repeated key could be instead."""
        index, made = len(self._rows), self._ingredients
        wide = [c for c in made.choices if c.size >= WIDE and set(c.columns) & set(key.columns)]
        links = [link for link in made.links if set(link.columns) & set(key.columns)]
        return {choice.columns: self._alternatives(choice, row, index) for choice in wide} | {
            link.columns: list(self._links(link, row, index)) for link in links
        }

    def _alternatives(self, choice: Choice, row: Row, index: int) -> list[Row]:
        if choice.turn is None:
            return self._blueprint.alternatives(choice.columns[0], row, index)
        return choice.alternatives(index)

    def _links(self, link: Link, row: Row, index: int) -> Iterator[Row]:
        return link.alternatives(row, index - self._base, self._rows[self._base :])

    def _valid(self, row: Row) -> bool:
        return not self._blueprint.checks.broken(row) and not self.taken.repeated(row)


def _hindrance(who: str, obstacle: Check | Key) -> tuple[str, str]:
    if isinstance(obstacle, Key):
        return obstacle.label, f"{who} repeats the values of another"
    return obstacle.label, f"{who} breaks it, and so does every change of it that was tried"
