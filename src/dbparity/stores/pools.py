"""How far a pool of connections is used, of SQLAlchemy or redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import QueuePool


@dataclass(frozen=True)
class Pool:
    """How far a pool is used.

    Attributes:
        checked_out: connections in use.
        size: those that it keeps; None where it does not say.
        overflow: those beyond that are open now.
        limit: how many can be in use at once; None for as many as are asked for.
    """

    checked_out: int
    size: int | None = None
    overflow: int = 0
    limit: int | None = None

    @property
    def exhausted(self) -> bool:
        """Whether the next one who asks has to wait."""
        return self.limit is not None and self.checked_out >= self.limit


def pool_of(source: Any) -> Pool:  # noqa: ANN401  # of several libraries
    """A pool of SQLAlchemy or redis, or that of an engine or client, or what a function says.

    A pool that keeps nothing, such as a `NullPool`, has no connection checked out.
    """
    if callable(source):
        found: Pool = source()
        return found
    engine = getattr(source, "sync_engine", source)
    pool = getattr(source, "connection_pool", None) or getattr(engine, "pool", source)
    if isinstance(pool, QueuePool):
        most = pool.size() + pool._max_overflow  # noqa: SLF001  # nothing public has it
        bounded = pool.size() and pool._max_overflow >= 0  # noqa: SLF001
        return Pool(
            pool.checkedout(), pool.size(), max(pool.overflow(), 0), most if bounded else None
        )
    used = getattr(pool, "_in_use_connections", ())
    return Pool(len(used), limit=getattr(pool, "max_connections", None))
