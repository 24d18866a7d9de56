from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL, text

from dbparity.backends.sqlite import SQLite
from dbparity.errors import DatabaseForeign
from dbparity.servers.administration import InFolder, OnServer
from dbparity.servers.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "dbparity_0123abcd_main_1"


@pytest.fixture
def administration(tmp_path: Path) -> Iterator[InFolder]:
    backend = SQLite()
    with Bridge(backend, backend.driver("pysqlite")) as bridge:
        yield InFolder(backend, URL.create("sqlite", database=str(tmp_path)), bridge)


def test_work_is_done_in_memory(administration: InFolder) -> None:
    assert administration.run(lambda connection: connection.scalar(text("SELECT 1"))) == 1


def test_file_is_dropped_with_what_lies_beside_it(administration: InFolder, tmp_path: Path) -> None:
    for suffix in ("", *SQLite.companions):
        (tmp_path / f"{NAME}.sqlite{suffix}").touch()
    administration.drop(NAME)
    assert not list(tmp_path.iterdir())


def test_no_server_has_a_database_written_over() -> None:
    with pytest.raises(NotImplementedError):
        OnServer.__new__(OnServer).restore(NAME, NAME)


def test_file_that_dbparity_did_not_make_is_left_alone(
    administration: InFolder, tmp_path: Path
) -> None:
    (tmp_path / "shop.sqlite").touch()
    with pytest.raises(DatabaseForeign, match="'shop' was not made by dbparity"):
        administration.drop("shop")
    assert (tmp_path / "shop.sqlite").exists()


def test_only_files_that_dbparity_made_are_named(administration: InFolder, tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite").touch()
    (tmp_path / f"{NAME}.sqlite").touch()
    assert administration.names() == [NAME]


def test_close_drops_what_was_made_through_it_and_nothing_else(
    administration: InFolder, tmp_path: Path
) -> None:
    other = "dbparity_0123abcd_main_9.sqlite"
    (tmp_path / other).touch()
    administration.create(NAME)
    (tmp_path / f"{NAME}.sqlite").touch()
    administration.seal(NAME)
    administration.clone(NAME, "dbparity_0123abcd_main_2", "copy")
    administration.close()
    assert [path.name for path in tmp_path.iterdir()] == [other]
