from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.consistency.interleaving import Stage, cannot_tell, follow
from dbparity.consistency.observing import observing, waiting_on

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


async def nothing() -> None:
    """Nobody looks."""


async def done_by(call: Callable[[], Awaitable[object]]) -> list[str]:
    """The steps of one actor."""
    played = await Stage().play({"one": call}, follow(()), nothing)
    assert not played.ends["one"].error
    return [act.did for acts in played.moves for act in acts]


@pytest.mark.parametrize(
    ("begin", "steps"), [("BEGIN", []), ("begin  deferred", []), ("BEGIN IMMEDIATE", ["BEGIN IMM"])]
)
async def test_a_transaction_that_begins_by_a_statement_ends_by_a_step(
    tmp_path: Path, begin: str, steps: list[str]
) -> None:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path}/a.db", isolation_level="AUTOCOMMIT"
    )

    async def writes() -> None:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("CREATE TABLE a (b)")
            for statement in (begin, "INSERT INTO a VALUES (1)"):
                await connection.exec_driver_sql(statement)
            await connection.commit()
            await connection.exec_driver_sql("SELECT * FROM a")

    with observing(engine):
        done = await done_by(writes)
    await engine.dispose()
    names = [step[:9] for step in done if not step.startswith("PRAGMA")]
    ends = ["INSERT IN", "COMMIT", "SELECT * ", "returns N"]
    assert names == ["CREATE TA", *steps, *ends]


async def test_a_server_that_cannot_tell_who_waits_is_not_asked(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/a.db")
    assert await waiting_on(engine) is cannot_tell
    await engine.dispose()


async def test_each_public_coroutine_method_of_an_object_is_a_step() -> None:
    class Client:
        async def fetch(self, name: str, *, limit: int) -> int:
            return await self._send(name) + limit

        async def _send(self, name: str) -> int:
            return len(name)

        def size(self) -> int:
            return 3

    client = Client()

    async def uses() -> int:
        return await client.fetch("abc", limit=client.size())

    with observing(client):
        assert await done_by(uses) == ["fetch abc", "returns 6"]
        assert await client.fetch("abc", limit=1) == 4
    assert not vars(client)


async def test_what_an_object_had_replaced_is_there_again_in_the_end() -> None:
    class Client:
        async def fetch(self) -> str:
            return "its class's"

    async def fetch() -> str:
        return "its own"

    client = Client()
    vars(client)["fetch"] = fetch
    with observing(client):
        assert await done_by(client.fetch) == ["fetch", "returns 'its own'"]
    assert vars(client) == {"fetch": fetch}
