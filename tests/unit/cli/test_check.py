from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from dbparity.cli import check, main, running
from dbparity.cli.options import settings_for
from dbparity.results import Outcome, Result, Severity
from dbparity.tester import CrossDatabaseTester

if TYPE_CHECKING:
    from dbparity.settings import Settings

Capture = pytest.CaptureFixture[str]


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.usefixtures("project")
def test_agreement_exits_with_0(capsys: Capture) -> None:
    assert main(["check", "--category", "operations"]) == 0
    assert "The application behaves alike on both targets." in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_findings_exit_with_1(module: str, capsys: Capture) -> None:
    code = main(["check", "--category", "integrity", "--configure", f"{module}:loosen"])
    assert code == 1
    assert "WRONG ORPHAN-ACCEPTED on both targets" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_findings_milder_than_fail_on_exit_with_0(module: str) -> None:
    loosened = ["check", "--category", "integrity", "--configure", f"{module}:loosen"]
    assert main([*loosened, "--fail-on", "lost"]) == 0


def test_reports_are_written(project: Path) -> None:
    files = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md"]
    assert main(["check", "--category", "operations", *files]) == 0
    assert written(project / "r.json")["counts"]["failed"] == 0
    assert ET.parse(project / "r.xml").getroot().get("failures") == "0"  # noqa: S314
    assert (project / "r.md").read_text().startswith("# dbparity: ")


