"""Sessions of this project; ``nox --list`` shows them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox
from nox.command import CommandFailed

from dbparity import nox_sessions

nox.options.sessions = ["coverage"]
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "uv|virtualenv"

NO_TESTS = 5  # pytest's exit code where none of a half was chosen
PROJECT = ["-e", ".[all]", "--group", "test"]

nox_sessions.tests(
    ["sqlite", "postgresql", "mysql", "mariadb"],
    install=PROJECT,
    command=["coverage", "run", "-m", "pytest", "--numprocesses=2"],
)


@nox.session
def check(session: nox.Session) -> None:
    """Check the examples on every target that this machine can serve."""
    session.install(*PROJECT)
    session.run("dbparity", "check", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run all tests on all targets, and gate the branch coverage where no backend is missing."""
    session.install(*PROJECT)
    session.run("coverage", "erase")
    # One more than CI has processors: a test waits for servers as long as it computes. Tests of a
    # module stay together, and who has done his takes from who has not.
    tests = ["pytest", "--numprocesses=3", "--dist=worksteal", "--durations=40", *session.posargs]
    # Tracing takes as long again as the tests: those whose lines others run too are spared it.
    # Those come first: whoever comes first compiles all tests.
    traced = ["coverage", "run", "-m", *tests, "-m", "not untraced"]
    red = False
    for half in ([*tests, "-m", "untraced"], traced):
        try:
            session.run(*half, success_codes=[0, NO_TESTS])
        except CommandFailed:  # the other half is worth knowing
            red = True
    session.run("coverage", "combine", "--quiet")
    complete = bool(os.environ.get("DBPARITY_REQUIRE"))
    session.run("coverage", "report", *([] if complete else ["--fail-under=0"]))
    if red:
        session.error("tests failed")


@nox.session
def lint(session: nox.Session) -> None:
    """Run every hook of pre-commit: style, types, layers, workflows."""
    session.install(*PROJECT, "--group", "lint", "--group", "types")
    session.run("pre-commit", "run", "--all-files", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check types alone."""
    session.install(*PROJECT, "--group", "types")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the workloads on every target, each into .benchmarks/<target>.json, or other benchmarks.

    The ratios of ``nox -s bench -- benchmarks`` belong into docs/performance.md.
    """
    session.install(*PROJECT, "--group", "bench")
    all_targets = Path(session.create_tmp(), "all.json").resolve()
    command = ["pytest", "--benchmark-only", "--benchmark-columns=min,median,rounds"]
    chosen = session.posargs or ["benchmarks/test_workloads.py"]
    session.run(*command, "-p", "no:xdist", f"--benchmark-json={all_targets}", *chosen)


nox_sessions.bench_compare(install=PROJECT)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build."""
    session.install("-e", ".", "--group", "docs")
    session.run("sphinx-build", "-W", "--keep-going", "docs", "docs/_build")


@nox.session(python=False)
def images(session: nox.Session) -> None:
    """Build the server images from Debian packages, for a machine without an image registry."""
    if shutil.which("apt-get") is None:
        session.error("containers/up.sh needs Debian's apt-get; elsewhere pull the public images")
    session.run("containers/up.sh", *session.posargs, external=True)
