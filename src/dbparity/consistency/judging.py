"""What is wrong with a row and the record that belongs to it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.consistency.references import Reference
    from dbparity.stores.base import Record

_Ordered = int | float | Decimal


class Kind(StrEnum):
    """A way in which a row and a record disagree."""

    DANGLING = "dangling"  # the row's record is not there
    ORPHANED = "orphaned"  # the record's row is not there
    STALE = "stale"  # the record has an older version, or another one
    AHEAD = "ahead"  # it has a newer one than was ever committed
    ALTERED = "altered"  # of the same version it has another digest
    TENANT = "tenant"  # it is somebody else's
    UNREADABLE = "unreadable"  # it is not what it should be
    LASTING = "lasting"  # it never expires
    LATE = "late"  # it expires too late


def judge(reference: Reference, row: Record | None, record: Record | None) -> tuple[Kind, ...]:
    """Everything that is wrong; nothing where neither of them is there."""
    return tuple(_judged(reference, row, record))


def _judged(reference: Reference, row: Record | None, record: Record | None) -> Iterator[Kind]:
    if row is None or record is None:
        if row is not None and _refers(reference, row):
            yield Kind.DANGLING
        if record is not None and reference.owned:
            yield Kind.ORPHANED
        return
    if record.problem:
        yield Kind.UNREADABLE
    else:
        yield from _told(reference, row, record)
    if reference.ttl and record.seconds_left is None:
        yield Kind.LASTING
    elif reference.ttl and (record.seconds_left or 0) > reference.ttl:
        yield Kind.LATE


def _refers(reference: Reference, row: Record) -> bool:
    """Whether a row must have a record: a column that names one refers to it."""
    by_column = reference.pattern is None and bool(reference.link)
    return bool((reference.required or by_column) and reference.address(row))


def _told(reference: Reference, row: Record, record: Record) -> Iterator[Kind]:
    if reference.version and not same(*reference.both(reference.version, row, record)):
        ours, theirs = reference.both(reference.version, row, record)
        yield Kind.AHEAD if _is_newer(theirs, ours) else Kind.STALE
    elif reference.digest and not same(*reference.both(reference.digest, row, record)):
        yield Kind.ALTERED
    if reference.tenant and not same(*reference.both(reference.tenant, row, record)):
        yield Kind.TENANT


def same(ours: object, theirs: object) -> bool:
    """Whether a column and a field say the same, though one store has only texts."""
    if ours == theirs:
        return True
    if isinstance(ours, datetime) and isinstance(theirs, str | datetime):
        return _moment(ours) == _moment(theirs)
    if ours is None or theirs is None:
        return False
    return _spelled(ours) == _spelled(theirs)


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)


def _moment(value: str | datetime) -> datetime | None:
    """A moment, in UTC where no zone is told; None for a text that is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _is_newer(theirs: object, ours: object) -> bool:
    """Whether both have an order, and theirs comes later."""
    if isinstance(ours, datetime) and isinstance(theirs, str | datetime):
        later, earlier = _moment(theirs), _moment(ours)
        return later is not None and earlier is not None and later > earlier
    if not isinstance(ours, _Ordered):
        return False
    try:
        return Decimal(str(theirs)) > Decimal(str(ours))
    except ArithmeticError:
        return False
