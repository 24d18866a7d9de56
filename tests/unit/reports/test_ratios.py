from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from dbparity.performance.verdicts import Comparison, Verdict, report_of
from dbparity.reports import junit, markdown
from dbparity.reports.ratios import ratios, spelled

if TYPE_CHECKING:
    from dbparity.results import Report

SQLITE, POSTGRESQL = "sqlite+pysqlite", "postgresql+asyncpg@17"
COMPARISONS = (
    Comparison("query.point", SQLITE, "paired", Verdict.PASS, 1.041, 1.1),
    Comparison("query.point", POSTGRESQL, "paired", Verdict.FAIL, 1.34, 1.1, reason="slower"),
    Comparison("query.join", SQLITE, "paired", Verdict.INCONCLUSIVE, 1.08, 1.1, reason="it | is"),
    Comparison("query.join", POSTGRESQL, "paired", Verdict.MISSING, reason="it is gone"),
    Comparison("search", SQLITE, "paired", Verdict.INCOMPARABLE, reason="it is new"),
    Comparison("search", SQLITE, "drift", Verdict.FAIL, 2, 1.1, reason="far", advisory=True),
    Comparison("query.point", SQLITE, "counts", Verdict.PASS),
)


def report(*comparisons: Comparison) -> Report:
    started = datetime(2025, 5, 17, tzinfo=UTC)
    return report_of(comparisons, application="shop", started=started, seconds=1.5)


def test_each_rule_with_ratios_has_a_table_of_its_own() -> None:
    assert [table.rule for table in ratios(report(*COMPARISONS))] == ["paired", "drift"]


def test_benchmarks_are_rows_and_targets_are_columns() -> None:
    (paired, _) = ratios(report(*COMPARISONS))
    assert paired.targets == (SQLITE, POSTGRESQL)
    assert {name: tuple(map(spelled, found)) for name, found in paired.rows} == {
        "query.point": ("1.04", "1.34 failed"),
        "query.join": ("1.08 unknown", "failed"),
        "search": ("skipped", "–"),  # noqa: RUF001
    }


def test_page_has_the_ratios_before_the_findings() -> None:
    page = markdown.render(report(*COMPARISONS))
    assert (
        "## Ratios: paired\n\n"
        "| benchmark | sqlite+pysqlite | postgresql+asyncpg@17 |\n"
        "| --- | ---: | ---: |\n"
        "| query.point | 1.04 | ❌ **1.34 failed** |\n"
        "| query.join | 1.08 unknown | ❌ **failed** |\n"
        "| search | skipped | – |\n"  # noqa: RUF001
        "\n"
        "## Ratios: drift\n\n"
        "| benchmark | sqlite+pysqlite |\n"
        "| --- | ---: |\n"
        "| search | 2.00 noted |\n"
    ) in page
    assert page.index("## Ratios: drift") < page.index("## Findings")


def test_page_says_why_something_is_undecided() -> None:
    page = markdown.render(report(*COMPARISONS))
    assert "\n\n## Undecided\n\n- `query.join` on sqlite+pysqlite: it \\| is\n\n" in page


def test_page_with_something_undecided_has_not_passed() -> None:
    page = markdown.render(report(*COMPARISONS[:1], COMPARISONS[2]))
    assert "❌ **How 1 check ended is unknown.**" in page


def test_ratios_of_no_target_in_particular_have_a_column() -> None:
    page = markdown.render(report(Comparison("test_a", "", "mean", Verdict.PASS, 1.02)))
    assert "| benchmark | ratio |\n| --- | ---: |\n| test_a | 1.02 |\n" in page
    assert "✅ **No benchmark became slower.**" in page


@pytest.fixture
def suites() -> ET.Element:
    text = junit.render(report(*COMPARISONS))
    return ET.fromstring(text.encode())  # noqa: S314  # our own text


def test_junit_has_a_case_for_each_benchmark_on_each_target(suites: ET.Element) -> None:
    cases = [(case.get("classname"), case.get("name")) for case in suites.iter("testcase")]
    expected = [
        (f"{each.target}.{each.rule}", each.benchmark)
        for target in (SQLITE, POSTGRESQL)
        for each in COMPARISONS
        if each.target == target
    ]
    assert cases == expected
    counts = {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "2", "errors": "1", "skipped": "1"}


def test_junit_says_why_something_is_undecided(suites: ET.Element) -> None:
    error = suites.find(".//error")
    assert error is not None
    assert error.get("message") == "it | is"
