"""A migration ends with every row in the target, or the target as it was, wherever it is cut."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import Silence
from dbparity.errors import (
    DatabaseUnreachable,
    MigrationCutOff,
    MigrationUndone,
    MigrationUnfinished,
    NothingToResume,
    SchemaChanged,
    TargetOccupied,
    TargetUnwritable,
)
from dbparity.progress import Progress
from dbparity.transfer import journal
from dbparity.transfer.admission import Mode
from dbparity.transfer.ends import end
from dbparity.transfer.plan import Plan
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, moved, unlike, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection

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
CUTS = range(0, 12, 2)


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

    def table_begins(self, work: str, *_: object) -> None:
        self.cut(work)

    def rows_done(self, work: str, *_: object) -> None:
        self.cut(work)

    def cut(self, work: str = "") -> None:
        """What is only looked at is not cut."""
        self.left -= work != "preflight"
        if self.left < 0:
            raise Cut


def execute(url: str | URL, *statements: str) -> None:
    engine = create_engine(end(url, may_be_absent=True).url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@contextmanager
def reading(database: Database) -> Iterator[URL]:
    """A login to a database of a server that may make nothing."""
    url, name = end(database.url).url, "dbparity_reader"
    made = {
        "postgresql": (
            f"CREATE ROLE {name} LOGIN PASSWORD 'reading'",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        )
    }.get(
        database.backend.name,
        (
            f"CREATE USER {name} IDENTIFIED BY 'reading'",
            f"GRANT SELECT ON `{url.database}`.* TO {name}",
        ),
    )
    kind = "ROLE" if database.backend.name == "postgresql" else "USER"
    execute(url, *made)
    try:
        yield url.set(username=name, password="reading")
    finally:
        execute(url, f"DROP {kind} {name}")


def way_into(database: Database) -> str:
    """What MySQL and MariaDB allow."""
    with end(database.url).connected() as connection:
        local = connection.scalar(text("SELECT @@local_infile"))
    return "LOAD DATA LOCAL" if local else "INSERT"


def counters(database: Database) -> dict[str, int]:
    with end(database.url).connected() as connection:
        return database.backend.counters(connection)


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


@pytest.mark.parametrize("cut", CUTS[::2])
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


def test_a_journal_in_which_nothing_was_written_is_no_obstacle(
    source: str, target: Database, tmp_path: Path
) -> None:
    """As a server that is killed leaves it, where DDL commits by itself."""
    opened = end(target.url, may_be_absent=True)
    with opened.writing() as writer, writer.begin() as connection:
        journal._TABLE.create(connection)
    assert failures(moved(source, target.url, tmp_path)) == []
    assert unlike(source, target.url) == []


@pytest.mark.parametrize(
    ("product", "statements", "made"),
    [
        (
            "mysql",
            ["CREATE TABLE t (name VARCHAR(9) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY)"],
            "collation",
        ),
        (
            "postgresql",
            ["CREATE TYPE mood AS ENUM ('so', 'la la')", "CREATE TABLE t (m mood PRIMARY KEY)"],
            "type",
        ),
    ],
)
def test_what_was_made_for_columns_is_gone_after_the_way_back(
    environment: DatabaseTestEnvironment,
    tmp_path: Path,
    product: str,
    statements: list[str],
    made: str,
) -> None:
    with leased(environment, product, "postgresql") as (source, target):
        for statement in statements:
            execute(source.url, statement)
        service = DataMigrationService(
            source.url, target.url, folder=tmp_path, progress=CutBeforeTheFirstRow()
        )
        with pytest.raises(Cut):
            service.migrate()
        assert [kind for kind, _ in made_by_hand(target)] == [made]
        assert failures(service.rollback()) == []
        assert made_by_hand(target) == set()


class CutBeforeTheFirstRow(Progress):
    def table_begins(self, work: str, table: str, rows: int) -> None:  # noqa: ARG002
        if work == "copy":
            raise Cut


def test_triggers_of_other_tables_are_left_alone(environment: DatabaseTestEnvironment) -> None:
    with leased(environment, "mysql") as (database,):
        execute(database.url, "CREATE TABLE a (n INT)")
        execute(
            database.url, "CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW SET NEW.n = NEW.n + 1"
        )
        with end(database.url).connected() as connection:
            assert database.backend.silence(connection, ["b"]) == Silence()
            assert len(database.backend.silence(connection, ["a"]).drop) == 1


def made_by_hand(database: Database) -> set[tuple[str, str]]:
    with end(database.url).connected() as connection:
        found = connection.execute(
            text(
                "SELECT 'type', typname FROM pg_type WHERE typtype = 'e' "
                "UNION ALL SELECT 'collation', collname FROM pg_collation "
                "WHERE collnamespace = 'public'::regnamespace"
            )
        )
        return {(kind, name) for kind, name in found}


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


def test_a_statement_that_was_run_and_not_noted_is_no_obstacle(
    source: str, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a run that is killed in between, where DDL commits by itself."""
    original = journal.Journal.add
    noted: list[object] = []

    def add(self: journal.Journal, connection: Connection, entry: journal.Entry) -> None:
        if isinstance(entry, journal.Completed) and not noted:
            noted.append(entry)
            raise Cut
        original(self, connection, entry)

    execute(source, "CREATE INDEX ix_notes ON notes (n)")
    monkeypatch.setattr(journal.Journal, "add", add)
    service = DataMigrationService(source, target.url, folder=tmp_path)
    with pytest.raises(Cut):
        service.migrate()
    assert failures(service.resume()) == []
    assert unlike(source, target.url) == []


