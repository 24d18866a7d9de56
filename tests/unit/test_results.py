from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbparity.results import (
    Finding,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Skipped,
    TargetState,
    worst,
)

LOST = Finding("ROW-LOST", Severity.LOST, "a row is gone", Place("message"))
WRONG = Finding("CASE", Severity.WRONG, "collides by case", Place("agent", "name"))
NOTE = Finding("NOTE", Severity.NOTE, "worth knowing")


def report(*results: Result, targets: tuple[TargetState, ...] = ()) -> Report:
    return Report("shop.models:metadata", datetime(2024, 2, 29, tzinfo=UTC), 1.0, targets, results)


def result(outcome: Outcome, *findings: Finding, target: str = "sqlite") -> Result:
    return Result(target, "integrity", "check", outcome, findings=findings)


@pytest.mark.parametrize(
    ("place", "spelling"),
    [
        (Place(), ""),
        (Place("agent"), "agent"),
        (Place("agent", "name"), "agent.name"),
        (Place("agent", key="7"), "agent[7]"),
        (Place("agent", "name", "7"), "agent.name[7]"),
    ],
)
def test_place_is_spelled_as_far_as_it_is_known(place: Place, spelling: str) -> None:
    assert str(place) == spelling


def test_severities_are_ranked_from_the_worst() -> None:
    ranks = [Severity.LOST.rank, Severity.WRONG.rank, Severity.DEGRADED.rank, Severity.NOTE.rank]
    assert ranks == [0, 1, 2, 3]


def test_findings_are_listed_worst_first() -> None:
    found = report(result(Outcome.FAILED, NOTE, WRONG, LOST)).findings
    assert [finding.code for finding in found] == ["ROW-LOST", "CASE", "NOTE"]


def test_finding_of_several_targets_is_listed_once_with_all_of_them() -> None:
    results = (result(Outcome.FAILED, WRONG, target=target) for target in ("mysql", "mariadb"))
    (found,) = report(*results).findings
    assert found.targets == ("mysql", "mariadb")


def test_finding_that_names_its_targets_keeps_them() -> None:
    compared = Finding("DIFFERS", Severity.WRONG, "differs", targets=("mysql", "sqlite"))
    (found,) = report(result(Outcome.FAILED, compared, compared, target="")).findings
    assert found.targets == ("mysql", "sqlite")


def test_results_are_counted_by_outcome() -> None:
    counts = report(result(Outcome.PASSED), result(Outcome.PASSED), result(Outcome.SKIPPED)).counts
    assert counts == {"passed": 2, "failed": 0, "skipped": 1, "unknown": 0}


def test_skipped_never_counts_as_passed() -> None:
    ran = (result(Outcome.PASSED), result(Outcome.FAILED), result(Outcome.SKIPPED))
    assert report(*ran).success_rate == 0.5


def test_success_of_nothing_is_unknown() -> None:
    assert report(result(Outcome.SKIPPED)).success_rate is None


def test_missing_targets_are_those_with_a_reason() -> None:
    there, gone = TargetState("sqlite", "file", "3.40"), TargetState("mysql", missing="no docker")
    assert report(targets=(there, gone)).missing == (gone,)


def test_report_fails_at_a_severity_or_worse() -> None:
    failed = report(result(Outcome.FAILED, WRONG))
    assert [at for at in Severity if failed.fails(at)] == ["wrong", "degraded", "note"]


def test_reasons_of_a_result_are_told_once_each() -> None:
    skipped = (Skipped("no DDL"), Skipped("no locks"), Skipped("no DDL", Place("agent")))
    assert Result("t", "c", "n", Outcome.SKIPPED, skipped=skipped).reason == "no DDL; no locks"


@pytest.mark.parametrize(
    ("outcomes", "one"),
    [
        ([Outcome.PASSED, Outcome.UNKNOWN, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.PASSED, Outcome.UNKNOWN], Outcome.UNKNOWN),
        ([Outcome.SKIPPED, Outcome.PASSED], Outcome.PASSED),
        ([Outcome.SKIPPED], Outcome.SKIPPED),
        ([], Outcome.SKIPPED),
    ],
)
def test_worst_outcome_stands_for_all(outcomes: list[Outcome], one: Outcome) -> None:
    assert worst(outcomes) is one
