from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.cli import main
from dbparity.snapshots import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def model(project: Path, module: str) -> str:
    """The configured application as a source; the command runs in its folder."""
    assert project.exists()
    return f"{module}:metadata@sqlite"


@pytest.fixture
def dev(project: Path) -> Path:
    """A development database with the application's tables, without their foreign key."""
    path = project / "dev.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name VARCHAR(20))")
        connection.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER)")
    connection.close()
    return path


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_snapshot_is_shown_and_stored(model: str, project: Path, capsys: Capture) -> None:
    assert main(["schema", "snapshot", model, "--json", "shop.json"]) == 0
    shown = capsys.readouterr().out
    assert "foreign key user_id → users (id)" in shown
    assert "2 tables, 0 views." in shown
    stored = Snapshot.from_json((project / "shop.json").read_bytes())
    assert [table.name for table in stored.tables] == ["posts", "users"]


def test_every_part_of_a_table_is_shown(project: Path, capsys: Capture) -> None:
    (project / "shop.sql").write_text(
        "CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'lamp', "
        "size INT GENERATED ALWAYS AS (length(name)), CONSTRAINT uq_name UNIQUE (name), "
        "CONSTRAINT ck_id CHECK (id > 0));\n"
        "CREATE UNIQUE INDEX ux_long ON goods (lower(name)) WHERE size > 9;\n"
        "CREATE INDEX ix_size ON goods (size);\n"
        "CREATE TRIGGER tr AFTER INSERT ON goods BEGIN DELETE FROM goods WHERE id = 1; END;\n"
    )
    assert main(["schema", "snapshot", "shop.sql@sqlite"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert {
        "primary key id",
        "unique uq_name: name",
        "unique index ux_long: lower(name) where size > 9",
        "index ix_size: size",
        "check ck_id: id > 0",
        "trigger tr",
    } <= set(lines)


def test_refused_statement_is_told_and_the_rest_is_read(project: Path, capsys: Capture) -> None:
    (project / "shop.sql").write_text("CREATE TABLE a (id INT);\n\nCREATE TABEL b (id INT);\n")
    assert main(["schema", "snapshot", "shop.sql@sqlite"]) == 1
    captured = capsys.readouterr()
    assert "1 table, 0 views." in captured.out
    assert "shop.sql[line 3]" in captured.err


def test_same_schemas_agree(model: str, capsys: Capture) -> None:
    assert main(["schema", "diff", model, model]) == 0
    assert "Both sides mean the same." in capsys.readouterr().out


def test_differences_exit_with_1_and_are_written(
    model: str, dev: Path, project: Path, capsys: Capture
) -> None:
    files = ["--json", "diff.json", "--junit", "diff.xml", "--markdown", "diff.md"]
    assert main(["schema", "diff", model, f"sqlite:///{dev}", *files]) == 1
    document = written(project / "diff.json")
    assert document["application"] == f"{model} against sqlite:///{dev}"
    codes = {finding["code"] for finding in document["findings"]}
    assert "NULLABILITY-LAXER" in codes
    assert "nullable" in capsys.readouterr().out
    assert "posts" in (project / "diff.xml").read_text()
    assert "NULLABILITY-LAXER" in (project / "diff.md").read_text()


def test_other_spellings_are_told_on_demand(project: Path, capsys: Capture) -> None:
    (project / "a.sql").write_text("CREATE TABLE a (id INT PRIMARY KEY, up INT REFERENCES a (id));")
    (project / "b.sql").write_text(
        "CREATE TABLE a (id INT PRIMARY KEY, up INT REFERENCES a (id) ON DELETE RESTRICT);"
    )
    command = ["schema", "diff", "a.sql@sqlite", "b.sql@sqlite"]
    assert main(command) == 0
    assert "equivalent" not in capsys.readouterr().out
    assert main([*command, "--all"]) == 0
    assert "equivalent" in capsys.readouterr().out


def test_a_difference_is_proven_on_demand(project: Path, capsys: Capture) -> None:
    """One that two SQLite databases can show, and one that needs no row to be seen."""
    (project / "a.sql").write_text("CREATE TABLE a (id INT PRIMARY KEY, n INT CHECK (n > 0));")
    (project / "b.sql").write_text("CREATE TABLE a (id INT PRIMARY KEY, n INT); CREATE TABLE b(n);")
    command = ["schema", "diff", "a.sql@sqlite", "b.sql@sqlite", "--json", "diff.json"]
    assert main([*command, "--prove"]) == 1
    proofs = {each["code"]: each["proof"] for each in written(project / "diff.json")["findings"]}
    assert "CHECK constraint failed" in proofs["CHECK-LAXER"]
    assert proofs["TABLE-EXTRA"] == ""
    assert "proof" in capsys.readouterr().out


def test_a_refused_statement_is_told_beside_the_differences(project: Path) -> None:
    (project / "a.sql").write_text("CREATE TABLE a (id INT);\nCREATE TABEL b (id INT);\n")
    (project / "b.sql").write_text("CREATE TABLE a (id INT NOT NULL);")
    command = ["schema", "diff", "a.sql@sqlite", "b.sql@sqlite", "--json", "diff.json"]
    assert main(command) == 1
    codes = {finding["code"] for finding in written(project / "diff.json")["findings"]}
    assert "NULLABILITY-STRICTER" in codes
    assert len(codes) == 2


def test_sides_are_told_apart_from_the_configured_application(dev: Path, project: Path) -> None:
    """Two databases are compared, though the application that is configured cannot be imported."""
    (project / "pyproject.toml").write_text('[tool.dbparity]\nmetadata = "gone:metadata"\n')
    assert main(["schema", "diff", f"sqlite:///{dev}", f"sqlite:///{dev}"]) == 0


@pytest.mark.usefixtures("project")
def test_source_that_is_none_exits_with_2(capsys: Capture) -> None:
    assert main(["schema", "diff", "nonsense", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_model_is_compared_on_all_targets(capsys: Capture) -> None:
    assert main(["schema", "parity"]) == 0
    assert "sqlite+aiosqlite" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_ddl_goes_to_standard_output(capsys: Capture) -> None:
    assert main(["schema", "ddl", "--backend", "sqlite"]) == 0
    captured = capsys.readouterr()
    assert "CREATE TABLE users" in captured.out
    assert "PRAGMA foreign_keys = ON" in captured.err.replace("\n", " ")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("backend", ["mysql", "mysql@8", "postgresql@17"])
def test_ddl_is_written_for_a_version(tmp_path: Path, backend: str) -> None:
    path = tmp_path / "shop.sql"
    assert main(["schema", "ddl", "--backend", backend, "--output", str(path)]) == 0
    assert path.read_text().startswith("CREATE TABLE users")


def test_ddl_that_would_break_a_promise_is_not_written(project: Path, capsys: Capture) -> None:
    (project / "late.py").write_text(
        "from sqlalchemy import *\n"
        "metadata = MetaData()\n"
        "Table('a', metadata, Column('id', Integer, primary_key=True), Column('b', Integer, "
        "ForeignKey('a.id', deferrable=True, initially='DEFERRED')))\n"
    )
    command = ["schema", "ddl", "--backend", "mysql", "--metadata", "late:metadata"]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("REFUSED")


def test_tables_are_made_once(project: Path, capsys: Capture) -> None:
    assert main(["schema", "apply"]) == 0
    assert "sqlite:///./dev.db: 2 tables made." in capsys.readouterr().out
    assert (project / "dev.db").exists()
    assert main(["schema", "apply"]) == 0
    assert "2 tables there already, as in the model." in capsys.readouterr().out


def test_database_is_named_by_the_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_URL", "sqlite:///other.db")
    assert main(["schema", "apply"]) == 0
    assert (project / "other.db").exists()


def test_other_tables_of_the_same_names_are_refused(dev: Path, capsys: Capture) -> None:
    before = dev.read_bytes()
    assert main(["schema", "apply", f"sqlite:///{dev}"]) == 2
    assert "posts" in capsys.readouterr().err
    assert dev.read_bytes() == before
