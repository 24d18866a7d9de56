from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from dbparity.cli import main
from dbparity.cli.bench import pairing
from dbparity.cli.bench.pairing import Compared
from dbparity.performance.measure import Counts
from dbparity.performance.records import Record, write
from dbparity.performance.verdicts import Comparison, Verdict
from dbparity.results import TargetState
from tests.support.records import fingerprint, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dbparity.settings import Settings

Capture = pytest.CaptureFixture[str]
PG = "postgresql+psycopg@17"
SLOW = 0.002


@pytest.fixture
def compare(project: Path) -> Callable[..., int]:
    """Compare the files ``head.json`` and ``base.json`` of these records."""

    def compared(head: list[Record], base: list[Record] | None, *options: str) -> int:
        write(head, project / "head.json")
        if base is not None:
            write(base, project / "base.json")
            options = ("--baseline", "base.json", *options)
        return main(["bench", "compare", "head.json", *options])

    return compared


def test_records_that_are_alike_exit_with_0(compare: Callable[..., int], capsys: Capture) -> None:
    assert compare([record()], [record()]) == 0
    assert "No benchmark became slower." in capsys.readouterr().out


def test_slower_benchmark_exits_with_1(compare: Callable[..., int], capsys: Capture) -> None:
    assert compare([record(best=SLOW)], [record()]) == 1
    out = capsys.readouterr().out
    assert "DEGRADED BENCHMARK-SLOWER on sqlite+pysqlite" in out
    assert "1.000 ms, CPU 1.000 ms" in out


def test_renamed_benchmark_is_missing_and_exits_with_1(
    compare: Callable[..., int], capsys: Capture
) -> None:
    assert compare([record("new")], [record("old")]) == 1
    assert "BENCHMARK-MISSING" in capsys.readouterr().out


def test_renamed_benchmark_may_be_missing_if_it_is_said(compare: Callable[..., int]) -> None:
    both = [record("old"), record("stays")]
    assert compare([record("new"), record("stays")], both, "--allow-missing") == 0


