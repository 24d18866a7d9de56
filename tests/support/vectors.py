"""Collections of milvus-lite."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from pymilvus import DataType, MilvusClient

if TYPE_CHECKING:
    from pathlib import Path

DIMENSIONS = 4


def collection(path: Path, name: str, *fields: tuple[str, str], key: str = "INT64") -> None:
    """Make a collection of nullable ``fields`` (name and type) with a key ``id`` and a vector."""
    client = MilvusClient(str(path))
    schema = client.create_schema()
    schema.add_field("id", DataType[key], is_primary=True, **_length(key))
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSIONS)
    for field, kind in fields:
        schema.add_field(field, DataType[kind], nullable=True, **_length(kind))
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index)
    client.close()


def vector(number: int) -> list[float]:
    """One that is always the same for a number."""
    chance = random.Random(number)
    return [chance.random() for _ in range(DIMENSIONS)]


def _length(kind: str) -> dict[str, Any]:
    return {"max_length": 64} if kind == "VARCHAR" else {}
