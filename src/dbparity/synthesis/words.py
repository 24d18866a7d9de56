"""Spell numbers as words, letters and bytes: different numbers, different spellings."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from datetime import datetime, time

_MASK = (1 << 64) - 1

_WORDS = """
    amber basil birch bloom brook cedar cider clay cliff cloud coral cove crane dawn delta dune
    ember fern field finch flint frost glade grove gull haven hazel heron holly iris ivory jade
    kelp lake larch lemon lilac linen lotus maple marsh meadow mint moss north oak olive opal
    otter pearl pine plum quartz raven reed ridge river sage shore slate spruce stone tidal willow
"""
WORDS = tuple(_WORDS.split())


def salt(*parts: object) -> int:
    """Give a number that depends on every part and on nothing else."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode())


def mix(seed: int, index: int) -> int:
    """Give a number that looks random and is the same for the same ``seed`` and ``index``."""
    number = (seed * 0x9E3779B97F4A7C15 + (index + 1) * 0xBF58476D1CE4E5B9) & _MASK
    number = (number ^ number >> 31) * 0x94D049BB133111EB & _MASK
    return number ^ number >> 29


def phrase(number: int) -> str:
    """Spell ``number`` in words: "amber", "basil", ..., "basil-amber", ..."""
    words = []
    while True:
        number, word = divmod(number, len(WORDS))
        words.append(WORDS[word])
        if not number:
            return "-".join(reversed(words))


def letters(number: int) -> str:
    """Spell ``number`` in letters: "a", ..., "z", "aa", ..."""
    spelled = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        spelled = chr(ord("a") + letter) + spelled
    return spelled


def digits(number: int, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    """Spell ``number`` in exactly ``length`` characters of ``alphabet``."""
    spelled = ""
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        spelled = alphabet[digit] + spelled
    return spelled


def noise(number: int, length: int) -> bytes:
    """Spell ``number`` in ``length`` bytes that look random."""
    return hashlib.shake_128(str(number).encode()).digest(length)


def fold(value: object) -> object:
    """Give what ``value`` is under the loosest collation and the coarsest clock of any backend.

    Values of which this is the same may collide in a unique column somewhere. The answer can be
    put into a set whatever the value is.
    """
    if isinstance(value, str):
        decomposed = unicodedata.normalize("NFKD", value.casefold())
        return "".join(c for c in decomposed if not unicodedata.combining(c)).rstrip()
    if isinstance(value, datetime | time):
        return value.replace(microsecond=0)
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
