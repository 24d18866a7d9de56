"""Two looks at stores that change, with stores that a test can change between them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from dbparity.consistency import reconciling
from dbparity.consistency.judging import Kind
from dbparity.consistency.options import ConsistencyOptions, Declared
from dbparity.consistency.reconciling import ROUNDS, Reconciler
from dbparity.consistency.references import read
from dbparity.errors import StoreUnreachable
from dbparity.stores.base import Greeting, Key, Record, Records, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence


class Shelf(Store):
    """Records in a dictionary; ``meanwhile`` is called before each look."""

    extra, ordered, expires = "", True, True
    address = "shelf:"

    def __init__(self, **values: int) -> None:
        super().__init__("shelf:")
        self.held: dict[Key, tuple[object, ...]] = {
            key.removeprefix("_"): (value, key.removeprefix("_")) for key, value in values.items()
        }
        self.meanwhile: Callable[[], object] = lambda: None
        self.delay = 0.0

    async def greet(self) -> Greeting:
        return Greeting("1")

    async def check(self, records: Records) -> None:
        """All there is may be asked for."""

    async def scan(self, records: Records, _size: int = 2) -> AsyncIterator[Sequence[Record]]:
        keys = list(self.held)
        for start in range(0, len(keys), 2):
            yield list((await self.fetch(records, keys[start : start + 2])).values())

    async def fetch(self, records: Records, keys: Collection[Key]) -> dict[Key, Record]:
        self.meanwhile()
        await asyncio.sleep(self.delay)
        return {
            key: Record(key, self.held[key][: len(records.fields)], 5)
            for key in keys
            if key in self.held
        }

    async def write(self, records: Records, new: Sequence[Record]) -> None:
        raise NotImplementedError

    async def delete(self, records: Records, old: Sequence[Record]) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        """There is nothing to be closed."""


def reconciler(rows: Shelf, records: Shelf, **options: float) -> Reconciler:
    declared = Declared("db.docs", "cache.doc:{id}", version="version", ttl=9)
    stores: dict[str, Store] = {"db": rows, "cache": records}
    chosen = ConsistencyOptions(**{"grace": 0.001, **options})  # type: ignore[arg-type]
    return Reconciler(read(declared, stores), rows, records, chosen)


def cached(**values: int) -> Shelf:
    shelf = Shelf()
    shelf.held = {f"doc:{key.removeprefix('_')}": (value,) for key, value in values.items()}
    return shelf


async def test_what_is_the_same_at_both_looks_is_confirmed() -> None:
    found = await reconciler(Shelf(_1=2, _2=2), cached(_1=1, _2=2)).run()
    (sighting,) = found.confirmed
    assert (sighting.address, sighting.kinds) == ("doc:1", (Kind.STALE,))
    assert found.counts == {Kind.STALE: 1}


async def test_what_is_wrong_otherwise_at_each_look_is_not_counted_but_told() -> None:
    rows, records = Shelf(_1=1), cached(_1=0)
    numbers = iter(range(100, 0, -1))
    records.meanwhile = lambda: records.held.update({"doc:1": (-next(numbers),)})
    found = await reconciler(rows, records).run()
    assert found.confirmed == []
    assert found.unsettled == ["doc:1"]


async def test_a_row_that_changes_between_two_reads_of_it_is_not_judged() -> None:
    rows, records = Shelf(_1=1), cached(_1=0)
    numbers = iter(range(1, 100))
    rows.meanwhile = lambda: rows.held.update({"1": (next(numbers), "1")})
    found = await reconciler(rows, records).run()
    assert found.confirmed == []
    assert found.seen == 1


async def test_what_is_gone_on_both_sides_is_right_again() -> None:
    rows, records = Shelf(_1=2), cached(_1=1)
    looking = reconciler(rows, records)
    looks = iter(range(ROUNDS))

    def vanish() -> None:
        if next(looks, 9):
            rows.held.clear()
            records.held.clear()

    records.meanwhile = vanish
    found = await looking.run()
    assert (found.seen, found.confirmed, found.unsettled) == (1, [], [])


async def test_many_are_looked_at_again_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "_PENDING", 2)
    monkeypatch.setattr(reconciling, "KEPT", 3)
    rows = Shelf(**{f"_{number}": 2 for number in range(5)})
    found = await reconciler(rows, cached(**{f"_{number}": 1 for number in range(5)})).run()
    assert found.counts == {Kind.STALE: 5}
    assert len(found.confirmed) == 3


async def test_one_that_does_not_answer_in_time_is_named() -> None:
    rows, records = Shelf(_1=1), cached(_1=1)
    records.delay = 10
    with pytest.raises(StoreUnreachable, match=r"shelf:: no answer in 0\.01 s; see what keeps it"):
        await reconciler(rows, records, patience=0.01).run()
