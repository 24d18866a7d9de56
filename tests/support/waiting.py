"""Waiting for what comes soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Callable

_SOON = 20  # seconds


def await_that(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    retrying = Retrying(
        stop=stop_after_delay(_SOON), wait=wait_fixed(0.01), retry=retry_if_result(lambda x: not x)
    )
    assert retrying(condition)
