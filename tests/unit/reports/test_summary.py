from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dbparity.reports import summary
from dbparity.results import (
    Finding,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Side,
    Skipped,
    TargetState,
)

TARGETS = [
    "sqlite+pysqlite",
    "sqlite+aiosqlite",
    "postgresql+psycopg@17",
    "postgresql+asyncpg@17",
    "postgresql+psycopg@18",
    "postgresql+asyncpg@18",
    "mysql+pymysql@9",
]


def made(*results: Result, targets: int = 2) -> Report:
    states = tuple(TargetState(name, "file", "3") for name in TARGETS[:targets])
    return Report("shop:metadata", datetime.now(UTC), 1.0, states, results)


def passed(target: str = TARGETS[0], **changes: object) -> Result:
    result = Result(target, "operations", "insert", Outcome.PASSED)
    return replace(result, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (TARGETS[:1], "sqlite+pysqlite"),
        (TARGETS[:2], "sqlite"),
        (TARGETS[2:4], "postgresql@17"),
        (TARGETS[2:5:2], "postgresql+psycopg"),
        (TARGETS[2:5], "postgresql@17, postgresql+psycopg@18"),
        ([TARGETS[6], *TARGETS[2:6]], "mysql+pymysql@9, postgresql"),
        (TARGETS, "all 7 targets"),
        (["duckdb+duckdb"], "duckdb+duckdb"),
        ([], ""),
    ],
)
def test_targets_are_named_as_shortly_as_possible(targets: list[str], names: str) -> None:
    assert summary.abbreviated(targets, TARGETS) == names


def test_two_of_two_are_both_targets() -> None:
    assert summary.abbreviated(TARGETS[:2], TARGETS[:2]) == "both targets"


def test_only_target_is_named() -> None:
    assert summary.abbreviated(TARGETS[:1], TARGETS[:1]) == "sqlite+pysqlite"


def test_target_lists_in_evidence_are_abbreviated() -> None:
    text = (
        "accepted on sqlite+pysqlite, sqlite+aiosqlite; "
        "refused on postgresql+psycopg@17, postgresql+asyncpg@17, mysql+pymysql@9"
    )
    assert summary.evidence(text, TARGETS) == (
        "accepted on sqlite; refused on postgresql@17, mysql+pymysql@9"
    )


def test_single_target_in_evidence_is_left_as_it_is() -> None:
    assert summary.evidence("refused on mysql+pymysql@9", TARGETS) == "refused on mysql+pymysql@9"


def test_evidence_needs_no_targets() -> None:
    assert summary.evidence("1, 2", []) == "1, 2"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\n  lines", "two lines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 19 + "…"),
    ],
)
def test_text_becomes_one_printable_line(text: str, line: str) -> None:
    assert summary.line(text, limit=20) == line


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (summary.Cell(), "–"),  # noqa: RUF001
        (summary.Cell(Outcome.PASSED, verified=34), "ok 34"),
        (summary.Cell(Outcome.PASSED), "ok"),
        (summary.Cell(Outcome.FAILED, 3, findings=1), "1 finding"),
        (summary.Cell(Outcome.FAILED), "failed"),
        (summary.Cell(Outcome.SKIPPED), "skipped"),
        (summary.Cell(Outcome.UNKNOWN), "unknown"),
    ],
)
def test_cell_is_spelled(cell: summary.Cell, text: str) -> None:
    assert str(cell) == text


def test_cell_of_one_skipped_and_one_passed_check_has_passed() -> None:
    skipped = passed(check="locks", outcome=Outcome.SKIPPED)
    matrix = summary.matrix(made(passed(verified=2), skipped))
    assert matrix.rows[0].cells == (summary.Cell(Outcome.PASSED, 2),)


def test_note_is_not_counted_as_a_finding_of_a_cell() -> None:
    note = Finding("HINT", Severity.NOTE, "worth knowing")
    matrix = summary.matrix(made(passed(verified=2, findings=(note,))))
    assert matrix.rows[0].cells == (summary.Cell(Outcome.PASSED, 2),)


