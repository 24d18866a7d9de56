from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.applications import Application
from dbparity.errors import (
    ApplicationError,
    DatabaseUnreachable,
    DriverMissing,
    HistoryBroken,
    ServerUnavailable,
    SourceInvalid,
    TargetUnknown,
)
from dbparity.results import Severity
from dbparity.schema.sources import (
    Live,
    Migrated,
    Model,
    Script,
    Stored,
    parse,
    read,
    scratch_target,
)
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.snapshots import Snapshot
from dbparity.targets import Target
from tests.support.migrations import write_migrations
from tests.support.shops import shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.sources import Reading

SQLITE = Target("sqlite", "pysqlite")


@pytest.fixture(scope="module")
def environment() -> Iterator[DatabaseTestEnvironment]:
    with DatabaseTestEnvironment([SQLITE]) as started:
        yield started


def tables(reading: Reading) -> list[str]:
    return [table.name for table in reading.snapshot.tables]


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("sqlite:///dev.db", Live, None),
        ("a/schema.json", Stored, None),
        ("shop.models:Base.metadata@mysql@9", Model, Target("mysql", "", "9")),
        ("a/schema.sql@postgresql+asyncpg", Script, Target("postgresql", "asyncpg")),
        ("a@b/schema.sql@sqlite", Script, Target("sqlite")),
        ("revision:abc123@mariadb@10.11", Migrated, Target("mariadb", "", "10.11")),
    ],
)
def test_a_source_is_known_by_its_spelling(text: str, kind: type, target: Target | None) -> None:
    source = parse(text)

    assert (type(source), source.text) == (kind, text)
    assert source.targets == ((target,) if target else ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("schema.sql", "schema.sql: it names no target; write schema.sql@postgresql, for example"),
        ("schema.txt@sqlite", "schema.txt@sqlite: a schema is not read from such a source; write"),
        ("mysql://root:secret@[::1/shop", "the URL: it cannot be read; write backend://user:"),
    ],
)
def test_what_is_no_source_is_said_with_the_cure(text: str, reason: str) -> None:
    with pytest.raises(SourceInvalid) as caught:
        parse(text)

    assert str(caught.value).startswith(reason)


def test_a_backend_that_nobody_declares_is_unknown() -> None:
    with pytest.raises(TargetUnknown):
        parse("oracle://root:secret@localhost/shop")


def test_a_password_is_neither_shown_nor_kept_in_the_snapshot() -> None:
    source = parse("postgresql://app:secret@localhost/shop")

    assert source.text == "postgresql://app:***@localhost/shop"
    assert "secret" not in repr(source)


