from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from dbparity.reports.json import render
from dbparity.results import Finding, Outcome, Report, Result, Severity

Document = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = files("dbparity.reports").joinpath("report.schema.json").read_text()
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(
        json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


@pytest.fixture
def document(report: Report) -> Document:
    found: Document = json.loads(render(report))
    return found


def test_report_is_valid_by_its_schema(document: Document, schema: Draft202012Validator) -> None:
    schema.validate(document)


def test_report_of_nothing_is_valid_by_its_schema(
    report: Report, schema: Draft202012Validator
) -> None:
    empty = json.loads(render(replace(report, targets=(), results=())))
    schema.validate(empty)
    assert empty["success_rate"] is None


@pytest.mark.parametrize(
    "broken",
    [
        {"schema": "dbparity-report/2"},
        {"seconds": -1},
        {"success_rate": 1.1},
        {"surprise": True},
        {"targets": [{"target": "not a target", "provider": "", "version": ""}]},
        {"missing": [{"target": "mysql@9", "reason": ""}]},
        {"counts": {"passed": 1}},
    ],
)
def test_schema_refuses_what_no_report_has(
    document: Document, schema: Draft202012Validator, broken: Document
) -> None:
    with pytest.raises(ValidationError):
        schema.validate(document | broken)


def test_schema_names_every_field_of_a_result(document: Document) -> None:
    schema = json.loads(files("dbparity.reports").joinpath("report.schema.json").read_text())
    assert set(schema["$defs"]["result"]["properties"]) == set(document["results"][0])
    assert set(schema["$defs"]["finding"]["properties"]) == set(document["findings"][0])


def test_document_names_its_schema_and_the_version_of_dbparity(document: Document) -> None:
    assert document["schema"] == "dbparity-report/1"
    assert document["tool"]["name"] == "dbparity"
    assert document["tool"]["version"]


def test_document_has_counts_and_success_rate(document: Document) -> None:
    assert document["counts"] == {"passed": 2, "failed": 2, "skipped": 1, "unknown": 1}
    assert document["success_rate"] == 0.4


def test_findings_come_worst_first_with_their_targets(document: Document) -> None:
    assert [finding["severity"] for finding in document["findings"]] == [
        "lost",
        "wrong",
        "wrong",
        "note",
    ]
    assert document["findings"][1]["targets"] == ["postgresql+psycopg@17", "postgresql+asyncpg@17"]


def test_missing_targets_have_their_reason_and_are_not_among_the_targets(
    document: Document,
) -> None:
    assert [state["target"] for state in document["missing"]] == [
        "mysql+pymysql@9",
        "mysql+asyncmy@9",
    ]
    assert "start Docker" in document["missing"][0]["reason"]
    assert len(document["targets"]) == 3


def test_results_are_whole(document: Document) -> None:
    failed, passed = document["results"][0], document["results"][2]
    assert failed["evidence"].startswith("Traceback")
    assert failed["skipped"][0] == {
        "reason": "no row could be made",
        "place": {"table": "tags", "column": "owner", "key": ""},
    }
    assert passed["observations"][0]["value"] == "accepted"


def test_comparison_of_all_targets_has_null_for_its_target(document: Document) -> None:
    assert document["results"][-1]["target"] is None


def test_text_that_is_no_unicode_is_still_ascii(report: Report) -> None:
    finding = Finding("CODE", Severity.NOTE, "caf\N{LATIN SMALL LETTER E WITH ACUTE} \udc80")
    result = Result("sqlite", "operations", "insert", Outcome.PASSED, findings=(finding,))
    text = render(replace(report, results=(result,)))
    assert text.isascii()
    assert json.loads(text)["findings"][0]["message"] == finding.message


def test_passwords_are_hidden(report: Report) -> None:
    result = replace(report.results[0], evidence="postgresql://app:s3cret@host/db")
    text = render(replace(report, results=(result,)))
    assert "s3cret" not in text
    assert "postgresql://app:***@host/db" in text
