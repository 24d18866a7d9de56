"""``dbparity migrate`` says what it will do, does it, and its exit code can be trusted."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import false, update

from dbparity.cli import main
from dbparity.conformance.migrations import arrives
from dbparity.progress import Progress
from dbparity.transfer import rehearsal
from dbparity.transfer.corpus import KINDS, Corruption
from dbparity.transfer.service import DataMigrationService

Capture = pytest.CaptureFixture[str]
SHOP = (
    "CREATE TABLE shops (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people, n BIGINT)",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, shop INTEGER REFERENCES shops, name TEXT)",
    "INSERT INTO shops VALUES (1, 7, 8)",
    "INSERT INTO people VALUES (7, 1, 'Ann'), (8, 1, NULL)",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(name: str, *statements: str) -> str:
    with closing(sqlite3.connect(name)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{name}"


def rows(name: str, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(name)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


@pytest.fixture
def source() -> str:
    return written("shop.db", *SHOP)


def test_a_database_is_copied_and_the_tables_are_counted(source: str, capsys: Capture) -> None:
    assert main(["migrate", source, "sqlite:///new.db"]) == 0
    captured = capsys.readouterr()
    assert "3 rows of 2 tables from sqlite+pysqlite:///shop.db" in captured.err
    assert "its tables are made" in captured.err
    assert "people, shops refer to each other" in captured.err
    lines = [line.split() for line in captured.out.splitlines()]
    assert ["people", "2", "0", "2"] in lines
    assert rows("new.db", "people") == [(7, 1, "Ann"), (8, 1, None)]


def test_a_plan_writes_nothing(source: str, folder: Path, capsys: Capture) -> None:
    assert main(["migrate", source, "sqlite:///new.db", "--plan"]) == 0
    assert "people" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["shop.db"]


def test_a_plan_tells_which_values_slow_it_down(capsys: Capture) -> None:
    statements = ("CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (1), ('one')")
    assert main(["migrate", written("odd.db", *statements), "sqlite:///new.db", "--plan"]) == 1
    assert "row by row for n, INSERT" in capsys.readouterr().err


def test_rows_are_replaced_only_where_the_database_is_named(source: str, capsys: Capture) -> None:
    target = written("old.db", *SHOP[:2], "INSERT INTO people VALUES (1, NULL, 'old')")
    assert main(["migrate", source, target]) == 2
    assert "old.db has rows in people" in capsys.readouterr().err
    assert main(["migrate", source, target, "--replace", "shop.db"]) == 2
    assert "write --replace old.db" in capsys.readouterr().err
    assert main(["migrate", source, target, "--replace", "old.db"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert rows("old.db", "people") == [(1, None, "old")]
    assert main(["migrate", source, target, "--replace", "old.db", "--yes"]) == 0
    assert rows("old.db", "people") == [(7, 1, "Ann"), (8, 1, None)]
    assert "people: rows replaced" in capsys.readouterr().err


def test_rows_that_are_refused_exit_with_1(source: str, capsys: Capture) -> None:
    target = written("strict.db", SHOP[0], SHOP[1].replace("TEXT", "TEXT CHECK (name = 'Bob')"))
    assert main(["migrate", source, target]) == 1
    assert "DATA-REFUSED" in capsys.readouterr().out
    assert rows("strict.db", "shops") == []
    command = ["migrate", source, target, "--on-error", "quarantine", "--json", "-"]
    assert main(command) == 1
    document = json.loads(capsys.readouterr().out)
    assert {finding["code"] for finding in document["findings"]} == {"DATA-SET-ASIDE"}


def test_a_run_that_was_cut_off_goes_on_or_back(source: str, capsys: Capture) -> None:
    class Cut(Progress):
        def rows_done(self, work: str, *_: object) -> None:
            if work == "copy":
                raise KeyboardInterrupt

    for ending in (["--resume"], ["--rollback", "--yes"]):
        with pytest.raises(KeyboardInterrupt):
            DataMigrationService(source, "sqlite:///new.db", progress=Cut()).migrate()
        assert main(["migrate", source, "sqlite:///new.db"]) == 2
        assert "resume it, or roll it back" in capsys.readouterr().err
        assert main(["migrate", source, "sqlite:///new.db", *ending]) == 0
        if ending == ["--resume"]:
            assert len(rows("new.db", "people")) == 2
            Path("new.db").unlink()
    assert rows("new.db", "sqlite_master") == []
    assert main(["migrate", "--rollback", "sqlite:///new.db", "--yes"]) == 2
    assert "no migration to resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--plan", "--resume"], "all of these at once"),
        (["sqlite:///new.db", "--resume", "--schema", "x"], "what was begun has its schema"),
        ([], "no target is named"),
    ],
)
def test_what_makes_no_sense_exits_with_2(
    source: str, capsys: Capture, options: list[str], message: str
) -> None:
    assert main(["migrate", source, *options]) == 2
    assert message in capsys.readouterr().err


def test_a_self_test_moves_rows_and_finds_what_is_corrupted(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["migrate", "--self-test", "--target", "sqlite"]
    assert main(command) == 0
    assert "every corruption was found" in capsys.readouterr().out
    harmless = Corruption("nothing at all", "kinds", update(KINDS).where(false()).values(id=1))
    monkeypatch.setattr(rehearsal, "CORRUPTIONS", (harmless,))
    assert main(command) == 1
    assert "CORRUPTION-MISSED" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2)])
def test_somebody_who_is_there_is_asked(
    source: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    target = written("old.db", *SHOP[:2], "INSERT INTO people VALUES (1, NULL, 'old')")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    assert main(["migrate", source, target, "--replace", "old.db"]) == code
    assert "are replaced. Go on?" in capsys.readouterr().err
    assert len(rows("old.db", "people")) == (2 if code == 0 else 1)


def test_what_the_target_says_otherwise_is_told_with_the_plan(capsys: Capture) -> None:
    source = written("odd.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, o INT, p BLOB)")
    with closing(sqlite3.connect("odd.db")) as connection, connection:
        connection.execute("CREATE VIEW v AS SELECT 1")
        connection.execute("INSERT INTO t (id, p) VALUES (1, 'a text')")
    assert main(["migrate", source, "sqlite:///new.db"]) == 0
    told = capsys.readouterr().err
    assert "INT → INTEGER (2)" in told
    assert "v: view: a query" in told
    assert "t.p: type: BLOB; its values are others" in told


def test_without_what_moves_rows_the_extra_is_named(
    source: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setitem(sys.modules, "dbparity.transfer.service", None)
    assert main(["migrate", source, "sqlite:///new.db"]) == 2
    assert "pip install 'dbparity[transfer]'" in capsys.readouterr().err
    (skipped,) = arrives(None, None)  # type: ignore[arg-type]  # it asks neither
    assert "pip install 'dbparity[transfer]'" in skipped.reason  # type: ignore[union-attr]


MODULE = """
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
metadata = MetaData()
Table("shops", metadata, Column("id", Integer, primary_key=True), Column("boss", Integer),
      Column("n", Integer))
