"""A disk that is full: the run says so, and goes on once there is room again."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import MigrationCutOff, RowsUnwritable
from dbparity.transfer import journal
from dbparity.transfer.service import DataMigrationService
from tests.support.mortal import mortal, small_disk
from tests.support.moving import failures, sample, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.untraced]

ROOM = 2  # megabytes that are left, less than what is copied
DISK = "320m"
SERVERS = {
    "postgresql@17": "No space left on device",
    "mysql@9": "is full",
    "mariadb@11": "is full|No more room|Lost connection",
}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file that this process writes becomes larger, in the block."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_cut_off(source: str, target: str | URL, folder: Path, reason: str) -> None:
    with pytest.raises((MigrationCutOff, RowsUnwritable), match=reason):
        DataMigrationService(source, target, folder=folder).migrate()


def assert_goes_on(source: str, target: str | URL, folder: Path) -> None:
    service = DataMigrationService(source, target, folder=folder)
    # It may have been full before anything was begun.
    with service.target.connected() as connection:
        begun = journal.standing(connection) is not None
    assert failures(service.resume() if begun else service.migrate()) == []
    assert unlike(source, target) == []


@pytest.fixture
def original() -> str:
    return f"sqlite:///{sample('sakila')}"


@pytest.mark.parametrize(("server", "reason"), SERVERS.items(), ids=SERVERS)
def test_a_servers_disk_is_full(
    pytestconfig: pytest.Config, original: str, tmp_path: Path, server: str, reason: str
) -> None:
    with (
        small_disk(pytestconfig, server, DISK) as disk,
        mortal(pytestconfig, server, disk) as started,
    ):
        target = started.make("dbparity_filled")
        disk.fill(ROOM)
        assert_cut_off(original, target, tmp_path, reason)
        disk.free()
        started.revive()  # some end by themselves where they cannot write
        assert_goes_on(original, target, tmp_path)


def test_a_file_cannot_grow(original: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with largest_file(ROOM << 20):
        assert_cut_off(original, target, tmp_path, "disk")
    assert_goes_on(original, target, tmp_path)
