"""For tools that make rows of their own: values that the check constraints tie to each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from prompt_library.store import config_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = datetime(2025, 3, 1, 9, 0, 0, 123456)  # noqa: DTZ001


def _template(index: int) -> dict[str, Any]:
    """Return a template of its own configuration; every third is deleted."""
    made = START + timedelta(minutes=index)
    config = {"temperature": index / 10, "model": "small"}
    return {
        "config": config,
        "config_hash": config_hash(config),
        "created_at": made,
        "deleted_at": made + timedelta(seconds=30) if index % 3 == 0 else None,
    }


factories: Mapping[str, Callable[[int], dict[str, Any]]] = {"prompt_templates": _template}
