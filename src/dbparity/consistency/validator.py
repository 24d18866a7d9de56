"""DatabaseConsistencyValidator: whether several stores agree, as a report."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dbparity.consistency.foreign import foreign_keys
from dbparity.consistency.judging import Kind
from dbparity.consistency.reconciling import ROUNDS, Reconciled, Reconciler, Sighting
from dbparity.consistency.references import Pair, Reference, read
from dbparity.errors import SettingsInvalid, StoreUnreachable
from dbparity.progress import Progress
from dbparity.results import (
    Finding,
    Measurement,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Skipped,
    Verified,
    concluded,
)
from dbparity.stores.base import Store, open_store
from dbparity.stores.health import DatabaseHealthChecker
from dbparity.stores.options import HealthOptions
from dbparity.values import canonical
from dbparity.wires import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from dbparity.consistency.options import ConsistencyOptions
    from dbparity.results import Item

CATEGORY = "consistency"
SHOWN = 20  # of a kind, of a reference; all are counted
_SEVERITIES = {
    Kind.DANGLING: Severity.LOST,
    Kind.TENANT: Severity.LOST,
    Kind.LASTING: Severity.DEGRADED,
    Kind.LATE: Severity.DEGRADED,
}
_MEANINGS = {
    Kind.DANGLING: "a row refers to a record that is not there",
    Kind.ORPHANED: "a record belongs to a row that is not there",
    Kind.STALE: "a record has another version than its row",
    Kind.AHEAD: "a record has a version that its row never got to",
    Kind.ALTERED: "a record has another digest than its row",
    Kind.TENANT: "a record is another tenant's than its row",
    Kind.UNREADABLE: "a record cannot be read",
    Kind.LASTING: "a record never expires",
    Kind.LATE: "a record expires later than it may",
}
_CURES = {
    Kind.DANGLING: "make the record again, or take the reference out of the row",
    Kind.ORPHANED: "delete records with their rows",
    Kind.STALE: "invalidate after the commit, by leases or by comparing versions",
    Kind.AHEAD: "write to other stores after the commit, never before",
    Kind.ALTERED: "write version and content together",
    Kind.TENANT: "put the tenant into the key",
    Kind.UNREADABLE: "write one form only",
    Kind.LASTING: "set a time to live with each value, in the same command",
    Kind.LATE: "bound the time to live",
}


@dataclass(frozen=True)
class Confirmed:
    """What was confirmed of a reference, as it was read, for the repair of it."""

    reference: Reference
    sightings: tuple[Sighting, ...]


class DatabaseConsistencyValidator:
    """Holds declared references between stores against what is in them.

    It reads through both sides of each reference in pages; what disagrees counts only if it is
    the same after `ConsistencyOptions.grace`. A store that is down is told, and what can be
    checked without it is.
    """

    def __init__(
        self,
        stores: Mapping[str, str],
        options: ConsistencyOptions,
        progress: Progress | None = None,
        *,
        only: Collection[str] = (),
    ) -> None:
        """Hold ``options`` against ``stores``, URLs by name; of its references ``only`` some.

        Raises:
            StoreInvalid, DriverMissing: a URL that names no store, or one that cannot be used.
            SettingsInvalid: a reference that cannot be meant.
        """
        self.options, self.progress = options, progress or Progress()
        self._urls = dict(stores)
        self.stores: dict[str, Store] = {name: open_store(url) for name, url in stores.items()}
        declared = [read(each, self.stores) for each in options.references]
        self.references = [each for each in declared if not only or each.name in only]
        _distinct(each.name for each in declared)
        unknown = set(only) - {each.name for each in declared}
        if unknown:
            known = ", ".join(each.name for each in declared) or "none"
            cure = f"name one of: {known}"
            raise SettingsInvalid("reference", f"there is no {min(unknown)!r}", cure)
        for name in options.foreign_keys:
            if name not in self.stores:
                cure = "declare it in [tool.dbparity.stores]"
                raise SettingsInvalid("foreign-keys", f"no store {name!r}", cure)
        self._follows = () if only else options.foreign_keys
        self.confirmed: list[Confirmed] = []

    async def validate(self) -> Report:
        """Check all references; what was confirmed is in `confirmed` then.

        Raises:
            RecordsUnusable: a table, a column, a collection or a field that is not there; nothing
                has been compared then.
        """
        started, began = datetime.now(UTC), time.perf_counter()
        self.confirmed = []
        async with AsyncExitStack() as stack:
            for store in self.stores.values():
                await stack.enter_async_context(store)
            absent = await self._absent()
            references = [*self.references, *await self._foreign_keys(absent)]
            for reference in references:
                await self._check(reference, absent)
            results = [await self._result(reference, absent) for reference in references]
        results += [
            concluded("", CATEGORY, f"foreign keys of {name}", [Skipped(absent[name])])
            for name in self._follows
            if name in absent
        ]
        return Report(
            "consistency",
            started,
            time.perf_counter() - began,
            results=tuple(results),
            claim="Every store agrees with the others",
        )

    async def _absent(self) -> dict[str, str]:
        """The stores that do not answer, and why."""
        options = HealthOptions(limit=self.options.limit)
        async with DatabaseHealthChecker(self._urls, options) as checking:
            health = await checking.acheck()
        return {
            store.name: f"{store.name} is {store.state}: {_reason(store.result)}"
            for store in health.stores
            if store.greeting is None
        }

    async def _foreign_keys(self, absent: Collection[str]) -> list[Reference]:
        there = [name for name in self._follows if name not in absent]
        found = [await foreign_keys(name, self.stores[name]) for name in there]
        return [reference for some in found for reference in some]

    async def _check(self, reference: Reference, absent: Collection[str]) -> None:
        wanted = replace(reference.rows, fields=(*reference.rows.fields, *reference.rebuild_from))
        sides = ((reference.source, wanted), (reference.target, reference.records))
        for name, records in sides:
            if name not in absent:
                await self.stores[name].check(records)

    async def _result(self, reference: Reference, absent: Mapping[str, str]) -> Result:
        missing = [absent[name] for name in (reference.source, reference.target) if name in absent]
        if missing:
            said = [Skipped(reason) for reason in dict.fromkeys(missing)]
            return concluded("", CATEGORY, reference.name, said)
        began = time.perf_counter()
        self.progress.table_begins("check", reference.name, 0)
        told = partial(self.progress.rows_done, "check", reference.name)
        ends = (self.stores[reference.source], self.stores[reference.target])
        reconciler = Reconciler(reference, *ends, self.options, told)
        broken = ""
        try:
            await reconciler.run()
        except StoreUnreachable as error:
            broken = str(error)
        seconds, found = time.perf_counter() - began, reconciler.result
        self.progress.table_done("check", reference.name, found.rows + found.records, seconds)
        self.confirmed.append(Confirmed(reference, tuple(found.confirmed)))
        items = _items(reference, found, broken)
        result = concluded("", CATEGORY, reference.name, items, seconds)
        if broken and not found.counts:
            return replace(result, outcome=Outcome.UNKNOWN)
        return result


def _distinct(names: Iterable[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        reason = f"two are called {twice[0]!r}"
        raise SettingsInvalid("consistency.references", reason, "give each a name of its own")


def _reason(result: Result) -> str:
    return result.reason or result.findings[0].actual


def _items(reference: Reference, found: Reconciled, broken: str) -> Iterator[Item]:
    for kind in found.counts:
        yield from _findings(reference, kind, found)
    for address in found.unsettled[:SHOWN]:
        message = f"it changed at each of {ROUNDS} looks, so nothing is said about it"
        place = Place(reference.records.name, key=shortened(address))
        cure = "give a longer --grace"
        yield Finding("consistency.unsettled", Severity.NOTE, message, place, recommendation=cure)
    if broken:
        yield Skipped(f"not read to its end: {broken}")
    elif not found.counts:
        yield Verified(f"{found.rows:,} rows and {found.records:,} records agree")
    yield Measurement("rows", found.rows, "rows")
    yield Measurement("records", found.records, "records")
    yield Measurement("looked at again", found.seen, "records")


def _findings(reference: Reference, kind: Kind, found: Reconciled) -> Iterator[Finding]:
    some = [each for each in found.confirmed if kind in each.kinds][:SHOWN]
    total = found.counts[kind]
    more = f"; {len(some)} of {total:,} are shown" if total > len(some) else ""
    for sighting in some:
        ours, theirs = _evidence(reference, kind, sighting)
        yield Finding(
            f"consistency.{kind}",
            _SEVERITIES.get(kind, Severity.WRONG),
            f"{reference.name}: {_MEANINGS[kind]}{more}",
            Place(reference.records.name, _field(reference, kind), shortened(sighting.address)),
            ours,
            theirs,
            _CURES[kind],
        )


def _field(reference: Reference, kind: Kind) -> str:
    pair = _pair(reference, kind)
    return pair.field if pair else ""


def _pair(reference: Reference, kind: Kind) -> Pair | None:
    pairs = {
        Kind.STALE: reference.version,
        Kind.AHEAD: reference.version,
        Kind.ALTERED: reference.digest,
        Kind.TENANT: reference.tenant,
    }
    return pairs.get(kind)


def _evidence(reference: Reference, kind: Kind, sighting: Sighting) -> tuple[str, str]:
    """What was expected, and what was found."""
    row, record = sighting.row, sighting.record
    pair = _pair(reference, kind)
    if pair is not None and row is not None and record is not None:
        ours, theirs = reference.both(pair, row, record)
        return shortened(canonical(ours)), shortened(canonical(theirs))
    if record is not None and kind is Kind.UNREADABLE:
        return reference.records.form, record.problem
    if record is not None and kind in {Kind.LASTING, Kind.LATE}:
        left = record.seconds_left
        return f"at most {reference.ttl:g} s", "for ever" if left is None else f"{left:.0f} s"
    if row is not None:
        return f"the record of row {row.key}", "no record"
    return "its row", "no row"
