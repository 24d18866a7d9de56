"""What SQLite keeps in the text of its DDL alone.

The pragmas tell neither checks, collations, generated columns, predicates nor names of
constraints. SQLite stores the text as it was given, from the name of the object on, after
``CREATE TABLE`` and the like; ``ALTER TABLE`` edits it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*')
    |(?P<word>[\w$]+)
    |(?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_TABLE_RULES = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}


@dataclass(frozen=True)
class Node:
    """A token, or a pair of parentheses with the nodes between them."""

    kind: str
    text: str
    start: int
    end: int
    inner: tuple[Node, ...] = ()

    @property
    def word(self) -> str:
        """A bare word in capitals; "" of anything else."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The identifier that it is, without its quotes."""
        if self.kind != "quoted":
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)

    @property
    def content(self) -> str:
        """What stands between the parentheses."""
        return self.text[1:-1].strip()


@dataclass(frozen=True)
class Reference:
    """A REFERENCES clause."""

    name: str
    deferrable: bool
    deferred: bool


@dataclass
class TableText:
    """What a CREATE TABLE says beyond the pragmas; columns by their names in lower case."""

    primary_key: str = ""
    strict: bool = False
    collations: dict[str, str] = field(default_factory=dict)
    computed: dict[str, str] = field(default_factory=dict)
    uniques: dict[tuple[str, ...], str] = field(default_factory=dict)
    checks: list[tuple[str, str]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)


@dataclass(frozen=True)
class IndexText:
    """The parts of a CREATE INDEX as they are spelled, and its predicate."""

    parts: tuple[str, ...]
    predicate: str


def nodes(sql: str) -> tuple[Node, ...]:
    """The words of ``sql``, without comments, what is in parentheses put together."""
    open_groups: list[tuple[int, list[Node]]] = [(0, [])]
    for match in _TOKEN.finditer(sql):
        kind, spelled = str(match.lastgroup), match.group()
        if spelled == "(":
            open_groups.append((match.start(), []))
        elif spelled == ")":
            start, inner = open_groups.pop()
            group = Node("group", sql[start : match.end()], start, match.end(), tuple(inner))
            open_groups[-1][1].append(group)
        elif kind != "blank":
            open_groups[-1][1].append(Node(kind, spelled, match.start(), match.end()))
    return tuple(open_groups[0][1])


def read_table(sql: str) -> TableText:
    """Read a CREATE TABLE; of a virtual table there is nothing to be told."""
    found = TableText()
    _, kind, _, body, *options = nodes(sql)
    if kind.word == "VIRTUAL":
        return found
    found.strict = any(option.word == "STRICT" for option in options)
    for item in _split(body.inner):
        rules = item[0].word in _TABLE_RULES
        _Rules("" if rules else item[0].name.lower(), item if rules else item[1:], found).read()
    return found


def read_index(sql: str) -> IndexText:
    """Read a CREATE INDEX."""
    words = nodes(sql)
    place = next(i for i, node in enumerate(words) if node.kind == "group")
    parts = tuple(_expression(sql, part) for part in _split(words[place].inner))
    where = words[place + 1 :]
    return IndexText(parts, sql[where[0].end :].strip() if where else "")


def read_view(sql: str) -> str:
    """The query of a CREATE VIEW, its names of columns as a common table expression's."""
    _, _, name, *rest = nodes(sql)
    if rest[0].kind != "group":
        return sql[rest[0].end :].strip()
    query = sql[rest[1].end :].strip()
    return f"WITH {name.text} {rest[0].text} AS ({query}) SELECT * FROM {name.text}"


def read_trigger(sql: str) -> tuple[str, str]:
    """The timing and the event of a CREATE TRIGGER."""
    words = [node.word for node in nodes(sql)[3:6]]
    if words[0] == "INSTEAD":
        return "INSTEAD OF", words[2]
    if words[0] in {"BEFORE", "AFTER"}:
        return words[0], words[1]
    return "BEFORE", words[0]


@dataclass
class _Rules:
    """Reads the rules of one column, or those of the table where ``column`` is ""."""

    column: str
    words: tuple[Node, ...]
    found: TableText
    place: int = 0

    def read(self) -> None:
        name = ""
        while self.place < len(self.words):
            word = self._next().word
            if word == "CONSTRAINT":
                name = self._next().name
            elif word in _RULES:
                _RULES[word](self, name)
                name = ""

    def _next(self) -> Node:
        self.place += 1
        return self.words[self.place - 1]

    def _ahead(self) -> Node | None:
        return self.words[self.place] if self.place < len(self.words) else None

    def default(self, _name: str) -> None:
        if self.words[self.place - 2].word != "SET":  # ON DELETE SET DEFAULT
            self._next()

    def null(self, _name: str) -> None:
        """NOT NULL is told by a pragma; its name belongs to no other rule."""

    def check(self, name: str) -> None:
        self.found.checks.append((name, self._next().content))

    def collate(self, _name: str) -> None:
        self.found.collations[self.column] = self._next().name

    def primary(self, name: str) -> None:
        self.found.primary_key = name

    def unique(self, name: str) -> None:
        ahead = self._ahead()
        items = _split(ahead.inner) if ahead is not None and ahead.kind == "group" else ()
        columns = tuple(item[0].name.lower() for item in items) or (self.column,)
        self.found.uniques.setdefault(columns, name)

    def generated(self, _name: str) -> None:
        self.found.computed[self.column] = self._next().content

    def references(self, name: str) -> None:
        self.found.references.append(Reference(name, deferrable=False, deferred=False))

    def deferrable(self, _name: str) -> None:
        denied = self.words[self.place - 2].word == "NOT"
        ahead = [node.word for node in self.words[self.place : self.place + 2]]
        deferred = ahead == ["INITIALLY", "DEFERRED"] and not denied
        reference = self.found.references.pop()
        self.found.references.append(Reference(reference.name, not denied, deferred))


_RULES: Mapping[str, Callable[[_Rules, str], None]] = {
    "AS": _Rules.generated,
    "CHECK": _Rules.check,
    "COLLATE": _Rules.collate,
    "DEFAULT": _Rules.default,
    "DEFERRABLE": _Rules.deferrable,
    "NULL": _Rules.null,
    "PRIMARY": _Rules.primary,
    "REFERENCES": _Rules.references,
    "UNIQUE": _Rules.unique,
}


def _split(words: tuple[Node, ...]) -> tuple[tuple[Node, ...], ...]:
    return tuple(_items(words))


def _items(words: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    start = 0
    for place, node in enumerate(words):
        if node.text == ",":
            yield words[start:place]
            start = place + 1
    yield words[start:]


def _expression(sql: str, part: tuple[Node, ...]) -> str:
    """An index's part without its collation and direction."""
    last = len(part) - (part[-1].word in {"ASC", "DESC"})
    if last > 2 and part[last - 2].word == "COLLATE":  # noqa: PLR2004
        last -= 2
    return sql[part[0].start : part[last - 1].end]
