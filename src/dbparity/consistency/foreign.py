"""The foreign keys of a SQL store as references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.consistency.references import Reference
from dbparity.errors import SettingsInvalid
from dbparity.stores.base import Records
from dbparity.stores.sql import SqlStore

if TYPE_CHECKING:
    from dbparity.stores.base import Store


async def foreign_keys(name: str, store: Store) -> list[Reference]:
    """A reference for each foreign key of one column, of every table of the store ``name``.

    Raises:
        SettingsInvalid: it is no SQL database.
    """
    if not isinstance(store, SqlStore):
        raise SettingsInvalid("foreign-keys", f"{name} has none", "name SQL databases")
    return [
        Reference(
            f"{name}.{child}.{column} -> {parent}",
            name,
            Records(child, "", (column,)),
            name,
            Records(parent, referred),
            column,
            owned=False,
            nullable=nullable,
        )
        for child, column, parent, referred, nullable in await store.foreign_keys()
    ]
