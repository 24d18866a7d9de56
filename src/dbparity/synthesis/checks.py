"""Evaluate the check constraints of a table for a row, with SQLite as the judge."""

from __future__ import annotations

import math
import re
import sqlite3
import weakref
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, DateTime
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import CompileError

from dbparity.synthesis.decorators import domain_of, speller

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

_DIALECT = sqlite.dialect()
_QUOTE = _DIALECT.identifier_preparer.quote
_NO_FRACTION = ".000000"
_LITERAL = re.compile(r"'(?:[^']|'')*'")

_SHAPES = dict.fromkeys("-0123456789", "number") | {
    "{": "object",
    "[": "array",
    '"': "string",
    "t": "boolean",
    "f": "boolean",
    "n": "null",
}

# What SQLite lacks and others have, by name and number of arguments (-1: any). They get no NULL.
_FUNCTIONS: dict[tuple[str, int], Callable[..., str | float]] = {
    ("btrim", 1): str.strip,
    ("char_length", 1): len,
    ("character_length", 1): len,
    ("json_typeof", 1): lambda text: _SHAPES[text[0]],
    ("jsonb_typeof", 1): lambda text: _SHAPES[text[0]],
    ("mod", 2): math.fmod,
    ("now", 0): lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    ("octet_length", 1): lambda text: len(text.encode()),
}

# Other backends' spellings that have an equivalent in SQLite.
_SPELLINGS = (
    (r"(?<!\w)_\w+(?=')", ""),  # MySQL's name of a character set before a literal
    (r"::\s*(?:character varying|double precision|\w+)(?:\([\d, ]+\))?(?:\[\])?", ""),
    (r"=\s*ANY\s*\((\()?\s*ARRAY\[(.*?)\]\s*(?(1)\))\)", r"IN (\2)"),
    (r"!~~\*?", "NOT LIKE"),
    (r"~~\*?", "LIKE"),
    (r"\bILIKE\b", "LIKE"),
    (r"!~\*?(?=\s*')", "NOT REGEXP"),
    (r"~\*?(?=\s*')", "REGEXP"),
)


