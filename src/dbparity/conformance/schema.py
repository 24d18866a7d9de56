"""Schema: the objects of the model are there, the same on every target, and indexes are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.conformance.base import Check, check
from dbparity.conformance.indexes import foreign_keys_indexed, indexes_used
from dbparity.conformance.inventory import absences
from dbparity.conformance.population import application_of
from dbparity.results import Finding, Place, Verified
from dbparity.schema.parity import observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.servers.database import Database


@check("schema", needs=("reflects_schema",))
def objects(database: Database) -> Iterator[Item]:
    """Every table, column, key, constraint and index of the model is in the database."""
    with database.engine.connect() as connection:
        for table in application_of(database).metadata.tables.values():
            found = tuple(absences(connection, table))
            yield from found
            if not any(isinstance(item, Finding) for item in found):
                yield Verified("everything that the model says of it is there", Place(table.key))


@check("schema", needs=("reflects_schema",))
def parity(database: Database) -> Iterator[Item]:
    """What the model comes to holds, refuses and compares the same on every target."""
    yield observe(database)


CHECKS: tuple[Check, ...] = (objects, indexes_used, foreign_keys_indexed, parity)
