"""How a value goes into a column of a native type, and whether it comes back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Date, DateTime, Time
from sqlalchemy.types import TypeEngine, UserDefinedType

from dbparity.snapshots import Family, Type
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect


_TEMPORAL: dict[type, type[TypeEngine[Any]]] = {datetime: DateTime, date: Date, time: Time}
_FAMILIES = {Family.DATETIME: DateTime, Family.DATE: Date, Family.TIME: Time}


class Native(UserDefinedType[Any]):
    """A column of the scratch table's own type: a value goes in as its driver takes it."""

    cache_ok = True

    def __init__(self, kind: Family) -> None:
        """Read values of this family."""
        self.kind = kind

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """As SQLAlchemy writes a date or time; decimals as text where the driver knows none."""

        def bound(value: Any) -> Any:  # noqa: ANN401
            if isinstance(value, Decimal) and not dialect.supports_native_decimal:
                return str(value)
            kind = _TEMPORAL.get(type(value))
            process = kind().dialect_impl(dialect).bind_processor(dialect) if kind else None
            return process(value) if process else value

        return bound

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """As SQLAlchemy reads a date or time; what is none comes as it is."""
        kind = _FAMILIES.get(self.kind)
        process = kind().dialect_impl(dialect).result_processor(dialect, coltype) if kind else None

        def read(value: Any) -> Any:  # noqa: ANN401
            try:
                return process(value) if process else value
            except (TypeError, ValueError):
                return value

        return read


class Bound(NamedTuple):
    """A value, as it was ``given`` and as it is written into a column of ``type``."""

    given: object
    value: object
    type: Type

    def equals(self, returned: object) -> bool:
        """Whether it came back as it was."""
        value = self.given if self.type.family is Family.FLOAT else self.value
        if self.type.family is Family.JSON:
            return _document(value) == _document(returned)
        if isinstance(value, datetime) and isinstance(returned, datetime) and value.tzinfo:
            # Where no offset comes back, the fields are to be those of UTC.
            returned = returned if returned.tzinfo else returned.replace(tzinfo=UTC)
        if isinstance(value, Decimal | int) and isinstance(returned, float):
            returned = Decimal(str(returned))
        same_text = isinstance(value, str) and str(returned) == value
        return same_text or canonical(value) == canonical(returned)


def adapted(value: object, kind: Type) -> object:
    """``value`` as a column of that type would be given it."""
    if value is None:
        return None
    if isinstance(value, datetime) and kind.zone and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if isinstance(value, bool) and kind.family is not Family.BOOLEAN:
        value = int(value)
    if kind.family is Family.FLOAT and isinstance(value, int | Decimal):
        return float(value)
    if kind.family is Family.TEXT and not isinstance(value, str | bytes):
        return str(value)
    return value


def _document(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str | bytes) else value
    except ValueError:
        return value
