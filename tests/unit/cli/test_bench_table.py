from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from dbparity.cli.bench.table import show
from dbparity.cli.console import Screen
from dbparity.performance.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SQLITE, POSTGRESQL = "sqlite+pysqlite", "postgresql+psycopg_async@17"
FAILED = Comparison(
    "query.join", POSTGRESQL, "paired", Verdict.FAIL, 1.342, 1.1, (1.3, 1.38), reason="it is slower"
)
PASSED = Comparison("query.point", SQLITE, "paired", Verdict.PASS, 0.97, 1.1)
MISSING = Comparison("search", SQLITE, "paired", Verdict.MISSING, reason="it is gone")


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def lines(*comparisons: Comparison) -> list[str]:
        show(comparisons, Screen())
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return lines


def many(rule: str, **changes: object) -> list[Comparison]:
    ratios: list[float | None] = [0.97, 1.0, 1.01, 1.04]
    return [
        Comparison(f"query.{n}", SQLITE, rule, Verdict.PASS, ratio, 1.1, **changes)  # type: ignore[arg-type]
        for n, ratio in enumerate(ratios)
    ]


def test_row_has_all_that_is_known(shown: Callable[..., list[str]]) -> None:
    lines = shown(FAILED)
    assert lines[0].split() == [
        *("benchmark", "rule", "ratio", "limit", "launches", "verdict", "reason")
    ]
    assert lines[2] == POSTGRESQL
    assert lines[3].split() == [
        *(
            "query.join",
            "paired",
            "1.34",
            "1.10",
            "1.30",
            "to",
            "1.38",
            "fail",
            "it",
            "is",
            "slower",
        )
    ]
    assert lines[4:] == ["", "1 fail"]


def test_column_that_nobody_fills_is_left_out(shown: Callable[..., list[str]]) -> None:
    lines = shown(PASSED)
    assert lines[0].split() == ["benchmark", "rule", "ratio", "limit", "verdict"]


def test_target_with_the_worst_comes_first_and_in_it_what_is_worst(
    shown: Callable[..., list[str]],
) -> None:
    worse = Comparison("query.list", POSTGRESQL, "paired", Verdict.FAIL, 2.5, 1.1)
    lines = shown(PASSED, MISSING, FAILED, worse)
    names = [line.split()[0] for line in lines[2:-2] if line]
    assert names == [
        *(POSTGRESQL, "query.list", "query.join"),
        *(SQLITE, "search", "query.point"),
    ]
    assert lines[-1] == "2 fail, 1 missing, 1 pass"


def test_many_passes_are_one_line(shown: Callable[..., list[str]]) -> None:
    lines = shown(*many("paired"), MISSING)
    assert [line.split() for line in lines[3:5]] == [
        ["search", "paired", "missing", "it", "is", "gone"],
        ["4", "pass,", "ratios", "0.97", "to", "1.04", "paired", "pass"],
    ]
    assert lines[-1] == "1 missing, 4 pass"


def test_passes_of_another_rule_have_their_own_line(shown: Callable[..., list[str]]) -> None:
    counts = [Comparison(f"query.{n}", SQLITE, "counts", Verdict.PASS) for n in range(4)]
    lines = shown(*many("paired"), *counts)
    assert lines[4].split() == ["4", "pass", "counts", "pass"]


def test_few_passes_are_told_one_by_one(shown: Callable[..., list[str]]) -> None:
    lines = shown(*many("paired")[:3])
    assert [line.split()[0] for line in lines[3:6]] == ["query.2", "query.1", "query.0"]


def test_what_is_bad_but_advisory_says_so(shown: Callable[..., list[str]]) -> None:
    advisory = Comparison("query.a", SQLITE, "baseline", Verdict.FAIL, 1.5, 1.1, advisory=True)
    steady = many("baseline", advisory=True)[0]
    failed = Comparison("query.b", SQLITE, "baseline", Verdict.FAIL, 1.2, 1.1)
    lines = shown(advisory, failed, steady)
    assert lines[4].split() == ["query.a", "baseline", "1.50", "1.10", "fail", "(advisory)"]
    assert lines[-1] == "1 fail, 1 fail (advisory), 1 pass"


def test_verdict_has_its_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    show([FAILED, PASSED], Screen())
    told = capsys.readouterr().out
    assert "\x1b[1;31mfail" in told
    assert "\x1b[32mpass" in told


def test_what_is_of_no_target_is_of_all(shown: Callable[..., list[str]]) -> None:
    assert shown(Comparison("test_a", "", "mean", Verdict.PASS, 1.0, 1.1))[2] == "all targets"


def test_passwords_in_reasons_are_hidden(shown: Callable[..., list[str]]) -> None:
    told = Comparison("a", SQLITE, "paired", Verdict.MISSING, reason="mysql://app:s3cret@host/db")
    assert "s3cret" not in "\n".join(shown(told))


def test_narrow_terminal_folds_names_and_reasons(
    shown: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(*many("paired"), FAILED)
    assert max(map(cell_len, lines)) <= 80
    assert "1.30 to 1.38" in "\n".join(lines)


def test_nothing_compared_says_so(shown: Callable[..., list[str]]) -> None:
    assert shown() == ["nothing was compared"]
