from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

if TYPE_CHECKING:
    from document_search.models import Document

TTL = 3600  # seconds; up to a twelfth more, lest all expire at once

# An older version never replaces a newer one, whoever comes late.
_KEEP_NEWEST = """
local old = redis.call('GET', KEYS[1])
if old and cjson.decode(old).version > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class DocumentCache:
    def __init__(self, url: str) -> None:
        self._redis: Any = Redis.from_url(url, decode_responses=True)
        self._keep_newest = self._redis.register_script(_KEEP_NEWEST)

    async def get(self, tenant: str, document: int) -> dict[str, Any] | None:
        text = await self._redis.get(key(tenant, document))
        return json.loads(text) if text else None

    async def put(self, document: Document) -> None:
        seconds = TTL + random.randrange(TTL // 12)  # noqa: S311  # no secret
        text = json.dumps(fields(document))
        await self._keep_newest(
            [key(document.tenant, document.id)], [document.version, text, seconds]
        )

    async def forget(self, tenant: str, document: int) -> None:
        await self._redis.delete(key(tenant, document))

    async def close(self) -> None:
        await self._redis.aclose()


def key(tenant: str, document: int) -> str:
    return f"doc:{tenant}:{document}"


def fields(document: Document) -> dict[str, Any]:
    return {
        "version": document.version,
        "digest": document.digest,
        "tenant": document.tenant,
        "body": document.body,
    }
