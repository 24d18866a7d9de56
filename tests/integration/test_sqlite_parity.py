"""The founding document's SQLite parity: a development database like those of the servers.

Every database here is made by the tests: files in the test's folder, and leases.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.exc import IntegrityError

from dbparity.applications import load_application
from dbparity.backends.sqlite import SQLite
from dbparity.errors import SchemaOccupied
from dbparity.results import Severity
from dbparity.schema import revisions
from dbparity.schema.applying import apply, execute
from dbparity.schema.ddl import ddl
from dbparity.schema.diff import diff
from dbparity.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.applications import Application
    from dbparity.schema.ddl import Ddl
    from dbparity.servers.database import Database
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server]

EXAMPLE = Path(__file__).parents[2] / "examples" / "prompt_library"
MODEL = "prompt_library.models:Base.metadata"
INDEX = "ux_tpl_org_ws_confighash_active"
TABLES = {"prompt_templates", "prompt_versions", "prompt_results"}
MADE = datetime.fromisoformat("2025-03-01T09:00:00.123456")
DELETED = datetime.fromisoformat("2025-03-02T09:00:00.123456")
_PATIENCE = 60


@pytest.fixture(scope="module")
def library() -> Application:
    return load_application(MODEL, pythonpath=[EXAMPLE], alembic=EXAMPLE / "alembic.ini")


@pytest.fixture
def development(tmp_path: Path) -> str:
    """The URL of a custom file, which is not there yet."""
    return f"sqlite:///{tmp_path}/custom.db"


@pytest.fixture
def file(development: str, library: Application) -> Iterator[Engine]:
    """A development database with the library's tables, as an application opens it."""
    apply(development, library.metadata)
    engine = create_engine(development)
    SQLite().prepare(engine)
    yield engine
    engine.dispose()


@dataclass(frozen=True)
class Made:
    """A database of a target that has a model's tables, by its DDL."""

    engine: Engine
    database: Database
    ddl: Ddl


def make(database: Database, metadata: MetaData) -> Made:
    made = ddl(metadata, database.backend, database.version)
    with database.engine.begin() as connection:
        execute(connection, made)
    return Made(database.engine, database, made)


@pytest.fixture
def engine() -> None:
    """Asked for, so that the tests run on sync drivers only."""


@pytest.fixture
def empty(lease: Lease, engine: None) -> Iterator[Database]:  # noqa: ARG001
    """An empty database on the target."""
    with lease() as database:
        yield database


def snapshot(engine: Engine, database: Database | None = None) -> Snapshot:
    backend = database.backend if database is not None else SQLite()
    with engine.connect() as connection:
        return backend.snapshot(connection)


def differing(left: Snapshot, right: Snapshot) -> list[str]:
    return [str(one) for one in diff(left, right) if one.severity is not Severity.NOTE]