@dataclass(frozen=True)
class Check:
    """A check constraint as SQLite spells it, with the keys of its columns."""

    constraint: CheckConstraint
    sql: str
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name of the constraint, or else its condition."""
        name = self.constraint.name
        return str(name) if isinstance(name, str) else f"CHECK ({self.sql})"


class Judge:
    """An SQLite connection that evaluates conditions; it is closed when nobody holds it.

    A ``loose`` one compares and matches texts without regard to case, as some backends do.
    """

    def __init__(self, *, loose: bool = False) -> None:
        self.collation = "NOCASE" if loose else "BINARY"
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self._connection.execute(f"PRAGMA case_sensitive_like = {not loose}")
        for (name, arguments), function in (_FUNCTIONS | _matching(loose=loose)).items():
            self._connection.create_function(name, arguments, _null_safe(function))
        for name, choose in {"greatest": max, "least": min}.items():
            self._connection.create_function(name, -1, _null_blind(choose))

    def answers(self, statement: str, values: Sequence[object]) -> tuple[object, ...] | None:
        """Give the row that ``statement`` selects, or None where it cannot be evaluated."""
        try:
            answers: tuple[object, ...] = self._connection.execute(statement, values).fetchone()
        except (sqlite3.Error, OverflowError):
            return None
        return answers


@dataclass(frozen=True)
class Checks:
    """Check constraints of one table, to be evaluated together."""

    table: Table
    judge: Judge
    loose_judge: Judge
    checks: tuple[Check, ...]

    def verdicts(self, row: Mapping[str, object]) -> tuple[bool | None, ...]:
        """Say of each whether it holds for ``row``; None where that cannot be told."""
        try:
            values = [_plain(spell(row[key])) for key, spell in self._spellers.items()]
        except Exception:  # noqa: BLE001  # whatever a type raises, the value is not for it
            return (None,) * len(self.checks)
        answers = self.judge.answers(self.statement, values)
        if answers is not None:
            return tuple(map(bool, answers))
        alone = (replace(self, checks=(check,)) for check in self.checks)
        many = len(self.checks) > 1
        return tuple(verdict for one in alone for verdict in one.verdicts(row)) if many else (None,)

    def broken(self, row: Mapping[str, object]) -> tuple[Check, ...]:
        """Give those that do not hold for ``row``, as far as can be told."""
        if not self.checks:
            return ()
        verdicts = self.verdicts(row)
        return tuple(compress(self.checks, (not holds for holds in verdicts)))

    def about(self, columns: Collection[str]) -> Checks:
        """Keep those that are about some of ``columns`` and about no other."""
        kept = tuple(check for check in self.checks if set(check.columns) <= set(columns))
        return replace(self, checks=kept)

    def loosely(self) -> Checks:
        """Let them be judged without regard to case."""
        return replace(self, judge=self.loose_judge)

    @cached_property
    def _spellers(self) -> dict[str, Callable[[object], object]]:
        used = {key for check in self.checks for key in check.columns}
        return {c.key: speller(c.type) for c in self.table.columns if c.key in used}

    @cached_property
    def statement(self) -> str:
        """The question whether each holds, with a parameter for each column of theirs."""
        answers = ", ".join(f"({check.sql}\n) IS NOT FALSE" for check in self.checks)
        values = ", ".join(
            f"? COLLATE {self.judge.collation} AS {_QUOTE(self.table.c[key].name)}"
            for key in self._spellers
        )
        return f"SELECT {answers} FROM (SELECT {values or 'NULL'}) AS {_QUOTE(self.table.name)}"


def read_checks(table: Table, judge: Judge, loose: Judge) -> tuple[Checks, tuple[Check, ...]]:
    """Give the checks of ``table`` that can be evaluated, and those that cannot."""
    known, opaque = [], []
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            spelled = [Checks(table, judge, loose, (each,)) for each in _spellings(constraint)]
            found = [each.checks[0] for each in spelled if _evaluable(each)]
            known += found[:1]
            opaque += [] if found else [Check(constraint, str(constraint.sqltext), ())]
    checks = Checks(table, judge, loose, tuple(sorted(known, key=_order)))
    return checks, tuple(sorted(opaque, key=_order))


def _matching(*, loose: bool) -> dict[tuple[str, int], Callable[..., bool]]:
    flags = re.IGNORECASE if loose else re.NOFLAG
    return {
        ("regexp", 2): lambda pattern, text: re.search(pattern, text, flags) is not None,
        ("regexp_like", 2): lambda text, pattern: re.search(pattern, text, flags) is not None,
    }


def _null_safe(function: Callable[..., str | float]) -> Callable[..., str | float | None]:
    return lambda *arguments: None if None in arguments else function(*arguments)


def _null_blind(choose: Callable[..., str | float]) -> Callable[..., str | float | None]:
    return lambda *values: choose((each for each in values if each is not None), default=None)


def _plain(spelled: object) -> object:
    """Leave fractions of zero out, as people do who write moments into conditions."""
    return spelled.removesuffix(_NO_FRACTION) if isinstance(spelled, str) else spelled


def _order(check: Check) -> tuple[str, str]:
    return check.label, check.sql


def _spellings(constraint: CheckConstraint) -> list[Check]:
    """Read the condition as it is written, and with what SQLite calls otherwise."""
    compiler = _DIALECT.statement_compiler(_DIALECT, None)
    try:
        sql = compiler.process(constraint.sqltext, include_table=False, literal_binds=True)
    except CompileError:
        return []
    translated = sql = _written_out(constraint, sql)
    for pattern, replacement in _SPELLINGS:
        translated = re.sub(pattern, replacement, translated, flags=re.IGNORECASE)
    return [Check(constraint, text, _columns(constraint, text)) for text in (sql, translated)]


def _written_out(constraint: CheckConstraint, sql: str) -> str:
    """Write days as the moments when they begin, where they are compared with moments."""
    types = [constraint.table.c[key].type for key in _columns(constraint, sql)]
    if any(isinstance(type_, DateTime) for type_ in types):
        return re.sub(r"'(\d{4}-\d\d-\d\d)'", r"'\1 00:00:00'", sql)
    return sql


def _columns(constraint: CheckConstraint, sql: str) -> tuple[str, ...]:
    """Find the columns of the table that the condition names."""
    bare = _LITERAL.sub("''", sql)
    return tuple(
        column.key
        for column in constraint.table.columns
        if re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", bare, re.IGNORECASE)
    )


def _evaluable(checks: Checks) -> bool:
    """Whether SQLite knows everything in the condition, and can hold what its columns hold."""
    columns = checks.checks[0].columns
    return checks.judge.answers(checks.statement, [None] * len(columns)) is not None and all(
        _storable(checks.judge, checks.table.c[key].type) for key in columns
    )


def _storable(judge: Judge, type_: TypeEngine[Any]) -> bool:
    domain = domain_of(type_)
    if domain is None:
        return False
    return judge.answers("SELECT ?", [speller(type_)(domain.at(0))]) is not None
