"""The contract that every store keeps.

    @pytest.mark.asyncio
    class TestCouch(StoreContract):
        @pytest_asyncio.fixture
        async def store(self) -> AsyncIterator[Store]:
            async with CouchStore("couch://...") as store:
                yield store

It is tried on a real store that holds none of the records. pytest-asyncio runs it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import RecordsUnusable
from dbparity.stores.base import Record, Records, Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dbparity.stores.base import Key

_TTL = 600  # seconds


class StoreContract:
    """Subclass it with a fixture ``store``, which is open and has none of the records."""

    @pytest.fixture
    def records(self) -> Records:
        """Records whose fields are those of `values`."""
        return Records("records", fields=("version", "tenant"))

    def values(self, number: int) -> tuple[object, ...]:  # to be overridden
        """What to write into the fields: the first is a whole number, the second a text."""
        return number, f"tenant {number}"

    @pytest.fixture
    def unusable(self) -> Records:
        """Records that the store does not have, or cannot have."""
        return Records("there_is_none", fields=("version",))

    @pytest.fixture
    def keys(self) -> list[Key]:
        """Seven keys, in the order of the store if it has one."""
        return [1, 2, 3, 10, 20, 100, 1000]

    async def test_its_url_opens_it_and_its_address_has_no_password(self, store: Store) -> None:
        """`open_store` finds it by the entry point of its scheme."""
        async with open_store(store.url) as again:
            assert type(again) is type(store)
            assert again.address == store.address
        password = store.url.partition("@")[0].rpartition(":")[2] if "@" in store.url else ""
        assert not password or password not in store.address

    async def test_it_tells_its_version(self, store: Store) -> None:
        """`Store.greet` logs in and asks."""
        assert any(sign.isdigit() for sign in (await store.greet()).version)

    async def test_what_is_written_is_found(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Store.fetch` gives those that are there, and nothing for those that are not."""
        await store.check(records)
        assert await store.fetch(records, keys) == {}
        written = await self.written(store, records, keys[1:])
        found = await store.fetch(records, keys)
        assert {key: each.values for key, each in found.items()} == written

    async def test_a_scan_goes_through_all_of_them(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Store.scan` in pages that are smaller than what there is, whatever the order."""
        written = await self.written(store, records, reversed(keys))
        found = [record async for page in store.scan(records, 2) for record in page]
        assert {each.key: each.values for each in found} == written
        if store.ordered:
            assert [each.key for each in found] == keys

    async def test_a_scan_may_want_keys_alone(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """Without fields, records have no values."""
        await self.written(store, records, keys)
        bare = replace(records, fields=())
        found = [record async for page in store.scan(bare) for record in page]
        assert sorted(each.key for each in found) == sorted(keys)
        assert all(each.values == () for each in found)

    async def test_a_write_leaves_other_fields_as_they_are(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Store.write` changes what it is told."""
        await self.written(store, records, keys)
        await store.write(replace(records, fields=("version",)), [Record(keys[0], (99,))])
        values = (await store.fetch(records, keys[:1]))[keys[0]].values
        assert list(map(str, values)) == ["99", *map(str, self.values(0)[1:])]

    async def test_what_has_changed_since_it_was_read_is_not_deleted(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Store.delete` compares, and counts what it has deleted."""
        await self.written(store, records, keys)
        read = list((await store.fetch(records, keys[:2])).values())
        await store.write(replace(records, fields=("version",)), [Record(keys[0], (99,))])
        assert await store.delete(records, [*read, read[1]._replace(key=keys[2])]) == 1
        assert set(await store.fetch(records, keys)) == set(keys) - {keys[1]}

    async def test_times_to_live_are_told_where_there_are_any(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Record.seconds_left` is written and read, and stays when values are written."""
        await self.written(store, records, keys[:1])
        assert (await store.fetch(records, keys))[keys[0]].seconds_left is None
        if not store.expires:
            pytest.skip("nothing expires in it")
        await store.write(replace(records, fields=()), [Record(keys[0], (), _TTL)])
        await store.write(replace(records, fields=("version",)), [Record(keys[0], (5,))])
        left = (await store.fetch(records, keys))[keys[0]].seconds_left
        assert left is not None
        assert _TTL / 2 < left <= _TTL

    async def test_it_can_be_used_again_when_it_was_closed(
        self, store: Store, records: Records, keys: list[Key]
    ) -> None:
        """`Store.close` ends connections, and nothing else."""
        written = await self.written(store, records, keys[:1])
        await store.close()
        assert (await store.fetch(records, keys))[keys[0]].values == written[keys[0]]

    async def test_what_it_does_not_have_is_refused_by_name(
        self, store: Store, unusable: Records
    ) -> None:
        """`Store.check` says what there is not, before anything is read."""
        with pytest.raises(RecordsUnusable) as refused:
            await store.check(unusable)
        assert refused.value.what.startswith(unusable.name)

    async def written(
        self, store: Store, records: Records, keys: Iterable[Key]
    ) -> dict[Key, tuple[object, ...]]:
        """Write a record for each key, and return what is found then."""
        new = [Record(key, self.values(number)) for number, key in enumerate(keys)]
        await store.write(records, new)
        found = await store.fetch(records, [each.key for each in new])
        for each in new:
            assert list(map(str, found[each.key].values)) == list(map(str, each.values))
        return {each.key: found[each.key].values for each in new}
