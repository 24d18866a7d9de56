"""Copies of a MetaData: what SQLAlchemy does to one stays with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Constraint, Index, MetaData, Table


def copied(metadata: MetaData) -> MetaData:
    """A copy with every table, sequence, listener and ddl_if of ``metadata``.

    It also has the foreign keys that SQLAlchemy forgets: tables that refer to each other in a
    circle lose them once they were created on a backend that has ALTER TABLE ADD CONSTRAINT.
    """
    copy = MetaData(naming_convention=metadata.naming_convention)
    _listen(metadata, copy)
    for sequence in metadata._sequences.values():  # noqa: SLF001
        if sequence.column is None:
            sequence._copy()._set_metadata(copy)  # noqa: SLF001
    for table in metadata.tables.values():
        made = table.to_metadata(copy)
        _listen(table, made)
        items, copies = _conditional(table), _conditional(made)
        for identity in items.keys() & copies.keys():
            copies[identity]._ddl_if = items[identity]._ddl_if  # noqa: SLF001
            # The copy's are in the order of a set.
            vars(copies[identity]).update(_creation_order=_order(items[identity]))
    return copy


def parts(table: Table) -> list[Constraint | Index]:
    """All constraints and indexes, those for other backends too."""
    return [*table.constraints, *table.indexes]


def _conditional(table: Table) -> dict[tuple[str, ...], Constraint | Index]:
    """The constraints and indexes that may have a ddl_if, by what they are."""
    return {_identity(item): item for item in parts(table)}


def _listen(item: MetaData | Table, copy: MetaData | Table) -> None:
    """Let what listens to ``item`` listen to its copy."""
    copy.dispatch._update(item.dispatch, only_propagate=False)  # noqa: SLF001


def _order(item: Constraint | Index) -> int:
    return getattr(item, "_creation_order", 0)


def _identity(item: Constraint | Index) -> tuple[str, ...]:
    over: Any = getattr(item, "expressions", None) or getattr(item, "columns", ())
    words = (type(item).__name__, item.name, getattr(item, "sqltext", ""), *over)
    return tuple(map(str, words))