def test_half_written_baseline_is_refused_before_anything_is_measured(
    project: Path, capsys: Capture
) -> None:
    write([record()], project / "base.json")
    text = (project / "base.json").read_text()
    (project / "base.json").write_text(text[: len(text) // 2])
    assert main(["bench", "compare", "--baseline", "base.json"]) == 2
    captured = capsys.readouterr()
    assert "base.json: it is no whole JSON: Input data was truncated; write it" in captured.err
    assert "ready in" not in captured.err


def test_other_fingerprint_advises_and_says_so(
    compare: Callable[..., int], capsys: Capture
) -> None:
    head = record(best=SLOW, fingerprint=fingerprint(node="beta"))
    assert compare([head], [record()]) == 0
    out = capsys.readouterr().out
    assert "advisory (not alike: node)" in out
    assert "What was measured otherwise is advisory: node alpha → beta." in out


def test_other_fingerprint_is_judged_strictly(compare: Callable[..., int], capsys: Capture) -> None:
    head = record(best=SLOW, fingerprint=fingerprint(node="beta"))
    assert compare([head], [record()], "--strict") == 1
    assert "is judged all the same: --strict: node alpha → beta." in capsys.readouterr().out


def test_what_noise_explains_exits_with_2(compare: Callable[..., int], capsys: Capture) -> None:
    assert compare([record(best=SLOW)], [record(noise=3)]) == 2
    assert "1 benchmark inconclusive: see the reasons" in capsys.readouterr().err


def test_advice_that_noise_explains_exits_with_0(compare: Callable[..., int]) -> None:
    head = record(best=SLOW, fingerprint=fingerprint(node="beta"))
    assert compare([head], [record(noise=3)]) == 0


def test_failure_exits_with_1_whatever_else_is_open(compare: Callable[..., int]) -> None:
    head = [record(best=SLOW), record("connect", best=SLOW)]
    assert compare(head, [record(noise=3), record("connect")]) == 1


def test_nothing_comparable_exits_with_2(compare: Callable[..., int], capsys: Capture) -> None:
    assert compare([record("new")], [record("old")], "--allow-missing") == 2
    assert "nothing was comparable: see the reasons" in capsys.readouterr().err


def test_asked_parity_that_compares_nothing_exits_with_2(
    compare: Callable[..., int], capsys: Capture
) -> None:
    both = [record(), record(target=PG)]
    assert compare(both, None, "--parity", "counts", "--parity", "drift") == 2
    assert "nothing was comparable by drift" in capsys.readouterr().err


def test_baseline_is_compared_by_times_drift_and_counts(
    compare: Callable[..., int], project: Path
) -> None:
    both = [record(), record(target=PG)]
    assert compare(both, both, "--json", "r.json") == 0
    assert rules(project) == {"baseline", "counts", "drift"}


def rules(project: Path) -> set[str]:
    results = json.loads((project / "r.json").read_text())["results"]
    return {result["category"] for result in results}


def test_records_alone_are_compared_by_counts(compare: Callable[..., int], project: Path) -> None:
    assert compare([record(), record(target=PG)], None, "--json", "r.json") == 0
    assert rules(project) == {"counts"}


def test_what_is_declared_is_compared_too(compare: Callable[..., int], project: Path) -> None:
    declare(project, 'ratios = { postgresql = { "*" = 1 } }\ngroups = [["sqlite", "postgresql"]]')
    head = [record(), record(target=PG, best=0.00105)]
    assert compare(head, None, "--json", "r.json") == 0
    assert rules(project) == {"counts", "drift", "literal"}


def declare(project: Path, lines: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"[tool.dbparity.bench]\n{lines}\n")


def test_literal_parity_advises_where_it_is_declared_and_judges_where_it_is_asked_for(
    compare: Callable[..., int], project: Path
) -> None:
    declare(project, 'groups = [["sqlite", "postgresql"]]')
    head = [record(), record(target=PG, best=1)]
    assert compare(head, None) == 0
    assert compare(head, None, "--parity", "literal") == 1


def test_n_plus_one_fails_the_parity_of_counts(
    compare: Callable[..., int], capsys: Capture
) -> None:
    many = record(counts=Counts(51, 0, 50, 1))
    assert compare([many], [record(counts=Counts(1, 0, 50, 1))], "--parity", "counts") == 1
    assert "statements 1 → 51" in capsys.readouterr().out


def test_parity_alone_judges_no_time_but_misses_what_is_gone(
    compare: Callable[..., int],
) -> None:
    assert compare([record(best=9)], [record()], "--parity", "counts") == 0
    assert compare([record()], [record(), record("old")], "--parity", "counts") == 1


def test_literal_rule_is_told_with_its_false_alarms(
    compare: Callable[..., int], capsys: Capture
) -> None:
    assert compare([record(best=SLOW)], [record()], "--literal") == 1
    assert "20.8 % of benchmarks, 40-45 % of suites of 6" in capsys.readouterr().out


def test_literal_rule_reads_any_file_of_pytest_benchmark(
    compare: Callable[..., int], project: Path
) -> None:
    compare([record()], [record()])
    for name in ("head.json", "base.json"):
        document = json.loads((project / name).read_text())
        del document["benchmarks"][0]["extra_info"]
        (project / name).write_text(json.dumps(document))
    command = ["bench", "compare", "head.json", "--baseline", "base.json"]
    assert main([*command, "--literal"]) == 0
    assert main(command) == 2


def test_literal_rule_without_a_baseline_is_refused(
    compare: Callable[..., int], capsys: Capture
) -> None:
    assert compare([record()], None, "--literal") == 2
    assert "--literal: there is nothing to compare with; add --baseline" in capsys.readouterr().err


def test_target_narrows_both_sides(compare: Callable[..., int]) -> None:
    base = [record(), record(target=PG)]
    assert compare([record(best=SLOW), record(target=PG)], base, "--target", "postgresql") == 0


def test_folder_is_compared_with_a_folder(project: Path) -> None:
    for folder in ("head", "base"):
        write([record()], project / folder / "sqlite+pysqlite.json")
        write([record(target=PG)], project / folder / f"{PG}.json")
    assert main(["bench", "compare", "head", "--baseline", "base"]) == 0


def test_reports_are_written(compare: Callable[..., int], project: Path) -> None:
    files = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md", "--plots", "plots"]
    assert compare([record(best=SLOW)], [record()], *files) == 1
    assert json.loads((project / "r.json").read_text())["counts"]["failed"] == 1
    assert ET.parse(project / "r.xml").getroot().get("failures") == "1"  # noqa: S314
    assert "BENCHMARK-SLOWER" in (project / "r.md").read_text()
    assert list((project / "plots").glob("*.svg"))


def test_head_is_measured_where_no_record_of_it_is_named(
    project: Path, module: str, capsys: Capture
) -> None:
    (project / f"idle_{module}.py").write_text(
        "def seed(connection):\n    pass\n\nworkloads = {'update.none': lambda engine: print}\n"
    )
    write([record("update.none", counts=Counts())], project / "base.json")
    work = [f"--{name}=idle_{module}:{name}" for name in ("workloads", "seed")]
    options = ["--launches", "1", "--target", "sqlite+pysqlite", *work]
    assert main(["bench", "compare", "--baseline", "base.json", *options]) == 0
    captured = capsys.readouterr()
    assert "ready in" in captured.err
    assert "connect" in captured.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "mysql"], "no target can be used"),
        (["--target", "sqlite", "--target", "mysql+pymysql", "--require"], "1 required target"),
    ],
)
@pytest.mark.usefixtures("project")
def test_head_that_cannot_be_measured_exits_with_2(
    options: list[str], said: str, capsys: Capture
) -> None:
    assert main(["bench", "compare", "--parity", "counts", *options]) == 2
    assert said in capsys.readouterr().err


