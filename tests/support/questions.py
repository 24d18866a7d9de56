"""Further questions of health checks: what they return is a result, as JSON has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dbparity.results import Verified, concluded


def fine() -> dict[str, Any]:
    return asdict(concluded("", "revisions", "version", [Verified("it is at the head")]))


def broken(secret: str) -> None:
    message = f"no login with {secret}"
    raise RuntimeError(message)
