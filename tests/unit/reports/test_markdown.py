from __future__ import annotations

from dataclasses import replace

import pytest

from dbparity.reports.markdown import render
from dbparity.results import Finding, Outcome, Place, Report, Result, Severity, Side


@pytest.fixture
def page(report: Report) -> str:
    return render(report)


def found(report: Report, **changes: object) -> str:
    finding = Finding("CODE", Severity.WRONG, "message", targets=("sqlite+pysqlite",))
    finding = replace(finding, **changes)  # type: ignore[arg-type]
    result = Result("sqlite+pysqlite", "operations", "text", Outcome.FAILED, findings=(finding,))
    return render(replace(report, results=(result,)))


COUNTS = (
    "6 checks: 2 passed, 2 failed, 1 skipped, 1 unknown · 78 claims verified · 3 parts skipped · "
    "success rate 40 % · 12.3 s"
)


def test_page_begins_with_application_verdict_and_counts(page: str) -> None:
    assert page.split("\n\n")[:3] == [
        "# dbparity: `shop.models:Base.metadata`",
        "❌ **4 findings: 1 lost, 2 wrong, 1 note.**",
        COUNTS,
    ]


def test_matrix_has_targets_in_rows_and_categories_in_columns(page: str) -> None:
    table = [line for line in page.splitlines() if line.startswith("|")][:7]
    assert table == [
        "| target | version | from | integrity | transactions |",
        "| --- | --- | --- | --- | --- |",
        "| sqlite+pysqlite | 3.46.1 | file | ❌ **2 findings** | skipped |",
        "| postgresql+psycopg@17 | 17.5 | container | ok 34 | – |",  # noqa: RUF001
        "| postgresql+asyncpg@17 | 17.5 | container | ok 34 | unknown |",
        "| mysql@9 | missing |  | – | – |",  # noqa: RUF001
        "| all targets agree |  |  | ❌ **1 finding** | – |",  # noqa: RUF001
    ]


def test_findings_come_worst_first_with_evidence_and_advice(page: str) -> None:
    headings = [line for line in page.splitlines() if line.startswith("### ")]
    assert headings == [
        "### lost: `ROWS-LOST` on sqlite+pysqlite",
        "### wrong: `DIVERGES-UNIQUE` on postgresql@17",
        "### wrong: `ORPHAN-ACCEPTED` on sqlite+pysqlite",
        "### note: `HINT` on postgresql+asyncpg@17",
    ]
    assert (
        "- `messages.session_id[1]`: a row that references nothing in sessions was accepted\n"
        "  - expected: `refused by the foreign key`\n"
        "  - found: `inserted with 42`\n"
        "\n"
        "**To do:** recreate the constraint\n"
    ) in page


def test_finding_without_evidence_has_no_lines_for_it(page: str) -> None:
    part = page.split("### ")[1]
    assert part.splitlines()[2:4] == ["- 3 rows are gone", ""]
    assert "expected" not in part
    assert "To do" not in part


def test_missing_targets_are_named_with_reason_and_cure(page: str) -> None:
    assert (
        "## Not checked\n\n"
        "mysql@9\n\n"
        "- container: no Docker engine answers (start Docker)\n"
        "- native: "
    ) in page


def test_skipped_checks_and_parts_have_their_reasons(page: str) -> None:
    assert (
        "| transactions.row_locks |  | sqlite+pysqlite | SQLite lacks row_locks |\n"
        "| integrity.foreign_keys | tags.owner | sqlite+pysqlite, postgresql+psycopg@17 "
        "| no row could be made |\n"
    ) in page


def test_agreement_is_a_page_without_findings(report: Report) -> None:
    passed = replace(report.results[2], skipped=())
    page = render(replace(report, targets=report.targets[:3], results=(passed,)))
    assert "✅ **The application behaves alike on all 3 targets.**" in page
    assert "## " not in page
    assert "<details>" not in page


def test_report_without_results_has_not_passed(report: Report) -> None:
    page = render(replace(report, targets=(), results=()))
    assert "❌ **No check ran.**" in page
    assert "|" not in page


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a | b", r"a \| b"),
        ("<script>", r"\<script\>"),
        ("*bold* and `code`", r"\*bold\* and \`code\`"),
        ("agent_memory", "agent_memory"),
        ("_hidden_", r"\_hidden\_"),
        ("[text](target)", r"\[text\](target)"),
        ("two\nlines\0", r"two lines\\x00"),
    ],
)
def test_message_is_shown_as_it_is(report: Report, message: str, shown: str) -> None:
    assert f"- {shown}\n" in found(report, message=message)


def test_value_with_backticks_is_fenced_by_more_of_them(report: Report) -> None:
    page = found(report, actual="`a` ``b``")
    assert "  - found: ``` `a` ``b`` ```\n" in page


def test_long_value_is_shortened(report: Report) -> None:
    page = found(report, actual="x" * 1000)
    assert "x" * 299 + "…`" in page


def test_many_cells_of_a_column_are_counted(report: Report) -> None:
    findings = tuple(
        Finding("DATA-REFUSED", Severity.LOST, "no", Place("a", "x", key), actual=key)
        for key in "12345"
    )
    page = render(replace(report, results=(replace(report.results[0], findings=findings),)))
    assert "- `a.x[1], [2], [3], [4], [5]`: no\n  - found: `1`\n  - and 4 other values\n" in page


def test_place_with_a_pipe_does_not_break_the_table_of_skips(report: Report) -> None:
    part = replace(report.results[2].skipped[0], place=Place("a|b"))
    page = render(replace(report, results=(replace(report.results[2], skipped=(part,)),)))
    assert r"| integrity.foreign_keys | a\|b | postgresql+psycopg@17 |" in page


def test_passwords_are_hidden(report: Report) -> None:
    page = found(report, actual="mysql://app:s3cret@host/db")
    assert "s3cret" not in page
    assert "mysql://app:***@host/db" in page


def test_differing_object_is_shown_side_by_side(report: Report) -> None:
    sides = (Side("name", "price", "price"), Side("type", "bigint", "integer|"))
    lines = found(report, sides=sides, proof="`1` refused").splitlines()
    assert "  - proof: `` `1` refused ``" in lines
    first = lines.index("| | expected | found |")
    assert lines[first : first + 4] == [
        "| | expected | found |",
        "| --- | --- | --- |",
        "| name | price | price |",
        "| type | bigint | **integer\\|** |",
    ]


def test_comparison_of_two_sides_has_no_matrix(report: Report) -> None:
    missing = Finding("TABLE-MISSING", Severity.WRONG, "it is not there", expected="a, b")
    result = Result("", "schema", "diff", Outcome.FAILED, findings=(missing,))
    page = render(replace(report, targets=(), results=(result,)))
    assert "### wrong: `TABLE-MISSING`\n" in page
    assert "  - expected: `a, b`\n" in page
    same = replace(result, outcome=Outcome.PASSED, findings=())
    agreed = render(replace(report, targets=(), results=(same,)))
    assert "✅ **Both sides mean the same.**" in agreed
