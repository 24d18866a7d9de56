"""The report as JUnit XML: a suite per target, and one of what all targets agree on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dbparity.reports.redaction import redacted
from dbparity.results import Finding, Outcome, Place, Result, Skipped, TargetState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.results import Report

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """``report`` as JUnit XML. A missing target is a skipped case: it has not passed."""
    report = redacted(report)
    root = Element("testsuites", name="dbparity")
    for state in _states(report):
        suite = _suite(root, state.target, report, _results(report, state))
        suite.insert(0, _properties(state))
    compared = [result for result in report.results if result.target == ""]
    if compared:
        _suite(root, "agreement", report, compared)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{report.seconds:.3f}")
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _states(report: Report) -> list[TargetState]:
    """The targets that were asked for, and those that results are about besides."""
    states = {state.target: state for state in report.targets}
    for result in filter(lambda each: each.target, report.results):
        states.setdefault(result.target, TargetState(result.target))
    return list(states.values())


def _properties(state: TargetState) -> Element:
    properties = Element("properties")
    for name, value in (("provider", state.provider), ("version", state.version)):
        SubElement(properties, "property", name=name, value=value)
    return properties


def _results(report: Report, state: TargetState) -> list[Result]:
    if state.missing:
        skipped = (Skipped(state.missing),)
        return [Result(state.target, "servers", "server", Outcome.SKIPPED, skipped=skipped)]
    return [result for result in report.results if result.target == state.target]


def _suite(root: Element, name: str, report: Report, results: Sequence[Result]) -> Element:
    outcomes = [result.outcome for result in results]
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        timestamp=report.started.isoformat(timespec="seconds"),
        tests=str(len(results)),
        failures=str(outcomes.count(Outcome.FAILED)),
        errors=str(outcomes.count(Outcome.UNKNOWN)),
        skipped=str(outcomes.count(Outcome.SKIPPED)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        _case(suite, name, result)
    return suite


def _case(suite: Element, name: str, result: Result) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"{name}.{result.category}",
        name=result.check,
        time=f"{result.seconds:.3f}",
    )
    said = "\n\n".join(map(_describe, result.findings))
    if result.outcome is Outcome.FAILED:
        codes = ", ".join(dict.fromkeys(finding.code for finding in result.findings))
        headline = _legal("; ".join(_headline(f.place, f.message) for f in result.findings))
        failure = SubElement(case, "failure", type=codes, message=headline)
        failure.text = _legal("\n\n".join(filter(None, (said, result.evidence))))
    elif result.outcome is Outcome.SKIPPED:
        SubElement(case, "skipped", message=_legal(result.reason))
    elif result.outcome is Outcome.UNKNOWN:
        message = result.reason or result.evidence
        SubElement(case, "error", type="unknown", message=_legal(message))
    aside = [] if result.outcome is Outcome.FAILED else [said]
    if result.outcome in {Outcome.PASSED, Outcome.FAILED}:
        aside += [f"not checked: {_headline(part.place, part.reason)}" for part in result.skipped]
    if any(aside):
        SubElement(case, "system-out").text = _legal("\n".join(filter(None, aside)))


def _headline(place: Place, message: str) -> str:
    return f"{place}: {message}".removeprefix(": ")


def _describe(finding: Finding) -> str:
    parts = {
        "expected": finding.expected,
        "found": finding.actual,
        "on": ", ".join(finding.targets),
        "to do": finding.recommendation,
    }
    said = (f"\n  {name}: {text}" for name, text in parts.items() if text)
    headline = _headline(finding.place, finding.message)
    return f"{finding.code} ({finding.severity}) {headline}" + "".join(said)


def _legal(text: str) -> str:
    """``text`` with what XML 1.0 cannot hold spelled out."""
    return _ILLEGAL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
