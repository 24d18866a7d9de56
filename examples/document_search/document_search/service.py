from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, update

from document_search.cache import DocumentCache, fields
from document_search.models import Document, digest_of

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, Result
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    from document_search.vectors import DocumentIndex


class DocumentService:
    """Commits first, then tells the cache and the index; both take the newest version only."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        cache: DocumentCache,
        index: DocumentIndex,
    ) -> None:
        self._sessions, self._cache, self._index = sessions, cache, index

    async def add(self, tenant: str, body: str, author: int | None = None) -> int:
        document = Document(
            tenant=tenant, body=body, version=1, digest=digest_of(body), author_id=author
        )
        async with self._sessions(expire_on_commit=False) as session, session.begin():
            session.add(document)
        await self._index.put([document])
        return document.id

    async def get(self, tenant: str, document_id: int) -> dict[str, Any] | None:
        cached = await self._cache.get(tenant, document_id)
        if cached is not None:
            return cached
        async with self._sessions() as session:
            document = await session.get(Document, document_id)
        if document is None or document.tenant != tenant:
            return None
        await self._cache.put(document)
        return fields(document)

    async def edit(self, tenant: str, document_id: int, body: str) -> None:
        """Write first and read then: a transaction that reads first may not write on SQLite."""
        mine = (Document.id == document_id, Document.tenant == tenant)
        changes = {"body": body, "digest": digest_of(body), "version": Document.version + 1}
        async with self._sessions(expire_on_commit=False) as session, session.begin():
            changed = await session.execute(update(Document).where(*mine).values(changes))
            _check(changed, tenant, document_id)
            document = await session.get_one(Document, document_id)
        await self._cache.put(document)
        await self._index.put([document])

    async def delete(self, tenant: str, document_id: int) -> None:
        mine = (Document.id == document_id, Document.tenant == tenant)
        async with self._sessions() as session, session.begin():
            deleted = await session.execute(delete(Document).where(*mine))
            _check(deleted, tenant, document_id)
        await self._cache.forget(tenant, document_id)
        await self._index.forget(document_id)

    async def search(self, tenant: str, text: str, limit: int = 10) -> list[dict[str, Any]]:
        found = [
            await self.get(tenant, each) for each in await self._index.search(tenant, text, limit)
        ]
        return [each for each in found if each is not None]


def _check(done: Result[Any], tenant: str, document_id: int) -> None:
    if not cast("CursorResult[Any]", done).rowcount:
        raise PermissionError(f"{tenant} has no document {document_id}")
