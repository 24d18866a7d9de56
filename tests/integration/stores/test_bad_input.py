"""What a store is asked for that it does not have, or not so: one clear error each."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest
from redis import Redis
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    insert,
)

from dbparity.backends.sqlite import SQLite
from dbparity.errors import DriverMissing, RecordsUnusable, StoreInvalid, StoreUnreachable
from dbparity.stores.base import Record, Records, open_store
from dbparity.stores.milvus import MilvusStore
from dbparity.stores.redis import RedisStore
from dbparity.stores.sql import SqlStore
from tests.support.vectors import collection

if TYPE_CHECKING:
    from pathlib import Path

SHOP = MetaData()
Table("customers", SHOP, Column("id", Integer, primary_key=True), Column("name", String(20)))
Table(
    "orders",
    SHOP,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
)
Table(
    "lines",
    SHOP,
    Column("id", Integer, primary_key=True),
    Column("customer", Integer),
    Column("number", Integer),
    ForeignKeyConstraint(["customer", "number"], ["orders.customer_id", "orders.number"]),
)
Table("notes", SHOP, Column("text", String(20)))
TOKENS = Table("tokens", SHOP, Column("id", Uuid, primary_key=True), Column("age", Integer))


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


@pytest.fixture
def shop(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    SHOP.create_all(engine)
    engine.dispose()
    return url


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            Records("custmers"),
            "custmers: there is no such table; name one of its tables: customers",
        ),
        (Records("customers", "nr"), "customers.nr: there is no such column; name one of its"),
        (Records("customers", fields=("nr",)), "customers.nr: there is no such column"),
        (Records("orders"), "orders: its primary key has several columns; name one column"),
        (Records("notes"), "notes: it has no primary key; name one column that is unique"),
    ],
)
async def test_a_table_names_what_it_does_not_have(shop: str, records: Records, said: str) -> None:
    async with SqlStore(shop) as store:
        with pytest.raises(RecordsUnusable, match=said):
            await store.check(records)


async def test_foreign_keys_of_several_columns_are_left_out(shop: str) -> None:
    async with SqlStore(shop) as store:
        assert await store.foreign_keys() == [("orders", "customer_id", "customers", "id", False)]


async def test_a_key_that_a_column_cannot_hold_is_not_there(shop: str) -> None:
    async with SqlStore(shop) as store:
        await store.write(Records("customers", fields=("name",)), [Record(1, ("Ada",))])
        found = await store.fetch(Records("customers", fields=("name",)), ["abc", "1"])
    assert found == {1: Record(1, ("Ada",))}


async def test_keys_that_are_uuids_are_spelled_as_texts(shop: str) -> None:
    text = "00000000-0000-0000-0000-00000000000a"
    async with SqlStore(shop, SHOP) as store:
        await store.write(Records("tokens", fields=("age",)), [Record(text, (3,))])
        assert set(await store.fetch(Records("tokens"), [text])) == {text}
        assert [page async for page in store.scan(Records("tokens"))] == [[Record(text)]]


async def test_a_column_that_leads_nowhere_is_left_out_of_a_scan(shop: str) -> None:
    engine = create_engine(shop)
    with engine.begin() as connection:
        rows = [{"id": at, "name": None if at < 5 else f"x{at}"} for at in range(1, 7)]
        connection.execute(insert(SHOP.tables["customers"]), rows)
    engine.dispose()
    async with SqlStore(shop) as store:
        found = [page async for page in store.scan(Records("customers", "name"), 2)]
    assert [record.key for page in found for record in page] == ["x5", "x6"]


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    async with SqlStore(f"sqlite:///{tmp_path / 'none.db'}") as store:
        with pytest.raises(StoreUnreachable, match="no such file; correct the path"):
            await store.greet()
    assert is_empty(tmp_path)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at" * 50)
    async with SqlStore(f"sqlite:///{tmp_path / 'text.db'}") as store:
        with pytest.raises(StoreUnreachable, match="file is not a database"):
            await store.check(Records("customers"))


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    async with SqlStore("postgresql+asyncpg://app:secret@127.0.0.1:1/shop") as store:
        with pytest.raises(StoreUnreachable) as refused:
            await store.greet()
    assert "app:***@127.0.0.1:1" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_backend_without_an_asynchronous_driver_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SQLite, "drivers", SQLite.drivers[:1])
    with pytest.raises(StoreInvalid, match="SQLite has none; stores are read by asynchronous"):
        SqlStore("sqlite:///shop.db")


@pytest.mark.parametrize(
    ("url", "module"),
    [
        ("postgresql+asyncpg://127.0.0.1/shop", "asyncpg"),
        ("redis://127.0.0.1", "redis"),
        ("milvus://127.0.0.1", "pymilvus"),
        ("milvus:///vectors.db", "milvus_lite"),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    url: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find(name)
    )
    with pytest.raises(DriverMissing, match=f"{module} is not installed; try: pip install"):
        open_store(url)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (Records("doc"), "doc: the pattern has no key; write where the key stands"),
        (Records("doc:{id}", form="xml"), "no form 'xml'; write one of: json, hash, text"),
        (Records("doc:{id}", fields=("a",), form="text"), "a text has no other fields"),
    ],
)
async def test_keys_name_what_cannot_be_meant(valkey: str, records: Records, said: str) -> None:
    async with RedisStore(valkey) as store:
        with pytest.raises(RecordsUnusable, match=said):
            await store.check(records)


async def test_a_password_that_is_wrong_is_told_without_it(valkey: str) -> None:
    host = valkey.rpartition("@")[2]
    async with RedisStore(f"redis://:secret@{host}") as store:
        with pytest.raises(StoreUnreachable, match="write the password into the URL") as refused:
            await store.greet()
    assert "secret" not in str(refused.value)
    async with RedisStore(f"valkey://{host}") as store:
        with pytest.raises(StoreUnreachable, match="write the password into the URL"):
            await store.check(Records("doc:{id}"))


async def test_tls_where_there_is_none_is_told(valkey: str) -> None:
    url = valkey.replace("redis://", "rediss://")
    async with RedisStore(f"{url}?socket_timeout=0.2&socket_connect_timeout=0.2") as store:
        with pytest.raises(StoreUnreachable, match="whether it wants TLS"):
            await store.greet()


async def test_values_that_are_not_what_they_should_be_are_told_one_by_one(valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        client.set("doc:1", '{"v": 1}')
        client.set("doc:2", '{"v": ')
        client.set("doc:3", '"v"')
        client.hset("doc:4", mapping={"v": 1})
    async with RedisStore(valkey) as store:
        keys = [f"doc:{number}" for number in range(1, 6)]
        found = await store.fetch(Records("doc:{id}", fields=("v",)), keys)
        texts = await store.fetch(Records("doc:{id}", fields=("text",), form="text"), keys)
        hashes = await store.fetch(Records("doc:{id}", fields=("v",), form="hash"), keys)
    assert found["doc:1"] == Record("doc:1", (1,))
    assert found["doc:2"].problem.startswith("it is not JSON")
    assert found["doc:3"].problem == "its JSON is no object"
    assert found["doc:4"].problem == "it is of another type than json"
    assert set(found) == set(keys[:4])
    assert texts["doc:3"].values == ('"v"',)
    assert hashes["doc:4"].values == ("1",)
    assert hashes["doc:1"].problem == "it is of another type than hash"


async def test_a_text_is_written_whole(valkey: str) -> None:
    records = Records("doc:{id}", fields=("text",), form="text")
    async with RedisStore(valkey) as store:
        await store.write(records, [Record("doc:1", ("words",), 50)])
        found = (await store.fetch(records, ["doc:1"]))["doc:1"]
    assert found.values == ("words",)
    assert found.seconds_left is not None


async def test_a_key_that_changes_while_it_is_deleted_stays(valkey: str) -> None:
    records = Records("doc:{id}", fields=("text",), form="text")
    async with RedisStore(valkey) as store:
        await store.write(records, [Record("doc:1", ("old",))])
        read = await store.fetch(records, ["doc:1"])
        fetch = store.fetch

        async def late(*asked: object) -> dict[object, Record]:
            found = await fetch(*asked)  # type: ignore[arg-type]
            with Redis.from_url(valkey) as client:
                client.set("doc:1", "new")
            return found  # type: ignore[return-value]

        store.fetch = late  # type: ignore[method-assign,assignment]
        assert await store.delete(records, list(read.values())) == 0


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            Records("nothing"),
            "nothing: there is no such collection; name one of its collections: docs",
        ),
        (Records("docs", "version"), "docs.version: it is not the key; its primary field is id"),
        (Records("docs", fields=("nr",)), "docs.nr: there is no such field; name one of its"),
    ],
)
async def test_a_collection_names_what_it_does_not_have(
    tmp_path: Path, records: Records, said: str
) -> None:
    path = tmp_path / "vectors.db"
    collection(path, "docs", ("version", "INT64"))
    async with MilvusStore(f"milvus://{path}") as store:
        with pytest.raises(RecordsUnusable, match=said):
            await store.check(records)


async def test_vectors_of_other_dimensions_are_refused_before_they_are_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vectors.db"
    collection(path, "docs", ("version", "INT64"), key="VARCHAR")
    records = Records("docs", fields=("version", "vector"))
    async with MilvusStore(f"milvus://{path}") as store:
        with pytest.raises(RecordsUnusable, match="a vector of 3 dimensions where it has 4"):
            await store.write(records, [Record("a", (1, [0.5] * 3))])
        with pytest.raises(RecordsUnusable, match="give all its fields"):
            await store.write(Records("docs", fields=("version",)), [Record("a", (1,))])
        new = [Record(key, (1, [0.5] * 4)) for key in ("it's", 'a "b"', "\\", "é")]
        await store.write(records, new)
        found = [record async for page in store.scan(records, 1) for record in page]
    assert {record.key for record in found} == {record.key for record in new}


async def test_a_file_of_vectors_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    async with MilvusStore(f"milvus://{tmp_path / 'none.db'}") as store:
        with pytest.raises(StoreUnreachable, match="no such file"):
            await store.greet()
    assert is_empty(tmp_path)


async def test_a_server_of_vectors_that_is_not_there_is_told_without_its_password() -> None:
    async with MilvusStore("milvuss://app:secret@127.0.0.1:1/shop") as store:
        with pytest.raises(StoreUnreachable) as refused:
            await store.greet()
    assert "milvuss://app:***@127.0.0.1:1/shop" in str(refused.value)
    assert "secret" not in str(refused.value)
