"""What a process is asked for that says whether a store is there."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Any

from dbparity.stores.base import open_store


def prepare(url: str) -> None:
    """Import what `greet` needs for ``url``; nothing is connected to."""
    open_store(url).load()


def greet(url: str) -> dict[str, Any]:
    """The `Greeting` of a store over a new connection, and how many ``seconds`` it took.

    Raises:
        StoreInvalid, DriverMissing: there is no such store, or not what it needs.
        StoreUnreachable: it does not answer.
    """
    return asyncio.run(_greeted(url))


async def _greeted(url: str) -> dict[str, Any]:
    async with open_store(url) as store:
        began = time.perf_counter()
        greeting = await store.greet()
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "greeting": asdict(greeting)}