def bare() -> MetaData:
    """The index as the founding document has it, with a predicate for PostgreSQL only."""
    metadata = MetaData()
    table = Table(
        "prompt_templates",
        metadata,
        Column("id", Uuid(native_uuid=False), primary_key=True, default=uuid4),
        Column("org_id", Uuid(native_uuid=False), nullable=False),
        Column("workspace_id", Uuid(native_uuid=False), nullable=False),
        Column("config_hash", String(64), nullable=False),
        Column("deleted_at", DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")),
    )
    columns = (table.c.org_id, table.c.workspace_id, table.c.config_hash)
    Index(INDEX, *columns, unique=True, postgresql_where=table.c.deleted_at.is_(None))
    return metadata


def row(metadata: MetaData, **values: object) -> dict[str, object]:
    """A template of one configuration, active unless ``values`` say otherwise."""
    wanted: dict[str, object] = {
        "org_id": UUID(int=1),
        "workspace_id": UUID(int=2),
        "config_hash": "0" * 64,
        "name": "Greeting",
        "config": {},
        "created_at": MADE,
        **values,
    }
    columns = metadata.tables["prompt_templates"].columns
    return {name: value for name, value in wanted.items() if name in columns}


def insert(engine: Engine, metadata: MetaData, *rows: dict[str, object]) -> None:
    with engine.begin() as connection:
        for one in rows:
            connection.execute(metadata.tables["prompt_templates"].insert(), one)


def count(engine: Engine, metadata: MetaData) -> int | None:
    with engine.connect() as connection:
        templates = metadata.tables["prompt_templates"]
        return connection.scalar(select(func.count()).select_from(templates))


def run(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run dbparity in ``folder``, with records of its own."""
    state = str(folder / "state")
    return subprocess.run(
        [sys.executable, "-m", "dbparity", "schema", *words],
        cwd=folder,
        env={**os.environ, "DBPARITY_STATE": state, **variables},
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=True,
    )


class TestDevelopmentDatabase:
    """On SQLite alone."""

    def test_tables_and_the_partial_unique_index_are_in_the_file(self, file: Engine) -> None:
        inspector = inspect(file)
        assert set(inspector.get_table_names()) == TABLES
        (index,) = (one for one in inspector.get_indexes("prompt_templates") if one["unique"])
        assert index["name"] == INDEX
        assert str(index["dialect_options"]["sqlite_where"]) == "deleted_at IS NULL"

    def test_foreign_keys_are_enforced(self, file: Engine, library: Application) -> None:
        version = {"template_id": uuid4(), "number": 1, "body": "Hello"}
        with file.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(library.metadata.tables["prompt_versions"].insert(), version)

    def test_same_tables_are_left_as_they_are(
        self, file: Engine, development: str, library: Application
    ) -> None:
        insert(file, library.metadata, row(library.metadata))
        path = Path(str(make_url(development).database))
        before = path.read_bytes()
        assert not apply(development, library.metadata).created
        assert path.read_bytes() == before

    def test_tables_of_another_schema_are_refused_by_their_names(
        self, file: Engine, development: str, library: Application
    ) -> None:
        with file.begin() as connection:
            connection.exec_driver_sql(f"DROP INDEX {INDEX}")
        with pytest.raises(SchemaOccupied, match="prompt_templates") as refused:
            apply(development, library.metadata)
        assert refused.value.tables == tuple(sorted(TABLES))
        assert INDEX not in {one["name"] for one in inspect(file).get_indexes("prompt_templates")}

    def test_tables_of_others_are_nobodys_business(
        self, development: str, library: Application
    ) -> None:
        engine = create_engine(development)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE notes (id INTEGER)")
        assert apply(development, library.metadata).created
        assert set(inspect(engine).get_table_names()) == {*TABLES, "notes"}
        engine.dispose()

    def test_command_applies_to_the_file_that_a_variable_names(self, tmp_path: Path) -> None:
        words = ("apply", "--metadata", MODEL, "--pythonpath", str(EXAMPLE))
        done = run(*words, folder=tmp_path, DB_URL=f"sqlite:///{tmp_path}/named.db")
        assert "named.db: 3 tables made" in done.stdout
        assert (tmp_path / "named.db").exists()
        assert not (tmp_path / "dev.db").exists()

    def test_command_applies_to_a_file_in_this_folder_by_default(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DB_URL", raising=False)
        run("apply", "--metadata", MODEL, "--pythonpath", str(EXAMPLE), folder=tmp_path)
        assert (tmp_path / "dev.db").exists()


class TestParity:
    """SQLite against each target."""

    def test_schemas_are_equivalent(
        self, file: Engine, empty: Database, library: Application
    ) -> None:
        made = make(empty, library.metadata)
        assert differing(snapshot(file), snapshot(made.engine, empty)) == []

    def test_a_drift_would_be_found(
        self, file: Engine, empty: Database, library: Application
    ) -> None:
        with file.begin() as connection:
            connection.exec_driver_sql(f"DROP INDEX {INDEX}")
        made = make(empty, library.metadata)
        assert differing(snapshot(file), snapshot(made.engine, empty))

    def test_tables_and_keys_are_the_same(
        self, file: Engine, empty: Database, library: Application
    ) -> None:
        make(empty, library.metadata)
        assert keys(file) == keys(empty.engine)

    def test_revisions_lead_to_the_schema_of_the_ddl(
        self, file: Engine, lease: Lease, engine: None, library: Application
    ) -> None:
        assert engine is None
        with lease(library, empty=True) as database:
            revisions.upgrade(database)
            migrated = snapshot(database.engine, database)
        tables = tuple(table for table in migrated.tables if table.name in TABLES)
        expected = snapshot(file)
        found = Snapshot("", migrated.backend, migrated.version, tables)
        assert differing(expected, found) == []

    def test_foreign_keys_are_enforced(self, empty: Database, library: Application) -> None:
        made = make(empty, library.metadata)
        version = {"template_id": uuid4(), "number": 1, "body": "Hello"}
        with made.engine.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(library.metadata.tables["prompt_versions"].insert(), version)


@pytest.fixture(params=["prompt_library", "bare"])
def model(request: pytest.FixtureRequest, library: Application) -> MetaData:
    """The example, which helps itself on MySQL and MariaDB, and a model that does not."""
    return library.metadata if request.param == "prompt_library" else bare()


class TestPartialUniqueIndex:
    """Its behaviour, on every target."""

    def test_second_active_duplicate_is_refused(self, empty: Database, model: MetaData) -> None:
        made = make(empty, model)
        insert(made.engine, model, row(model))
        with pytest.raises(IntegrityError):
            insert(made.engine, model, row(model))
        insert(made.engine, model, row(model, workspace_id=UUID(int=3)))

    def test_duplicates_of_deleted_ones_are_allowed(self, empty: Database, model: MetaData) -> None:
        made = make(empty, model)
        rows = [row(model, deleted_at=DELETED) for _ in range(3)]
        insert(made.engine, model, *rows, row(model))
        assert count(made.engine, model) == 4

    def test_duplicate_after_soft_deletion_is_allowed(
        self, empty: Database, model: MetaData
    ) -> None:
        made, templates = make(empty, model), model.tables["prompt_templates"]
        insert(made.engine, model, row(model))
        with made.engine.begin() as connection:
            connection.execute(templates.update().values(deleted_at=DELETED))
        insert(made.engine, model, row(model))
        assert count(made.engine, model) == 2

    def test_deleted_one_cannot_come_back_beside_an_active_one(
        self, empty: Database, model: MetaData
    ) -> None:
        made, templates = make(empty, model), model.tables["prompt_templates"]
        insert(made.engine, model, row(model, deleted_at=DELETED), row(model))
        with made.engine.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(templates.update().values(deleted_at=None))

    def test_what_emulates_it_is_not_seen(self, empty: Database, model: MetaData) -> None:
        made = make(empty, model)
        with made.engine.connect() as connection:
            found = connection.execute(text("SELECT * FROM prompt_templates")).keys()
        assert list(found) == [column.name for column in model.tables["prompt_templates"].columns]

    def test_nothing_is_refused_and_what_is_emulated_is_said(
        self, empty: Database, model: MetaData
    ) -> None:
        made = make(empty, model).ddl
        assert made.refused == ()
        assert partial_or_said(made, empty)


def partial_or_said(made: Ddl, database: Database) -> bool:
    """Whether the index is partial, or a remark says how that is emulated."""
    partial = any(INDEX in one and "WHERE deleted_at IS NULL" in one for one in made.statements)
    said = any(INDEX in remark.subject and remark.answer for remark in made.remarks)
    return partial if database.features.partial_indexes else said


def keys(engine: Engine) -> dict[str, Any]:
    """Columns, primary keys and foreign keys of all tables."""
    inspector = inspect(engine)
    return {
        name: (
            [column["name"] for column in inspector.get_columns(name)],
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted(map(_key, inspector.get_foreign_keys(name)), key=str),
        )
        for name in sorted(inspector.get_table_names())
    }


def _key(found: Any) -> Sequence[object]:  # noqa: ANN401  # as SQLAlchemy reflects it
    actions = found["options"].get("ondelete")
    return found["constrained_columns"], found["referred_table"], found["referred_columns"], actions
