"""SIGINT and SIGTERM, once: whatever is started is removed, and a second one does not stop that."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
    """While its block runs, the first signal raises `Stopped` in the main thread."""

    def __init__(
        self,
        doing: str = "stopping; servers and databases are being removed",
        state: str = "what was started is removed",
    ) -> None:
        """Say what is being done when a signal comes, and in which state things are then."""
        self._doing, self._state = doing, state

    def __enter__(self) -> Self:
        """Listen."""
        self._before: dict[int, Any] = {
            number: signal.signal(number, self._stop) for number in _SIGNALS
        }
        return self

    def hold(self) -> None:
        """From here on to the end of the block let no signal interrupt."""
        for number in _SIGNALS:
            # Not SIG_IGN, which programs that are started now would inherit.
            signal.signal(number, _ignore)

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.hold()
        # A signal may come in the middle of another write: this one has no buffer.
        os.write(2, f"\ndbparity: {self._doing}\n".encode())
        raise Stopped(number, self._state)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass
