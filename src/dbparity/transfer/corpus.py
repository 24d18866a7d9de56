"""A generated database that is hard to move, and ways to corrupt a copy of it.

All products can hold it, so a migration of it has to arrive whole; each corruption is one that a
proof has to find.
"""

from __future__ import annotations

import math
import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    Uuid,
    delete,
    insert,
    select,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.sql.expression import Executable

    Row = dict[str, Any]

METADATA = MetaData()
KINDS = Table(
    "kinds",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("whole", BigInteger),
    Column("truth", Boolean),
    Column("amount", Numeric(12, 2, asdecimal=False)),
    Column("measure", Double),
    Column("name", String(40)),
    Column("body", Text),
    Column("bytes", LargeBinary),
    Column("day", Date),
    Column("clock", Time),
    Column("moment", DateTime),
    Column("document", JSON(none_as_null=True)),
    Column("token", Uuid),
)
TEAMS = Table(
    "teams",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String(40), nullable=False),
    Column("leader", ForeignKey("people.id", name="teams_leader", use_alter=True)),
)
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("team", ForeignKey("teams.id")),
    Column("superior", ForeignKey("people.id")),
)
TAGS = Table(
    "tags",
    METADATA,
    Column("tag", String(40), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
)
LOG = Table("log", METADATA, Column("level", Integer), Column("line", String(200)))
ODDLY_NAMED = Table(
    "Order Details",
    METADATA,
    Column("select", Integer, primary_key=True, autoincrement=False),
    Column("per%cent", Integer),
    Column("co:lon", Integer),
    Column('quo"te', Integer),
    Column("Mixed Case", Integer),
)
LINES = Table(
    "lines",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("price", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Integer, Computed("price * count", persisted=True)),
)
VACANT = Table("vacant", METADATA, Column("id", Integer, primary_key=True))
WIDE = Table(
    "wide",
    METADATA,
    Column("id", Integer, primary_key=True),
    *(Column(f"c{number}", Integer) for number in range(99)),
)

_TEXTS = (
    *("", " ", "a", "A", "a ", "ä", "a\u0308", "Ä", "ß", "ss", "\\", "\\N", "\\.", "NULL", "null"),
    *("'", '"', "`", "%s", ":x", "a\tb", "a\r\nb", "0", "007", "1e5", "true", "\u200b", "日本語"),
    *("😀", "e\u0301", "é", "\ufeff", "<a>", "{}", "a,b;c", "\u202e"),
)
_WHOLE = (0, 1, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63))
_MEASURES = (0.0, 0.1, 0.1 + 0.2, 5e-324, -1.7976931348623157e308, 1e22, 1 / 3)
_AMOUNTS = (0.0, 0.01, -0.1, 9999999999.99, -9999999999.99, 1.1)
_DAYS = (date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(1970, 1, 1))
_CLOCKS = (time(0), time(23, 59, 59, 999999), time(12, 30, 0, 100000))
_MOMENTS = (
    datetime(1, 1, 1),  # noqa: DTZ001  # columns without a zone have none
    datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    datetime(2024, 3, 31, 2, 30, 0, 1),  # noqa: DTZ001
)
_DOCUMENTS: tuple[Any, ...] = (
    {"a": [1, 2.5, None, True, 'é"\\😀']},
    [],
    "",
    0,
    {"b": {}, "a": {"c": [[]]}},
)
_LONG = 70_000  # more than MySQL's TEXT holds
_FEWEST = 64  # rows, for all values to come


def fill(connection: Connection, rows: int = 1000, seed: int = 0) -> None:
    """Make the tables, with about so many rows in the large ones: the same for the same seed."""
    METADATA.create_all(connection)
    chance = random.Random(seed)  # noqa: S311  # sample data need not be unpredictable
    count = max(rows, _FEWEST)
    for table, make in _MAKERS.items():
        connection.execute(insert(table), list(make(count, chance)))
    leader = select(PEOPLE.c.id).where(PEOPLE.c.team == TEAMS.c.id).limit(1).scalar_subquery()
    connection.execute(update(TEAMS).values(leader=leader))


def _kinds(count: int, chance: random.Random) -> Iterator[Row]:
    for number in range(count):
        row: Row = {"id": number - 2}  # two below zero, and zero
        for column in KINDS.columns[1:]:
            row[column.name] = _VALUES[column.name](number, chance)
        yield row
    yield dict.fromkeys(KINDS.columns.keys()) | {"id": count, "body": "é" * _LONG}


def _cycle(values: tuple[Any, ...], other: Callable[[random.Random], Any]) -> Any:  # noqa: ANN401
    """What all of ``values`` come of, then NULL, then whatever chance makes."""

    def choose(number: int, chance: random.Random) -> Any:  # noqa: ANN401
        if number < len(values):
            return values[number]
        return None if number == len(values) or chance.random() < 0.1 else other(chance)  # noqa: PLR2004

    return choose


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(_TEXTS, k=chance.randrange(6)))


def _day(chance: random.Random) -> date:
    return date(1900, 1, 1) + timedelta(days=chance.randrange(70_000))


def _clock(chance: random.Random) -> time:
    return _moment(chance).time()


def _moment(chance: random.Random) -> datetime:
    micro = timedelta(microseconds=chance.randrange(4 * 10**15))
    return datetime(1900, 1, 1) + micro  # noqa: DTZ001


