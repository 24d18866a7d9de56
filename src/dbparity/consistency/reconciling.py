"""Holding one reference against both of its stores, while others write to them.

rows → records that are not as they should be ┐
records → rows that are not there             ┴ sightings → looked at again → confirmed
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from dbparity.consistency.judging import Kind, judge
from dbparity.errors import StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from dbparity.consistency.options import ConsistencyOptions
    from dbparity.consistency.references import Reference
    from dbparity.stores.base import Key, Record, Records, Store

T = TypeVar("T")

_PENDING = 20_000  # sightings that wait for their second look
KEPT = 100_000  # confirmed ones, to be shown and repaired; all are counted
_TUPLES = 20_000  # made since the last look for cycles
ROUNDS = 5  # looks at what keeps changing


@dataclass(frozen=True)
class Sighting:
    """A row and the record that belongs to it, which disagree.

    Attributes:
        key: of the row, if one was ever seen.
        kinds: what is wrong; empty while the row is being changed.
        since: when both were read, by the monotonic clock.
    """

    address: str
    key: Key | None
    kinds: tuple[Kind, ...] = ()
    row: Record | None = None
    record: Record | None = None
    since: float = 0

    def as_of(self) -> tuple[object, ...]:
        """What must not have changed for it to be the same disagreement."""
        return self.kinds, state(self.row), state(self.record)


def state(record: Record | None) -> object:
    """A record without the time that it has left, which goes by."""
    if record is None:
        return None
    return record.values, record.problem, record.seconds_left is None


@dataclass
class Reconciled:
    """What came of one reference.

    Attributes:
        rows, records: how many were read.
        seen: sightings, those that went away by themselves too.
        counts: of confirmed ones, by kind.
        confirmed: the first of them.
        unsettled: addresses at which something else was wrong at every look.
        broken: why it was not gone through to the end; "" if it was.
    """

    rows: int = 0
    records: int = 0
    seen: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    confirmed: list[Sighting] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    broken: str = ""


class Reconciler:
    """One reference, between two stores that are open."""

    def __init__(
        self,
        reference: Reference,
        source: Store,
        target: Store,
        options: ConsistencyOptions,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Take the times of ``options``; call ``told`` with how much has been read."""
        self.reference, self.source, self.target = reference, source, target
        self._grace, self._patience, self._told = options.grace, options.patience, told
        self.result = Reconciled()
        self._pending: list[Sighting] = []

    async def run(self) -> Reconciled:
        """Go both ways; what a store raises goes on, with the result so far in `result`."""
        with _patient_collector():
            await self._forth()
            if self.reference.owned:
                await self._back()
            await self._settle()
        return self.result

    async def _forth(self) -> None:
        """From rows to their records."""
        reference = self.reference
        async for rows in self._ahead(self.source, reference.rows):
            addressed = [(row, address) for row in rows if (address := reference.address(row))]
            found = await self._records(address for _, address in addressed)
            since = time.monotonic()
            for row, address in addressed:
                record = found.get(address)
                if record is not None and reference.agree(row, record):
                    continue
                kinds = judge(reference, row, record)
                if kinds:
                    self._pending.append(Sighting(address, row.key, kinds, row, record, since))
            self.result.rows += len(rows)
            await self._progress()

    async def _back(self) -> None:
        """From records to their rows; what records tell was compared on the way forth."""
        reference = self.reference
        bare = replace(reference.records, fields=())
        async for records in self._ahead(self.target, bare):
            links = {str(record.key): reference.owner(record.key) for record in records}
            rows = await self._owners(links.values())
            suspects = [
                Sighting(address, None)
                for address, link in links.items()
                if self._owner(address, rows.get(str(link))) is None
            ]
            self._pending += [now for _, now in await self.look(suspects) if now is not None]
            self.result.records += len(records)
            await self._progress()

    async def _progress(self) -> None:
        self._told(self.result.rows + self.result.records)
        if len(self._pending) >= _PENDING:
            await self._settle()

    async def _settle(self) -> None:
        """Look again after the grace, until everything is as it was or is right."""
        self.result.seen += len(self._pending)
        for _ in range(ROUNDS):
            waiting, self._pending = self._pending, []
            if not waiting:
                return
            youngest = max(sighting.since for sighting in waiting)
            await asyncio.sleep(max(youngest + self._grace - time.monotonic(), 0))
            for sighting, now in await self.look(waiting):
                if now is not None and now.kinds and now.as_of() == sighting.as_of():
                    self._confirm(now)
                elif now is not None:
                    self._pending.append(now)
        self.result.unsettled += [sighting.address for sighting in self._pending]
        self._pending = []

    async def look(self, sightings: Sequence[Sighting]) -> list[tuple[Sighting, Sighting | None]]:
        """Each of them, and what is wrong there now; None where nothing is.

        Rows are read before their records and once more behind them: a row that has changed
        between is not what the record is held against.
        """
        before = await self._rows(sightings)
        since = time.monotonic()
        records = await self._records(sighting.address for sighting in sightings)
        after = await self._rows(sightings)
        return [
            (sighting, self._now(sighting, rows, records.get(sighting.address), since))
            for sighting, *rows in zip(sightings, before, after, strict=True)
        ]

    def _now(
        self,
        sighting: Sighting,
        rows: Sequence[Record | None],
        record: Record | None,
        since: float,
    ) -> Sighting | None:
        row, again = rows
        kinds = judge(self.reference, row, record)
        now = replace(sighting, kinds=kinds, row=row, record=record, since=since)
        if state(row) != state(again):
            # In motion: whatever it is, it is not what it was.
            return replace(now, kinds=())
        return now if kinds else None

    async def _rows(self, sightings: Sequence[Sighting]) -> list[Record | None]:
        """The row of each: by its own key if it was seen, else by what the record tells."""
        keys = [each.key for each in sightings if each.key is not None]
        seen = await self._fetch(self.source, self.reference.rows, keys)
        links = {each.address: self.reference.owner(each.address) for each in sightings}
        owners = await self._owners(links[each.address] for each in sightings if each.key is None)
        return [
            self._owner(each.address, owners.get(str(links[each.address])))
            if each.key is None
            else seen.get(str(each.key))
            for each in sightings
        ]

    def _owner(self, address: str, row: Record | None) -> Record | None:
        """The row that a record belongs to; one that has another record is not it."""
        return row if row is not None and self.reference.address(row) == address else None

    async def _owners(self, links: Iterable[Key]) -> dict[str, Record]:
        return await self._fetch(self.source, self.reference.owners, links)

    async def _records(self, addresses: Iterable[str]) -> dict[str, Record]:
        return await self._fetch(self.target, self.reference.records, filter(None, addresses))

    async def _fetch(
        self, store: Store, records: Records, keys: Iterable[Key]
    ) -> dict[str, Record]:
        wanted = list(dict.fromkeys(keys))
        found = await self._answer(store, store.fetch(records, wanted)) if wanted else {}
        return {str(key): record for key, record in found.items()}

    async def _ahead(self, store: Store, records: Records) -> AsyncIterator[Sequence[Record]]:
        """All pages, the next one of which is read while one is worked on."""
        pages = store.scan(records)

        async def following() -> Sequence[Record] | None:
            return await self._answer(store, anext(pages, None))

        coming = asyncio.create_task(following())
        try:
            while (page := await coming) is not None:
                coming = asyncio.create_task(following())
                yield page
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    async def _answer(self, store: Store, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                return await asked
        except TimeoutError:
            reason = f"no answer in {self._patience:g} s"
            cure = "see what keeps it, or wait longer: [tool.dbparity.consistency] patience"
            raise StoreUnreachable(store.address, reason, cure) from None

    def _confirm(self, sighting: Sighting) -> None:
        self.result.counts.update(sighting.kinds)
        if len(self.result.confirmed) < KEPT:
            self.result.confirmed.append(sighting)


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Look for cycles less often: pages of tuples have none, and half of the time went there."""
    usual = gc.get_threshold()
    gc.set_threshold(max(usual[0], _TUPLES), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
