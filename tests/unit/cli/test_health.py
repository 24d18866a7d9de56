from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import main
from dbparity.cli.health import _cells
from dbparity.results import Outcome, Result
from dbparity.stores.base import Greeting
from dbparity.stores.health import State, StoreHealth
from tests.unit.cli.test_revisions import migrations

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["migrations"]

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def shop(project: Path) -> str:
    """The URL of a database of the project."""
    with closing(sqlite3.connect(project / "shop.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER)")
    return "sqlite:///shop.db"


def configure(project: Path, lines: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"{lines}\n")


def test_healthy_stores_exit_with_0_and_are_tabulated(shop: str, capsys: Capture) -> None:
    assert main(["health", f"main={shop}"]) == 0
    shown = capsys.readouterr().out
    assert "main   healthy  0.0" in shown
    assert "Every store is healthy." in shown


def test_a_store_that_is_down_exits_with_1_and_reports_are_written(
    shop: str, project: Path, capsys: Capture
) -> None:
    stores = [f"main={shop}", "cache=redis://:hunter2@127.0.0.1:1/0"]
    asked = ["health", *stores, "--optional", "cache", "--limit", "20"]
    assert main([*asked, "--json", "-", "--junit", "r.xml", "--markdown", "r.md"]) == 1

    written = capsys.readouterr()
    report = json.loads(written.out)
    assert [(each["code"], each["severity"]) for each in report["findings"]] == [
        ("health.down", "degraded")
    ]
    files = [(project / name).read_text() for name in ("r.xml", "r.md")]
    assert all("health.down" in text for text in [written.err, *files])
    assert "hunter2" not in "".join([written.out, written.err, *files])


@pytest.mark.usefixtures("project")
def test_a_store_that_cannot_be_asked_exits_with_2(capsys: Capture) -> None:
    assert main(["health", "odd=nosuch://host"]) == 2
    assert (
        "1 question could not be asked: odd: nosuch: no store has such" in capsys.readouterr().err
    )
    assert main(["health", "cache"]) == 2
    assert "cache: there is no such store" in capsys.readouterr().err
    assert main(["health"]) == 2
    assert "no store is named" in capsys.readouterr().err


@pytest.mark.usefixtures("migrations")
def test_configured_stores_are_asked_and_their_migrations(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    with closing(sqlite3.connect(project / "shop.db")) as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")
    monkeypatch.setenv("MAIN_URL", "sqlite:///shop.db")
    configure(
        project,
        'alembic = "alembic.ini"\n'
        'stores = { main = "$MAIN_URL", archive = "sqlite:///shop.db", gone = "$GONE_URL" }\n'
        'health = { revisions = "main", optional = ["gone"], read_only = ["archive"], limit = 20 }',
    )
    assert main(["health", "main", "archive"]) == 1
    assert "WRONG VERSION-TABLE-MISSING on main" in capsys.readouterr().out


@pytest.mark.usefixtures("migrations")
def test_migrations_of_no_store_are_refused(shop: str, capsys: Capture) -> None:
    asked = ["health", f"main={shop}", "--revisions", "other", "--alembic", "alembic.ini"]
    assert main(asked) == 2
    assert "'other': there is no such store" in capsys.readouterr().err


def test_a_store_is_tabulated_with_what_it_said() -> None:
    store = StoreHealth(
        name="copy",
        address="postgresql://me:***@host/shop",
        state=State.HEALTHY,
        required=True,
        seconds=0.0123,
        greeting=Greeting(
            "17.5", read_only=True, role="replica", lag=2.04, facts={"connections": "3 of 100"}
        ),
        pool=None,
        result=Result("copy", "health", "answers", Outcome.PASSED),
    )
    assert list(map(str, _cells(store))) == [
        "0.012",
        "17.5",
        "replica read-only",
        "2.0 s behind, 3 of 100 connections",
        "postgresql://me:***@host/shop",
    ]
