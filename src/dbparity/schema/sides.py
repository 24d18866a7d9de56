"""A differing object side by side: each attribute as the left and the right side have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from dbparity.results import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.differences import Difference
    from dbparity.snapshots import Snapshot, Table

Attributes = Mapping[str, str]
# What the object is, whether it differs or not; of the rest only what differs is told.
_TOLD = {"name", "type", "columns", "parts", "table", "expression"}


def sides(difference: Difference, left: Snapshot, right: Snapshot) -> tuple[Side, ...]:
    """The rows of a table of both sides; none where only one side has the object."""
    ours, theirs = _attributes(difference, left), _attributes(difference, right)
    if not ours or not theirs:
        return ()
    names = dict.fromkeys(chain(ours, theirs))
    rows = (Side(name, ours.get(name, ""), theirs.get(name, "")) for name in names)
    return tuple(row for row in rows if row.attribute in _TOLD or row.expected != row.found)


def _attributes(difference: Difference, snapshot: Snapshot) -> Attributes:
    """What the snapshot says of the object that the difference is about."""
    table = snapshot.table(difference.place.table)
    if table is None:
        return {}
    found = _named(table, difference.name) or table.column(difference.place.column)
    return dict(_flat("", found)) if found is not None else {}


def _named(table: Table, name: str) -> Any:  # noqa: ANN401  # a key, an index, a constraint
    objects: Iterator[Any] = chain(
        [table.primary_key] if table.primary_key else [],
        *(table.uniques, table.indexes, table.foreign_keys, table.checks, table.triggers),
    )
    return next((found for found in objects if name and found.name == name), None)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # any part
    """``value`` attribute by attribute, each in words."""
    if is_dataclass(value):
        for field in fields(value):
            # What a type is called is the type; the rest of its attributes go by their own names.
            inner = name if field.name in {"native", "name"} and name else field.name
            yield from _flat(inner.replace("_", " "), getattr(value, field.name))
    elif isinstance(value, tuple):
        yield name, "; ".join(map(_in_one, value))
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    else:
        yield name, "" if value is None else str(value)


def _in_one(part: object) -> str:
    """A part of an object in one phrase: ``name, descending``."""
    words = ({"yes": name, "no": ""}.get(text, text) for name, text in _flat("", part))
    return ", ".join(filter(None, words))
