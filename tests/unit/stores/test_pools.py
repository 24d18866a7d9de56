from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import ConnectionPool, Redis
from sqlalchemy import NullPool, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.stores.pools import Pool, pool_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pool_of_sqlalchemy_tells_how_far_it_is_used(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/db", pool_size=2, max_overflow=1)
    with ExitStack() as stack:
        assert pool_of(engine) == Pool(0, 2, 0, 3)
        for _ in range(3):
            stack.enter_context(engine.connect())
        assert pool_of(engine) == Pool(3, 2, 1, 3)
        assert pool_of(engine).exhausted
    assert not pool_of(engine).exhausted
    engine.dispose()


async def test_a_pool_of_an_async_engine_is_seen(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/db", pool_size=1, max_overflow=0)
    async with engine.connect():
        assert pool_of(engine) == Pool(1, 1, 0, 1)
    await engine.dispose()


@pytest.mark.parametrize("options", [{"max_overflow": -1}, {"pool_size": 0}])
def test_a_pool_without_a_limit_is_never_exhausted(tmp_path: Path, options: dict[str, int]) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/db", **options)
    with engine.connect():
        assert pool_of(engine).checked_out == 1
        assert pool_of(engine).limit is None
        assert not pool_of(engine).exhausted
    engine.dispose()


def test_a_pool_that_keeps_nothing_has_nothing_to_tell(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/db", poolclass=NullPool)
    assert pool_of(engine) == Pool(0)


def test_a_pool_of_redis_tells_how_far_it_is_used() -> None:
    pool = ConnectionPool.from_url("redis://127.0.0.1:1/0", max_connections=1)
    assert pool_of(Redis(connection_pool=pool)) == Pool(0, limit=1)
    pool.get_available_connection()  # type: ignore[no-untyped-call]  # redis'
    assert pool_of(pool) == Pool(1, limit=1)
    assert pool_of(pool).exhausted


def test_any_other_pool_can_be_told_by_a_function() -> None:
    assert pool_of(lambda: Pool(3, limit=3)).exhausted
