from __future__ import annotations

import signal
from contextlib import ExitStack

import pytest

from dbparity.cli.interrupts import Interrupts, Stopped


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_raises_in_the_block(number: signal.Signals, code: int) -> None:
    with pytest.raises(Stopped, match=number.name) as caught, Interrupts():
        signal.raise_signal(number)
    assert caught.value.code == code


def test_signal_is_told_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stopped), Interrupts():
        signal.raise_signal(signal.SIGINT)
    assert "dbparity: stopping" in capfd.readouterr().err


def test_second_signal_does_not_interrupt_what_the_first_has_begun() -> None:
    cleaned = []

    def clean() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        cleaned.append(True)

    def interrupted() -> None:
        with Interrupts(), ExitStack() as stack:
            stack.callback(clean)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped):
        interrupted()
    assert cleaned


def test_second_signal_tells_of_the_first_until_it_is_held() -> None:
    seen: list[int] = []

    def clean(interrupts: Interrupts) -> None:
        signal.raise_signal(signal.SIGTERM)
        interrupts.hold()
        signal.raise_signal(signal.SIGINT)

    def interrupted() -> None:
        with Interrupts() as interrupts, ExitStack() as stack:
            interrupts.again = seen.append
            stack.callback(clean, interrupts)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped, match="SIGINT"):
        interrupted()
    assert seen == [signal.SIGINT]


def test_held_signal_does_not_interrupt() -> None:
    with Interrupts() as interrupts:
        interrupts.hold()
        signal.raise_signal(signal.SIGTERM)


def test_handlers_are_as_before_after_the_block() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_no_check_takes_a_stop_for_an_answer() -> None:
    assert not issubclass(Stopped, Exception)
