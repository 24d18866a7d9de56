"""Items made in a thread of its own, while those before are used."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

T = TypeVar("T")
_DEPTH = 2
_PATIENCE = 0.1  # seconds


class _End:
    """What follows the last item: nothing, or what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def ahead(items: Generator[T, None, None], depth: int = _DEPTH) -> Iterator[Iterator[T]]:
    """Up to ``depth`` of the items in advance; what stops the making of them is raised here."""
    made: Queue[T | _End] = Queue(depth)
    left = threading.Event()
    thread = threading.Thread(target=_make, args=(items, made, left), daemon=True)
    thread.start()
    try:
        yield _taken(made)
    finally:
        left.set()
        while thread.is_alive():
            _drained(made)
            thread.join(_PATIENCE)


def _make(items: Generator[T, None, None], made: Queue[T | _End], left: threading.Event) -> None:
    error = None
    try:
        for item in items:
            if not _put(item, made, left):
                break
    except BaseException as caught:  # noqa: BLE001  # it is raised where the items are used
        error = caught
    finally:
        items.close()
    _put(_End(error), made, left)


def _put(item: T | _End, made: Queue[T | _End], left: threading.Event) -> bool:
    """Whether anybody still wants it."""
    while not left.is_set():
        try:
            made.put(item, timeout=_PATIENCE)
        except Full:
            continue
        return True
    return False


def _taken(made: Queue[T | _End]) -> Iterator[T]:
    while not isinstance(item := made.get(), _End):
        yield item
    if item.error is not None:
        raise item.error


def _drained(made: Queue[T | _End]) -> None:
    with suppress(Empty):
        made.get_nowait()