_VALUES: dict[str, Callable[[int, random.Random], Any]] = {
    "whole": _cycle(_WHOLE, lambda chance: chance.randrange(-(2**63), 2**63)),
    "truth": _cycle((True, False), lambda chance: chance.random() < 0.5),  # noqa: PLR2004
    "amount": _cycle(_AMOUNTS, lambda chance: chance.randrange(-(10**9), 10**9) / 100),
    "measure": _cycle(_MEASURES, lambda chance: chance.uniform(-1e9, 1e9)),
    "name": _cycle(_TEXTS, lambda chance: _text(chance)[:40]),
    "body": _cycle(_TEXTS, lambda chance: _text(chance) * chance.randrange(9)),
    "bytes": _cycle((b"", bytes(range(256)), b"\\x00", b"\0"), lambda chance: chance.randbytes(40)),
    "day": _cycle(_DAYS, _day),
    "clock": _cycle(_CLOCKS, _clock),
    "moment": _cycle(_MOMENTS, _moment),
    "document": _cycle(_DOCUMENTS, lambda chance: {"n": chance.random(), "t": _text(chance)}),
    "token": _cycle((), lambda chance: uuid.UUID(int=chance.getrandbits(128), version=4)),
}


def _teams(count: int, chance: random.Random) -> Iterator[Row]:
    return ({"id": number, "title": chance.choice(_TEXTS)} for number in range(1, count // 10))


def _people(count: int, chance: random.Random) -> Iterator[Row]:
    """Whose superior may come later."""
    for number in range(1, count + 1):
        superior = None if number == 1 else chance.randrange(1, count + 1)
        yield {"id": number, "team": chance.randrange(1, count // 10), "superior": superior}


def _tags(count: int, _chance: random.Random) -> Iterator[Row]:
    """Keys that only case, accents or spaces at their end tell apart."""
    for number in range(count):
        yield {"tag": _TEXTS[number % len(_TEXTS)], "place": number // len(_TEXTS)}


def _log(count: int, chance: random.Random) -> Iterator[Row]:
    """Rows that come twice, and rows of nothing."""
    for _ in range(count):
        level = chance.choice((None, 0, 1))
        yield {"level": level, "line": None if level is None else chance.choice(_TEXTS[:5])}


def _oddly_named(count: int, chance: random.Random) -> Iterator[Row]:
    names = ODDLY_NAMED.columns.keys()[1:]
    for number in range(count):
        yield {"select": number, **{name: chance.randrange(9) for name in names}}


def _lines(count: int, chance: random.Random) -> Iterator[Row]:
    for number in range(1, count + 1):
        yield {"id": number, "price": chance.randrange(1000), "count": chance.randrange(9)}


def _wide(count: int, chance: random.Random) -> Iterator[Row]:
    names = WIDE.columns.keys()[1:]
    for number in range(1, count // 10):
        yield {"id": number, **{name: chance.randrange(-9, 9) for name in names}}


_MAKERS: dict[Table, Callable[[int, random.Random], Iterator[Row]]] = {
    KINDS: _kinds,
    TEAMS: _teams,
    PEOPLE: _people,
    TAGS: _tags,
    LOG: _log,
    ODDLY_NAMED: _oddly_named,
    LINES: _lines,
    WIDE: _wide,
}


@dataclass(frozen=True)
class Corruption:
    """Something that goes wrong with a copy.

    Attributes:
        name: what it is.
        table: where.
        statement: what does it to a database that `fill` has filled, or to a copy of it, while
            foreign keys rest.
    """

    name: str
    table: str
    statement: Executable


def _changed(name: str, column: str, where: Any, value: Any) -> Corruption:  # noqa: ANN401
    """A cell of `KINDS` whose value is ``where`` becomes ``value``."""
    kept = KINDS.c[column]
    return Corruption(name, KINDS.name, update(KINDS).where(kept == where).values({column: value}))


CORRUPTIONS: tuple[Corruption, ...] = (
    _changed("a number that is off by one", "whole", 2**53 + 1, 2**53),
    _changed("a number that is clamped", "whole", 2**31, 2**31 - 1),
    _changed("an amount that is rounded", "amount", 0.01, 0.0),
    _changed("a float that is off by its last bit", "measure", 0.1, math.nextafter(0.1, 1)),
    _changed(
        "microseconds that are cut off", "moment", _MOMENTS[2], _MOMENTS[2].replace(microsecond=0)
    ),
    _changed("a moment that is an hour off", "moment", _MOMENTS[0], datetime(1, 1, 1, 1)),  # noqa: DTZ001
    _changed("a text in another encoding", "name", "日本語", "æ—¥æœ¬èªž"),
    _changed("a text that is normalized", "name", "e\u0301", "é"),
    _changed("a byte that is lost", "bytes", bytes(range(256)), bytes(range(255))),
    Corruption(
        "a text that is cut off",
        "kinds",
        update(KINDS)
        .where(KINDS.c.id > _FEWEST - 1, KINDS.c.whole.is_(None))
        .values(body="é" * 65_535),
    ),
    Corruption(
        "an empty text for NULL",
        "kinds",
        update(KINDS).where(KINDS.c.name.is_(None)).values(name=""),
    ),
    Corruption("a row that is lost", "tags", delete(TAGS).where(TAGS.c.tag == "ä")),
    Corruption("a row too many", "vacant", insert(VACANT).values(id=1)),
    Corruption("a row that comes once more", "log", insert(LOG).values(level=0, line="")),
    Corruption(
        "keys that are exchanged", "tags", update(TAGS).where(TAGS.c.tag == "ß").values(tag="sz")
    ),
    Corruption(
        "a reference to nothing",
        "people",
        update(PEOPLE).where(PEOPLE.c.superior.is_(None)).values(team=10**6),
    ),
)
