"""Milvus: a server, or milvus-lite on a file."""

from __future__ import annotations

import importlib.util
import json
import logging
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlsplit

from dbparity.errors import DriverMissing, RecordsUnusable, StoreInvalid, StoreUnreachable
from dbparity.stores.base import PAGE, Greeting, Key, Record, Records, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence

_PORT = 19530
_AT_ONCE = 5_000  # keys in one question
_STRONG = {"consistency_level": "Strong"}


@dataclass(frozen=True)
class _Shape:
    """What a collection is made of: its primary field, its fields, the dimensions of vectors."""

    key: str
    kind: type  # of the key: int or str
    fields: tuple[str, ...]
    dimensions: dict[str, int]
    is_open: bool  # whether it takes fields that are not declared

    def keys(self, told: Iterable[Key]) -> list[Key]:
        """As the primary field has them, without those that it can never have."""
        if self.kind is str:
            return [str(key) for key in told]
        return [int(key) for key in told if str(key).lstrip("-").isdecimal()]


class MilvusStore(Store):
    """The collections of one database.

    ``milvus:///folder/vectors.db`` is a file of milvus-lite, which one process at a time has open;
    ``milvus://user:password@host:19530/database`` a server, ``milvuss://`` one by TLS.
    """

    extra: ClassVar[str] = "milvus"
    ordered: ClassVar[bool] = False
    expires: ClassVar[bool] = False

    def __init__(self, url: str) -> None:
        """Be the database at ``url``.

        Raises:
            StoreInvalid: the URL cannot be read.
            DriverMissing: pymilvus, or for a file milvus-lite, is not installed.
        """
        super().__init__(url)
        try:
            self._parts = urlsplit(url)
            self._port = self._parts.port or _PORT
        except ValueError:
            cure = "write milvus:///file.db or milvus://user:password@host:19530/database"
            raise StoreInvalid("milvus", "the URL cannot be read", cure) from None
        self._file = None if self._parts.hostname else Path(self._parts.path)
        self._modules = ("pymilvus", *(["milvus_lite"] if self._file is not None else []))
        for module in self._modules:
            if importlib.util.find_spec(module) is None:
                raise DriverMissing("milvus", module, "milvus")
        self._shapes: dict[str, _Shape] = {}
        self._made: Any = None
        self._opened = ExitStack()

    @property
    def address(self) -> str:
        """The URL without its password."""
        parts = self._parts
        if self._file is not None:
            return f"milvus://{self._file}"
        login = f"{parts.username or ''}:***@" if parts.password else ""
        return f"{parts.scheme}://{login}{parts.hostname}:{self._port}{parts.path}"

    def load(self) -> None:
        """Import pymilvus, and for a file milvus-lite: they take seconds."""
        for module in self._modules:
            importlib.import_module(module)

    async def greet(self) -> Greeting:
        """Ask for the version; a file says which milvus-lite reads it."""
        with self._told(), self._shared_file():
            client = self._connect()
            try:
                version = str(await client.get_server_version())
            finally:
                await client.close()
        return Greeting(version.replace("milvus_lite-", "milvus-lite "))

    async def check(self, records: Records) -> None:
        """Raise `RecordsUnusable` unless there is such a collection with such fields."""
        shape = await self._shape(records.name)
        if records.key not in {"", shape.key}:
            cure = f"its primary field is {shape.key}"
            raise self._unusable(f"{records.name}.{records.key}", "it is not the key", cure)
        for name in records.fields:
            if name not in shape.fields and not shape.is_open:
                cure = f"name one of its fields: {', '.join(shape.fields)}"
                raise self._unusable(f"{records.name}.{name}", "there is no such field", cure)

    async def scan(self, records: Records, size: int = PAGE) -> AsyncIterator[Sequence[Record]]:
        """Ranges of keys, halved until one has no more than a page.

        No order of answers is assumed: a server and milvus-lite give different ones.
        """
        shape = await self._shape(records.name)
        ranges: list[tuple[Key | None, Key | None]] = [(None, None)]
        while ranges:
            low, high = ranges.pop()
            found = await self._query(records, shape, _between(shape.key, low, high), size + 1)
            if len(found) > size:
                middle = sorted(row[shape.key] for row in found)[size // 2]
                ranges += [(middle, high), (low, middle)]
            elif found:
                yield [_record(row, shape, records) for row in found]

    async def fetch(self, records: Records, keys: Collection[Key]) -> dict[Key, Record]:
        """By their ids, at the consistency Strong."""
        shape = await self._shape(records.name)
        asked, found = shape.keys(keys), {}
        for start in range(0, len(asked), _AT_ONCE):
            rows = await self._query(records, shape, _among(shape.key, asked[start:][:_AT_ONCE]))
            found.update({row[shape.key]: _record(row, shape, records) for row in rows})
        return found

    async def write(self, records: Records, new: Sequence[Record]) -> None:
        """Upsert the records, with the fields that they had and that are not told.

        Raises:
            RecordsUnusable: a vector has another dimension than the collection's.
        """
        shape = await self._shape(records.name)
        told = [dict(zip(records.fields, record.values, strict=True)) for record in new]
        for values in told:
            self._check_dimensions(records.name, shape, values)
        keys = shape.keys(record.key for record in new)
        whole = replace(records, fields=shape.fields)
        rows = await self._query(whole, shape, _among(shape.key, keys))
        with self._told():
            old = {row[shape.key]: row for row in rows}
            merged = [
                {**old.get(key, {}), **values, shape.key: key}
                for key, values in zip(keys, told, strict=True)
            ]
            await self._client.upsert(records.name, merged)

    async def delete(self, records: Records, old: Sequence[Record]) -> int:
        """Delete those whose fields are as they were read; Milvus cannot do both at once."""
        now = await self.fetch(records, [record.key for record in old])
        same = [each.key for each in old if each.key in now and now[each.key].values == each.values]
        shape = await self._shape(records.name)
        with self._told():
            await self._client.delete(records.name, filter=_among(shape.key, same))
        return len(same)

    async def close(self) -> None:
        """Close the connection; a file may be opened by another process then."""
        made, self._made = self._made, None
        self._shapes.clear()  # collections of a file that is opened anew have to be loaded
        if made is not None:
            await made.close()
            self._opened.close()

    @property
    def _client(self) -> Any:  # noqa: ANN401  # pymilvus', untyped
        if self._made is None:
            self._opened.enter_context(self._shared_file())
            self._made = self._connect()
        return self._made

    def _shared_file(self) -> AbstractContextManager[None]:
        return nullcontext() if self._file is None else _shared(str(self._file.absolute()))

    def _connect(self) -> Any:  # noqa: ANN401  # pymilvus', untyped
        from pymilvus import AsyncMilvusClient  # noqa: PLC0415  # an extra

        # It tells every refusal there, before it raises it.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if self._file is not None:
            if not self._file.exists():
                cure = "correct the path; a fourth slash begins an absolute one"
                raise StoreUnreachable(self.address, "no such file", cure)
            return AsyncMilvusClient(str(self._file))
        secure = "https" if self._parts.scheme == "milvuss" else "http"
        return AsyncMilvusClient(
            f"{secure}://{self._parts.hostname}:{self._port}",
            user=unquote(self._parts.username or ""),
            password=unquote(self._parts.password or ""),
            db_name=self._parts.path.strip("/"),
        )

    async def _shape(self, name: str) -> _Shape:
        if name not in self._shapes:
            with self._told():
                if not await self._client.has_collection(name):
                    known = ", ".join(sorted(await self._client.list_collections())) or "none"
                    cure = f"name one of its collections: {known}"
                    raise self._unusable(name, "there is no such collection", cure)
                said = await self._client.describe_collection(name)
                # One that was opened anew after a kill has to be loaded.
                await self._client.load_collection(name)
            self._shapes[name] = _shape(said)
        return self._shapes[name]

    async def _query(
        self, records: Records, shape: _Shape, where: str, limit: int | None = None
    ) -> list[dict[str, Any]]:
        with self._told():
            rows: list[dict[str, Any]] = await self._client.query(
                records.name,
                filter=where,
                output_fields=[shape.key, *records.fields],
                **({"limit": limit} if limit else {}),
                **_STRONG,
            )
        return rows

    def _check_dimensions(self, name: str, shape: _Shape, values: dict[str, Any]) -> None:
        for field, wanted in shape.dimensions.items():
            if field in values and len(values[field]) != wanted:
                reason = f"a vector of {len(values[field])} dimensions where it has {wanted}"
                cure = f"embed by the model that {name} was made for"
                raise self._unusable(f"{name}.{field}", reason, cure)

    def _unusable(self, what: str, reason: str, cure: str) -> RecordsUnusable:
        return RecordsUnusable(self.address, what, reason, cure)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from pymilvus import MilvusException  # noqa: PLC0415  # an extra
        from pymilvus.exceptions import DataNotMatchException  # noqa: PLC0415

        try:
            yield
        except DataNotMatchException as error:
            raise self._unusable("a record", str(error), "give all its fields") from error
        except (MilvusException, OSError) as error:
            cure = "check that it runs there; a file is opened by one process at a time"
            raise StoreUnreachable(self.address, error, cure) from error


@contextmanager
def _shared(path: str) -> Iterator[None]:
    """Let go of a file in the end, unless this process had it open before: it is locked."""
    from milvus_lite.server_manager import server_manager_instance  # noqa: PLC0415  # an extra

    # Nothing public tells it.
    was_open = path in server_manager_instance._servers  # noqa: SLF001
    try:
        yield
    finally:
        if not was_open:
            server_manager_instance.release_server(path)


def _shape(said: dict[str, Any]) -> _Shape:
    fields = said["fields"]
    key = next(field for field in fields if field.get("is_primary"))
    return _Shape(
        key["name"],
        str if key["type"].name == "VARCHAR" else int,
        tuple(field["name"] for field in fields),
        {field["name"]: field["params"]["dim"] for field in fields if "dim" in field["params"]},
        bool(said.get("enable_dynamic_field")),
    )


# Filters: milvus-lite binds no values, and pymilvus spells ids without escaping them; both sorts of
# keys are read as JSON has them.


def _among(key: str, keys: Sequence[Key]) -> str:
    return f"{key} in {json.dumps(keys, ensure_ascii=False)}"


def _between(key: str, low: Key | None, high: Key | None) -> str:
    bounds = [
        f"{key} {sign} {json.dumps(bound, ensure_ascii=False)}"
        for sign, bound in ((">", low), ("<=", high))
        if bound is not None
    ]
    return " and ".join(bounds)


def _record(row: dict[str, Any], shape: _Shape, records: Records) -> Record:
    return Record(row[shape.key], tuple(row.get(name) for name in records.fields))
