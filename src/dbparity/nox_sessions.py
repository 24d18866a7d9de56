"""Nox sessions for a project that uses dbparity.

In a noxfile::

    from dbparity import nox_sessions

    nox_sessions.tests(["sqlite", "postgresql+asyncpg", "mysql+asyncmy"], install=["-e", ".[test]"])
    nox_sessions.check(install=["-e", "."])
    nox_sessions.bench(install=["-e", "."])
    nox_sessions.bench_compare(install=["-e", "."])

gives ``nox -s tests`` (every Python by every target), ``nox -t postgresql`` (a column of it),
``nox -s tests-postgres`` (that column on one Python), ``nox -s check``, ``nox -s bench`` (a record
of each target in ``.benchmarks``) and ``nox -s bench-compare`` (whether the application became
slower).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nox

from dbparity.backends.base import load_backend
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PYTHONS = ("3.11", "3.12", "3.13")
_SHORT = {"postgresql": "postgres"}


def matrix(targets: Iterable[str]) -> tuple[Target, ...]:
    """``targets`` with every driver named.

    Raises:
        TargetInvalid, TargetUnknown: a target that cannot be.
    """
    return tuple(
        Target(chosen.backend, driver.name, chosen.version)
        for chosen in map(Target.parse, targets)
        for driver in load_backend(chosen.backend).drivers
        if chosen.driver in {"", driver.name}
    )


def tests(
    targets: Iterable[str],
    *,
    install: Sequence[str],
    command: Sequence[str] = ("pytest",),  # noqa: PT028  # registers sessions, is no test
    pythons: Sequence[str] = PYTHONS,  # noqa: PT028
) -> None:
    """Register ``tests``, over Python by target, and ``tests-<backend>`` for each backend.

    Each session installs what its target's driver needs and runs ``command`` with
    ``--dbparity-target``; further arguments come from behind ``--``.

    Args:
        targets: targets or patterns of them, such as ``postgresql`` for all of its drivers.
        install: arguments of ``pip install`` for the project itself.
        command: how its tests are run.
        pythons: the versions of Python.
    """
    chosen = matrix(targets)

    @nox.session(python=list(pythons))
    @nox.parametrize(
        "target",
        [nox.param(target, id=str(target), tags=_tags(target)) for target in chosen],
    )
    def tests(session: nox.Session, target: Target) -> None:
        """Run the tests on one target."""
        _run(session, [target], install, command)

    for backend in dict.fromkeys(target.backend for target in chosen):
        _column(backend, [t for t in chosen if t.backend == backend], install, command)


def check(*, install: Sequence[str], options: Sequence[str] = ()) -> None:
    """Register ``check``: ``dbparity check`` on every target that this machine can serve."""

    @nox.session
    def check(session: nox.Session) -> None:
        """Check the application on every target."""
        session.install("dbparity[all]", *install)
        session.run("dbparity", "check", *options, *session.posargs)


def bench(*, install: Sequence[str], options: Sequence[str] = ()) -> None:
    """Register ``bench``: ``dbparity bench run``, one file of ``.benchmarks`` for each target."""

    @nox.session
    def bench(session: nox.Session) -> None:
        """Measure the workloads on every target."""
        session.install("dbparity[all]", *install)
        command = ("dbparity", "bench", "run", "--output", ".benchmarks")
        session.run(*command, *options, *session.posargs)


def bench_compare(*, install: Sequence[str], options: Sequence[str] = ()) -> None:
    """Register ``bench-compare``: ``dbparity bench compare``, of revisions side by side.

    Behind ``--`` it is told to compare something else: ``--baseline .benchmarks``.
    """

    @nox.session(name="bench-compare")
    def bench_compare(session: nox.Session) -> None:
        """Judge whether the workloads became slower."""
        session.install("dbparity[all]", *install)
        session.run("dbparity", "bench", "compare", *options, *session.posargs)


def _column(
    backend: str, targets: Sequence[Target], install: Sequence[str], command: Sequence[str]
) -> None:
    @nox.session(name=f"tests-{_SHORT.get(backend, backend)}")
    def column(session: nox.Session) -> None:
        _run(session, targets, install, command)

    del column  # registered


def _run(
    session: nox.Session,
    targets: Sequence[Target],
    install: Sequence[str],
    command: Sequence[str],
) -> None:
    drivers = {load_backend(t.backend).driver(t.driver).extra for t in targets}
    extras = ",".join(sorted(drivers - {"all"} | {"containers", "embedded", "pytest"}))
    session.install(f"dbparity[{extras}]", *install)
    session.run(*command, *_options(targets), *session.posargs)


def _options(targets: Iterable[Target]) -> Iterator[str]:
    for target in targets:
        yield from ("--dbparity-target", str(target))


def _tags(target: Target) -> list[str]:
    return [target.backend, target.driver]
