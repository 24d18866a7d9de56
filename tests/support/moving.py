"""Databases to be moved, and where to."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.backends.base import load_backend
from dbparity.results import Severity
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.transfer.service import DataMigrationService
from dbparity.transfer.validator import MigrationValidator
from tests.support.serving import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from dbparity.results import Finding, Report
    from dbparity.servers.database import Database

BACKENDS = ("sqlite", "postgresql", "mysql", "mariadb")
PAIRS = [*permutations(BACKENDS, 2)]


@contextmanager
def serving(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """The newest server of each product; what moves rows has drivers of its own."""
    chosen = {target.backend: target for target in settings_of(pytestconfig).targets}
    targets = [
        replace(target, driver=load_backend(name).drivers[0].name)
        for name, target in chosen.items()
    ]
    options = settings_of(pytestconfig).server_options
    with DatabaseTestEnvironment(targets, options) as started:
        yield started


@contextmanager
def leased(environment: DatabaseTestEnvironment, *backends: str) -> Iterator[list[Database]]:
    """Empty databases, one of each of ``backends``."""
    found = {target.backend: target for target in environment.targets}
    if not found.keys() >= set(backends):
        pytest.skip("one of the products is not among the chosen targets")
    with ExitStack() as stack:
        yield [stack.enter_context(environment.lease(found[each], empty=True)) for each in backends]


def sample(name: str) -> Path:
    """A database of the sample data."""
    folder = os.environ.get("DBPARITY_SAMPLE_DATA")
    if folder is None:
        pytest.skip("DBPARITY_SAMPLE_DATA names no folder with the sample databases")
    return Path(folder) / f"{name}.sqlite"


def written(path: Path, *statements: str) -> str:
    """The URL of a new file, made by statements."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def moved(source: str | URL, target: str | URL, folder: Path) -> Report:
    """What a migration comes to."""
    return DataMigrationService(source, target, folder=folder).migrate()


def failures(report: Report) -> list[Finding]:
    """Whatever is more than a note."""
    return [each for each in report.findings if each.severity is not Severity.NOTE]


def unlike(left: str | URL, right: str | URL) -> list[Finding]:
    """How two databases differ, in whatever may cost a row."""
    return failures(MigrationValidator(left, right).validate())
