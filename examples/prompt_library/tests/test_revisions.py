"""The revisions lead to the tables of the models and keep the data."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from prompt_library import engines, store
from prompt_library.models import Base, PromptTemplate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

INI = Path(__file__).parent.parent / "alembic.ini"
ORG, WORKSPACE = UUID(int=1), UUID(int=2)
TABLES = {"prompt_templates", "prompt_versions", "prompt_results"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Connect to an empty database."""
    engine = engines.connect(f"sqlite:///{tmp_path}/test.db")
    yield engine
    engine.dispose()


def go(engine: Engine, revision: str) -> None:
    """Migrate up to the revision, or down if it is a step down."""
    config = Config(INI)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        down = revision == "base" or revision.startswith("-")
        (command.downgrade if down else command.upgrade)(config, revision)


def tables(engine: Engine) -> set[str]:
    """Return the names of the application's tables."""
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_head_is_what_the_models_say(engine: Engine) -> None:
    """By autogenerate."""
    go(engine, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_base_is_empty_and_head_can_be_reached_again(engine: Engine) -> None:
    """Down to the last table."""
    go(engine, "head")
    go(engine, "base")
    assert tables(engine) == set()
    go(engine, "head")
    assert tables(engine) == TABLES


def test_versions_from_before_are_counted(engine: Engine) -> None:
    """And the rows outlive the steps."""
    go(engine, "head")
    with Session(engine) as db:
        for name, bodies in (("none", 0), ("one", 1), ("three", 3)):
            template = store.create(db, ORG, WORKSPACE, name, {"name": name})
            for number in range(bodies):
                version = store.add_version(db, template.id, f"Hello {number}")
                store.record(db, version.id, "small", "Hello!")
        db.commit()
    go(engine, "-2")
    go(engine, "head")
    with Session(engine) as db:
        counts = {
            template.name: template.version_count for template in store.templates(db, WORKSPACE)
        }
        assert counts == {"none": 0, "one": 1, "three": 3}
        three = db.scalars(select(PromptTemplate).filter_by(name="three")).one()
        assert len(store.results(db, three.id)) == 3


def test_revisions_can_be_written_as_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That makes the same tables."""
    monkeypatch.setenv("DB_URL", "sqlite://")
    script = io.StringIO()
    command.upgrade(Config(INI, output_buffer=script), "head", sql=True)
    connection = sqlite3.connect(tmp_path / "script.db")
    connection.executescript(script.getvalue())
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert {name for (name,) in names} == {*TABLES, "alembic_version"}


def test_variable_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DB_URL goes before alembic.ini."""
    monkeypatch.setenv("DB_URL", f"sqlite:///{tmp_path}/other.db")
    command.upgrade(Config(INI), "head")
    other = engines.connect(f"sqlite:///{tmp_path}/other.db")
    assert tables(other) == TABLES
    other.dispose()


def test_no_database_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cure."""
    monkeypatch.delenv("DB_URL", raising=False)
    config = Config(INI)
    config.remove_main_option("sqlalchemy.url")
    with pytest.raises(RuntimeError, match="set DB_URL"):
        command.current(config)
