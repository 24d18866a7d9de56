"""What a project configures of its health checks: ``[tool.dbparity.health]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

_Positive = Annotated[float, Meta(gt=0)]


@dataclass(frozen=True)
class HealthOptions:
    """How stores are asked, and from what on they are degraded.

    Attributes:
        limit: seconds after which whatever has not answered is down.
        slow: seconds for a login and an answer.
        lag: seconds that a replica may be behind.
        optional: the stores without which the application goes on.
        read_only: those that need not take writes.
        revisions: the store that has the application's migrations; "" for none.
    """

    limit: _Positive = 5.0
    slow: _Positive = 1.0
    lag: _Positive = 30.0
    optional: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    revisions: str = ""