def test_a_statement_that_fails_stops_a_run(
    source: str, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complete(*_: object) -> Iterator[str]:
        yield "CREATE INDEX ix ON nowhere (n)"

    home = target.backend.home((99,))
    assert home is not None
    monkeypatch.setattr(type(home), "complete", complete)
    service = DataMigrationService(source, target.url, folder=tmp_path)
    with pytest.raises(MigrationCutOff, match="nowhere"):
        service.migrate()
    assert failures(service.rollback()) == []
    assert tables(target.url) == []


class Cutter(Progress):
    """Ends all other connections to a database as soon as something was copied."""

    def __init__(self, database: Database) -> None:
        self.end = end(database.url)

    def rows_done(self, work: str, *_: object) -> None:
        if work != "copy":
            return
        engine = create_engine(self.end.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            if self.end.backend.name == "postgresql":
                connection.execute(text(_TERMINATE))
            else:
                for number in connection.scalars(text(_CONNECTIONS)).all():
                    connection.execute(text(f"KILL {number}"))
        engine.dispose()


_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_CONNECTIONS = (
    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
)


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_a_connection_that_is_cut_is_told_with_what_to_do(
    environment: DatabaseTestEnvironment, source: str, tmp_path: Path, backend: str
) -> None:
    with leased(environment, backend) as (database,):
        progress = Cutter(database)
        service = DataMigrationService(source, database.url, folder=tmp_path, progress=progress)
        with pytest.raises(MigrationCutOff, match="resume it, or roll it back"):
            service.migrate()
        service.progress = Progress()
        assert failures(service.resume()) == []
        assert unlike(source, database.url) == []


class Spoiler(Progress):
    """Changes a row of the target as soon as it is there."""

    def __init__(self, url: URL) -> None:
        self.url = url

    def table_done(self, work: str, table: str, *_: object) -> None:
        if (work, table) == ("copy", "posts"):
            execute(self.url, "UPDATE posts SET body = 'spoilt' WHERE place = 2")


def test_a_row_that_is_not_as_it_was_is_found_and_the_way_back_is_open(
    source: str, target: Database, tmp_path: Path
) -> None:
    service = DataMigrationService(
        source, target.url, folder=tmp_path, progress=Spoiler(target.url)
    )
    (found,) = failures(service.migrate())
    assert (found.code, found.place.table, found.actual) == (
        "DATA-CELL-DIFFERS",
        "posts",
        "'spoilt'",
    )
    assert failures(service.rollback()) == []
    assert tables(target.url) == []


def test_a_value_that_went_bad_meanwhile_stops_what_goes_on(
    source: str, target: Database, tmp_path: Path
) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path, progress=Scissors(0))
    with pytest.raises(Cut):
        service.migrate()
    service.progress = Progress()
    execute(source, "UPDATE posts SET body = x'ff' WHERE place = 9")
    (found,) = failures(service.resume())
    assert (found.code, str(found.place)) == ("DATA-REFUSED", "posts.body[-5, 9]")
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
    numbers = counters(target)
    with pytest.raises(TargetOccupied, match="notes"):
        service.migrate()
    with pytest.raises(Cut):
        service.migrate(Mode.REPLACE)
    assert failures(service.rollback()) == []
    assert unlike(other, target.url) == []
    assert counters(target) == numbers
    service.progress = Progress()
    assert failures(service.migrate(Mode.REPLACE)) == []
    assert unlike(source, target.url) == []


class Meddler(Progress):
    """Changes the source as soon as something was copied."""

    def __init__(self, url: URL, *statements: str) -> None:
        self.url, self.statements = url, statements

    def rows_done(self, work: str, *_: object) -> None:
        if work == "copy":
            execute(self.url, *self.statements)
            self.statements = ()


@pytest.fixture(params=BACKENDS)
def busy(
    request: pytest.FixtureRequest,
    environment: DatabaseTestEnvironment,
    source: str,
    tmp_path: Path,
) -> Iterator[Database]:
    """A source that somebody else writes to."""
    with leased(environment, request.param) as (database,):
        moved(source, database.url, tmp_path)
        if request.param == "sqlite":  # else nobody could write while it is read
            execute(database.url, "PRAGMA journal_mode = WAL")
        yield database


def test_rows_that_change_meanwhile_arrive_as_they_were(
    busy: Database, source: str, tmp_path: Path
) -> None:
    meddler = Meddler(
        busy.url,
        "DELETE FROM posts",
        "DELETE FROM notes",
        "INSERT INTO notes VALUES ('new', 1)",
        "INSERT INTO zeros VALUES (77)",
    )
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    service = DataMigrationService(busy.url, target, folder=tmp_path, progress=meddler)
    assert failures(service.migrate()) == []
    assert meddler.statements == ()
    assert unlike(source, target) == []
    assert {each.code for each in unlike(busy.url, target)} >= {"DATA-ROW-EXTRA"}


class Alterer(Progress):
    """Alters a table of the source as soon as something was copied, if it is let."""

    def __init__(self, database: Database) -> None:
        self.end, self.refused, self.done = end(database.url), False, False

    def rows_done(self, work: str, *_: object) -> None:
        if work == "preflight" or self.done:
            return
        self.done = True
        engine = create_engine(self.end.url)
        try:
            with engine.begin() as connection:
                self.end.backend.lock_timeout(connection, 1)
                connection.execute(text("ALTER TABLE zeros ADD COLUMN late INTEGER"))
        except DBAPIError:
            self.refused = True
        engine.dispose()


def test_a_schema_that_changes_meanwhile_is_an_error(busy: Database, tmp_path: Path) -> None:
    """Servers do not let it change while it is read."""
    alterer = Alterer(busy)
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    service = DataMigrationService(busy.url, target, folder=tmp_path, progress=alterer)
    if busy.backend.service is not None:
        assert failures(service.migrate()) == []
        assert alterer.refused
        return
    with pytest.raises(SchemaChanged, match="zeros"):
        service.migrate()
    assert failures(service.rollback()) == []
    assert tables(target) == []


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_a_target_that_cannot_be_written_to_is_named(
    environment: DatabaseTestEnvironment, source: str, tmp_path: Path, backend: str
) -> None:
    with leased(environment, backend) as (database,), reading(database) as url:
        with pytest.raises(TargetUnwritable, match="nothing was"):
            DataMigrationService(source, url, folder=tmp_path).migrate()
        assert tables(database.url) == []


def test_a_file_that_is_no_database_is_named(source: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader, " * 1000)
    target = f"sqlite:///{tmp_path / 'letter.txt'}"
    with pytest.raises(DatabaseUnreachable, match="file is not a database"):
        DataMigrationService(source, target, folder=tmp_path).migrate()


def test_nothing_is_written_by_foresight(source: str, target: Database, tmp_path: Path) -> None:
    service = DataMigrationService(source, target.url, folder=tmp_path / "log")
    foresight = service.foresee()
    assert (foresight.plan.rows, failures(foresight.report)) == (11, [])
    ways = {"postgresql": "binary COPY", "sqlite": "INSERT"}
    written_by = ways.get(target.backend.name) or way_into(target)
    assert {load.way for load in foresight.plan.loads} == {f"Arrow, {written_by}"}
    assert Plan.from_json(foresight.plan.to_json()) == foresight.plan
    assert tables(target.url) == []
    assert not (tmp_path / "log").exists()
