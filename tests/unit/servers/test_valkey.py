from __future__ import annotations

from pathlib import Path

from dbparity.backends.base import Credentials
from dbparity.servers.valkey import ValkeyService


def test_a_program_serves_the_loopback_from_memory_alone() -> None:
    program, home = Path("/usr/bin/valkey-server"), Path("/somewhere")
    commands = ValkeyService().commands(program, home, 7000, Credentials("", "x", "0"))
    (serve, initialize) = (list(commands.serve), commands.initialize)
    assert serve[:5] == [str(program), "--port", "7000", "--bind", "127.0.0.1"]
    assert serve[serve.index("--save") + 1] == ""
    assert list(initialize) == []
