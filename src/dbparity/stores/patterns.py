"""Patterns of keys: ``tenant:{tenant}:doc:{id}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HOLE = re.compile(r"\{(?P<name>[A-Za-z_]\w*)\}")
_SPECIAL = re.compile(r"([*?\[\]\\^])")


@dataclass(frozen=True)
class KeyPattern:
    """A text with holes for values; none of them is empty, and all but the last have no colon."""

    text: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the holes, in their order."""
        return tuple(match["name"] for match in _HOLE.finditer(self.text))

    @cached_property
    def glob(self) -> str:
        """The pattern as Redis' MATCH has it; it matches more than `parse` reads."""
        literal = _HOLE.split(self.text)[::2]
        return "*".join(_SPECIAL.sub(r"\\\1", part) for part in literal)

    @cached_property
    def template(self) -> str:
        """The pattern as the operator ``%`` fills it with the values of `names`."""
        return _HOLE.sub("%s", self.text.replace("%", "%%"))

    def parse(self, key: str) -> dict[str, str] | None:
        """The values in a key, or None for one that is not of this pattern."""
        found = self._reading.fullmatch(key)
        return found.groupdict() if found else None

    def read(self, name: str) -> Callable[[str], str | None]:
        """What reads the value of one hole, or None, as `parse` does, and fast: for many keys."""
        if len(self.names) > 1:
            match = self._reading.fullmatch
            return lambda key: found[name] if (found := match(key)) else None
        before, _, after = _HOLE.split(self.text)
        start, end = len(before), len(after)

        def between(key: str) -> str | None:
            fits = len(key) > start + end and key.startswith(before) and key.endswith(after)
            return key[start : len(key) - end] if fits else None

        return between

    @cached_property
    def _reading(self) -> re.Pattern[str]:
        parts, last = _HOLE.split(self.text), len(self.names) - 1
        seen: set[str] = set()
        read = [re.escape(parts[0])]
        for number, (name, literal) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
            value = ".+" if number == last else "[^:]+"
            read.append(f"(?P={name})" if name in seen else f"(?P<{name}>{value})")
            read.append(re.escape(literal))
            seen.add(name)
        return re.compile("".join(read), re.DOTALL)
