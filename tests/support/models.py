"""One MetaData for all backends: made with care, and as it comes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
    true,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dbparity.schema.differences import Meaning

_MYSQL = ("mysql", "mariadb")
_MOMENT = DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
_CLOCK = Time().with_variant(mysql.TIME(fsp=6), *_MYSQL)
_DOCUMENT = Text().with_variant(mysql.LONGTEXT(), *_MYSQL)
_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)
_ID = BigInteger().with_variant(Integer(), "sqlite")


class _Now(FunctionElement[Any]):
    """The moment; MySQL wants the column's fractional digits."""

    type = DateTime()
    inherit_cache = True


@compiles(_Now)
def _now(*_: object, **__: object) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(_Now, "mysql", "mariadb")
def _now_with_fractions(*_: object, **__: object) -> str:
    return "CURRENT_TIMESTAMP(6)"


def _chars(length: int) -> Any:  # noqa: ANN401  # a type with variants
    """A text that tells case, accents and spaces at the end."""
    return (
        String(length)
        .with_variant(mysql.VARCHAR(length, collation="utf8mb4_0900_bin"), "mysql")
        .with_variant(mysql.VARCHAR(length, collation="utf8mb4_nopad_bin"), "mariadb")
    )


def portable() -> MetaData:
    """Tables that hold, refuse and compare the same everywhere."""
    metadata = MetaData()
    Table(
        "people",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("large", BigInteger),
        Column("small", SmallInteger),
        Column("name", _chars(50), nullable=False, unique=True),
        Column("body", _DOCUMENT),
        Column("price", Numeric(10, 2), server_default=text("0")),
        Column("ratio", Double),
        Column("happy", Boolean, nullable=False, server_default=true()),
        Column("born", Date),
        Column("created", _MOMENT, server_default=_Now()),
        Column("clock", _CLOCK),
        Column("state", _chars(10), nullable=False, server_default="new"),
        Column("details", JSON),
        Column("token", Uuid, unique=True),
        Column("raw", _BYTES),
        Column("count", Integer, server_default="5"),
        Column("twice", Integer, Computed("count * 2", persisted=True)),
        CheckConstraint("small > 0 AND small < 10", name="small_range"),
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("state IN ('new', 'old')", name="state_known"),
        CheckConstraint("born IS NULL OR born >= '2000-01-01'", name="born_late"),
        CheckConstraint("large BETWEEN 1 AND 100 OR NOT happy", name="large_range"),
        Index("ix_people_state_born", "state", "born"),
        comment="whoever it is",
    )
    Table(
        "pets",
        metadata,
        Column("id", _ID, Identity(), primary_key=True),
        Column("owner", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        Column("parent", ForeignKey("pets.id", ondelete="SET NULL"), index=True),
        Column("name", _chars(20), comment="short"),
        UniqueConstraint("owner", "name", name="uq_pets_name"),
    )
    Table(
        "tags",
        metadata,
        Column("person", ForeignKey("people.id"), primary_key=True),
        Column("tag", _chars(30), primary_key=True),
    )
    Table("staff", metadata, Column("id", ForeignKey("people.id"), primary_key=True))
    return metadata


def careless() -> MetaData:
    """Types and constraints as they come."""
    metadata = MetaData()
    Table(
        "people",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(50), unique=True),
        Column("body", Text),
        Column("ratio", Float),
        Column("price", Numeric),
        Column("created", DateTime, server_default=func.now()),
        Column("seen", DateTime(timezone=True)),
        Column("mood", Enum("glad", "sad", name="mood")),
        Column("span", Interval),
        Column("raw", LargeBinary),
        Column("gone", Date),
        Column("state", String(9)),
        CheckConstraint("state IN ('new', 'old')", name="state_known"),
        Index(
            "ux_people_state",
            "state",
            unique=True,
            postgresql_where=text("gone IS NULL"),
            sqlite_where=text("gone IS NULL"),
        ),
        Index("ix_people_gone", "gone"),
    )
    return metadata


def _on(meaning: Meaning, aspect: str, *places: str) -> frozenset[tuple[Meaning, str, str]]:
    return frozenset((meaning, aspect, place) for place in places)


_NARROWER_ON_MYSQL = (
    _on(
        Meaning.NARROWER,
        "type",
        *("people.body", "people.ratio", "people.price", "people.created", "people.seen"),
        *("people.span", "people.raw"),
    )
    | _on(Meaning.STRICTER, "unique", "people")
    | _on(Meaning.COMPARES, "collation", "people.name")
    | _on(Meaning.COMPARES, "check", "people")
)
_ANY_MOOD = _on(Meaning.STRICTER, "type", "people.mood")

# What differs in `careless`, by backends.
CARELESS = {
    "postgresql-mysql": _NARROWER_ON_MYSQL,
    "postgresql-mariadb": _NARROWER_ON_MYSQL,
    "sqlite-mysql": _NARROWER_ON_MYSQL | _ANY_MOOD,
    "sqlite-mariadb": _NARROWER_ON_MYSQL | _ANY_MOOD,
    "sqlite-postgresql": _ANY_MOOD | _on(Meaning.WIDER, "type", "people.price", "people.seen"),
    "mysql-mariadb": _on(Meaning.COMPARES, "collation", "people.name", "people.state"),
}
