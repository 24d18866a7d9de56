"""Collections of milvus-lite."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from milvus_lite.server_manager import server_manager_instance
from pymilvus import DataType, MilvusClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DIMENSIONS = 4


def collection(path: Path, name: str, *fields: tuple[str, str], key: str = "INT64") -> None:
    """Make a collection of nullable ``fields`` (name and type) with a key ``id`` and a vector."""
    with opened(path) as client:
        _create(client, name, fields, key)


@contextmanager
def opened(path: Path) -> Iterator[MilvusClient]:
    """A client for the block; another process may open the file afterwards."""
    client = MilvusClient(str(path))
    try:
        yield client
    finally:
        client.close()
        server_manager_instance.release_server(str(path))


def _create(client: MilvusClient, name: str, fields: Sequence[tuple[str, str]], key: str) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType[key], is_primary=True, **_length(key))
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSIONS)
    for field, kind in fields:
        schema.add_field(field, DataType[kind], nullable=True, **_length(kind))
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index)


def vector(number: int) -> list[float]:
    """One that is always the same for a number."""
    chance = random.Random(number)
    return [chance.random() for _ in range(DIMENSIONS)]


def _length(kind: str) -> dict[str, Any]:
    return {"max_length": 64} if kind == "VARCHAR" else {}
