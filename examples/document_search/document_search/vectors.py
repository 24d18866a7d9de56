from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import TYPE_CHECKING, Any

from pymilvus import AsyncMilvusClient, DataType, MilvusClient

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from document_search.models import Document

COLLECTION = "documents"
DIMENSIONS = 16


def embed(text: str) -> list[float]:
    """A vector in which texts with the same words are near: a stand-in for a model."""
    vector = [0.0] * DIMENSIONS
    for word in text.lower().split():
        (number,) = struct.unpack_from("I", hashlib.sha256(word.encode()).digest())
        vector[number % DIMENSIONS] += 1
    length = math.hypot(*vector) or 1.0
    return [part / length for part in vector]


def create(uri: str) -> None:
    """Make the collection; milvus-lite's asynchronous client cannot make its index."""
    client = MilvusClient(uri)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=40)
    schema.add_field("version", DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSIONS)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="COSINE")
    client.create_collection(COLLECTION, schema=schema, index_params=index)
    client.close()


class DocumentIndex:
    def __init__(self, uri: str) -> None:
        self._client: Any = AsyncMilvusClient(uri)

    async def put(self, documents: Sequence[Document]) -> None:
        rows = [
            {"id": each.id, **fields(each.tenant, each.version, each.body)} for each in documents
        ]
        await self._client.upsert(COLLECTION, rows)

    async def forget(self, document: int) -> None:
        await self._client.delete(COLLECTION, ids=[document])

    async def search(self, tenant: str, text: str, limit: int) -> list[int]:
        found = await self._client.search(
            COLLECTION,
            [embed(text)],
            filter=f"tenant == {json.dumps(tenant)}",
            limit=limit,
            consistency_level="Strong",
        )
        return [hit["id"] for hit in found[0]]

    async def close(self) -> None:
        await self._client.close()


def fields(tenant: str, version: int, body: str) -> dict[str, Any]:
    return {"tenant": tenant, "version": version, "vector": embed(body)}


def rebuild(_key: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """What dbparity writes in place of a vector that is missing or stale."""
    return fields(row["tenant"], row["version"], row["body"])