Table("people", metadata, Column("id", Integer, primary_key=True),
      Column("shop", ForeignKey("shops.id")), Column("name", String(77)))
"""


def made_by(name: str) -> str:
    return str(rows(name, "sqlite_master WHERE name = 'people'")[0][-1])


def test_an_empty_target_gets_the_application_s_schema(source: str, folder: Path) -> None:
    (folder / "shop_model.py").write_text(MODULE)
    model = 'metadata = "shop_model:metadata"\npythonpath = ["."]\n'
    (folder / "pyproject.toml").write_text(f"[tool.dbparity]\n{model}")
    assert main(["migrate", source, "sqlite:///new.db", "--schema", "application"]) == 0
    assert "VARCHAR(77)" in made_by("new.db")
    assert rows("new.db", "people") == [(7, 1, "Ann"), (8, 1, None)]


def test_an_empty_target_gets_the_migrations_where_there_are_some(
    source: str, folder: Path, capsys: Capture
) -> None:
    (folder / "shop_model_2.py").write_text(MODULE)
    told = 'metadata = "shop_model_2:metadata"\npythonpath = ["."]\nalembic = "nowhere.ini"\n'
    (folder / "pyproject.toml").write_text(f"[tool.dbparity]\n{told}")
    assert main(["migrate", source, "sqlite:///new.db", "--schema", "application"]) == 2
    assert "nowhere.ini" in capsys.readouterr().err
    assert not Path("new.db").exists()


def test_a_script_or_a_stored_schema_is_taken(source: str) -> None:
    Path("shop.sql").write_text(";\n".join(SHOP[:2]).replace("TEXT", "VARCHAR(78)") + ";\n")
    assert main(["migrate", source, "sqlite:///new.db", "--schema", "shop.sql"]) == 0
    assert "VARCHAR(78)" in made_by("new.db")
    assert main(["schema", "snapshot", "sqlite:///new.db", "--json", "shop.json"]) == 0
    assert main(["migrate", source, "sqlite:///newer.db", "--schema", "shop.json"]) == 0
    assert "VARCHAR(78)" in made_by("newer.db")


def test_a_script_that_is_refused_makes_nothing(source: str, capsys: Capture) -> None:
    Path("shop.sql").write_text("CREATE TABLE people (id INTEGER PRIMARY KEY;\n")
    assert main(["migrate", source, "sqlite:///new.db", "--schema", "shop.sql"]) == 2
    assert "--schema shop.sql@sqlite" in capsys.readouterr().err
    assert not Path("new.db").exists()
