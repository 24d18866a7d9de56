"""``dbparity consistency`` on the example's stores: a file, a server, and a file of vectors."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from milvus_lite.server_manager import server_manager_instance

from dbparity.cli import main
from document_search.vectors import create
from tests.support.library import APPLICATION, EXAMPLE, Library, lasting_key, stale_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dbparity.servers.database import Database

pytestmark = pytest.mark.any_target


@pytest.fixture
def library(
    lease: Callable[..., AbstractContextManager[Database]],
    valkey: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Library]:
    """The example in a folder of its own, with its stores in the environment."""
    vectors = tmp_path / "vectors.db"
    create(str(vectors))
    server_manager_instance.release_server(str(vectors))
    shutil.copy(EXAMPLE / "pyproject.toml", tmp_path)
    shutil.copytree(EXAMPLE / "document_search", tmp_path / "document_search")
    monkeypatch.chdir(tmp_path)
    with lease(APPLICATION) as database, closing(Library(database, valkey, vectors)) as library:
        for name, url in library.urls.items():
            monkeypatch.setenv(f"{name.upper()}_URL", url)
        library.fill(20)
        yield library


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["consistency", "--grace", "0.05", "--json", "report.json", *arguments])
    return code, json.loads(Path("report.json").read_text())


def test_stores_that_agree_end_with_0(library: Library, capfd: pytest.CaptureFixture[str]) -> None:
    assert library.redis.ping()
    code, report = run()
    said = capfd.readouterr()
    assert (code, report["findings"]) == (0, [])
    assert "Every store agrees" in said.out
    assert "cached documents" in said.out
    assert library.urls["cache"] not in said.out + said.err


def test_what_is_found_ends_with_1_and_is_repaired_on_request(
    library: Library, capfd: pytest.CaptureFixture[str]
) -> None:
    stale_key(library, 7)
    lasting_key(library, 8)
    code, report = run("--reference", "cached documents")
    assert code == 1
    assert {each["code"] for each in report["findings"]} == {
        "consistency.stale",
        "consistency.lasting",
    }
    code, report = run("--repair", "--yes")
    said = capfd.readouterr().err
    assert "delete the record: cache.doc:t3:7 (stale)" in said
    assert "let it expire: cache.doc:t0:8 (lasting)" in said
    assert "2 records repaired, 0 others left alone" in said
    assert (code, report["findings"]) == (0, [])


def test_nothing_is_repaired_that_nobody_was_asked_about(
    library: Library, capfd: pytest.CaptureFixture[str]
) -> None:
    stale_key(library, 7)
    assert main(["consistency", "--grace", "0.05", "--repair"]) == 2
    assert "nobody is there to be asked; give --yes" in capfd.readouterr().err
    assert library.redis.exists("doc:t3:7")


def test_what_cannot_be_checked_ends_with_2(
    library: Library, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", "redis://127.0.0.1:1/0")
    code, report = run()
    assert library.redis.ping()
    assert code == 2
    assert report["findings"] == []
    assert "1 reference could not be checked: cache is down" in capfd.readouterr().err


def test_what_is_not_declared_ends_with_2(
    library: Library, capfd: pytest.CaptureFixture[str]
) -> None:
    assert library.redis.ping()
    assert main(["consistency", "--reference", "vector"]) == 2
    said = "there is no 'vector'; name one of: cached documents, vectors"
    assert said in capfd.readouterr().err


def test_a_project_without_references_is_told_how_to_declare_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["consistency"]) == 2
    assert "no reference is declared; declare [[tool.dbparity" in capfd.readouterr().err
