"""Whole commands, from nothing: no server runs before and none is left."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

ROOT = Path(__file__).parents[1]
PYTHON = str(Path(sys.executable))
SUITE = "import time\ndef test_first(connection):\n    print('first', time.time())\n"


@pytest.mark.parametrize("server", ["sqlite", "postgresql@17", "mysql@9", "mariadb@11"])
def test_start_to_first_test(benchmark: BenchmarkFixture, tmp_path: Path, server: str) -> None:
    """Seconds from the start of pytest to the first line of the first test."""
    (tmp_path / "pyproject.toml").write_text("[tool.dbparity]\n")
    (tmp_path / "test_first.py").write_text(SUITE)
    seconds: list[float] = []
    command = [PYTHON, "-m", "pytest", "-sq", "-p", "no:xdist", "--dbparity-target", server]

    def start() -> None:
        began = time.time()
        done = subprocess.run(
            [*command, "--dbparity-require"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(line for line in done.stdout.splitlines() if "first " in line)
        seconds.append(float(line.rpartition("first ")[2]) - began)

    cast("Any", benchmark.pedantic)(start, rounds=3)
    benchmark.extra_info["to_first_test"] = sorted(seconds)[1]


def test_check_of_the_example(benchmark: BenchmarkFixture) -> None:
    """`dbparity check` of examples/shared_context on every configured target."""

    def check() -> None:
        command = [PYTHON, "-m", "dbparity", "check", "--require"]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)

    cast("Any", benchmark.pedantic)(check, rounds=1)
