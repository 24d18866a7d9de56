from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbparity.errors import TargetUnknown
from dbparity.nox_sessions import matrix

NOXFILE = """
from dbparity import nox_sessions

nox_sessions.tests(
    ["sqlite", "postgresql+asyncpg@17"],
    install=["-e", "."],
    command=["python", "-c", "import sys; print('called with', *sys.argv[1:])"],
    pythons=["3.12", "3.13"],
)
nox_sessions.check(install=["-e", "."], options=["--help"])
nox_sessions.bench(install=["-e", "."], options=["--help"])
nox_sessions.bench_compare(install=["-e", "."], options=["--help"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "noxfile.py").write_text(NOXFILE)
    return tmp_path


def nox(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "nox", *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_matrix_names_every_driver_of_a_backend() -> None:
    assert list(map(str, matrix(["sqlite", "mysql+asyncmy@9"]))) == [
        "sqlite+pysqlite",
        "sqlite+aiosqlite",
        "mysql+asyncmy@9",
    ]


def test_matrix_refuses_a_backend_that_nobody_provides() -> None:
    with pytest.raises(TargetUnknown, match="oracle"):
        matrix(["oracle"])


def test_sessions_are_every_python_by_every_target(project: Path) -> None:
    listed = nox(project, "--list")
    for python in ("3.12", "3.13"):
        for target in ("sqlite+pysqlite", "sqlite+aiosqlite", "postgresql+asyncpg@17"):
            assert f"tests-{python}({target})" in listed


def test_a_tag_selects_a_column(project: Path) -> None:
    selected = nox(project, "--list", "-t", "postgresql").splitlines()
    chosen = [line.split()[1] for line in selected if line.startswith("* ")]
    assert chosen == ["tests-3.12(postgresql+asyncpg@17)", "tests-3.13(postgresql+asyncpg@17)"]


def test_session_runs_the_command_on_its_target_alone(project: Path) -> None:
    # Without environments of its own, nox leaves the version of Python out of the name.
    said = nox(project, "--no-venv", "--no-install", "-s", "tests(sqlite+aiosqlite)")
    assert "called with --dbparity-target sqlite+aiosqlite\n" in said


def test_column_session_runs_all_drivers_of_its_backend(project: Path) -> None:
    said = nox(project, "--no-venv", "--no-install", "-s", "tests-sqlite", "--", "-x")
    wanted = "--dbparity-target sqlite+pysqlite --dbparity-target sqlite+aiosqlite -x"
    assert f"called with {wanted}\n" in said


def test_column_of_postgresql_is_called_as_its_users_call_it(project: Path) -> None:
    assert " tests-postgres\n" in nox(project, "--list")


def test_check_session_runs_the_command_line(project: Path) -> None:
    assert "dbparity check" in nox(project, "--no-venv", "--no-install", "-s", "check")


def test_bench_session_writes_a_record_of_each_target(project: Path) -> None:
    said = nox(project, "--no-venv", "--no-install", "-s", "bench", "--", "--target", "sqlite")
    assert "dbparity bench run --output .benchmarks --help --target sqlite" in said


def test_bench_compare_session_passes_on_what_is_to_be_compared(project: Path) -> None:
    given = ["--", "--baseline", "old"]
    said = nox(project, "--no-venv", "--no-install", "-s", "bench-compare", *given)
    assert "dbparity bench compare --help --baseline old" in said
