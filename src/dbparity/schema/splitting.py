"""A DDL file's statements, and the lines that they begin on.

What a dialect quotes and comments with is read from sqlglot's tokenizers. Nothing is parsed, so
that a statement which only its server understands, or which nobody does, is cut out as well.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.mysql import MySQL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlglot.tokens import Tokenizer

_PROGRAMS = {"TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"}
_BLOCKS = {"BEGIN", "CASE"}
_OTHERS = {"IF", "LOOP", "WHILE", "REPEAT"}  # END IF ends no block


@dataclass(frozen=True)
class Token:
    """A ``word``, something ``quoted``, a single ``mark``, or the delimiter: an ``end``."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """In capitals; "" of all that is no word."""
        return self.text.upper() if self.kind == "word" and not self.text[0].isdigit() else ""


@dataclass(frozen=True)
class Statement:
    """A statement of a file, without its delimiter."""

    text: str
    line: int
    tokens: tuple[Token, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words outside of quotes and comments, in capitals."""
        return tuple(token.word for token in self.tokens if token.word)

    @cached_property
    def qualifiers(self) -> frozenset[str]:
        """The names in front of a dot, without their quotes, in lower case."""
        names = (one.text for one, dot in pairwise(self.tokens) if dot.text == ".")
        return frozenset(name.strip('"`[]').lower() for name in names)


def split(text: str, grammar: str) -> Iterator[Statement]:
    """The statements of ``text``, which is written in what sqlglot calls ``grammar``."""
    breaks = [match.start() for match in re.finditer("\n", text)]
    tokens: list[Token] = []
    for token in chain(_tokens(text, _lexis(grammar)), [Token("end", "", len(text))]):
        if token.kind != "end" or (token.text == ";" and _is_open(tokens)):
            tokens.append(token)
        elif tokens:
            start, stop = tokens[0].start, tokens[-1].start + len(tokens[-1].text)
            yield Statement(text[start:stop], bisect_right(breaks, start) + 1, tuple(tokens))
            tokens = []


def _is_open(tokens: Sequence[Token]) -> bool:
    """Whether these are the beginning of a trigger or routine whose body goes on."""
    words = [token.word for token in tokens]
    if words[:1] != ["CREATE"] or "BEGIN" not in words:
        return False
    first = words.index("BEGIN")
    if _PROGRAMS.isdisjoint(words[:first]):
        return False
    # Punctuation is "", so that what follows ``END;`` is not taken for what it ends.
    opened = sum(b in _BLOCKS and a != "END" for a, b in pairwise(words[first - 1 :]))
    closed = sum(a == "END" and b not in _OTHERS for a, b in pairwise([*words[first:], ""]))
    return opened > closed


def _tokens(text: str, lexis: re.Pattern[str]) -> Iterator[Token]:
    """The tokens of ``text``, without comments, and without what is meant for a client."""
    at, delimiter, fresh = 0, ";", True
    while at < len(text):
        said = _CLIENT.match(text, at) if fresh else None
        if said is not None:
            at, delimiter = said.end(), said["delimiter"] or delimiter
        elif text.startswith(delimiter, at):
            yield Token("end", delimiter, at)
            at, fresh = at + len(delimiter), True
        else:
            found = next(lexis.finditer(text, at))
            if found["blank"] is None:
                yield Token(str(found.lastgroup), found[0], at)
                fresh = False
            at = found.end()


# Lines that a command-line client obeys itself, and the rows that pg_dump writes for one.
_CLIENT = re.compile(
    r"DELIMITER[ \t]+(?P<delimiter>\S+)[^\n]*|[.\\][^\n]*"
    r"|COPY\s[^;]*\sFROM\s+STDIN\s*;\n(?:.*\n)*?\\\.",
    re.IGNORECASE,
)


@lru_cache
def _lexis(grammar: str) -> re.Pattern[str]:
    """A pattern that matches one token anywhere; its group says what it is."""
    tokenizer = Dialect.get_or_raise(grammar).tokenizer_class
    blank = [r"\s+", *_comments(tokenizer)]
    # PostgreSQL's E'' knows backslashes, whatever the dialect's other strings do.
    quoted = [_between(mark, escapes=True) for mark in tokenizer.BYTE_STRINGS]
    quoted += [_heredoc(mark) for mark in tokenizer.HEREDOC_STRINGS]
    escapes = "\\" in tokenizer.STRING_ESCAPES
    quoted += [_between(mark, escapes=escapes) for mark in tokenizer.QUOTES]
    quoted += [_between(mark) for mark in tokenizer.IDENTIFIERS]
    groups = (("blank", blank), ("quoted", quoted), ("word", [r"\w+"]), ("mark", ["."]))
    return re.compile("|".join(f"(?P<{name}>{'|'.join(each)})" for name, each in groups), re.DOTALL)


# What is in a comment that may hold another. Its parts begin differently, so that nothing is tried
# twice; possessive quantifiers say that too, but match otherwise before Python 3.11.5 (gh-100061).
_NESTED = r"[^*/]*(?:(?:\*(?!/)|/(?!\*)|/\*[^*]*\*+(?:[^*/][^*]*\*+)*/)[^*/]*)*"


def _comments(tokenizer: type[Tokenizer]) -> Iterator[str]:
    for mark in tokenizer.COMMENTS:
        if isinstance(mark, str):
            yield re.escape(mark) + r"[^\n]*"
    # MySQL runs what is in /*! */: to it, that is no comment.
    runs = "(?!M?!)" if issubclass(tokenizer, MySQL.Tokenizer) else ""
    inner = _NESTED if tokenizer.NESTED_COMMENTS else ".*?"
    yield rf"/\*{runs}{inner}\*/"


def _between(mark: str | tuple[str, str], *, escapes: bool = False) -> str:
    """What is quoted; a doubled quote makes two quoted texts, and the same statement."""
    start, stop = re.escape(mark[0]), re.escape(mark[-1])
    inner = rf"[^{stop}\\]*(?:\\.[^{stop}\\]*)*" if escapes else rf"[^{stop}]*"
    return rf"{start}{inner}{stop}"


def _heredoc(mark: str | tuple[str, str]) -> str:
    """What is between two equal tags, such as ``$body$``."""
    edge = re.escape(mark[0])
    return rf"{edge}(?P<tag>\w*){edge}.*?{edge}(?P=tag){edge}"
