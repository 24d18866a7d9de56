"""Change a row in as few places as possible so that it becomes what is wanted."""

from __future__ import annotations

from itertools import chain, combinations, islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dbparity.synthesis.choices import Row

    # What each group of columns could be instead; NULL, where it may be, is the last.
    Options = Mapping[tuple[str, ...], Sequence[Row]]
    # Which groups of columns are changed, and to which of their options.
    Recipe = tuple[tuple[tuple[str, ...], int], ...]

# How many options of each group are ordinary, and how many groups are changed to them at once.
_ORDINARY = ((18, 2), (8, 3), (1000, 1), (1000, 2))


def search(
    row: Row,
    options: Options,
    wanted: Callable[[Row], bool],
    *,
    first: Iterable[Recipe] = (),
    limit: int,
) -> tuple[Row, Recipe] | None:
    """Try the recipes in ``first`` and ``limit`` others; give the changed row and what did it."""
    for recipe in chain(first, islice(_recipes(options), limit)):
        changed = _changed(row, options, recipe)
        if changed is not None and wanted(changed):
            return changed, recipe
    return None


def _changed(row: Row, options: Options, recipe: Recipe) -> Row | None:
    changed = dict(row)
    for columns, place in recipe:
        if place >= len(options.get(columns, ())):
            return None
        changed |= options[columns][place]
    return changed


def _recipes(options: Options) -> Iterator[Recipe]:
    """Change as few groups as possible to what is ordinary; then make them NULL; then try all."""
    absent = {columns: len(found) - 1 for columns, found in options.items() if _null(found)}
    usual = {columns: len(found) - (columns in absent) for columns, found in options.items()}
    for most_options, most_changed in _ORDINARY:
        some = {columns: min(count, most_options) for columns, count in usual.items()}
        yield from _combinations(some, most_changed)
    for count in range(1, len(absent) + 1):
        yield from combinations(absent.items(), count)
    yield from _combinations({columns: len(found) for columns, found in options.items()}, 3)


def _combinations(counts: Mapping[tuple[str, ...], int], most: int) -> Iterator[Recipe]:
    """Change one group, two, ... up to ``most``, to each of so many of its options."""
    for count in range(1, min(most, len(counts)) + 1):
        for several in combinations(counts, count):
            for places in product(*(range(counts[columns]) for columns in several)):
                yield tuple(zip(several, places, strict=True))


def _null(found: Sequence[Row]) -> bool:
    return bool(found) and None in found[-1].values()
