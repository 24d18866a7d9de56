"""The example document_search with documents, and ways to make its stores disagree."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from sqlalchemy import create_engine, delete, insert, text, update

from dbparity.applications import Application
from dbparity.consistency.judging import Kind
from dbparity.settings import Settings
from document_search.cache import TTL, key
from document_search.models import Author, Base, Document, digest_of
from document_search.vectors import COLLECTION, fields
from tests.support.vectors import opened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Executable

    from dbparity.consistency.options import ConsistencyOptions
    from dbparity.servers.database import Database

EXAMPLE = Path(__file__).parents[2] / "examples" / "document_search"
APPLICATION = Application("document_search.models:Base.metadata", Base.metadata)
CACHED, VECTORS, AUTHORS = "cached documents", "vectors", "database.documents.author_id -> authors"
TENANTS = 4
_PAGE = 5_000
_UNFOLLOWED = {
    "postgresql": "SET session_replication_role = replica",
    "mysql": "SET foreign_key_checks = 0",
    "mariadb": "SET foreign_key_checks = 0",
    "sqlite": "PRAGMA foreign_keys = OFF",
}


def options(grace: float = 0.05) -> ConsistencyOptions:
    """As the example declares them, with another grace."""
    return replace(Settings.load(EXAMPLE, {}).consistency, grace=grace)


def tenant_of(number: int) -> str:
    """The tenant whose document it is."""
    return f"t{number % TENANTS}"


@dataclass(frozen=True)
class Wrong:
    """What is to be found: in which reference, of what kind, at which address."""

    reference: str
    kind: Kind
    address: str


class Library:
    """Documents 1 to ``count``, in a database, a cache and an index that agree."""

    def __init__(self, database: Database, cache: str, vectors: Path) -> None:
        """Use a database with the example's schema, an empty cache and an empty collection."""
        self.backend = database.backend
        self._engine = create_engine(database.backend.synchronous(database.url))
        self.redis = Redis.from_url(cache)
        self.vectors = vectors
        self.urls = {
            "database": database.url.render_as_string(hide_password=False),
            "cache": cache,
            "vectors": f"milvus://{vectors}",
        }

    def fill(self, count: int) -> None:
        """Write all of them."""
        self.execute(insert(Author), [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}])
        for start in range(1, count + 1, _PAGE):
            self._write(range(start, min(start + _PAGE, count + 1)))

    def execute(
        self,
        statement: Executable,
        values: list[dict[str, Any]] | None = None,
        *,
        followed: bool = True,
    ) -> None:
        """Change the database; foreign keys are not ``followed`` on request."""
        with self._engine.connect() as connection:
            if not followed:
                connection.execute(text(_UNFOLLOWED[self.backend.name]))
                connection.commit()
            connection.execute(statement, values)
            connection.commit()
        if not followed:
            self._engine.dispose()

    def put(self, number: int, **changes: object) -> None:
        """Write a key of the cache, as it should be but for ``changes``."""
        self.redis.set(
            key(tenant_of(number), number), json.dumps({**cached(number), **changes}), ex=TTL
        )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self.redis.close()

    def _write(self, numbers: Iterable[int]) -> None:
        self.execute(insert(Document), [_row(number) for number in numbers])
        pipe = self.redis.pipeline(transaction=False)
        for number in numbers:
            pipe.set(key(tenant_of(number), number), json.dumps(cached(number)), ex=TTL)
        pipe.execute()
        with opened(self.vectors) as client:
            client.upsert(COLLECTION, [_vector(number) for number in numbers])


def cached(number: int) -> dict[str, object]:
    """What the cache has of a document."""
    return {**{name: _row(number)[name] for name in ("version", "digest", "tenant", "body")}}


def _row(number: int) -> dict[str, Any]:
    body = f"document {number}"
    return {
        "id": number,
        "tenant": tenant_of(number),
        "body": body,
        "version": 1 + number % 3,
        "digest": digest_of(body),
        "author_id": 1 + number % 2,
    }


