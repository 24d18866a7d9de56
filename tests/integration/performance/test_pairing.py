"""A working tree against its last commit, side by side, in processes of their own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.cli import main
from dbparity.cli.bench import pairing
from dbparity.errors import ApplicationError, BaseUnusable, WorkerFailed
from dbparity.performance import arms
from dbparity.performance.verdicts import Verdict
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbparity.performance.verdicts import Comparison

pytestmark = pytest.mark.slow

PROJECT = """
[tool.dbparity]
metadata = "{module}:metadata"
workloads = "{module}:workloads"
pythonpath = ["."]
targets = ["sqlite+pysqlite"]
providers = ["file"]
"""
APPLICATION = """
from sqlalchemy import Column, Integer, MetaData, String, Table, select

metadata = MetaData()
items = Table("items", metadata, Column("id", Integer, primary_key=True), Column("name", String(9)))


def reading(times):
    def prepare(engine):
        def operation():
            with engine.connect() as connection:
                for _ in range(times):
                    connection.execute(select(items).limit(20)).all()

        return operation

    return prepare


print("a line that is no answer")
workloads = {workloads}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """Writes the application with these workloads."""
    module = f"items_{abs(hash(tmp_path)):x}"
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def write(workloads: str) -> Settings:
        (folder / "pyproject.toml").write_text(PROJECT.format(module=module))
        (folder / f"{module}.py").write_text(APPLICATION.replace("{workloads}", workloads))
        settings = Settings.load(folder)
        return replace(settings, bench=replace(settings.bench, launches=1))

    return write


def git(*arguments: str) -> None:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *arguments], check=True, capture_output=True)  # noqa: S607


def commit() -> None:
    git("init", "--quiet", "..")
    git("add", ".")
    git("commit", "--quiet", "--message", "base")


def verdicts(comparisons: list[Comparison] | object, rule: str) -> dict[str, Verdict]:
    assert isinstance(comparisons, list)
    return {each.benchmark: each.verdict for each in comparisons if each.rule == rule}


def test_what_became_slower_asks_more_or_is_gone_is_found(
    project: Callable[[str], Settings], tmp_path: Path
) -> None:
    project("{'list.one': reading(1), 'list.same': reading(1), 'list.gone': reading(1)}")
    commit()
    project("{'list.one': reading(4), 'list.same': reading(1), 'list.new': reading(1)}")
    report = tmp_path / "report.json"
    assert main(["bench", "compare", "--launches", "1", "--json", str(report)]) == 1
    results = json.loads(report.read_text())["results"]
    outcomes = {(each["category"], each["check"]): each["outcome"] for each in results}
    assert outcomes["paired", "list.one"] == "failed"
    assert outcomes["paired", "list.gone"] == "failed"
    assert outcomes["paired", "list.new"] == "skipped"
    assert outcomes["counts", "list.same"] == "passed"
    messages = [found["message"] for each in results for found in each["findings"]]
    assert "a call asks otherwise than the base's: statements 1 → 4, rows 20 → 80" in messages
    assert len(list(Path("../.git/worktrees").glob("*"))) == 0


def test_the_head_against_itself_shows_the_noise(
    project: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "_PATIENCE", 0.001)  # a worker that does not end is killed
    settings = project("{'list.one': reading(1)}")
    compared = pairing.self_test(settings)
    assert set(verdicts(compared.comparisons, "counts").values()) == {Verdict.PASS}
    assert compared.said.startswith("What is alike differs by at most ")


def test_a_slowdown_that_is_injected_is_seen(project: Callable[[str], Settings]) -> None:
    settings = project("{'list.one': reading(9), 'list.two': reading(9), 'list.fifth': reading(9)}")
    found = pairing.power(settings).comparisons
    told = {each.benchmark: each.reason for each in found}
    assert told["list.one"].startswith("+20 %: ")
    assert told["list.fifth"].startswith("every fifth call doubled: ")
    # One of the others may be within the noise of a busy machine.
    assert verdicts(found, "power")["list.one"] is not Verdict.FAIL


def test_a_workload_that_dies_is_told_with_its_words(project: Callable[[str], Settings]) -> None:
    settings = project("{'list.one': lambda engine: 1 / 0}")
    with pytest.raises(WorkerFailed, match="ZeroDivisionError: division by zero"):
        pairing.self_test(settings)


def test_a_worker_that_is_killed_is_told(project: Callable[[str], Settings]) -> None:
    dies = "lambda engine: __import__('os')._exit(7)"
    settings = project(f"{{'list.one': {dies}}}")
    with pytest.raises(WorkerFailed, match="it ended with 7"):
        pairing.self_test(settings)


def test_an_application_that_is_not_the_revisions_own_is_refused(
    project: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = project("{'list.one': reading(1)}")
    commit()
    # As if it were installed elsewhere.
    elsewhere = tmp_path_factory.mktemp("installed")
    (module,) = settings.pythonpath[0].glob("items_*.py")
    git("rm", "--quiet", "--cached", module.name)
    git("commit", "--quiet", "--message", "without the module")
    module.rename(elsewhere / module.name)
    there = replace(settings, pythonpath=(elsewhere,))
    with pytest.raises(BaseUnusable, match=r"not imported from it, but from .*installed"):
        pairing.paired(there, "HEAD")


def test_an_application_that_is_wrong_is_told_before_servers_start(
    project: Callable[[str], Settings],
) -> None:
    settings = project("{'list.one': 5}")
    with pytest.raises(ApplicationError, match=r"'list\.one' is no function"):
        pairing.self_test(settings)


def test_nothing_runs_where_a_required_target_is_missing(
    project: Callable[[str], Settings],
) -> None:
    settings = project("{'list.one': reading(1)}")
    there = replace(settings, targets=(), require=True)
    assert pairing.self_test(there).comparisons == ()
