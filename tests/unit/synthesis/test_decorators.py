# ruff: noqa: ANN401  # a decorator takes whatever its column holds
from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa

from dbparity.errors import RowsUnsatisfiable
from dbparity.synthesis import RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]


def _in_utc(value: datetime) -> datetime:
    if not value.tzinfo:
        raise ValueError(value)
    return value.astimezone(UTC).replace(tzinfo=None)


class Level(IntEnum):
    LOW = 1
    HIGH = 5


def _same(value: Any) -> Any:
    return value


class Decorator(sa.types.TypeDecorator[Any]):
    """Writes and reads with the functions of its codec, except for NULL."""

    impl: Any = sa.Text
    cache_ok = True
    codec: ClassVar[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = (_same, _same)

    def process_bind_param(self, value: Any, dialect: object) -> Any:
        del dialect
        return None if value is None else self.codec[0](value)

    def process_result_value(self, value: Any, dialect: object) -> Any:
        del dialect
        return None if value is None else self.codec[1](value)


class JsonDict(Decorator):
    codec = (json.dumps, json.loads)


class JsonList(JsonDict):
    pass


class Guid(Decorator):
    impl = sa.CHAR(36)
    codec = (str, UUID)


class StrictGuid(Decorator):
    impl = sa.CHAR(36)
    codec = (lambda value: str(UUID(hex=value.hex)), UUID)


class Words(Decorator):
    codec = (",".join, lambda text: text.split(","))


class WordSet(Decorator):
    codec = (lambda value: ",".join(sorted(value | set())), lambda text: set(text.split(",")))


class Aware(Decorator):
    impl = sa.DateTime
    codec = (_in_utc, lambda value: value.replace(tzinfo=UTC))


class LevelNumber(Decorator):
    impl = sa.Integer
    codec = (lambda value: value.value, Level)

    def __init__(self, members: type[IntEnum] = Level) -> None:
        self.members = members
        super().__init__()


class Sealed(Decorator):
    impl = sa.LargeBinary
    codec = (
        lambda value: b"sealed" + value.encode(),
        lambda value: value.removeprefix(b"sealed").decode(),
    )


class Upper(Decorator):
    """Does not give back what it got."""

    impl = sa.String(30)
    codec = (str.upper, _same)


class Broken(Decorator):
    """Cannot read what it has written."""

    codec = (_same, lambda text: text.missing)


class Refusing(Decorator):
    codec = (lambda value: value.missing, _same)


class Same(Decorator):
    """Stores one value for all."""

    codec = (lambda _: "same", _same)


ACCEPTED = [
    (JsonDict, dict),
    (JsonList, list),
    (Guid, UUID),
    (StrictGuid, UUID),
    (Words, list),
    (WordSet, set),
    (Aware, datetime),
    (LevelNumber, Level),
    (Sealed, str),
    (sa.PickleType, dict),
]


def one_column(type_: Any) -> sa.Table:
    return sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", type_, nullable=False),
    )


@pytest.mark.parametrize(("type_", "kind"), ACCEPTED)
def test_a_decorated_column_gets_values_that_come_back(
    accept: Accept, engine: sa.Engine, type_: Any, kind: type[object]
) -> None:
    table = one_column(type_)
    rows = accept(table.metadata, 9).rows["t"]
    assert isinstance(rows[0]["a"], kind)
    with engine.connect() as connection:
        found = [row.a for row in connection.execute(sa.select(table).order_by("id"))]
    assert found == [row["a"] for row in rows]


@pytest.mark.parametrize("type_", [Upper, Broken])
def test_values_that_go_in_will_do(accept: Accept, type_: Any) -> None:
    assert len(accept(one_column(type_).metadata, 9).rows["t"]) == 9


@pytest.mark.parametrize("type_", [Refusing, Same])
def test_a_decorator_that_takes_nothing_names_the_column(type_: Any) -> None:
    table = one_column(type_)
    with pytest.raises(RowsUnsatisfiable, match="column 'a'"):
        RowSynthesizer(table.metadata).rows(table, 1)


def test_a_decorated_text_is_no_longer_than_its_column() -> None:
    table = one_column(Upper)
    rows = RowSynthesizer(table.metadata).rows(table, 50)
    assert max(len(str(row["a"])) for row in rows) == 30
