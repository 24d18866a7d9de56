from __future__ import annotations

from pathlib import Path

import pytest

from dbparity.backends.postgresql import PostgreSQL
from dbparity.backends.sqlite import SQLite
from dbparity.servers.base import Offer, ServerOptions, Unavailable
from dbparity.servers.file import FileProvider
from dbparity.servers.ledger import Run


@pytest.fixture
def provider() -> FileProvider:
    return FileProvider(ServerOptions())


def test_files_lie_in_the_folder_of_the_run(provider: FileProvider) -> None:
    offer = provider.find(SQLite(), "")
    assert isinstance(offer, Offer)
    run = Run.begin()
    running = offer.start(run)
    folder = Path(running.url.database or "")
    running.stop()
    there = folder.is_dir()
    run.end()
    assert folder.parent == Path(run.folder)
    assert there


def test_file_has_no_version_to_choose(provider: FileProvider) -> None:
    assert provider.find(SQLite(), "3") == Unavailable(
        "SQLite has the version of its library, not 3", "leave the version off: sqlite"
    )


def test_backend_with_servers_has_no_files(provider: FileProvider) -> None:
    assert provider.find(PostgreSQL(), "") is None


def test_nothing_of_files_is_left_but_the_folder_of_the_run(provider: FileProvider) -> None:
    assert not list(provider.leftovers())
