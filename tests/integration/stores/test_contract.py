from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis
from sqlalchemy import Column, Integer, MetaData, String, Table

from dbparity.applications import Application
from dbparity.stores.base import Records
from dbparity.stores.milvus import MilvusStore
from dbparity.stores.redis import RedisStore
from dbparity.stores.sql import SqlStore
from dbparity.testing import StoreContract
from tests.support.vectors import DIMENSIONS, collection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database
    from dbparity.stores.base import Key

APPLICATION = Application("records", MetaData())
Table(
    "records",
    APPLICATION.metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer),
    Column("tenant", String(20)),
)


# Of the drivers, those that are asynchronous.
@pytest.mark.usefixtures("async_engine")
@pytest.mark.any_version
class TestSql(StoreContract):
    @pytest.fixture
    async def store(
        self, lease: Callable[..., AbstractContextManager[Database]]
    ) -> AsyncIterator[SqlStore]:
        with lease(APPLICATION) as database:
            async with SqlStore(database.url.render_as_string(hide_password=False)) as store:
                yield store


class _OnRedis(StoreContract):
    form = "json"

    @pytest.fixture
    async def store(self, valkey: str) -> AsyncIterator[RedisStore]:
        async with RedisStore(valkey) as store:
            yield store

    @pytest.fixture
    def records(self) -> Records:
        return Records("record:{id}", fields=("version", "tenant"), form=self.form)

    @pytest.fixture
    def unusable(self) -> Records:
        return Records("record", fields=("version",))

    @pytest.fixture
    def keys(self) -> list[Key]:
        return [f"record:{number}" for number in range(7)]


class TestRedisDocuments(_OnRedis):
    pass


class TestRedisHashes(_OnRedis):
    form = "hash"


@pytest.fixture(scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MilvusStore]:
    path = tmp_path_factory.mktemp("milvus") / "vectors.db"
    collection(path, "records", ("version", "INT64"), ("tenant", "VARCHAR"))
    async with MilvusStore(f"milvus://{path}") as store:
        yield store


class TestMilvus(StoreContract):
    @pytest.fixture
    async def store(self, opened: MilvusStore, records: Records) -> MilvusStore:
        async for page in opened.scan(records):
            await opened.delete(records, page)
        return opened

    @pytest.fixture
    def records(self) -> Records:
        return Records("records", fields=("version", "tenant", "vector"))

    def values(self, number: int) -> tuple[object, ...]:
        return *super().values(number), [float(number)] * DIMENSIONS


async def test_pages_of_redis_may_hold_nothing_that_is_looked_for(valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        client.mset({f"record:{number}": '{"version": 1}' for number in range(3)})
        client.mset({f"other:{number}": "x" for number in range(500)})
    records = Records("record:{id}", fields=("version",))
    async with RedisStore(valkey) as store:
        pages = [[record.key for record in page] async for page in store.scan(records, 10)]
    assert sorted(key for page in pages for key in page) == ["record:0", "record:1", "record:2"]
    assert [] in pages
