from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from dbparity.reports.junit import render
from dbparity.results import Finding, Outcome, Report, Result, Severity


@pytest.fixture
def root(report: Report) -> ET.Element:
    return parse(report)


def parse(report: Report) -> ET.Element:
    return ET.fromstring(render(report).encode())  # noqa: S314  # our own text


def case(root: ET.Element, suite: str, name: str) -> ET.Element:
    found = root.find(f"testsuite[@name='{suite}']/testcase[@name='{name}']")
    assert found is not None
    return found


def test_each_target_has_a_suite_and_the_comparison_one_of_its_own(
    root: ET.Element,
) -> None:
    assert [suite.get("name") for suite in root] == [
        "sqlite+pysqlite",
        "postgresql+psycopg@17",
        "postgresql+asyncpg@17",
        "mysql+pymysql@9",
        "mysql+asyncmy@9",
        "agreement",
    ]


def test_report_without_comparison_has_no_suite_for_it(report: Report) -> None:
    alone = parse(replace(report, results=report.results[:1]))
    assert alone.find("testsuite[@name='agreement']") is None


def test_counts_of_all_suites_add_up(root: ET.Element) -> None:
    counts = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "1", "skipped": "3"}
    assert len(root.findall(".//failure")) == 2
    assert len(root.findall(".//skipped")) == 3
    assert root.get("time") == "12.345"


def test_failure_has_codes_headlines_and_findings(root: ET.Element) -> None:
    failure = case(root, "sqlite+pysqlite", "foreign_keys").find("failure")
    assert failure is not None
    assert failure.get("type") == "ORPHAN-ACCEPTED, ROWS-LOST"
    assert failure.get("message") == (
        "messages.session_id[1]: a row that references nothing in sessions was accepted; "
        "3 rows are gone"
    )
    text = failure.text or ""
    assert "expected: refused by the foreign key" in text
    assert "found: inserted with 42" in text
    assert "to do: recreate the constraint" in text
    assert text.endswith("Traceback (most recent call last): ...")


def test_skipped_check_has_its_reason(root: ET.Element) -> None:
    skipped = case(root, "sqlite+pysqlite", "row_locks").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "SQLite lacks row_locks"


def test_missing_target_is_a_skipped_case_with_its_reason(root: ET.Element) -> None:
    skipped = case(root, "mysql+pymysql@9", "server").find("skipped")
    assert skipped is not None
    assert "start Docker" in (skipped.get("message") or "")


def test_unknown_outcome_is_an_error(root: ET.Element) -> None:
    error = case(root, "postgresql+asyncpg@17", "row_locks").find("error")
    assert error is not None
    assert error.get("message") == "the answer to a commit was lost"


def test_parts_that_were_not_checked_are_said_of_a_passed_case(root: ET.Element) -> None:
    passed = case(root, "postgresql+psycopg@17", "foreign_keys")
    assert passed.find("failure") is None
    assert passed.findtext("system-out") == "not checked: tags.owner: no row could be made"


def test_note_is_said_of_a_passed_case(root: ET.Element) -> None:
    said = case(root, "postgresql+asyncpg@17", "foreign_keys").findtext("system-out") or ""
    assert said.startswith("HINT (note) worth knowing")


def test_suite_has_who_served_it_and_its_version(root: ET.Element) -> None:
    suite = root.find("testsuite[@name='postgresql+asyncpg@17']")
    assert suite is not None
    assert {p.get("name"): p.get("value") for p in suite.iterfind("properties/property")} == {
        "provider": "container",
        "version": "17.5",
    }


def test_characters_that_xml_cannot_hold_are_spelled_out(report: Report) -> None:
    finding = Finding("CODE", Severity.WRONG, "a\0b\udc80\x1b[31m", targets=("sqlite+pysqlite",))
    result = Result("sqlite+pysqlite", "operations", "text", Outcome.FAILED, findings=(finding,))
    failure = parse(replace(report, results=(result,))).find(".//failure")
    assert failure is not None
    assert failure.get("message") == r"a\x00b\udc80\x1b[31m"


def test_passwords_are_hidden(report: Report) -> None:
    result = replace(report.results[0], evidence="mysql://app:s3cret@host/db")
    text = render(replace(report, results=(result,)))
    assert "s3cret" not in text
    assert "mysql://app:***@host/db" in text