def test_a_live_database_is_read_and_left_alone(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE goods (id INTEGER PRIMARY KEY)")
    before = file.read_bytes(), list(tmp_path.iterdir())
    reading = read(parse(f"sqlite:///{file}"), environment)

    assert tables(reading) == ["goods"]
    assert reading.snapshot.source == f"sqlite:///{file}"
    assert (file.read_bytes(), list(tmp_path.iterdir())) == before


@pytest.mark.parametrize("name", ["nowhere.db", "", ":memory:"])
def test_a_file_that_is_not_there_is_not_made(
    environment: DatabaseTestEnvironment, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name if name.endswith(".db") else name
    with pytest.raises(SourceInvalid, match="no such file; correct the path"):
        read(parse(f"sqlite:///{path}"), environment)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_a_server_that_does_not_answer_is_one_error(
    environment: DatabaseTestEnvironment, driver: str
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening: who connects is refused
        url = f"postgresql+{driver}://app:secret@127.0.0.1:{taken.getsockname()[1]}/shop"
        with pytest.raises(DatabaseUnreachable, match=r"refused|failed") as caught:
            read(parse(url), environment)

    assert "secret" not in str(caught.value)


def test_a_driver_that_is_not_known_is_said(environment: DatabaseTestEnvironment) -> None:
    with pytest.raises(TargetUnknown, match="unknown driver of postgresql 'pg8000'"):
        read(parse("postgresql+pg8000://app@localhost/shop"), environment)


def test_a_driver_that_is_not_installed_is_said(
    environment: DatabaseTestEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbparity.backends.base.Driver.installed", False)
    with pytest.raises(DriverMissing, match="postgresql: psycopg is not installed"):
        read(parse("postgresql://app@localhost/shop"), environment)


def test_a_stored_snapshot_is_read(environment: DatabaseTestEnvironment, tmp_path: Path) -> None:
    snapshot = Snapshot("", "sqlite", "3.40.1")
    file = tmp_path / "schema.json"
    file.write_text(snapshot.to_json())

    assert read(parse(str(file)), environment).snapshot == Snapshot(str(file), "sqlite", "3.40.1")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.json", "no such file or directory; correct the path"),
        ("folder.json", "is a directory; correct the path"),
        ("broken.json", "no snapshot of a schema: "),
        ("nowhere.sql@sqlite", "no such file or directory; correct the path"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error(
    environment: DatabaseTestEnvironment, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(SourceInvalid) as caught:
        read(parse(str(tmp_path / name)), environment)

    assert str(caught.value).startswith(f"{tmp_path / name}: {reason}")


def test_a_metadata_is_imported_and_made(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    (tmp_path / "my_shop.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "metadata = MetaData()\n"
        "Table('goods', metadata, Column('id', Integer, primary_key=True))\n"
    )
    reading = read(parse("my_shop:metadata@sqlite"), environment, pythonpath=(tmp_path,))

    assert tables(reading) == ["goods"]
    assert reading.snapshot.source == "my_shop:metadata@sqlite"


def test_the_configured_application_is_not_imported_again(
    environment: DatabaseTestEnvironment,
) -> None:
    application = Application("nowhere:metadata", shop())
    reading = read(parse("nowhere:metadata@sqlite"), environment, application)

    assert set(tables(reading)) == set(application.metadata.tables)


def test_what_is_no_metadata_is_said(environment: DatabaseTestEnvironment) -> None:
    with pytest.raises(ApplicationError, match="not a MetaData"):
        read(parse("pathlib:Path@sqlite"), environment)


def test_a_target_that_is_not_served_is_said(environment: DatabaseTestEnvironment) -> None:
    with pytest.raises(ServerUnavailable, match="mysql: no server: it was not wanted"):
        read(parse("x:metadata@mysql"), environment, Application("x:metadata", shop()))


def test_a_target_that_is_missing_is_said_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "schema.sql").touch()
    target = Target("postgresql", "psycopg", "1")
    with DatabaseTestEnvironment([target]) as environment:
        with pytest.raises(ServerUnavailable) as caught:
            read(parse(f"{tmp_path}/schema.sql@postgresql@1"), environment)

        assert caught.value.reasons == (environment.missing[target],)


def test_migrations_are_run_up_to_a_revision(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    make = "op.create_table({name!r}, sa.Column('id', sa.Integer(), primary_key=True))"
    ini = write_migrations(
        tmp_path,
        revisions=[
            ("1", None, make.format(name="first")),
            ("2", "1", make.format(name="second")),
            ("3", "2", "op.drop_table('nowhere')"),
        ],
    )
    application = Application("tests:migrated", shop(), ini)

    assert tables(read(parse("revision:1@sqlite"), environment, application)) == ["first"]
    assert tables(read(parse("revision:2@sqlite"), environment, application)) == ["first", "second"]
    for revision, reason in (("3", "no such table: nowhere"), ("9", "Can't locate revision")):
        with pytest.raises(SourceInvalid, match=f"the upgrade fails .*{reason}"):
            read(parse(f"revision:{revision}@sqlite"), environment, application)


def test_without_migrations_there_are_no_revisions(environment: DatabaseTestEnvironment) -> None:
    with pytest.raises(ApplicationError, match="it has no migrations"):
        read(parse("revision:1@sqlite"), environment, Application("tests:shop", shop()))


def test_migrations_that_are_no_history_are_said(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    ini = write_migrations(tmp_path, revisions=[("2", "1", "pass")])
    with pytest.raises(HistoryBroken):
        read(parse("revision:2@sqlite"), environment, Application("tests:x", shop(), ini))


SCRIPT = """
CREATE TABLE goods (id INTEGER PRIMARY KEY);
CRATE TABLE shelves (id INTEGER);
ATTACH DATABASE 'other.db' AS other;
BEGIN;
CREATE TABLE shops (id INTEGER PRIMARY KEY, name text CHECK (name LIKE '%a%'));
COMMIT;
"""


def test_a_refused_statement_is_found_with_its_line_and_the_rest_is_read(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(SCRIPT)
    reading = read(parse(f"{file}@sqlite"), environment)
    refused, left_out = reading.findings

    assert tables(reading) == ["goods", "shops"]
    assert (refused.code, refused.severity) == ("DDL-REFUSED", Severity.WRONG)
    assert str(refused.place) == f"{file}[line 3]"
    assert refused.actual == 'near "CRATE": syntax error'
    assert "CRATE TABLE shelves (id INTEGER)" in refused.message
    assert (left_out.code, left_out.severity) == ("DDL-LEFT-OUT", Severity.NOTE)
    assert not Path("other.db").exists()


def test_a_long_statement_is_told_in_short(
    environment: DatabaseTestEnvironment, tmp_path: Path
) -> None:
    file = tmp_path / "schema.sql"
    file.write_text(f"CRATE {'x' * 999}")
    (finding,) = read(parse(f"{file}@sqlite"), environment).findings

    assert len(finding.message) < 300
    assert finding.message.endswith("x …")


@pytest.mark.parametrize(
    ("snapshot", "target"),
    [
        (Snapshot("", "postgresql", "17.11"), "postgresql@17"),
        (Snapshot("", "mariadb", "10.11.19"), "mariadb@10"),
        (Snapshot("", "sqlite", "3.40.1"), "sqlite"),
    ],
)
def test_a_proof_needs_a_server_of_the_same_version(snapshot: Snapshot, target: str) -> None:
    assert str(scratch_target(snapshot)) == target