PASSED = Comparison("connect", "sqlite+pysqlite", "paired", Verdict.PASS, 1.01, 1.1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is asked of the comparison side by side, which passes."""
    calls: list[tuple[Any, ...]] = []

    def answering(name: str) -> Callable[..., Compared]:
        def answer(settings: Settings, *arguments: object) -> Compared:
            calls.append((name, settings.bench.launches, *arguments))
            states = (TargetState("sqlite+pysqlite", "file", "3"),)
            return Compared([PASSED], states, datetime.now(UTC), 1.0, "as quiet as can be")

        return answer

    for name in ("paired", "self_test", "power"):
        monkeypatch.setattr(pairing, name, answering(name))
    return calls


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("options", "call"),
    [
        ([], ("paired", 4, None)),
        (["--paired", "v1", "--launches", "2"], ("paired", 2, "v1")),
        (["--self-test"], ("self_test", 4)),
        (["--power"], ("power", 4)),
    ],
)
def test_machine_is_asked_where_no_record_is(
    asked: list[Any], options: list[str], call: tuple[Any, ...], capsys: Capture
) -> None:
    assert main(["bench", "compare", *options]) == 0
    assert asked == [call]
    assert "as quiet as can be" in capsys.readouterr().out


@pytest.mark.usefixtures("project", "asked")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--paired", "v1", "--self-test"], "--paired and --self-test"),
        (["--baseline", "b.json", "--power"], "records and --power"),
    ],
)
def test_two_comparisons_at_once_are_refused(
    options: list[str], said: str, capsys: Capture
) -> None:
    assert main(["bench", "compare", *options]) == 2
    assert f"{said}: they are different comparisons; choose one" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_nothing_compared_side_by_side_exits_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Compared([replace(PASSED, verdict=Verdict.INCOMPARABLE)], (), datetime.now(UTC), 1.0)
    monkeypatch.setattr(pairing, "paired", lambda *_: none)
    assert main(["bench", "compare"]) == 2
