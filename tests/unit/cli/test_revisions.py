from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from dbparity.cli import main

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
ENV = """
from contextlib import nullcontext

from alembic import context
from sqlalchemy import create_engine

config = context.config
if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"))
    with context.begin_transaction():
        context.run_migrations()
else:
    given = config.attributes.get("connection")
    engine = create_engine(config.get_main_option("sqlalchemy.url"))
    with nullcontext(given) if given is not None else engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = """
from alembic import op
import sqlalchemy as sa

revision, down_revision = "one", None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20)),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
    )


def downgrade():
    op.drop_table("posts")
    {last}
"""


@pytest.fixture
def migrations(project: Path) -> Path:
    """The migrations of the project's application."""
    (project / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    versions = project / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENV)
    (versions / "one.py").write_text(REVISION.format(last='op.drop_table("users")'))
    return versions


@pytest.mark.usefixtures("project")
def test_application_without_migrations_exits_with_2(capsys: Capture) -> None:
    assert main(["revisions", "check"]) == 2
    assert "no migrations are named" in capsys.readouterr().err


@pytest.mark.usefixtures("migrations")
def test_migrations_that_go_both_ways_agree(capsys: Capture) -> None:
    assert main(["revisions", "check", "--alembic", "alembic.ini"]) == 0
    assert "revisions" in capsys.readouterr().out


def test_table_left_behind_exits_with_1(migrations: Path, capsys: Capture) -> None:
    (migrations / "one.py").write_text(REVISION.format(last="pass"))
    assert main(["revisions", "check", "--alembic", "alembic.ini"]) == 1
    assert "users" in capsys.readouterr().out


STATUS = ["revisions", "status", "sqlite:///shop.db", "--alembic", "alembic.ini"]


@pytest.fixture
def migrated(migrations: Path, module: str) -> Path:
    """A database at the head."""
    path = migrations.parent.parent / "shop.db"
    metadata = import_module(module).metadata
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('one')")
    engine.dispose()
    return path


@pytest.mark.usefixtures("migrated")
def test_a_database_at_the_head_agrees(capsys: Capture) -> None:
    assert main(STATUS) == 0
    assert "It is at the head, and has its schema." in capsys.readouterr().out


def test_a_database_that_is_not_what_it_says_exits_with_1(migrated: Path, capsys: Capture) -> None:
    with closing(sqlite3.connect(migrated)) as connection:
        connection.execute("DROP TABLE posts")
    assert main([*STATUS, "--json", "-"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [result["outcome"] for result in report["results"]] == ["passed", "failed"]


@pytest.mark.usefixtures("migrated")
def test_a_schema_that_cannot_be_compared_is_skipped_or_required(capsys: Capture) -> None:
    alone = [*STATUS, "--provider", "url"]
    assert main(alone) == 0
    shown = capsys.readouterr().out
    assert "SKIPPED revisions.schema on sqlite: its schema could not be compared" in shown
    assert "It is at the head." in shown
    assert main([*alone, "--require"]) == 2
    assert "its schema could not be compared" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_the_status_of_no_migrations_exits_with_2(capsys: Capture) -> None:
    assert main(STATUS[:3]) == 2
    assert "no migrations are named" in capsys.readouterr().err