def _vector(number: int, **changes: object) -> dict[str, Any]:
    row = _row(number)
    return {"id": number, **fields(row["tenant"], row["version"], row["body"]), **changes}


def _address(number: int) -> str:
    return key(tenant_of(number), number)


# Each makes document ``number`` disagree, and says what is to be found of that.


def missing_vector(library: Library, number: int) -> Wrong:
    with opened(library.vectors) as client:
        client.delete(COLLECTION, ids=[number])
    return Wrong(VECTORS, Kind.DANGLING, str(number))


def orphaned_vector(library: Library, number: int) -> Wrong:
    library.execute(delete(Document).where(Document.id == number))
    library.redis.delete(_address(number))
    return Wrong(VECTORS, Kind.ORPHANED, str(number))


def stale_vector(library: Library, number: int) -> Wrong:
    return _changed_vector(library, number, Kind.STALE, version=0)


def foreign_vector(library: Library, number: int) -> Wrong:
    return _changed_vector(library, number, Kind.TENANT, tenant="somebody")


def orphaned_key(library: Library, number: int) -> Wrong:
    other = number + 10_000_000
    library.put(other)
    return Wrong(CACHED, Kind.ORPHANED, _address(other))


def key_of_another_tenant(library: Library, number: int) -> Wrong:
    address = key("somebody", number)
    library.redis.set(address, json.dumps(cached(number)), ex=TTL)
    return Wrong(CACHED, Kind.ORPHANED, address)


def stale_key(library: Library, number: int) -> Wrong:
    library.put(number, version=0)
    return Wrong(CACHED, Kind.STALE, _address(number))


def key_ahead(library: Library, number: int) -> Wrong:
    library.put(number, version=9)
    return Wrong(CACHED, Kind.AHEAD, _address(number))


def altered_key(library: Library, number: int) -> Wrong:
    library.put(number, digest=digest_of("other words"))
    return Wrong(CACHED, Kind.ALTERED, _address(number))


def foreign_key_of_cache(library: Library, number: int) -> Wrong:
    library.put(number, tenant="somebody")
    return Wrong(CACHED, Kind.TENANT, _address(number))


def lasting_key(library: Library, number: int) -> Wrong:
    library.redis.persist(_address(number))
    return Wrong(CACHED, Kind.LASTING, _address(number))


def late_key(library: Library, number: int) -> Wrong:
    library.redis.expire(_address(number), 10 * TTL)
    return Wrong(CACHED, Kind.LATE, _address(number))


def no_json(library: Library, number: int) -> Wrong:
    library.redis.set(_address(number), "{version: 1", ex=TTL)
    return Wrong(CACHED, Kind.UNREADABLE, _address(number))


def no_object(library: Library, number: int) -> Wrong:
    library.redis.set(_address(number), "[1, 2]", ex=TTL)
    return Wrong(CACHED, Kind.UNREADABLE, _address(number))


def no_text(library: Library, number: int) -> Wrong:
    library.redis.delete(_address(number))
    library.redis.hset(_address(number), mapping={"version": 1})
    library.redis.expire(_address(number), TTL)
    return Wrong(CACHED, Kind.UNREADABLE, _address(number))


def dangling_author(library: Library, number: int) -> Wrong:
    statement = update(Document).where(Document.id == number).values(author_id=1_000 + number)
    library.execute(statement, followed=False)
    return Wrong(AUTHORS, Kind.DANGLING, str(1_000 + number))


def _changed_vector(library: Library, number: int, kind: Kind, **changes: object) -> Wrong:
    with opened(library.vectors) as client:
        client.upsert(COLLECTION, [_vector(number, **changes)])
    return Wrong(VECTORS, kind, str(number))


Plant = Callable[[Library, int], Wrong]
PLANTS: tuple[Plant, ...] = (
    missing_vector,
    orphaned_vector,
    stale_vector,
    foreign_vector,
    orphaned_key,
    key_of_another_tenant,
    stale_key,
    key_ahead,
    altered_key,
    foreign_key_of_cache,
    lasting_key,
    late_key,
    no_json,
    no_object,
    no_text,
    dangling_author,
)