def test_comparison_has_the_last_row_of_the_matrix(report: Report) -> None:
    matrix = summary.matrix(report)
    assert matrix.categories == ("integrity", "transactions")
    assert [row.name for row in matrix.rows] == [
        "sqlite+pysqlite",
        "postgresql+psycopg@17",
        "postgresql+asyncpg@17",
        "mysql@9",
        "all targets agree",
    ]


def test_without_a_comparison_no_row_says_that_targets_agree() -> None:
    assert [row.name for row in summary.matrix(made(passed())).rows] == TARGETS[:2]


def test_findings_of_a_kind_on_the_same_targets_are_told_together() -> None:
    findings = tuple(
        Finding("CODE", Severity.WRONG, "refused", Place(table), recommendation="do this")
        for table in ("a", "b")
    )
    groups = summary.groups(made(passed(findings=findings)))
    assert [(g.code, g.targets, g.recommendation) for g in groups] == [
        ("CODE", "sqlite+pysqlite", "do this")
    ]
    assert [told.headlines for told in groups[0].told] == [(("a; b", "refused"),)]


def test_findings_with_the_same_evidence_show_it_once() -> None:
    findings = tuple(
        Finding("CODE", Severity.WRONG, message, Place("a"), actual="x") for message in "ij"
    )
    (group,) = summary.groups(made(passed(findings=findings)))
    (told,) = group.told
    assert told.headlines == (("a", "i"), ("a", "j"))
    assert told.found == (("x", ""),)


def test_findings_with_other_evidence_each_show_their_own() -> None:
    findings = tuple(
        Finding("CODE", Severity.WRONG, "no", Place(text), actual=text) for text in "xy"
    )
    (group,) = summary.groups(made(passed(findings=findings)))
    assert [told.found for told in group.told] == [(("x", ""),), (("y", ""),)]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("vw", [("a.x[0]", "v", 0), ("a.x[1]", "w", 0)]),
        ("vwvvv", [("a.x[0]; a.x[2]; a.x[3]; a.x[4]", "v", 0), ("a.x[1]", "w", 0)]),
        ("vwxyz", [("a.x[0], [1], [2], [3], [4]", "v", 4)]),
    ],
)
def test_many_cells_of_a_column_are_told_by_their_keys_and_one_value(
    values: str, told: list[tuple[str, str, int]]
) -> None:
    findings = tuple(
        Finding("CODE", Severity.LOST, "no", Place("a", "x", str(key)), actual=value)
        for key, value in enumerate(values)
    )
    (group,) = summary.groups(made(passed(findings=findings)))
    assert [(each.headlines[0][0], each.found[0][0], each.more) for each in group.told] == told


def test_rows_and_columns_of_one_message_are_told_with_their_own_values() -> None:
    places = [Place("a", key=str(key)) for key in range(4)]
    places += [Place("a", column) for column in "wxyz"]
    findings = tuple(
        Finding("CODE", Severity.LOST, "no", place, actual=str(place)) for place in places
    )
    (group,) = summary.groups(made(passed(findings=findings)))
    assert {each.found[0][0] for each in group.told} == set(map(str, places))


def test_columns_that_differ_alike_are_told_once_whatever_they_are_called() -> None:
    findings = tuple(
        Finding(
            "CODE",
            Severity.LOST,
            "no",
            Place("a", name),
            sides=(Side("name", name, name), Side("type", "text", "blob")),
        )
        for name in "xy"
    )
    (group,) = summary.groups(made(passed(findings=findings)))
    (told,) = group.told
    assert told.headlines == (("a.x; a.y", "no"),)
    assert told.sides == (Side("type", "text", "blob"),)


def test_an_object_that_is_alike_on_both_sides_is_not_shown() -> None:
    alike = (Side("name", "ix", "ix"), Side("columns", "x", "x"))
    finding = Finding("CODE", Severity.WRONG, "no", Place("a", "x"), "C", "ci", sides=alike)
    (group,) = summary.groups(made(passed(findings=(finding,))))
    assert group.told[0].sides == ()


