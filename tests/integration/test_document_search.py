"""The example that keeps its documents in three stores, used by many and held against itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from milvus_lite.server_manager import server_manager_instance
from sqlalchemy.ext.asyncio import async_sessionmaker

from dbparity.consistency.validator import DatabaseConsistencyValidator
from document_search.cache import DocumentCache
from document_search.service import DocumentService
from document_search.vectors import DocumentIndex, create
from tests.support.library import APPLICATION, options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dbparity.servers.database import Database

# Of the drivers, those that are asynchronous.
pytestmark = [pytest.mark.any_server, pytest.mark.usefixtures("async_engine"), pytest.mark.untraced]


@pytest.fixture
def database(lease: Callable[..., AbstractContextManager[Database]]) -> Iterator[Database]:
    with lease(APPLICATION) as database:
        yield database


@pytest.fixture
async def service(
    database: Database, valkey: str, tmp_path: Path
) -> AsyncIterator[DocumentService]:
    vectors = str(tmp_path / "vectors.db")
    create(vectors)
    cache, index = DocumentCache(valkey), DocumentIndex(vectors)
    engine = database.async_engine()
    yield DocumentService(async_sessionmaker(engine), cache, index)
    await engine.dispose()
    await cache.close()
    await index.close()
    server_manager_instance.release_server(vectors)


async def test_documents_are_found_by_their_words_and_by_nobody_else(
    service: DocumentService,
) -> None:
    pears = await service.add("ada", "pears and apples")
    await service.add("ada", "bolts and nuts")
    await service.add("grace", "pears and apples")
    (found, *_) = await service.search("ada", "apples pears", limit=1)
    assert (found["body"], found["tenant"]) == ("pears and apples", "ada")
    assert await service.get("grace", pears) is None
    with pytest.raises(PermissionError):
        await service.edit("grace", pears, "mine now")


async def test_what_many_do_at_once_leaves_stores_that_agree(
    service: DocumentService, database: Database, valkey: str, tmp_path: Path
) -> None:
    numbers = [await service.add("ada", f"text {number}") for number in range(12)]
    await asyncio.gather(*(service.get("ada", number) for number in numbers))
    await asyncio.gather(*(service.edit("ada", number, "other words") for number in numbers[:6]))
    for number in numbers[6:9]:
        await service.delete("ada", number)
    assert {each["version"] for each in await service.search("ada", "other words", 6)} == {2}
    urls = {
        "database": database.url.render_as_string(hide_password=False),
        "cache": valkey,
        "vectors": f"milvus://{tmp_path / 'vectors.db'}",
    }
    only = ["cached documents"]
    report = await DatabaseConsistencyValidator(urls, options(), only=only).validate()
    (result,) = report.results
    assert report.findings == ()
    assert {each.subject: each.value for each in result.measurements}["records"] == 9
