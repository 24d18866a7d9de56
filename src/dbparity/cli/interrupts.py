"""SIGINT and SIGTERM: whatever is started is removed, and a second one does not stop that.

Where the first one has to wait for others, a second one may do `Interrupts.again`.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REMOVED = "what was started is removed"


class Stopped(BaseException):
    """A signal asked for the end. Not an `Exception`: no check may take it for an answer."""

    def __init__(self, number: int, state: str) -> None:
        """Name the signal's ``number``, and in which ``state`` things are left."""
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}; {state}")

    @property
    def code(self) -> int:
        """What a shell calls the end by a signal."""
        return 128 + self.number


class Interrupts:
    """While its block runs, the first signal raises `Stopped` in the main thread.

    Until `hold`, a later one calls ``again`` with the number of the first; by default that does
    nothing.
    """

    def __init__(
        self,
        doing: str = "stopping; servers and databases are being removed",
        state: str = REMOVED,
    ) -> None:
        """Say what is being done when a signal comes, and in which state things are then."""
        self._doing, self._state = doing, state
        self.again: Callable[[int], object] = _ignore

    def __enter__(self) -> Self:
        """Listen."""
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._stop) for number in SIGNALS
        }
        return self

    def hold(self) -> None:
        """From here on to the end of the block let no signal interrupt."""
        for number in SIGNALS:
            # Not SIG_IGN, which programs that are started now would inherit.
            signal.signal(number, _ignore)

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, lambda *_: self.again(number))
        # A signal may come in the middle of another write: this one has no buffer.
        os.write(2, f"\ndbparity: {self._doing}\n".encode())
        raise Stopped(number, self._state)


def _ignore(*_: object) -> None:
    pass