@pytest.mark.usefixtures("project")
def test_standard_output_has_json_alone(capsys: Capture) -> None:
    assert main(["check", "--category", "operations", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema"] == "dbparity-report/1"
    assert "The application behaves alike" in captured.err


@pytest.mark.usefixtures("project")
def test_progress_goes_to_standard_error(capsys: Capture) -> None:
    main(["check", "--category", "operations"])
    captured = capsys.readouterr()
    assert "sqlite: ready in " in captured.err
    assert "ready in" not in captured.out


def test_target_narrows_the_configured_ones(project: Path) -> None:
    main(["check", "--category", "operations", "--target", "sqlite+pysqlite", "--json", "r"])
    assert [t["target"] for t in written(project / "r")["targets"]] == ["sqlite+pysqlite"]


def test_category_selects_the_checks(project: Path) -> None:
    main(["check", "--category", "operations", "--json", "r.json"])
    categories = {result["category"] for result in written(project / "r.json")["results"]}
    assert categories == {"operations"}


def test_missing_target_does_not_fail_the_others(project: Path, capsys: Capture) -> None:
    targets = ["--target", "sqlite", "--target", "mysql"]
    assert main(["check", "--category", "operations", *targets, "--json", "r.json"]) == 0
    assert len(written(project / "r.json")["missing"]) == 3
    assert "NOT CHECKED mysql" in capsys.readouterr().out


def test_required_target_that_is_missing_exits_with_2_and_runs_nothing(
    project: Path, capsys: Capture
) -> None:
    targets = ["--target", "sqlite", "--target", "mysql", "--require"]
    assert main(["check", *targets, "--json", "r.json"]) == 2
    assert written(project / "r.json")["results"] == []
    assert "error: 3 required targets missing; nothing was run" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_no_target_at_all_exits_with_2(capsys: Capture) -> None:
    assert main(["check", "--target", "mysql"]) == 2
    assert "error: no target can be used; dbparity doctor tells more" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_nothing_but_skipped_checks_exit_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(check, "load_checks", lambda _categories: ())
    assert main(["check"]) == 2
    assert "error: every check was skipped" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_unknown_outcome_exits_with_2(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def lose_the_answer(*_: object, alone: bool) -> list[Result]:
        return alone * [
            Result("sqlite+pysqlite", "operations", "commit", Outcome.PASSED),
            Result("sqlite+pysqlite", "operations", "commit", Outcome.UNKNOWN),
        ]

    monkeypatch.setattr(CrossDatabaseTester, "_on_target", lose_the_answer)
    assert main(["check", "--target", "sqlite+pysqlite"]) == 2
    assert "error: how 1 check ended is unknown" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "oracle"], "unknown backend 'oracle'; known: "),
        (["--target", "sqlite+odbc"], "unknown driver of sqlite 'odbc'; known: "),
        (["--target", "sqlite 3"], "'sqlite 3' is not a target"),
        (["--category", "looks"], "unknown category 'looks'; known: "),
        (["--provider", "cloud"], "unknown provider 'cloud'; known: "),
        (["--metadata", "nowhere:metadata"], "module 'nowhere' cannot be imported"),
        (["--metadata", "os:path"], "it is of type module, not a MetaData"),
        (["--alembic", "nowhere.ini"], "nowhere.ini: no such file"),
        (["--factory", "os:path"], "not a mapping"),
        (["--configure", "os:nothing"], "has no attribute 'nothing'"),
        (["--json", "no/folder"], "--json no/folder: no such file or directory"),
    ],
)
@pytest.mark.usefixtures("project")
def test_bad_input_is_one_message_and_exits_with_2(
    options: list[str], message: str, capsys: Capture
) -> None:
    assert main(["check", *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("dbparity: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""


def test_no_application_is_one_message_and_exits_with_2(project: Path, capsys: Capture) -> None:
    (project / "pyproject.toml").write_text("")
    assert main(["check"]) == 2
    assert "no application is named; name it: --metadata" in capsys.readouterr().err


def test_application_of_the_current_folder_can_be_imported(
    project: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    (project / "pyproject.toml").write_text("")
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(project)])
    options = ["--metadata", f"{module}:metadata", "--target", "sqlite"]
    assert main(["check", "--category", "operations", *options]) == 0


def test_paths_are_relative_to_the_current_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = settings_for("other:metadata", [Path("src")])
    assert settings.pythonpath[:2] == (elsewhere / "src", elsewhere)


def test_another_application_has_none_of_the_configured_settings(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('factory = "x:y"\nconfigure = "x:y"\nalembic = "alembic.ini"\n')
    settings = settings_for("other:metadata", None)
    assert (settings.factory, settings.configure, settings.alembic) == ("", "", None)


def test_configured_application_keeps_its_settings(project: Path, module: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('factory = "x:y"\n')
    assert settings_for(f"{module}:metadata", None).factory == "x:y"
    assert settings_for("", None).factory == "x:y"


def test_options_come_before_the_configured_settings(
    project: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    seen: list[Settings] = []
    ran = running._run

    def noting(settings: Settings, *rest: Any) -> Any:  # noqa: ANN401
        seen.append(settings)
        return ran(settings, *rest)

    monkeypatch.setattr(running, "_run", noting)
    (project / "alembic.ini").touch()
    options = ["--alembic", "alembic.ini", "--factory", f"{module}:factories", "--reuse"]
    main(["check", "--category", "operations", *options, "--fail-on", "note", "--provider", "file"])
    assert seen[0].alembic == project / "alembic.ini"
    assert seen[0].factory == f"{module}:factories"
    assert seen[0].fail_on is Severity.NOTE
    assert seen[0].providers == ("file",)
    assert seen[0].reuse


def test_nothing_is_left_of_a_run(project: Path) -> None:
    main(["check", "--category", "operations"])
    assert list((project.parent / "state" / "runs").iterdir()) == []


def test_nothing_is_left_of_a_run_that_broke(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def broken(_self: object) -> None:
        raise RuntimeError("postgresql://app:s3cret@host/db is at fault")

    monkeypatch.setattr(CrossDatabaseTester, "run", broken)
    assert main(["check", "--category", "operations"]) == 2
    assert list((project.parent / "state" / "runs").iterdir()) == []
    errors = capsys.readouterr().err
    assert "RuntimeError: postgresql://app:***@host/db is at fault; this is a bug" in errors
    assert "Traceback" in errors
    assert "s3cret" not in errors
