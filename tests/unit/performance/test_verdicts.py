from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dbparity.performance.verdicts import Comparison, Verdict, report_of
from dbparity.results import Finding, Outcome, Place, Report, Severity, TargetState

COMPARISON = Comparison(
    "select.user",
    "sqlite+pysqlite",
    "baseline",
    Verdict.FAIL,
    1.5,
    1.1,
    reason="1.5 times as long",
    expected="1 ms",
    found="1.5 ms",
)


def report(*comparisons: Comparison) -> Report:
    return report_of(comparisons, application="shop", started=datetime.now(UTC), seconds=1.0)


def finding(comparison: Comparison) -> Finding:
    (found,) = report(comparison).findings
    return found


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("pass", Outcome.PASSED),
        ("fail", Outcome.FAILED),
        ("missing", Outcome.FAILED),
        ("inconclusive", Outcome.UNKNOWN),
        ("incomparable", Outcome.SKIPPED),
    ],
)
def test_only_what_passed_counts_as_passed(verdict: str, outcome: Outcome) -> None:
    (result,) = report(replace(COMPARISON, verdict=Verdict(verdict))).results
    assert result.outcome is outcome
    assert result.verified == (verdict == "pass")
    assert (result.category, result.check) == ("baseline", "select.user")


def test_failure_has_both_values_the_place_and_the_cure() -> None:
    found = finding(COMPARISON)
    assert (found.code, found.severity) == ("BENCHMARK-SLOWER", Severity.DEGRADED)
    assert (found.expected, found.actual) == ("1 ms", "1.5 ms")
    assert found.place == Place("select.user")
    assert "raise its limit in [tool.dbparity.bench.limits]" in found.recommendation
    assert found.targets == ("sqlite+pysqlite",)


@pytest.mark.parametrize(
    ("rule", "verdict", "code"),
    [
        ("counts", Verdict.FAIL, "BENCHMARK-ASKS-MORE"),
        ("drift", Verdict.FAIL, "BENCHMARK-DRIFTED"),
        ("literal", Verdict.FAIL, "BENCHMARK-UNEVEN"),
        ("drift", Verdict.MISSING, "BENCHMARK-MISSING"),
    ],
)
def test_code_says_what_is_wrong(rule: str, verdict: Verdict, code: str) -> None:
    assert finding(replace(COMPARISON, rule=rule, verdict=verdict)).code == code


def test_advice_of_a_comparison_comes_before_the_usual_one() -> None:
    assert finding(replace(COMPARISON, advice="look twice")).recommendation == "look twice"


def test_missing_one_is_cured_by_a_new_baseline() -> None:
    found = finding(replace(COMPARISON, verdict=Verdict.MISSING))
    assert "say --allow-missing" in found.recommendation


def test_finding_of_no_target_has_none() -> None:
    assert finding(replace(COMPARISON, target="")).targets == ()


def test_failure_that_only_advises_is_a_note() -> None:
    advised = report(replace(COMPARISON, advisory=True))
    assert [found.severity for found in advised.findings] == [Severity.NOTE]
    assert advised.counts["failed"] == 0


def test_advice_that_is_open_leaves_nothing_open() -> None:
    open_ = replace(COMPARISON, verdict=Verdict.INCONCLUSIVE, advisory=True)
    assert report(open_).counts["unknown"] == 0


def test_ratio_is_a_measurement() -> None:
    (result,) = report(COMPARISON).results
    assert [(each.subject, each.value) for each in result.measurements] == [("ratio", 1.5)]
    (bare,) = report(replace(COMPARISON, ratio=None)).results
    assert bare.measurements == ()


def test_reason_of_what_is_incomparable_is_kept() -> None:
    (result,) = report(replace(COMPARISON, verdict=Verdict.INCOMPARABLE)).results
    assert result.reason == "1.5 times as long"


def test_report_has_its_targets_and_its_claim() -> None:
    states = (TargetState("sqlite+pysqlite", "file", "3"),)
    found = report_of([], application="s", started=datetime.now(UTC), seconds=0, targets=states)
    assert (found.targets, found.claim) == (states, "No benchmark became slower")