def test_what_targets_put_differently_is_told_once() -> None:
    first, second = (Finding("CODE", Severity.WRONG, "no", actual=text) for text in ("x", "y"))
    report = made(passed(findings=(first,)), passed(TARGETS[1], findings=(second,)))
    (group,) = summary.groups(report)
    assert group.targets == "both targets"
    assert group.told[0].found == (("x", "sqlite+pysqlite"), ("y", "sqlite+aiosqlite"))


def test_findings_with_another_recommendation_are_told_apart() -> None:
    findings = tuple(Finding("CODE", Severity.WRONG, "no", recommendation=r) for r in ("x", "y"))
    groups = summary.groups(made(passed(findings=findings)))
    assert [group.recommendation for group in groups] == ["x", "y"]


def test_targets_that_are_missing_for_the_same_reasons_are_told_together(report: Report) -> None:
    assert summary.absences(report) == (
        summary.Absence(
            "mysql@9",
            (
                ("container", "no Docker engine answers (start Docker)"),
                ("native", "mysqld is neither on PATH nor in Debian's places (install the server)"),
            ),
        ),
    )


def test_missing_url_is_told_where_it_is_the_only_reason() -> None:
    state = TargetState("mysql+pymysql@9", missing="url: no URL is configured (set X)")
    (absence,) = summary.absences(replace(made(), targets=(state,)))
    assert absence.reasons == (("url", "no URL is configured (set X)"),)


def test_reason_of_no_provider_is_kept_whole() -> None:
    why = "mysql+pymysql@9: pymysql is not installed; try: pip install 'dbparity[pymysql]'"
    state = TargetState("mysql+pymysql@9", missing=why)
    (absence,) = summary.absences(replace(made(), targets=(state,)))
    assert absence.reasons == (("", why),)


def test_skips_tell_whole_checks_before_parts() -> None:
    part = passed(check="unique", skipped=(Skipped("no row", Place("a")), Skipped("no row")))
    whole = passed(outcome=Outcome.SKIPPED, skipped=(Skipped("no locks"),))
    compared = passed("", outcome=Outcome.SKIPPED, skipped=(Skipped("one target"),))
    first, second = summary.skips(made(part, whole, compared))
    assert (first.check, first.whole, first.reason) == ("operations.insert", True, "no locks")
    assert (second.check, second.whole, second.reason) == ("operations.unique", False, "no row")
    assert (second.places, second.targets) == ("a", "sqlite+pysqlite")


def test_counts_name_only_what_there_is() -> None:
    assert summary.counts(made(passed())) == "1 check: 1 passed · success rate 100 % · 1.0 s"
    assert summary.counts(made()) == "0 checks: none ran · 1.0 s"


def test_success_rate_is_never_rounded_up_to_all() -> None:
    results = [passed()] * 9999 + [passed(outcome=Outcome.FAILED)]
    assert "success rate 99.9 %" in summary.counts(made(*results))


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (made(), "No check ran."),
        (made(passed(outcome=Outcome.SKIPPED)), "No check ran."),
        (made(passed(), targets=2), "The application behaves alike on both targets."),
        (made(passed(), targets=3), "The application behaves alike on all 3 targets."),
        (
            made(passed(), targets=1),
            "sqlite+pysqlite does what the model promises; nothing to compare it with.",
        ),
        (made(passed(outcome=Outcome.UNKNOWN)), "How 1 check ended is unknown."),
    ],
)
def test_verdict_is_one_sentence(report: Report, sentence: str) -> None:
    assert summary.verdict(report) == sentence


def test_verdict_counts_findings_by_severity(report: Report) -> None:
    assert summary.verdict(report) == "4 findings: 1 lost, 2 wrong, 1 note."


def test_notes_are_no_disagreement(report: Report) -> None:
    note = Finding("HINT", Severity.NOTE, "worth knowing")
    clean = replace(report, results=(passed(findings=(note,)),), targets=report.targets[:3])
    assert summary.verdict(clean) == "The application behaves alike on all 3 targets; 1 note."


def test_verdict_says_how_many_targets_were_left_out(report: Report) -> None:
    clean = replace(report, results=(passed(),))
    assert summary.verdict(clean) == (
        "The application behaves alike on all 3 targets; 2 could not be checked."
    )
