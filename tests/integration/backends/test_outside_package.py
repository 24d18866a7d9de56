"""A backend that somebody else wrote, installed from its own package, keeps the same contract."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dbparity.backends.probes import PROBES

PACKAGE = Path(__file__).parents[2] / "packages" / "dbparity-duckdb"
TESTS = """
from dbparity.testing import BackendContract


class TestDuckDB(BackendContract):
    target = "duckdb"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's wheel, for new interpreters: an environment need not have pip."""
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
    subprocess.run([*build, "--directory", str(tmp_path)], cwd=PACKAGE, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


# In a process of its own: DuckDB's binding complains at the exit of one where Hypothesis ran.
@pytest.mark.usefixtures("installed")
def test_backend_from_an_outside_package_keeps_the_contract(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:asyncio")
    outcomes = result.parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped"}
    assert outcomes["passed"] > len(PROBES)
