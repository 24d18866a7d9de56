"""Workloads that take as long as they are told to."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Any

from dbparity.applications import Application
from tests.support.databases import sqlite_database
from tests.support.ledgers import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Engine

    from dbparity.servers.database import Database


def taking(*milliseconds: float) -> Callable[[Engine], Callable[[], None]]:
    """A workload whose calls take so long in turn."""

    def prepare(_: Engine) -> Callable[[], None]:
        turns = cycle(milliseconds)

        def operation() -> None:
            time.sleep(next(turns) / 1000)

        return operation

    return prepare


def raising(error: Exception) -> Callable[[Engine], Callable[[], None]]:
    """A workload that raises ``error``."""

    def prepare(_: Engine) -> Callable[[], None]:
        def operation() -> None:
            raise error

        return operation

    return prepare


def working(workloads: Mapping[str, Any], **options: Any) -> Application:  # noqa: ANN401
    """An application that does this."""
    return Application("tests:ledger", ledger(), workloads=workloads, **options)


@contextmanager
def database_of(
    folder: Path,
    workloads: Mapping[str, Any],
    driver: str = "pysqlite",
    **options: Any,  # noqa: ANN401
) -> Iterator[Database]:
    """An empty database of an application that does this."""
    with sqlite_database(folder, working(workloads, **options), driver) as database:
        yield database
