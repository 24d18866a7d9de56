"""Narrow the values of a column to those that satisfy its check constraints."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import chain, islice, pairwise, permutations, product
from typing import TYPE_CHECKING
from uuid import UUID

from dbparity.synthesis.domains import Domain, lists, text
from dbparity.synthesis.scales import scale_of
from dbparity.synthesis.words import digits, fold, letters, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dbparity.synthesis.literals import Literals
    from dbparity.synthesis.scales import Scale

    Holds = Callable[[object], bool]

_PROBES = (0, 1, 2, 3, 25, 26, 700, 99_999)
_PROBED = 100_000
_FEW = 64
_STARTS = 6

# Kinds of texts that applications check for, each different for every number.
_TEXTS: tuple[Callable[[int], str], ...] = (
    letters,
    lambda n: letters(n).upper(),
    lambda n: letters(n).capitalize(),
    lambda n: str(n + 1),
    lambda n: f"{letters(n)}@example.com",
    lambda n: f"https://example.com/{letters(n)}",
    lambda n: f"/{letters(n)}",
    lambda n: f"{letters(n)}_{n}",
    lambda n: f"{letters(n)}.txt",
    lambda n: f"1.0.{n}",
    lambda n: f"#{n:06x}",
    lambda n: f"+1555{n:07d}",
    lambda n: f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",
    lambda n: f'{{"id": {n}}}',
    lambda n: f"[{n}]",
    lambda n: str(UUID(bytes=noise(n, 16), version=4)),
)


def _noise(number: int, length: int) -> str:
    return noise(number, length).hex()[:length]


# Likewise, of a given length.
_PADDED: tuple[Callable[..., str], ...] = (
    digits,
    partial(digits, alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    partial(digits, alphabet="0123456789"),
    _noise,
)


def narrow(domain: Domain, literals: Literals, holds: Holds, also: Iterable[object]) -> Domain:
    """Give the values for which ``holds`` is true; there may be none.

    They are values of ``domain``, or like those, or among ``also``.
    """
    found = next(filter(partial(_suits, holds=holds), _candidates(domain, literals)), None)
    near = tuple(filter(domain.holds, literals.near(domain.at(0))))
    if found and found.size > _FEW:
        edges = filter(same_everywhere, filter(holds, (*domain.edges, *near)))
        return Domain(found.at, found.size, tuple(edges))
    pool = chain(also, domain.first(_FEW), near, domain.edges, _samples(domain, literals))
    few = Domain.of({fold(value): value for value in filter(holds, pool)}.values())
    return found if found and found.size > few.size else few


def _suits(candidate: Domain, holds: Holds) -> bool:
    """Whether probes of the candidate hold, and differ in whatever way they are compared."""
    numbers = {n for n in (*_PROBES, candidate.size - 1) if n < candidate.size}
    probes = [candidate.at(n) for n in numbers]
    return all(map(holds, probes)) and len(set(map(fold, probes))) == len(probes)


def same_everywhere(value: object) -> bool:
    """Whether every backend counts, compares and matches ``value`` alike, if it is a text."""
    return not isinstance(value, str) or (value.isascii() and not {*value} & {*"%\\"})


def _samples(domain: Domain, literals: Literals) -> Iterator[object]:
    for candidate in islice(_candidates(domain, literals), 1, None):
        yield from candidate.first(8)


def _candidates(domain: Domain, literals: Literals) -> Iterator[Domain]:
    yield domain
    sample = domain.at(0)
    if domain.closed:
        return
    if isinstance(sample, str):
        yield from _texts(literals)
    elif isinstance(sample, bytes):
        for length in literals.counts:
            yield Domain(partial(noise, length=length), _PROBED)
    elif isinstance(sample, dict):
        yield lists(text())
    else:
        yield from _spans(domain, literals)


def _texts(literals: Literals) -> Iterator[Domain]:
    for spelled in literals.texts:
        yield Domain(_pattern(spelled), _PROBED)
    for make in _TEXTS:
        yield Domain(make, _PROBED)
    for length in literals.counts:
        for spell in _PADDED:
            yield Domain(partial(spell, length=length), min(10**length, _PROBED))
    for spelled in literals.texts:
        yield Domain(partial(_around, before=spelled), _PROBED)
        yield Domain(partial(_around, after=spelled), _PROBED)
    for start, end in permutations(literals.texts[:_STARTS], 2):
        around = partial(_around, before=_pattern(start)(0), after=_pattern(end)(0))
        yield Domain(around, _PROBED)


def _around(number: int, before: str = "", after: str = "") -> str:
    return before + letters(number) + after


def _pattern(like: str) -> Callable[[int], str]:
    """Fill a LIKE pattern: its first % with letters, further ones and each _ with an x."""
    return lambda n: like.replace("%", letters(n), 1).replace("%", "x").replace("_", "x")


def _spans(domain: Domain, literals: Literals) -> Iterator[Domain]:
    """Give what lies between the constants, the highest first, and their multiples."""
    sample = domain.at(0)
    scale = scale_of(sample)
    if scale is None:
        return
    places = sorted(_places(domain, literals.like(sample), scale))
    for low, high in reversed(list(pairwise(places))):
        for first, last in product((low, low + 1), (high, high - 1)):
            if first <= last:
                yield _span(scale, first, last)
    for step in places[1:-1]:
        if step > 1:
            yield Domain(partial(_multiple, scale, step), places[-1] // step)


def _places(domain: Domain, constants: tuple[object, ...], scale: Scale) -> set[int]:
    usual = [scale.place(value) for value in (*domain.edges, *domain.first(_FEW))]
    zero = {0} if isinstance(domain.at(0), int | float | Decimal) else set()
    return {min(usual), max(usual), *map(scale.place, constants), *zero}


def _span(scale: Scale, first: int, last: int) -> Domain:
    """Count up from ``first``, or down where all is negative."""
    if last <= 0:
        return Domain(lambda n: scale.back(last - n), last - first + 1)
    return Domain(lambda n: scale.back(first + n), last - first + 1)


def _multiple(scale: Scale, step: int, number: int) -> object:
    return scale.back(step * (number + 1))
