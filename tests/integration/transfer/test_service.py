"""A migration ends with every row in the target, or the target as it was, wherever it is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from dbparity.errors import (
    MigrationUndone,
    MigrationUnfinished,
    NothingToResume,
    SchemaChanged,
    TargetOccupied,
)
from dbparity.progress import Progress
from dbparity.transfer import journal
from dbparity.transfer.admission import Mode
from dbparity.transfer.ends import end
from dbparity.transfer.plan import Plan
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, moved, serving, unlike, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server

SHOP = (
    (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES users, "
        "name VARCHAR(20) NOT NULL UNIQUE, size INTEGER AS (length(name)) STORED)"
    ),
    (
        "CREATE TABLE posts (user_id INTEGER NOT NULL REFERENCES users, place INTEGER NOT NULL, "
        "body TEXT, PRIMARY KEY (user_id, place))"
    ),
    "CREATE TABLE notes (words TEXT, n INTEGER)",
    "CREATE TABLE zeros (id INTEGER PRIMARY KEY)",
    "INSERT INTO users (id, boss, name) VALUES (0, 3, 'zero'), (-5, 0, 'five'), (3, NULL, 'three')",
    "INSERT INTO posts VALUES (0, 1, 'a'), (0, 2, NULL), (3, 1, 'c'), (-5, 9, '')",
    "INSERT INTO notes VALUES ('twice', 1), ('twice', 1), (NULL, NULL), ('once', 1)",
)
CUTS = range(12)


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    with serving(pytestconfig) as started:
        yield started


@pytest.fixture(params=BACKENDS)
def target(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    with leased(environment, request.param) as (database,):
        yield database


@pytest.fixture
def source(tmp_path: Path) -> str:
    return written(tmp_path / "shop.db", *SHOP)


class Cut(BaseException):
    """The end of a run, as of a process that is killed."""


class Scissors(Progress):
    """Cuts a run off when it has told so many things."""

    def __init__(self, after: int) -> None:
        self.left = after

    def table_begins(self, *_: object) -> None:
        self.cut()

    def rows_done(self, *_: object) -> None:
        self.cut()

    def cut(self, *_: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cut


def execute(url: str | URL, *statements: str) -> None:
    engine = create_engine(end(url, may_be_absent=True).url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def tables(url: str | URL) -> list[str]:
    """All that are there, a migration's own too."""
    found = end(url, may_be_absent=True)
    with found.connected() as connection:
        return [table.name for table in found.backend.snapshot(connection).tables]


def events(folder: Path) -> list[dict[str, Any]]:
    (log,) = folder.glob("*[0-9a-f].jsonl")
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_every_row_arrives_and_the_log_tells(source: str, target: Database, tmp_path: Path) -> None:
    report = moved(source, target.url, tmp_path)
    assert failures(report) == []
    assert tables(target.url) == ["notes", "posts", "users", "zeros"]
    assert unlike(source, target.url) == []
    told = events(tmp_path)
    assert [each["event"] for each in told][:2] == ["begun", "prepared"]
    assert told[0]["user"]
    assert sum(each["rows"] for each in told if each["event"] == "copied") == 11
    assert all(each["digest"] for each in told if each["event"] == "copied")
    assert told[-1] == {"at": told[-1]["at"], "event": "verdict", "agreed": True, "set_aside": 0}


def test_the_next_insert_of_the_application_works(
    source: str, target: Database, tmp_path: Path
) -> None:
    moved(source, target.url, tmp_path)
    execute(target.url, "INSERT INTO users (name) VALUES ('next')")
    with end(target.url).connected() as connection:
        found = connection.scalars(text("SELECT id FROM users ORDER BY id")).all()
    assert found == [-5, 0, 3, 4]


@pytest.mark.parametrize("cut", CUTS)
def test_a_run_that_is_cut_off_goes_on(
    source: str, target: Database, tmp_path: Path, cut: int
) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(cut))
    with pytest.raises(Cut):
        service.migrate()
    service.progress = Progress()
    with end(target.url).connected() as connection:
        begun = journal.standing(connection) is not None
    if begun:
        with pytest.raises(MigrationUnfinished):
            service.migrate()
    assert failures(service.resume() if begun else service.migrate()) == []
    assert unlike(source, target.url) == []
    assert tables(target.url) == ["notes", "posts", "users", "zeros"]


@pytest.mark.parametrize("cut", CUTS[::3])
def test_a_run_that_is_cut_off_goes_back(
    source: str, target: Database, tmp_path: Path, cut: int
) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(cut))
    with pytest.raises(Cut):
        service.migrate()
    with end(target.url).connected() as connection:
        begun = journal.standing(connection) is not None
    if begun:
        assert failures(service.rollback()) == []
    else:
        with pytest.raises(NothingToResume):
            service.rollback()
    assert tables(target.url) == []


def test_a_way_back_that_was_begun_is_not_turned(
    source: str, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(7))
    with pytest.raises(Cut):
        service.migrate()
    with monkeypatch.context() as patch:
        patch.setattr("dbparity.transfer.migration.Migration._empty", Scissors(0).cut)
        with pytest.raises(Cut):
            service.rollback()
    with pytest.raises(MigrationUndone):
        service.resume()
    service.rollback()
    assert tables(target.url) == []


def test_a_source_that_has_changed_is_not_gone_on_with(
    source: str, target: Database, tmp_path: Path
) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(8))
    with pytest.raises(Cut):
        service.migrate()
    execute(source, "ALTER TABLE notes ADD COLUMN late INTEGER")
    with pytest.raises(SchemaChanged, match="notes"):
        DataMigrationService(source, target.url, folder=tmp_path).resume()


def test_rows_of_a_target_are_replaced_behind_a_backup_and_come_back(
    source: str, target: Database, tmp_path: Path
) -> None:
    other = written(tmp_path / "other.db", *SHOP[:4], "INSERT INTO notes VALUES ('old', 7)")
    moved(other, target.url, tmp_path)
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(9))
    with pytest.raises(TargetOccupied, match="notes"):
        service.migrate()
    with pytest.raises(Cut):
        service.migrate(Mode.REPLACE)
    assert failures(service.rollback()) == []
    assert unlike(other, target.url) == []
    service.progress = Progress()
    assert failures(service.migrate(Mode.REPLACE)) == []
    assert unlike(source, target.url) == []


def test_nothing_is_written_by_foresight(source: str, target: Database, tmp_path: Path) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path / "log")
    foresight = service.foresee()
    assert (foresight.plan.rows, failures(foresight.report)) == (11, [])
    assert Plan.from_json(foresight.plan.to_json()) == foresight.plan
    assert tables(target.url) == []
    assert not (tmp_path / "log").exists()
