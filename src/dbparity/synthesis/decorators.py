"""Find the values that a TypeDecorator accepts, by trying."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from dbparity.synthesis import domains
from dbparity.synthesis.column_types import PYTHON_TYPES, plain
from dbparity.synthesis.domains import Domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.types import TypeEngine

_DIALECT = sqlite.dialect()
_TRIALS = 4


def domain_of(type_: TypeEngine[Any]) -> Domain | None:
    """Give the values that a column of ``type_`` can hold, or None where they are not known."""
    if isinstance(type_, sa.ARRAY):
        return _array(type_)
    if isinstance(type_, TypeDecorator) and not isinstance(type_, sa.Interval | sa.PickleType):
        return _decorated(type_)
    return plain(type_)


def speller(type_: TypeEngine[Any]) -> Callable[[object], Any]:
    """Give the function that turns a value of ``type_`` into what SQLite's driver gets."""
    return type_.dialect_impl(_DIALECT).bind_processor(_DIALECT) or _same


def _reader(type_: TypeEngine[Any]) -> Callable[[object], Any]:
    return type_.dialect_impl(_DIALECT).result_processor(_DIALECT, None) or _same


def _same(value: object) -> object:
    return value


def _array(type_: sa.ARRAY[Any]) -> Domain | None:
    domain = domain_of(type_.item_type)
    deep = type_.dimensions or 1
    for _ in range(deep):
        domain = domain and domains.lists(domain, tuples=type_.as_tuple, pairs=deep > 1)
    return domain


def _decorated(type_: TypeDecorator[Any]) -> Domain | None:
    """Prefer values that come back as they went in; settle for values that go in."""
    for suits in (_returns, _accepts):
        for domain in _candidates(type_):
            if suits(type_, domain.first(_TRIALS)):
                edges = tuple(edge for edge in domain.edges if suits(type_, [edge]))
                return replace(domain, edges=edges)
    return None


def _candidates(type_: TypeDecorator[Any]) -> Iterator[Domain]:
    name = type(type_).__name__.lower()
    words, objects = domains.lists(domains.text()), PYTHON_TYPES[dict]
    if "json" in name:
        yield from (words, objects) if "list" in name else (objects, words)
    for value in vars(type_).values():
        if isinstance(value, type) and issubclass(value, enum.Enum):
            yield Domain.of(value)
    impl = domain_of(type_.impl_instance)
    yield from filter(None, (plain(type_), impl))
    yield from (PYTHON_TYPES[kind] for kind in PYTHON_TYPES)
    yield domains.datetimes(zone=True)
    yield Domain(lambda n: {domains.text().at(n)}, domains.WIDE)


def _accepts(type_: TypeDecorator[Any], values: Sequence[object]) -> bool:
    """Whether SQLite can store what the decorator makes of the values, each differently."""
    try:
        spelled = list(map(speller(type_), values))
    except Exception:  # noqa: BLE001  # whatever the decorator raises means no
        return False
    return all(_fits(type_.impl_instance, value) for value in spelled) and (
        len(set(spelled)) == len(spelled)
    )


def _fits(impl: TypeEngine[Any], spelled: object) -> bool:
    if isinstance(impl, sa.String):
        return isinstance(spelled, str) and len(spelled) <= (impl.length or len(spelled))
    if isinstance(impl, sa.LargeBinary):
        return isinstance(spelled, bytes)
    return isinstance(spelled, str | int | float | bytes)


def _returns(type_: TypeDecorator[Any], values: Sequence[object]) -> bool:
    """Whether the values come back from SQLite as they went in."""
    if not _accepts(type_, values):
        return False
    try:
        back = [_reader(type_)(speller(type_)(value)) for value in values]
    except Exception:  # noqa: BLE001  # whatever the decorator raises means no
        return False
    return all(
        found == value and type(found) is type(value)
        for found, value in zip(back, values, strict=True)
    )
