from __future__ import annotations

import signal
from importlib.metadata import version

import pytest

from dbparity.cli import doctor, main
from dbparity.cli.interrupts import Stopped

Capture = pytest.CaptureFixture[str]


def test_version_is_printed(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dbparity {version('dbparity')}\n"


@pytest.mark.parametrize(
    "command", [["check"], ["doctor"], ["servers", "list"], ["servers", "reap"]], ids=" ".join
)
def test_help_of_each_command_has_an_example(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    assert f" dbparity {' '.join(command)}" in text.partition("Examples:")[2]


def test_unknown_option_exits_with_2(capsys: Capture) -> None:
    assert main(["check", "--colour"]) == 2
    assert "No such option: --colour" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_interrupt_of_a_command_without_servers_exits_with_130(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "outputs", interrupted)
    assert main(["doctor"]) == 130


@pytest.mark.usefixtures("project")
def test_stop_exits_with_the_code_of_its_signal(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def stopped(**_: object) -> None:
        raise Stopped(signal.SIGTERM, "what was started is removed")

    monkeypatch.setattr(doctor, "outputs", stopped)
    assert main(["doctor"]) == 143
    assert "stopped by SIGTERM; what was started is removed" in capsys.readouterr().err
