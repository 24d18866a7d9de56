"""Both databases are found by their URLs, and what cannot be one is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

from dbparity.errors import DatabaseUnreachable, LogUnwritable, SourceInvalid
from dbparity.transfer import audit
from dbparity.transfer.audit import Audit
from dbparity.transfer.ends import end

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_may_be_absent_where_it_is_to_be_made(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    found = end(URL.create("sqlite+aiosqlite", database=str(path)), may_be_absent=True)
    assert found.is_absent
    assert found.survey().snapshot.tables == ()
    assert not path.exists()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("shop.db", "it is no URL of a database"),
        ("sqlite://", "no such file"),
        ("sqlite:////nowhere/shop.db", "no such folder"),
    ],
)
def test_what_is_no_database_is_named(written: str, reason: str) -> None:
    with pytest.raises(SourceInvalid, match=reason):
        end(written, may_be_absent=True)


def test_a_file_that_is_to_be_read_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="no such file"):
        end(f"sqlite:///{tmp_path / 'gone.db'}")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with pytest.raises(DatabaseUnreachable, match="no connection to postgresql") as caught:
        end("postgresql+psycopg://app:secret@127.0.0.1:1/shop")
    assert "secret" not in str(caught.value)


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogUnwritable, match="file"):
        Audit(tmp_path / "file" / "log.jsonl")


def test_a_log_tells_who_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nameless)
    log = Audit(tmp_path / "log.jsonl")
    log.tell("begun", **audit.who())
    log.close()
    told = json.loads((tmp_path / "log.jsonl").read_text())
    assert told["event"] == "begun"
    assert told["user"].isdigit()
