"""Repair of what a validation has confirmed: planned, shown, and done record by record.

The source is believed. A record is written or deleted only if a look at it, just before, shows
what was confirmed; what has changed since is left alone.
"""

from __future__ import annotations

import inspect
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dbparity.applications import load_function
from dbparity.consistency.judging import Kind
from dbparity.consistency.reconciling import Reconciler
from dbparity.stores.base import Record, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dbparity.consistency.options import ConsistencyOptions
    from dbparity.consistency.reconciling import Sighting
    from dbparity.consistency.references import Reference
    from dbparity.consistency.validator import Confirmed
    from dbparity.stores.base import Store

_PAGE = 500  # records that are looked at together, just before they are written
_TIMES = {Kind.LASTING, Kind.LATE}


class Way(StrEnum):
    """What is done about a disagreement."""

    DELETE = "delete the record"
    EXPIRE = "let it expire"
    REBUILD = "write it anew from its row"
    FORGET = "set the reference to NULL"
    DROP = "delete the row"
    NONE = "none: it needs a rebuild function"


@dataclass(frozen=True)
class Step:
    """One disagreement, and what is to be done about it."""

    reference: Reference
    sighting: Sighting
    way: Way

    def __str__(self) -> str:
        """Spell ``delete the record cache.doc:7 (orphaned)``."""
        kinds = ", ".join(self.sighting.kinds)
        return f"{self.way}: {self.reference.target}.{self.sighting.address} ({kinds})"


@dataclass(frozen=True)
class Repaired:
    """How many steps were done, and how many were not, as something had changed."""

    done: int
    changed: int


class Repair:
    """What is to be done about all that was confirmed."""

    def __init__(
        self,
        stores: Mapping[str, str],
        confirmed: Sequence[Confirmed],
        options: ConsistencyOptions,
    ) -> None:
        """Plan it; nothing is written.

        Raises:
            ApplicationError: a rebuild function that cannot be imported.
        """
        self._stores, self._options = stores, options
        self._builders = {
            each.reference.name: load_function(each.reference.rebuild, "rebuild")
            for each in confirmed
            if each.reference.rebuild
        }
        self.steps = tuple(
            Step(each.reference, sighting, _way(each.reference, sighting))
            for each in confirmed
            for sighting in each.sightings
        )

    @property
    def doable(self) -> tuple[Step, ...]:
        """The steps that can be done."""
        return tuple(step for step in self.steps if step.way is not Way.NONE)

    async def run(self) -> Repaired:
        """Do them.

        Raises:
            StoreUnreachable: a store does not answer any more; what was done stays.
        """
        done = 0
        async with AsyncExitStack() as stack:
            stores = {
                name: await stack.enter_async_context(open_store(url))
                for name, url in self._stores.items()
            }
            for reference, steps in _grouped(self.doable):
                done += await self._page(reference, steps, stores)
        return Repaired(done, len(self.doable) - done)

    async def _page(
        self, reference: Reference, steps: Sequence[Step], stores: Mapping[str, Store]
    ) -> int:
        source, target = stores[reference.source], stores[reference.target]
        looking = Reconciler(reference, source, target, self._options)
        seen = await looking.look([step.sighting for step in steps])
        same = [
            (step, now)
            for step, (was, now) in zip(steps, seen, strict=True)
            if now is not None and now.as_of() == was.as_of()
        ]
        done = 0
        for step, now in same:
            done += await self._do(step, now, source, target)
        return done

    async def _do(self, step: Step, now: Sighting, source: Store, target: Store) -> int:
        reference = step.reference
        rows, records = _known(now.row), _known(now.record)
        if step.way is Way.DELETE:
            return await target.delete(reference.records, records)
        if step.way is Way.DROP:
            return await source.delete(reference.rows, rows)
        if step.way is Way.REBUILD:
            return sum([await self._rebuild(reference, row, (source, target)) for row in rows])
        if step.way is Way.EXPIRE:
            bare = replace(reference.records, fields=())
            await target.write(bare, [Record(now.address, (), reference.ttl)])
        else:
            link = replace(reference.rows, fields=(reference.link,))
            await source.write(link, [Record(row.key, (None,)) for row in rows])
        return 1

    async def _rebuild(self, reference: Reference, seen: Record, ends: tuple[Store, Store]) -> int:
        """Write the record of the row as it is now."""
        source, target = ends
        wanted = tuple(dict.fromkeys((*reference.rows.fields, *reference.rebuild_from)))
        found = await source.fetch(replace(reference.rows, fields=wanted), [seen.key])
        for row in found.values():
            told = dict(zip(wanted, row.values, strict=True))
            made: Any = self._builders[reference.name](row.key, told)
            fields: Mapping[str, object] = await made if inspect.isawaitable(made) else made
            records = replace(reference.records, fields=tuple(fields))
            record = Record(reference.address(row), tuple(fields.values()), reference.ttl or None)
            await target.write(records, [record])
        return len(found)


def _known(record: Record | None) -> list[Record]:
    return [] if record is None else [record]


def _way(reference: Reference, sighting: Sighting) -> Way:
    kinds = set(sighting.kinds)
    if Kind.ORPHANED in kinds:
        return Way.DELETE
    if kinds <= _TIMES:
        return Way.EXPIRE
    if reference.rebuild:
        return Way.REBUILD
    if Kind.DANGLING in kinds:
        if reference.pattern or not reference.link:
            return Way.NONE
        return Way.FORGET if reference.nullable else Way.DROP
    return Way.NONE if reference.required else Way.DELETE


def _grouped(steps: Sequence[Step]) -> Iterator[tuple[Reference, Sequence[Step]]]:
    """Pages of steps of one reference each."""
    by_reference: dict[str, list[Step]] = {}
    for step in steps:
        by_reference.setdefault(step.reference.name, []).append(step)
    for some in by_reference.values():
        for start in range(0, len(some), _PAGE):
            yield some[start].reference, some[start : start + _PAGE]
